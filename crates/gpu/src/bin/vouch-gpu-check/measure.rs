//! Times, and what they are compared with.

use std::time::{Duration, Instant};

use serde::Serialize;
use vouch_gpu::{Gpu, GpuError};

use crate::report::Ceilings;

/// The time that a check may take.
pub struct Clock {
    start: Instant,
    budget: Duration,
}

impl Clock {
    /// It starts now.
    pub fn new(budget: Duration) -> Self {
        Self {
            start: Instant::now(),
            budget,
        }
    }

    /// Nothing new is to begin.
    pub fn is_over(&self) -> bool {
        self.start.elapsed() >= self.budget
    }

    /// Seconds since it started.
    pub fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    /// Seconds that are left.
    pub fn left(&self) -> u64 {
        self.budget.saturating_sub(self.start.elapsed()).as_secs()
    }
}

/// Samples of which the median counts.
const SAMPLES: usize = 5;
/// Seconds that a sample takes at least, so that waiting for its end does not matter.
const LEAST: f64 = 4e-3;
/// Calls of a sample, at most.
const MOST_CALLS: f64 = 200.0;

/// Seconds that a call of `work` keeps the device busy: the median of some samples, after a warm-up.
/// What it returns is dropped once it has been started.
///
/// # Errors
/// Those of `work`.
pub fn seconds<T>(
    gpu: &Gpu,
    mut work: impl FnMut() -> Result<T, GpuError>,
) -> Result<f64, GpuError> {
    let mut calls = |count: usize| {
        let start = Instant::now();
        for _ in 0..count {
            work()?;
        }
        wait(gpu)?;
        Ok(start.elapsed().as_secs_f64())
    };
    calls(1)?;
    let count = (LEAST / calls(1)?.max(1e-9)).ceil().clamp(1.0, MOST_CALLS);
    let samples: Result<Vec<f64>, GpuError> = (0..SAMPLES).map(|_| calls(count as usize)).collect();
    Ok(median(samples?) / count)
}

/// Waits until all that was started is done.
///
/// # Errors
/// [`GpuError::Failed`], of whatever was started.
pub fn wait(gpu: &Gpu) -> Result<(), GpuError> {
    // A copy from the device comes after all else.
    gpu.buffer(1)?.read_all().map(drop)
}

/// The number in the middle; 0 if there is none.
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(0.0)
}

/// The least that an operation has to do, whatever its kernels are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Work {
    /// Bytes read and written.
    pub bytes: u64,
    /// Additions of the base field.
    pub additions: u64,
    /// Multiplications of the base field.
    pub multiplications: u64,
    /// Multiplications of the challenge field of degree 4.
    pub multiplications_4: u64,
    /// Multiplications of the challenge field of degree 5.
    pub multiplications_5: u64,
    /// Blocks that Blake3 compresses.
    pub blake3_blocks: u64,
}

/// What an operation is bound by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Bound {
    /// Copies.
    Memory,
    /// Arithmetic and hashes.
    Arithmetic,
}

impl Work {
    /// The seconds that it takes at least, and why.
    pub fn least_seconds(&self, ceilings: &Ceilings) -> (f64, Bound) {
        let memory = self.bytes as f64 / (1e9 * ceilings.copy_gb);
        let arithmetic = [
            (self.additions, ceilings.additions),
            (self.multiplications, ceilings.multiplications),
            (self.multiplications_4, ceilings.multiplications_4),
            (self.multiplications_5, ceilings.multiplications_5),
            (self.blake3_blocks, ceilings.blake3_blocks),
        ];
        let arithmetic = { arithmetic.iter() }
            .map(|&(count, rate)| count as f64 / rate)
            .sum();
        match memory > arithmetic {
            true => (memory, Bound::Memory),
            false => (arithmetic, Bound::Arithmetic),
        }
    }
}

