//! Numbers without a pattern.

use p3_field::BasedVectorSpace;
use p3_field::extension::BinomiallyExtendable;
use vouch_air::F;
use vouch_gpu::field::words;
use vouch_gpu::{Buffer, Gpu, GpuError, Matrix};
use vouch_verifier::config::Challenge;

/// p.
const ORDER: u64 = 0x7800_0001;
/// Numbers that are made on the host; a device repeats them.
const DISTINCT: usize = 1 << 20;

/// Numbers of the base field, of which the first are those at its edges.
pub fn numbers(count: usize, seed: u64) -> Vec<F> {
    let edges = [0, 1, 2, ORDER as u32 - 1, ORDER as u32 / 2];
    let mut state = seed;
    let mut next = |i: usize| {
        // SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let random = ((z ^ (z >> 31)) % ORDER) as u32;
        F::new(edges.get(i).copied().unwrap_or(random))
    };
    (0..count).map(&mut next).collect()
}

/// Numbers of the challenge field; the first are of edges.
pub fn challenges<const D: usize>(count: usize, seed: u64) -> Vec<Challenge<D>>
where
    F: BinomiallyExtendable<D>,
{
    let coordinates = numbers(D * count, seed);
    let number = |c: &[F]| Challenge::<D>::from_basis_coefficients_fn(|i| c[i]);
    coordinates.chunks_exact(D).map(number).collect()
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
