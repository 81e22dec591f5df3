//! All functions give what those of the crate that this one replaces give.

/// Bytes that do not repeat soon.
fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * i / 7 + 3 * i) as u8).collect()
}

/// Lengths about the ends of words and blocks.
fn lengths() -> impl Iterator<Item = usize> {
    (0..10)
        .chain([63, 64, 71, 72, 73])
        .chain(130..180)
        .chain([199, 200, 201, 272, 1000])
}

/// What `$new` of a crate makes of bytes in two pieces, the second of which lies at any address.
macro_rules! digest {
    ($crate_name:ident, $type:ident::$new:ident($($argument:expr),*), $first:expr, $second:expr) => {{
        use $crate_name::{Hasher as _, $type};
        let mut hasher = $type::$new($($argument),*);
        hasher.update($first);
        hasher.update($second);
        let mut digest = [0; 300];
        hasher.finalize(&mut digest);
        digest
    }};
}

/// The same, squeezed in pieces.
macro_rules! squeezed {
    ($crate_name:ident, $type:ident::$new:ident($($argument:expr),*), $input:expr) => {{
        use $crate_name::{Hasher as _, IntoXof as _, $type, Xof as _};
        let mut hasher = $type::$new($($argument),*);
        hasher.update($input);
        let mut xof = hasher.into_xof();
        let mut digest = [0; 500];
        for piece in digest.chunks_mut(77) {
            xof.squeeze(piece);
        }
        digest
    }};
}

macro_rules! compares {
    ($($type:ident::$new:ident($($argument:expr),*);)*) => {
        for length in lengths() {
            let input = bytes(length);
            for at in [0, 1, 4, length / 2] {
                let (first, second) = input.split_at(at.min(length));
                $(assert_eq!(
                    digest!(tiny_keccak, $type::$new($($argument),*), first, second),
                    digest!(original, $type::$new($($argument),*), first, second),
                    "{} {length} {at}", stringify!($type::$new)
                );)*
            }
        }
    };
}

#[test]
fn digests_are_the_same() {
    compares! {
        Keccak::v224(); Keccak::v256(); Keccak::v384(); Keccak::v512();
        Sha3::v224(); Sha3::v256(); Sha3::v384(); Sha3::v512();
        Shake::v128(); Shake::v256();
        CShake::v128(b"", b""); CShake::v256(b"name", b"and a string");
        Kmac::v128(b"key", b""); Kmac::v256(&[7; 200], b"a string");
        TupleHash::v128(b""); TupleHash::v256(&[1; 40]);
    }
}

#[test]
fn pieces_are_the_same() {
    for length in lengths() {
        let input = bytes(length);
        macro_rules! same {
            ($type:ident::$new:ident($($argument:expr),*)) => {
                assert_eq!(
                    squeezed!(tiny_keccak, $type::$new($($argument),*), &input),
                    squeezed!(original, $type::$new($($argument),*), &input),
                    "{length}"
                );
            };
        }
        same!(Kmac::v128(b"key", b"x"));
        same!(TupleHash::v256(b"x"));
    }
}

/// A SHAKE that squeezes, absorbs and squeezes again.
#[test]
fn squeezing_and_absorbing_take_turns() {
    macro_rules! turns {
        ($crate_name:ident, $length:expr) => {{
            use $crate_name::{Hasher as _, Shake, Xof as _};
            let mut shake = Shake::v128();
            let mut output = [0; 400];
            for piece in output.chunks_mut(100) {
                shake.update(&bytes($length));
                shake.squeeze(piece);
            }
            output
        }};
    }
    for length in lengths() {
        assert_eq!(
            turns!(tiny_keccak, length),
            turns!(original, length),
            "{length}"
        );
    }
}

#[test]
fn permutations_are_the_same() {
    let mut state = core::array::from_fn(|i| 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(i as u64));
    let mut expected = state;
    tiny_keccak::keccakf(&mut state);
    original::keccakf(&mut expected);
    assert_eq!(state, expected);
}

/// Ethereum's hash of nothing, and NIST's example of SHA3-256 of "abc".
#[test]
fn known_answers() {
    let keccak = digest!(tiny_keccak, Keccak::v256(), b"", b"");
    assert_eq!(keccak[..4], [0xc5, 0xd2, 0x46, 0x01]);
    let sha3 = digest!(tiny_keccak, Sha3::v256(), b"a", b"bc");
    assert_eq!(sha3[..4], [0x3a, 0x98, 0x5d, 0xa7]);
}
