//! FRI: folding of a codeword, and adding codewords (`kernels/fold.cu`).
use core::marker::PhantomData;

use p3_field::{Field, PrimeCharacteristicRing, TwoAdicField};
use vouch_air::F;
use vouch_verifier::config::ChallengeField;

use super::degree::{self, MOST_DEGREE};
use super::roots::{Powers, Roots};
use crate::arena::Gpu;
use crate::device::{Address, Arguments, Grid};
use crate::error::GpuError;
use crate::field::{challenge_words, word};
use crate::matrix::Matrix;

/// The greatest number of halvings at once.
const MOST: usize = 3;
/// Threads of a block.
const BLOCK: u32 = 128;

#[derive(Clone, Copy)]
#[repr(C)]
struct Fold<EF> {
    from: Address,
    to: Address,
    powers: Powers,
    betas: [u32; MOST * MOST_DEGREE],
    turns: [u32; 1 << (MOST - 1)],
    log_height: u32,
    log_cosets: u32,
    log_arity: u32,
    field: PhantomData<EF>,
}

// SAFETY: `FoldArgs` has the same fields; no padding.
unsafe impl<EF: ChallengeField> Arguments for Fold<EF> {
    const KERNEL: &'static str = degree::name(EF::DEGREE, ["fold_4", "fold_5"]);
}

#[derive(Clone, Copy)]
#[repr(C)]
struct AddScaled<EF> {
    sum: Address,
    x: Address,
    factor: [u32; MOST_DEGREE],
    rows: u32,
    field: PhantomData<EF>,
}

// SAFETY: `AddScaledArgs` has the same fields; no padding.
unsafe impl<EF: ChallengeField> Arguments for AddScaled<EF> {
    const KERNEL: &'static str = degree::name(EF::DEGREE, ["add_scaled_4", "add_scaled_5"]);
}

/// Folds a codeword `2^log_arity` to one, as `p3_fri::TwoAdicFriFolding::fold_matrix` does: by
/// `beta`, then by `beta^2` and so on. It is on the subgroup of the number of its rows, and so
/// is the result, whose cosets are `2^log_arity` times as short.
///
/// # Panics
/// If the codeword is not `EF::DEGREE` columns, or its cosets are shorter than `2^log_arity`, or `log_arity`
/// is not 1 to 3.
///
/// # Errors
/// Those of [`Gpu::buffer`] and [`Gpu::launch`].
pub fn fold<EF: ChallengeField>(
    gpu: &Gpu,
    roots: &Roots,
    codeword: &Matrix,
    log_arity: usize,
    beta: EF,
) -> Result<Matrix, GpuError> {
    let Matrix {
        log_height,
        log_cosets,
        ..
    } = *codeword;
    assert!(
        (1..=MOST).contains(&log_arity) && log_arity <= log_height && codeword.width == EF::DEGREE
    );
    let folded = Matrix::new(gpu, EF::DEGREE, log_height - log_arity, log_cosets)?;
    let mut betas = [0; MOST * MOST_DEGREE];
    for (i, words) in betas.chunks_exact_mut(EF::DEGREE).take(MOST).enumerate() {
        words.copy_from_slice(&challenge_words(&[beta.exp_power_of_2(i).halve()]));
    }
    let turn = F::two_adic_generator(MOST).inverse();
    let arguments = Fold::<EF> {
        from: codeword.buffer.start(),
        to: folded.buffer.start(),
        powers: roots.powers(log_height + log_cosets)?,
        betas,
        turns: core::array::from_fn(|i| word(turn.exp_u64(i as u64))),
        log_height: log_height as u32,
        log_cosets: log_cosets as u32,
        log_arity: log_arity as u32,
        field: PhantomData,
    };
    // SAFETY: it reads all rows of the codeword and writes all of `folded`, both of `EF::DEGREE` columns.
    unsafe { gpu.launch(Grid::line(folded.rows(), BLOCK), arguments)? };
    Ok(folded)
}

/// Adds `factor` times the codeword `x` to `sum`.
///
/// # Panics
/// If they are not both `EF::DEGREE` columns of the same rows.
///
/// # Errors
/// Those of [`Gpu::launch`].
pub fn add_scaled<EF: ChallengeField>(
    gpu: &Gpu,
    sum: &mut Matrix,
    factor: EF,
    x: &Matrix,
) -> Result<(), GpuError> {
    let shape = |m: &Matrix| (m.width, m.log_height, m.log_cosets);
    assert_eq!(shape(sum), shape(x));
    assert_eq!(sum.width, EF::DEGREE);
    let arguments = AddScaled::<EF> {
        sum: sum.buffer.start(),
        x: x.buffer.start(),
        factor: degree::argument(factor),
        rows: sum.rows() as u32,
        field: PhantomData,
    };
    // SAFETY: it reads both matrices, of `EF::DEGREE` columns, and writes to `sum`.
    unsafe { gpu.launch(Grid::line(sum.rows(), BLOCK), arguments) }
}
