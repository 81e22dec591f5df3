//! The search for proofs of work (`kernels/grind.cu`).

use p3_field::PrimeField32;
use vouch_air::F;

use crate::arena::Gpu;
use crate::device::{Address, Arguments, Grid};
use crate::error::GpuError;

/// Threads of a block, and of all blocks at most: as many as run at once.
const BLOCK: u32 = 256;
const THREADS: usize = 1 << 18;

#[derive(Clone, Copy)]
#[repr(C)]
struct Grind {
    state: [u32; 8],
    found: Address,
    first: u32,
    count: u32,
    bits: u32,
    unused: u32,
}

// SAFETY: `GrindArgs` has the same fields; no padding.
unsafe impl Arguments for Grind {
    const KERNEL: &'static str = "grind";
}

/// The smallest of the candidates `first..first + count` that a transcript with this state
/// accepts as a proof of work of `bits` bits: the Blake3 hash of the state and of the candidate, a
/// field element, is such that the word that is sampled next ends in so many zero bits.
///
/// # Panics
/// If a candidate is not below p, or `bits` is not below 32.
///
/// # Errors
/// Those of [`Gpu::buffer`] and [`Gpu::launch`].
pub fn grind(
    gpu: &Gpu,
    state: &[u8; 32],
    first: u32,
    count: u32,
    bits: u32,
) -> Result<Option<u32>, GpuError> {
    let end = first.checked_add(count);
    assert!(end.is_some_and(|end| end <= F::ORDER_U32) && bits < 32);
    let found = gpu.upload(&[u32::MAX])?;
    let (state, _) = state.as_chunks::<4>();
    let arguments = Grind {
        state: core::array::from_fn(|i| u32::from_le_bytes(state[i])),
        found: found.start(),
        first,
        count,
        bits,
        unused: 0,
    };
    // SAFETY: it reads and writes the one word.
    unsafe { gpu.launch(Grid::line(THREADS.min(count as usize), BLOCK), arguments) }?;
    let found = found.read_all()?[0];
    Ok((found != u32::MAX).then_some(found))
}
