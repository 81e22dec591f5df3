//! The same answers as those of the crate that this one replaces.

use std::io::{Read, Seek, SeekFrom};

/// Lengths at the edges of blocks, chunks and subtrees.
const LENGTHS: [usize; 24] = [
    0,
    1,
    3,
    4,
    63,
    64,
    65,
    127,
    128,
    129,
    1023,
    1024,
    1025,
    1087,
    1088,
    2047,
    2048,
    2049,
    3072,
    3073,
    4097,
    5120,
    16 * 1024 + 1,
    31 * 1024,
];
const KEY: &[u8; 32] = b"a key of just as many as 32 byte";

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i % 251) as u8).collect()
}

#[test]
fn known_answers() {
    let abc = "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85";
    assert_eq!(blake3::hash(b"abc").to_hex().as_str(), abc);
    let nothing = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";
    assert_eq!(blake3::hash(b"").to_string(), nothing);
}

#[test]
fn hashes_of_all_kinds() {
    for length in LENGTHS {
        let input = bytes(length);
        let hash = blake3::hash(&input);
        assert_eq!(hash.as_bytes(), original::hash(&input).as_bytes());
        let keyed = blake3::keyed_hash(KEY, &input);
        assert_eq!(
            keyed.as_bytes(),
            original::keyed_hash(KEY, &input).as_bytes()
        );
        for context in ["", "vouch 2026 a context", &"long ".repeat(300)] {
            let derived = blake3::derive_key(context, &input);
            assert_eq!(derived, original::derive_key(context, &input));
        }
    }
}

/// However it comes, in pieces and at any address.
#[test]
fn hashes_of_pieces() {
    for length in LENGTHS {
        let room = bytes(length + 3);
        for (shift, piece) in [
            (0, 1),
            (1, 63),
            (2, 64),
            (3, 65),
            (0, 1000),
            (1, 1024),
            (0, 1025),
        ] {
            let input = &room[shift..shift + length];
            let mut hasher = blake3::Hasher::new();
            for (i, piece) in input.chunks(piece).enumerate() {
                hasher.update(piece).update(b"");
                assert!(i > 0 || hasher.count() == piece.len() as u64);
            }
            assert_eq!(hasher.count(), length as u64);
            let expected = original::hash(input);
            assert_eq!(hasher.finalize().as_bytes(), expected.as_bytes());
            let again = hasher.reset().update(input).finalize();
            assert_eq!(again.as_bytes(), expected.as_bytes());
        }
    }
}

#[test]
fn output_of_any_length() {
    for length in LENGTHS {
        let input = bytes(length);
        let mut reader = blake3::Hasher::new_keyed(KEY).update(&input).finalize_xof();
        let mut expected = [0; 500];
        let of = original::Hasher::new_keyed(KEY)
            .update(&input)
            .finalize_xof();
        { of.clone() }.fill(&mut expected);
        let mut all = [0; 500];
        for piece in all.chunks_mut(37) {
            reader.fill(piece);
        }
        assert_eq!(all, expected);
        for (start, length) in [(0, 32), (1, 31), (1, 32), (30, 40), (64, 32), (100, 128)] {
            let mut some = vec![0; length];
            reader.set_position(start);
            reader.fill(&mut some);
            assert_eq!(some, expected[start as usize..][..length]);
            assert_eq!(reader.position(), start + length as u64);
        }
        let far = 1 << 40;
        let (mut some, mut expected) = ([0; 100], [0; 100]);
        let mut of = of;
        of.set_position(far + 5);
        of.fill(&mut expected);
        reader.seek(SeekFrom::Start(far)).expect("a place");
        reader.seek(SeekFrom::Current(5)).expect("a place");
        reader.read_exact(&mut some).expect("there is no end");
        assert_eq!(some, expected);
        reader.seek(SeekFrom::End(0)).expect_err("there is no end");
        reader
            .seek(SeekFrom::Current(i64::MIN))
            .expect_err("before the start");
    }
}

#[test]
fn readers() {
    let input = bytes(10_000);
    let mut hasher = blake3::Hasher::default();
    hasher
        .update_reader(&input[..])
        .expect("slices can be read");
    assert_eq!(hasher.finalize(), blake3::hash(&input));
}

#[test]
fn digits() {
    let hash = blake3::hash(b"abc");
    let hex = hash.to_hex();
    assert_eq!(hex.parse::<blake3::Hash>().expect("digits"), hash);
    assert_eq!(
        blake3::Hash::from_hex(hex.to_uppercase()).expect("digits"),
        hash
    );
    assert_eq!(
        blake3::Hash::from_slice(hash.as_slice()).expect("32 bytes"),
        hash
    );
    assert!(blake3::Hash::from_slice(&[0; 31]).is_err());
    assert_eq!(hash, *hash.as_bytes());
    assert_eq!(hash, hash.as_slice()[..]);
    assert_ne!(hash, blake3::hash(b"abd"));
    assert_ne!(hash, hash.as_slice()[1..]);
    let error = |hex: &str| {
        blake3::Hash::from_hex(hex)
            .expect_err("no hash")
            .to_string()
    };
    assert_eq!(error("00"), "expected 64 hexadecimal digits, got 2");
    assert_eq!(error(&hex[1..]), "expected 64 hexadecimal digits, got 63");
    assert_eq!(
        error(&"0g".repeat(32)),
        "expected a hexadecimal digit, got 0x67"
    );
    assert_eq!(format!("{hash:?}"), format!("Hash({hex:?})"));
}

#[cfg(feature = "digest")]
#[test]
fn traits_of_rustcrypto() {
    use digest::{Digest, ExtendableOutput, KeyInit, Mac, XofReader};

    let input = bytes(3000);
    let hash = blake3::hash(&input);
    assert_eq!(blake3::Hasher::digest(&input)[..], *hash.as_slice());
    let mut mac = <blake3::Hasher as KeyInit>::new(KEY.into());
    Mac::update(&mut mac, &input);
    let code = mac.finalize_reset().into_bytes();
    assert_eq!(code[..], *blake3::keyed_hash(KEY, &input).as_slice());
    let mut out = [0; 32];
    let hasher = blake3::Hasher::new_with_prefix(&input);
    ExtendableOutput::finalize_xof(hasher).read(&mut out);
    assert_eq!(hash, out);
}
