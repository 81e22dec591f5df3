//! Tests of the tables mul_add_mod_256 and mul_add_mod_384.

use vouch_isa::testing::SplitMix;

use super::*;
use crate::testkit::verdict;

fn evaluated<const W: usize, const L: usize, const N: usize, const C: usize, const H: usize>(
    table: Table,
    row: &Row<W, L, N, C, H>,
) -> Verdict {
    verdict(table, &cells(row))
}

/// Numbers of random lengths.
fn random_numbers<const W: usize>(random: &mut SplitMix) -> Numbers<W> {
    [(); 4].map(|()| {
        let length = random.below(W as u32 + 1) as usize;
        core::array::from_fn(|i| if i < length { random.draw() as u32 } else { 0 })
    })
}

fn honest_rows_are_accepted<
    const W: usize,
    const L: usize,
    const N: usize,
    const C: usize,
    const H: usize,
>(
    table: Table,
) {
    let mut random = SplitMix(W as u64);
    let others = (0..100).map(|_| event(random_numbers(&mut random)));
    for e in samples().into_iter().chain(others) {
        let verdict = evaluated::<W, L, N, C, H>(table, &e.row());
        assert!(verdict.accepted(), "{e:?}: {verdict:?}");
        assert_eq!(verdict.sent_sorted(), e.messages(number::<W, L, N, C, H>()));
        assert_eq!(judge::<W, L, N, C, H>(&verdict), Ok(()), "{e:?}");
    }
}

#[test]
fn honest_rows_of_256_bits_are_accepted() {
    honest_rows_are_accepted::<8, 16, 32, 31, 0>(Table::MulAddMod256);
}

#[test]
fn honest_rows_of_384_bits_are_accepted() {
    honest_rows_are_accepted::<12, 24, 48, 47, 47>(Table::MulAddMod384);
}

#[test]
fn mutants_of_256_bits_are_rejected() {
    super::super::mul_add_mod_256::campaign().assert();
}

#[test]
fn mutants_of_384_bits_are_rejected() {
    super::super::mul_add_mod_384::campaign().assert();
}
