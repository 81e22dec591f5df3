//! Numbers without a pattern.

use vouch_air::F;
use vouch_gpu::field::words;
use vouch_gpu::{Buffer, Gpu, GpuError, Matrix};
use vouch_isa::testing::SplitMix;
use vouch_verifier::config::ChallengeField;

/// p.
const ORDER: u32 = 0x7800_0001;
/// Numbers that are made on the host; a device repeats them.
const DISTINCT: usize = 1 << 20;

/// Numbers of the base field, of which the first are those at its edges.
pub fn numbers(count: usize, seed: u64) -> Vec<F> {
    let edges = [0, 1, 2, ORDER - 1, ORDER / 2];
    let mut random = SplitMix(seed);
    let mut next = |i: usize| {
        let random = random.below(ORDER);
        F::new(edges.get(i).copied().unwrap_or(random))
    };
    (0..count).map(&mut next).collect()
}

/// Numbers of the challenge field; the first are of edges.
pub fn challenges<EF: ChallengeField>(count: usize, seed: u64) -> Vec<EF> {
    let coordinates = numbers(EF::DEGREE * count, seed);
    let number = |c: &[F]| EF::from_basis_coefficients_fn(|i| c[i]);
    coordinates.chunks_exact(EF::DEGREE).map(number).collect()
}

/// A buffer of random numbers, which repeat.
///
/// # Errors
/// Those of [`Gpu::buffer`] and of copies.
pub fn buffer(gpu: &Gpu, count: usize) -> Result<Buffer, GpuError> {
    let distinct = count.min(DISTINCT);
    let some = gpu.upload(words(&numbers(distinct, 1)))?;
    let buffer = gpu.buffer(count)?;
    let mut done = 0;
    while done < count {
        let next = distinct.min(count - done);
        buffer.copy_from(done, &some, 0, next)?;
        done += next;
    }
    Ok(buffer)
}

/// Columns of random numbers, which repeat.
///
/// # Errors
/// Those of [`buffer()`].
pub fn matrix(
    gpu: &Gpu,
    width: usize,
    log_height: usize,
    log_cosets: usize,
) -> Result<Matrix, GpuError> {
    Ok(Matrix {
        buffer: buffer(gpu, width << (log_height + log_cosets))?,
        width,
        log_height,
        log_cosets,
    })
}
