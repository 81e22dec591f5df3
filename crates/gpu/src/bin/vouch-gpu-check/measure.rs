//! Times.

use std::time::{Duration, Instant};

use vouch_gpu::{Gpu, GpuError};

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![5.0, 1.0, 3.0]), 3.0);
        assert_eq!(median(vec![]), 0.0);
    }
}
