//! How large proofs get.

use alloc::vec::Vec;

use vouch_air::tables::Table;

use super::packings;
use crate::layout::TableShape;
use crate::packing::{MAX_LEVEL, TableColumns};
use crate::profile::Profile;
use crate::segment::MAX_PROOF_BYTES;
use crate::wire::{Lengths, Tree, layers, most_digests};

/// As many bytes as a proof of `profile` takes, at most: every table there, each as high as it may be, something at
/// every level, and no digest shared.
fn largest(profile: Profile) -> usize {
    let parameters = profile.parameters();
    let degree = parameters.extension.degree();
    let tables: Vec<TableColumns> = { Table::ALL.into_iter() }
        .map(|table| TableColumns::new(table, &TableShape::of(table)))
        .collect();
    let sum = |of: &dyn Fn(&TableColumns) -> usize| tables.iter().map(of).sum::<usize>();
    let round = |cells: usize| Tree {
        log_height: MAX_LEVEL + parameters.log_blowup,
        widths: [cells].into(),
    };
    let rounds = [
        round(sum(&|of| of.main)),
        round(degree * sum(&|of| of.chunks)),
        round(sum(&|of| of.fixed)),
        round(degree * sum(&|of| of.logup)),
    ];
    let grid = (parameters.log_final_poly + 3..MAX_LEVEL).step_by(3).rev();
    let levels: Vec<usize> = core::iter::once(MAX_LEVEL).chain(grid).collect();
    let lengths = Lengths {
        tables: tables.len(),
        degree,
        queries: parameters.queries,
        claims: sum(&|of| 2 * of.main + of.chunks + of.fixed + 2 * of.logup),
        rounds: rounds.into(),
        layers: layers(&parameters, &levels),
        final_poly: 1 << parameters.log_final_poly,
    };
    lengths.bytes(most(&lengths))
}

fn most(lengths: &Lengths) -> usize {
    let of = |tree: &Tree| most_digests(lengths.queries, tree.log_height);
    lengths.trees().map(of).sum()
}

#[test]
fn the_largest_proof_is_read() {
    for profile in Profile::ALL {
        let bytes = largest(profile);
        assert!(bytes <= MAX_PROOF_BYTES, "{profile:?}: {bytes}");
        for packing in packings(profile) {
            let lengths = Lengths::new(&packing);
            assert!(lengths.bytes(most(&lengths)) <= bytes, "{profile:?}");
            for tree in lengths.trees() {
                assert!(most_digests(lengths.queries, tree.log_height) <= u16::MAX.into());
            }
        }
    }
}
