//! How fast a device is at most: copies, and arithmetic on registers.

use std::time::Instant;

use vouch_air::F;
use vouch_gpu::kernels::{RATE_CHAINS, Rate, grind, run_rate};
use vouch_gpu::{Gpu, GpuError};

use crate::check::{Check, CheckError};
use crate::measure::{median, seconds};
use crate::random;
use crate::report::Ceilings;

/// Sizes of what is measured.
struct Sizes {
    /// Words that are copied within the device, and between it and the host.
    copied: usize,
    moved: usize,
    /// Threads that compute, and what each does to a chain.
    threads: usize,
    repeat: u32,
    /// Candidates that are tried as proofs of work.
    candidates: u32,
}

impl Sizes {
    fn new(small: bool) -> Self {
        match small {
            true => Self {
                copied: 1 << 12,
                moved: 1 << 12,
                threads: 1 << 8,
                repeat: 4,
                candidates: 1 << 8,
            },
            false => Self {
                copied: 1 << 28,
                moved: 1 << 26,
                threads: 1 << 20,
                repeat: 1 << 10,
                candidates: 1 << 28,
            },
        }
    }
}

/// Measures them.
pub fn measure(check: &mut Check) {
    let sizes = Sizes::new(check.small);
    check.report.ceilings = check.measure("ceilings", |gpu| ceilings(gpu, &sizes));
}

fn ceilings(gpu: &Gpu, sizes: &Sizes) -> Result<Ceilings, CheckError> {
    let [to_device_gb, from_device_gb] = moves(gpu, sizes.moved)?;
    let rate = |of| rate(gpu, of, sizes);
    Ok(Ceilings {
        copy_gb: copies(gpu, sizes.copied)?,
        to_device_gb,
        from_device_gb,
        additions: rate(Rate::Add)?,
        multiplications: rate(Rate::Multiply)?,
        multiplications_4: rate(Rate::Multiply4)?,
        multiplications_5: rate(Rate::Multiply5)?,
        blake3_blocks: hashes(gpu, sizes.candidates)?,
    })
}

/// GB a second that copies within the device read and write.
fn copies(gpu: &Gpu, words: usize) -> Result<f64, GpuError> {
    // No more than there is room for, twice.
    let words = words.min((gpu.total() / 32) as usize);
    let (from, to) = (random::buffer(gpu, words)?, gpu.buffer(words)?);
    let seconds = seconds(gpu, || to.copy_from(0, &from, 0, words))?;
    Ok(8e-9 * words as f64 / seconds)
}

/// GB a second to the device and from it.
fn moves(gpu: &Gpu, words: usize) -> Result<[f64; 2], GpuError> {
    let words = words.min((gpu.total() / 32) as usize);
    let host = vec![0; words];
    let buffer = gpu.buffer(words)?;
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..5 {
        let start = Instant::now();
        buffer.write(0, &host)?;
        crate::measure::wait(gpu)?;
        times[0].push(start.elapsed().as_secs_f64());
        let start = Instant::now();
        drop(buffer.read_all()?);
        times[1].push(start.elapsed().as_secs_f64());
    }
    Ok(times.map(|times| 4e-9 * words as f64 / median(times)))
}

/// Operations a second.
fn rate(gpu: &Gpu, rate: Rate, sizes: &Sizes) -> Result<f64, GpuError> {
    let x = random::buffer(gpu, sizes.threads)?;
    let seconds = seconds(gpu, || run_rate(gpu, rate, &x, sizes.repeat))?;
    Ok((sizes.threads * RATE_CHAINS) as f64 * f64::from(sizes.repeat) / seconds)
}

/// Blocks a second that Blake3 compresses: candidates for a proof of work that is not found among
/// them.
fn hashes(gpu: &Gpu, candidates: u32) -> Result<f64, GpuError> {
    const BITS: u32 = 31;
    let candidates = candidates.min(<F as p3_field::PrimeField32>::ORDER_U32);
    let mut state = [0; 32];
    // If one were found, those after it would not be tried.
    while grind(gpu, &state, 0, candidates, BITS)?.is_some() {
        state[0] += 1;
    }
    let seconds = seconds(gpu, || grind(gpu, &state, 0, candidates, BITS))?;
    Ok(f64::from(candidates) / seconds)
}