impl core::ops::Add for Work {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            bytes: self.bytes + other.bytes,
            additions: self.additions + other.additions,
            multiplications: self.multiplications + other.multiplications,
            multiplications_4: self.multiplications_4 + other.multiplications_4,
            multiplications_5: self.multiplications_5 + other.multiplications_5,
            blake3_blocks: self.blake3_blocks + other.blake3_blocks,
        }
    }
}

/// The work of extending `width` columns of `2^log_height` rows to `2^added_bits` cosets.
pub fn extension(width: usize, log_height: usize, added_bits: usize) -> Work {
    let cells = (width as u64) << log_height;
    let transforms = 1 + (1u64 << added_bits);
    // Half a multiplication and an addition a value and layer.
    let butterflies = cells / 2 * log_height as u64 * transforms;
    Work {
        bytes: 4 * cells * transforms,
        additions: 2 * butterflies,
        multiplications: butterflies + cells,
        ..Work::default()
    }
}

/// Bytes of a digest, and words of a block of Blake3.
const DIGEST: u64 = 32;
const BLOCK_WORDS: u64 = 16;

/// The work of a Merkle tree over `leaves` rows of `words` words.
pub fn tree(leaves: u64, words: u64) -> Work {
    Work {
        // Every node is written once and read once.
        bytes: leaves * (4 * words + 4 * DIGEST),
        blake3_blocks: leaves * (words.div_ceil(BLOCK_WORDS) + 1),
        ..Work::default()
    }
}

/// The work of folding `2^log_rows` challenges of `degree` by `2^log_arity`.
pub fn folding(degree: usize, log_rows: usize, log_arity: usize) -> Work {
    let degree_words = degree as u64;
    let (rows, groups) = (1u64 << log_rows, 1u64 << (log_rows - log_arity));
    let pairs = groups * ((1 << log_arity) - 1);
    let challenge = |of: usize| if of == degree { pairs } else { 0 };
    Work {
        bytes: 4 * degree_words * (rows + groups),
        additions: 3 * degree_words * pairs,
        multiplications: degree_words * pairs,
        multiplications_4: challenge(4),
        multiplications_5: challenge(5),
        ..Work::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greater_bound_counts() {
        let ceilings = Ceilings {
            copy_gb: 1.0,
            additions: 1e9,
            multiplications: 5e8,
            ..Ceilings::of_one()
        };
        let work = Work {
            bytes: 3_000_000_000,
            additions: 1_000_000_000,
            multiplications: 500_000_000,
            ..Work::default()
        };
        assert_eq!(work.least_seconds(&ceilings), (3.0, Bound::Memory));
        let more = work + work.arithmetic_only();
        assert_eq!(more.least_seconds(&ceilings), (4.0, Bound::Arithmetic));
    }

    impl Work {
        fn arithmetic_only(self) -> Self {
            Self { bytes: 0, ..self }
        }
    }

    impl Ceilings {
        fn of_one() -> Self {
            Self {
                copy_gb: 1.0,
                to_device_gb: 1.0,
                from_device_gb: 1.0,
                additions: 1.0,
                multiplications: 1.0,
                multiplications_4: 1.0,
                multiplications_5: 1.0,
                blake3_blocks: 1.0,
            }
        }
    }

    #[test]
    fn work_is_counted() {
        // 8 values: three layers of 4 butterflies, in three transforms; scaled once.
        let work = extension(1, 3, 1);
        assert_eq!(
            (work.multiplications, work.additions, work.bytes),
            (44, 72, 96)
        );
        // Two blocks a leaf, and one for each node above; the last is counted too many.
        assert_eq!(tree(4, 17).blake3_blocks, 12);
        // Four values to one: three pairs.
        let work = folding(5, 2, 2);
        assert_eq!((work.multiplications_5, work.multiplications_4), (3, 0));
        assert_eq!((work.bytes, work.additions), (100, 45));
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![5.0, 1.0, 3.0]), 3.0);
        assert_eq!(median(vec![]), 0.0);
    }
}
