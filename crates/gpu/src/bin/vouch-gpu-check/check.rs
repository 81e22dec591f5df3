//! The state of a check, and how its parts add to the report.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Instant;

use thiserror::Error;
use vouch_emulator::ExecuteError;
use vouch_gpu::{Gpu, GpuError, digest, sources};
use vouch_prover::ProveError;

use crate::device::{driver, poison};
use crate::measure::Clock;
use crate::report::{Comparison, Device, Report};

/// Why something could not be compared or measured.
#[derive(Debug, Error)]
pub enum CheckError {
    /// The device could not do it.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// A proof could not be made.
    #[error(transparent)]
    Prove(#[from] ProveError),
    /// A guest could not be run.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
    /// What was computed is not what was expected.
    #[error("{0}")]
    Differs(String),
    /// The report could not be written.
    #[error("cannot write the report: {0}")]
    Write(#[from] std::io::Error),
}

/// A check that is under way.
pub struct Check {
    /// The device.
    pub gpu: Gpu,
    /// Small sizes.
    pub small: bool,
    /// The time that is left.
    pub clock: Clock,
    /// What was found so far.
    pub report: Report,
}

impl Check {
    /// Nothing is done yet.
    pub fn new(gpu: &Gpu, small: bool, clock: Clock) -> Self {
        let device = Device {
            name: gpu.name(),
            kind: gpu.kind(),
            memory_bytes: gpu.total(),
            driver: driver(),
        };
        Self {
            gpu: gpu.clone(),
            small,
            clock,
            report: Report::new(device, digest(&sources()), small),
        }
    }

    /// Whether there is time for `what`; if not, the report says so.
    pub fn has_time(&mut self, what: impl Into<String>) -> bool {
        let over = self.clock.is_over();
        if over {
            self.skip(what, "the time is over");
        }
        !over
    }

    /// Says that `what` is not done, and why.
    pub fn skip(&mut self, what: impl Into<String>, reason: &str) {
        self.report
            .skipped
            .push(format!("{}: {reason}", what.into()));
    }

    /// Does what compares something, on memory that held no field elements, and reports it.
    pub fn compare(
        &mut self,
        name: impl Into<String>,
        compare: impl FnOnce(&Gpu) -> Result<(), CheckError>,
    ) {
        let name = name.into();
        if !self.has_time(&name) {
            return;
        }
        let start = Instant::now();
        let difference = self.difference(compare);
        let comparison = Comparison {
            name,
            ok: difference.is_none(),
            difference,
            seconds: start.elapsed().as_secs_f64(),
        };
        eprintln!("{comparison}");
        self.report.add(comparison);
    }

    fn difference(&self, compare: impl FnOnce(&Gpu) -> Result<(), CheckError>) -> Option<String> {
        let gpu = &self.gpu;
        // What is not a field element panics where it is read.
        let compared = catch_unwind(AssertUnwindSafe(|| {
            poison(gpu)?;
            compare(gpu)
        }));
        match compared {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(panic) => Some(match panic.downcast_ref::<&str>() {
                Some(text) => (*text).into(),
                None => { panic.downcast_ref::<String>() }
                    .cloned()
                    .unwrap_or_else(|| "a panic without a text".into()),
            }),
        }
    }

    /// Does what measures something; if it fails, the report says so.
    pub fn measure<T>(
        &mut self,
        name: &str,
        measure: impl FnOnce(&Gpu) -> Result<T, CheckError>,
    ) -> Option<T> {
        if !self.has_time(name) {
            return None;
        }
        let measured = measure(&self.gpu);
        if let Err(error) = &measured {
            eprintln!("{name}: {error}");
            self.report.fail(format!("{name}: {error}"));
        }
        measured.ok()
    }

    /// Writes the report, as far as it is.
    ///
    /// # Errors
    /// [`CheckError::Write`].
    pub fn write(&mut self, path: Option<&Path>) -> Result<(), CheckError> {
        self.report.seconds = self.clock.seconds();
        if let Some(path) = path {
            let text = serde_json::to_string_pretty(&self.report).map_err(std::io::Error::other)?;
            std::fs::write(path, text + "\n")?;
        }
        Ok(())
    }
}

/// An error, unless both are the same.
///
/// # Errors
/// [`CheckError::Differs`].
pub fn same<T: PartialEq>(
    got: &T,
    expected: &T,
    what: impl FnOnce() -> String,
) -> Result<(), CheckError> {
    match got == expected {
        true => Ok(()),
        false => Err(CheckError::Differs(format!("{} differ", what()))),
    }
}
