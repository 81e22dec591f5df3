//! Every hash is the one of the crate that this one replaces.

use sha2::Digest;

fn agree<Ours: Digest, Theirs: original::Digest>() {
    for count in (0..300).chain([1000, 4096, 10_007]) {
        let bytes: Vec<u8> = (0..count).map(|i| (i * i / 7 + 3 * i) as u8).collect();
        let expected = Theirs::digest(&bytes);
        assert_eq!(Ours::digest(&bytes)[..], expected[..], "{count} bytes");
        let (first, rest) = bytes.split_at(count / 3);
        let mut ours = Ours::new_with_prefix(first);
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

#[test]
fn other_sizes_are_refused() {
    use sha2::digest::core_api::VariableOutputCore;
    for size in 0..=64 {
        let is_known = sha2::Sha256VarCore::new(size).is_ok();
        assert_eq!(is_known, [28, 32].contains(&size));
        let is_known = sha2::Sha512VarCore::new(size).is_ok();
        assert_eq!(is_known, [28, 32, 48, 64].contains(&size));
    }
}
