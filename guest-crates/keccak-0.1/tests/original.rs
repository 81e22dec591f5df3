//! The permutations are those of the crate that this one replaces.

/// States that differ from each other in every lane.
fn state(seed: u64) -> [u64; 25] {
    core::array::from_fn(|i| (seed + i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

macro_rules! compares {
    ($p:ident, $f:ident, $lane:ty, $rounds:literal) => {
        for seed in 0..20 {
            for rounds in [$rounds, 5, 0] {
                let mut state = state(seed).map(|lane| lane as $lane);
                let mut expected = state;
                keccak::$p(&mut state, rounds);
                original::$p(&mut expected, rounds);
                assert_eq!(state, expected, "{} {rounds} {seed}", stringify!($p));
                keccak::$f(&mut state);
                original::$f(&mut expected);
                assert_eq!(state, expected, "{} {seed}", stringify!($f));
            }
        }
    };
}

#[test]
fn permutations_are_the_same() {
    compares!(p1600, f1600, u64, 24);
    compares!(p800, f800, u32, 22);
    compares!(p400, f400, u16, 20);
    compares!(p200, f200, u8, 18);
}
