//! Every hash is the one of the crate that this one replaces.

use sha2::Digest;
use sha2::digest::common::hazmat::SerializableState;

/// Bytes that no hash knows.
fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|i| (i * i / 7 + 3 * i) as u8).collect()
}

fn agree<Ours: Digest, Theirs: original::Digest>() {
    for count in (0..300).chain([1000, 4096, 10_007]) {
        let bytes = bytes(count);
        let expected = Theirs::digest(&bytes);
        assert_eq!(Ours::digest(&bytes)[..], expected[..], "{count} bytes");
        // Cut anywhere, and at addresses that are no multiple of 4.
        let mut ours = Ours::new();
        let (first, rest) = bytes.split_at(count / 3);
        ours.update(first);
        rest.chunks(67).for_each(|chunk| ours.update(chunk));
        assert_eq!(ours.finalize()[..], expected[..], "{count} bytes, cut");
    }
}

#[test]
fn hashes_are_those_of_the_original() {
    agree::<sha2::Sha224, original::Sha224>();
    agree::<sha2::Sha256, original::Sha256>();
    agree::<sha2::Sha384, original::Sha384>();
    agree::<sha2::Sha512, original::Sha512>();
    agree::<sha2::Sha512_224, original::Sha512_224>();
    agree::<sha2::Sha512_256, original::Sha512_256>();
}

/// One that is written down goes on in the other.
#[test]
fn states_are_those_of_the_original() {
    use original::digest::common::hazmat::SerializableState as _;
    let bytes = bytes(1000);
    let (first, rest) = bytes.split_at(333);
    let ours = sha2::Sha256::new_with_prefix(first).serialize();
    let theirs = original::Sha256::new_with_prefix(first).serialize();
    assert_eq!(ours, theirs);
    let again = sha2::Sha256::deserialize(&theirs).expect("a state");
    let digest = again.chain_update(rest).finalize();
    assert_eq!(digest, original::Sha256::digest(&bytes));
}

#[test]
fn other_sizes_are_refused() {
    use sha2::digest::block_api::VariableOutputCore;
    for size in 0..=32 {
        let is_known = sha2::block_api::Sha256VarCore::new(size).is_ok();
        assert_eq!(is_known, [28, 32].contains(&size));
    }
    for size in 0..=64 {
        let is_known = sha2::block_api::Sha512VarCore::new(size).is_ok();
        assert_eq!(is_known, [28, 32, 48, 64].contains(&size));
    }
}
