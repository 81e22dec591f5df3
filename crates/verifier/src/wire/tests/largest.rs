//! How large proofs get.

extern crate std;

use alloc::vec::Vec;

use vouch_air::machine::{MAX_LOG_HEIGHT, MIN_LOG_HEIGHT};
use vouch_air::tables::Table;

use super::packings;
use crate::layout::TableShape;
use crate::packing::{MAX_LEVEL, Packing, TableColumns};
use crate::profile::Profile;
use crate::segment::MAX_PROOF_BYTES;
use crate::wire::{Lengths, Tree, layers, most_digests};

/// Cells that the largest segment commits to: its columns alone take 64 GiB, extended 128 and more.
const CELLS: usize = 1 << 33;
/// Columns that are not packed together: those of different heights, or points.
const CLASSES: usize = 2 * (MAX_LOG_HEIGHT - MIN_LOG_HEIGHT + 1);

/// Packs of a commitment to so many columns, each of so many cells a row, at most: those of the highest level are full
/// but for one a class.
fn packs(columns: usize, cells: usize) -> usize {
    columns.min(((CELLS / cells) >> MAX_LEVEL) + CLASSES)
}

/// Cells that a proof of this layout commits to.
fn cells(packing: &Packing, degree: usize) -> usize {
    let of = |(columns, height): &(TableColumns, usize)| {
        (columns.main + columns.fixed + degree * (columns.logup + columns.chunks)) << height
    };
    packing.tables().iter().map(of).sum()
}

/// As many bytes as a proof of `profile` takes, at most, of a segment of [`CELLS`]: every table there, something at
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
        round(packs(sum(&|of| of.main), 1)),
        round(degree * packs(sum(&|of| of.chunks), degree)),
        round(packs(sum(&|of| of.fixed), 1)),
        round(degree * packs(sum(&|of| of.logup), degree)),
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
        std::println!("{profile:?}: {bytes}");
        assert!(bytes <= MAX_PROOF_BYTES, "{profile:?}: {bytes}");
        let degree = profile.parameters().extension.degree();
        let packings = packings(profile).into_iter();
        for packing in packings.filter(|packing| cells(packing, degree) <= CELLS) {
            let lengths = Lengths::new(&packing);
            assert!(lengths.bytes(most(&lengths)) <= bytes, "{profile:?}");
            for tree in lengths.trees() {
                assert!(most_digests(lengths.queries, tree.log_height) <= u16::MAX.into());
            }
        }
    }
}
