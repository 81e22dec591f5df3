//! The search for proofs of work (`kernels/grind.cu`).

use core::fmt;

use p3_field::PrimeField32;
use tracing::warn;
use vouch_air::F;
use vouch_verifier::Grinder;

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

/// Fewer bits are found on the CPU before a device answers.
const MIN_BITS: u32 = 10;
/// Candidates of one launch, log2, at least and at most.
const WINDOW: (u32, u32) = (16, 26);

/// Finds the proofs of work of a transcript on a device.
pub struct GpuGrinder(Gpu);

impl GpuGrinder {
    /// Finds them on `gpu`.
    pub fn new(gpu: Gpu) -> Self {
        Self(gpu)
    }

    fn try_search(&self, state: &[u8; 32], bits: u32) -> Result<Option<u32>, GpuError> {
        // In eight times as many candidates as one is expected in, there is nearly always one.
        let window = 1u32 << (bits + 3).clamp(WINDOW.0, WINDOW.1);
        let mut first = 0;
        while first < F::ORDER_U32 {
            let count = window.min(F::ORDER_U32 - first);
            let found = grind(&self.0, state, first, count, bits)?;
            if found.is_some() {
                return Ok(found);
            }
            first += count;
        }
        Ok(None)
    }
}

impl fmt::Debug for GpuGrinder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GpuGrinder").field(&self.0.name()).finish()
    }
}

impl Grinder for GpuGrinder {
    fn search(&self, state: &[u8; 32], bits: u32) -> Option<u32> {
        if !(MIN_BITS..u32::BITS).contains(&bits) {
            return None;
        }
        self.try_search(state, bits).unwrap_or_else(|error| {
            warn!("searching for a proof of work on the CPU: {error}");
            None
        })
    }
}
