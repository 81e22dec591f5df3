//! The permutations are those of the crate that this one replaces.

use keccak::Keccak;

/// States that differ from each other in every lane.
fn state(seed: u64) -> [u64; 25] {
    core::array::from_fn(|i| (seed + i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

macro_rules! compares {
    ($with:ident::<$rounds:literal>, $lane:ty) => {
        for seed in 0..20 {
            let mut state = state(seed).map(|lane| lane as $lane);
            let mut expected = state;
            Keccak::new().$with::<$rounds>(|permute| permute(&mut state));
            original::Keccak::new().$with::<$rounds>(|permute| permute(&mut expected));
            assert_eq!(state, expected, "{} {seed}", stringify!($with));
        }
    };
}

#[test]
fn permutations_are_the_same() {
    compares!(with_p1600::<24>, u64);
    compares!(with_p1600::<12>, u64);
    compares!(with_p1600::<0>, u64);
    compares!(with_p800::<22>, u32);
    compares!(with_p800::<3>, u32);
    compares!(with_p400::<20>, u16);
    compares!(with_p200::<18>, u8);
}

#[test]
fn all_rounds_are_the_function() {
    let mut states = [state(7); 2];
    let [a, b] = &mut states;
    Keccak::new().with_f1600(|permute| permute(a));
    original::Keccak::new().with_f1600(|permute| permute(b));
    assert_eq!(a, b);
}
