//! Kernels by size.

use std::sync::Arc;
use vouch_gpu::kernels::{Hash, Roots, extend, fold, to_columns};
use vouch_gpu::{Gpu, GpuError, MerkleTree, Packs};
use vouch_verifier::config::{ChallengeField, Quartic, Quintic};
use vouch_verifier::packing::COSET;

use crate::check::{Check, CheckError};
use crate::measure::seconds;
use crate::packed::group;
use crate::random;
use crate::report::Measured;
use crate::work::{Work, extension, folding, packing, tree};

/// Sizes of what is measured.
struct Sizes {
    /// Rows, log2.
    log_heights: &'static [usize],
    /// Columns.
    widths: &'static [usize],
}

/// Cosets that columns are extended to, log2.
const ADDED_BITS: usize = 1;

/// Measures them: small ones first.
pub fn measure(check: &mut Check) {
    let sizes = match check.small {
        true => Sizes {
            log_heights: &[4, 7],
            widths: &[1, 3],
        },
        false => Sizes {
            log_heights: &[18, 20, 22, 24],
            widths: &[1, 32, 150],
        },
    };
    for &log_height in sizes.log_heights {
        for &width in sizes.widths {
            let shape = format!("2^{log_height} x {width}");
            let cells = (width as u64) << log_height;
            let transposing = Work {
                bytes: 8 * cells,
                ..Work::default()
            };
            measured(
                check,
                format!("transpose, {shape}"),
                2 * cells,
                Some(transposing),
                |gpu| {
                    let rows = random::buffer(gpu, cells as usize)?;
                    seconds(gpu, || to_columns(gpu, &rows, 1 << log_height, width))
                },
            );
            let extending = extension(width, log_height, ADDED_BITS);
            measured(
                check,
                format!("extension, {shape}"),
                4 * cells,
                Some(extending),
                |gpu| {
                    let roots = Roots::new(gpu);
                    let matrix = random::matrix(gpu, width, log_height, 0)?;
                    seconds(gpu, || extend(gpu, &roots, &matrix, ADDED_BITS, COSET))
                },
            );
            for hash in [Hash::Blake3, Hash::Keccak256, Hash::Poseidon2] {
                trees(check, hash, log_height, width);
            }
            for log_size in [1, 3, 4, 6, 9]
                .into_iter()
                .filter(|&log_size| log_size < log_height)
            {
                packs(check, log_size, log_height, width);
            }
        }
        layers::<Quartic>(check, log_height);
        layers::<Quintic>(check, log_height);
    }
}

/// A tree over `2^log_height` rows, which are on two cosets.
fn trees(check: &mut Check, hash: Hash, log_height: usize, width: usize) {
    let leaves = 1u64 << log_height;
    // The rate of Blake3 alone is measured.
    let work = (hash == Hash::Blake3).then(|| tree(leaves, width as u64));
    let name = format!("tree of {hash:?}, 2^{log_height} x {width}");
    measured(check, name, leaves * (width as u64 + 16), work, |gpu| {
        let (matrix, roots) = (
            random::matrix(gpu, width, log_height - 1, 1)?,
            Roots::new(gpu),
        );
        let packs = [Packs::single(gpu, Arc::new(matrix))?];
        seconds(gpu, || MerkleTree::commit(gpu, &roots, hash, &packs))
    });
}

/// A tree over `2^log_rows` rows of packs of `2^log_size` columns, which are on two cosets.
fn packs(check: &mut Check, log_size: usize, log_rows: usize, width: usize) {
    let group = group(log_rows - 1 - log_size, log_size, width, width << log_size);
    let words = (width as u64) << log_rows;
    let work = packing(&group, 1, 1) + tree(1 << log_rows, width as u64);
    let name = format!("tree of packs of {}, 2^{log_rows} x {width}", 1 << log_size);
    measured(check, name, words + (16 << log_rows), Some(work), |gpu| {
        let matrix = random::matrix(gpu, width << log_size, group.log_height, 1)?;
        let (roots, part) = (Roots::new(gpu), (Arc::new(matrix), group.columns.clone()));
        let packs = [Packs::new(gpu, vec![part], group.clone(), 1)?];
        seconds(gpu, || {
            MerkleTree::commit(gpu, &roots, Hash::Blake3, &packs)
        })
    });
}

/// A layer of FRI: its tree, and its folding.
fn layers<EF: ChallengeField>(check: &mut Check, log_rows: usize) {
    for log_arity in [1, 3] {
        let words = (EF::DEGREE as u64 + 16) << log_rows;
        let shape = format!(
            "2^{log_rows} of degree {} by {}",
            EF::DEGREE,
            1 << log_arity
        );
        let work = tree(
            1 << (log_rows - log_arity),
            (EF::DEGREE as u64) << log_arity,
        );
        measured(
            check,
            format!("FRI's tree, {shape}"),
            words,
            Some(work),
            |gpu| {
                let codeword = random::matrix(gpu, EF::DEGREE, log_rows - 1, 1)?;
                seconds(gpu, || {
                    MerkleTree::commit_groups(gpu, Hash::Blake3, &codeword, log_arity)
                })
            },
        );
        let work = folding(EF::DEGREE, log_rows, log_arity);
        measured(
            check,
            format!("FRI's folding, {shape}"),
            words,
            Some(work),
            |gpu| {
                let roots = Roots::new(gpu);
                let codeword = random::matrix(gpu, EF::DEGREE, log_rows - 1, 1)?;
                let beta = random::challenges::<EF>(9, 1)[8];
                seconds(gpu, || fold(gpu, &roots, &codeword, log_arity, beta))
            },
        );
    }
}

/// Adds the time of something that takes `words` words of the device's memory.
fn measured(
    check: &mut Check,
    name: String,
    words: u64,
    work: Option<Work>,
    seconds: impl FnOnce(&Gpu) -> Result<f64, GpuError>,
) {
    // What repeats, roots and a margin are in the remaining part.
    if 4 * words > check.gpu.total() / 10 * 9 {
        check.skip(name, "it does not fit the memory");
        return;
    }
    let seconds = check.measure(&name, |gpu| seconds(gpu).map_err(CheckError::from));
    let ceilings = check.report.ceilings;
    let measured = seconds.map(|seconds| Measured::new(name, seconds, work, ceilings));
    check.report.sweep.extend(measured);
}
