//! Leaves over packs: rows of a level of a Merkle tree, hashed as they are computed.

use super::pack::pack;
use super::part::{Part, log_run};
use super::roots::Roots;
use super::tree::{Hash, Layers, Rows, hash_rows};
use crate::arena::Gpu;
use crate::error::GpuError;
use crate::packs::Packs;

/// Neighbouring rows of a part, log2, at least: a sector of memory.
const LEAST_RUN: usize = 3;

/// Makes `layer` of a tree, hashing rows of `packs`, one after another, which are all of one level.
/// Columns that are packs of their own are hashed where they are, those at the front; rows of the
/// others are computed as many at a time as there are at most `room` words of them, or as few as it
/// goes.
///
/// # Panics
/// If there are no packs, or they are not of one level and on the same cosets, or the layer has not
/// as many nodes.
///
/// # Errors
/// Those of [`Gpu::buffer`] and [`Gpu::launch`].
pub fn hash_packs(
    gpu: &Gpu,
    roots: &Roots,
    hash: Hash,
    packs: &[&Packs],
    layers: &Layers,
    layer: usize,
    room: usize,
) -> Result<(), GpuError> {
    let shape = |packs: &Packs| (packs.group().level(), packs.log_cosets());
    let (level, log_cosets) = packs.first().map_or((0, 0), |packs| shape(packs));
    assert!(
        packs
            .iter()
            .all(|packs| shape(packs) == (level, log_cosets))
    );
    let is_single = |packs: &&&Packs| packs.group().log_size == 0;
    let (direct, packed) = packs.split_at(packs.iter().take_while(is_single).count());
    let mut columns: Vec<_> = direct
        .iter()
        .flat_map(|packs| packs.starts())
        .copied()
        .collect();
    let count = columns.len();
    let lowest = packed.iter().map(|packs| packs.group().log_height).min();
    let log_period = lowest.unwrap_or(level);
    let width: usize = packed.iter().map(|packs| packs.width()).sum();
    let words = width << (level + log_cosets - log_period);
    let run = log_run(log_period, LEAST_RUN, words, room);
    let log_rows = level + log_cosets - log_period + run;
    let scratch = gpu.buffer(width << log_rows)?;
    columns.extend((0..width).map(|word| scratch.at(word << log_rows)));
    let rows = Rows::new(gpu, &columns, count, [level, log_cosets, 0])?;
    for part in Part::of(log_period, run) {
        let mut first = 0;
        for packs in packed {
            pack(gpu, roots, packs, part, &scratch, first)?;
            first += packs.width() << log_rows;
        }
        hash_rows(gpu, hash, &rows, part, layers, layer)?;
    }
    Ok(())
}
