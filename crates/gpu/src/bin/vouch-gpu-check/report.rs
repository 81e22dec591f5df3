//! What a check finds: as JSON, and as text.

use std::fmt;

use serde::Serialize;

use crate::work::{Bound, Work};

/// All of it.
#[derive(Debug, Serialize)]
pub struct Report {
    /// All comparisons hold, and nothing failed.
    pub ok: bool,
    /// It came to its end; if not, this is what was known before.
    pub is_finished: bool,
    /// Seconds that it took.
    pub seconds: f64,
    /// The commit that the program was built from, if it was said.
    pub commit: Option<&'static str>,
    /// `vouch_gpu::digest` of the kernels' sources.
    pub kernels: String,
    /// The sizes are small: its figures mean nothing.
    pub is_small: bool,
    /// The device.
    pub device: Device,
    /// How fast it is at most.
    pub ceilings: Option<Ceilings>,
    /// Operations and proofs, compared.
    pub operations: Vec<Comparison>,
    /// Kernels by size.
    pub sweep: Vec<Measured>,
    /// The operations of the proofs of a real run.
    pub phases: Vec<Measured>,
    /// The device's memory that segments take.
    pub memory: Vec<SegmentMemory>,
    /// Proofs of real runs.
    pub end_to_end: Vec<Run>,
    /// The comparisons under NVIDIA's checkers.
    pub sanitizer: Vec<Sanitized>,
    /// What was left out, and why.
    pub skipped: Vec<String>,
    /// What failed beside comparisons, and how.
    pub failed: Vec<String>,
}

/// What was checked.
#[derive(Debug, Serialize)]
pub struct Device {
    /// As it calls itself.
    pub name: String,
    /// The name of the backend.
    pub kind: &'static str,
    /// Bytes that proofs may use.
    pub memory_bytes: u64,
    /// The version of its driver, if known.
    pub driver: Option<String>,
}

/// What a device can do at most: GB are 10^9 bytes, all else is a number a second.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Ceilings {
    /// GB a second that a copy within the device reads and writes, together.
    pub copy_gb: f64,
    /// GB a second that are copied to it, the host's share included.
    pub to_device_gb: f64,
    /// GB a second that are copied from it, the host's share included.
    pub from_device_gb: f64,
    /// Additions of the base field.
    pub additions: f64,
    /// Multiplications of the base field.
    pub multiplications: f64,
    /// Multiplications of the challenge field of degree 4.
    pub multiplications_4: f64,
    /// Multiplications of the challenge field of degree 5.
    pub multiplications_5: f64,
    /// Blocks that Blake3 compresses, in the search for a proof of work.
    pub blake3_blocks: f64,
}

/// Something that was compared.
#[derive(Debug, Serialize)]
pub struct Comparison {
    /// What.
    pub name: String,
    /// It is the same.
    pub ok: bool,
    /// What differs, or what failed.
    pub difference: Option<String>,
    /// Seconds that it took, with what it was compared with.
    pub seconds: f64,
}

/// Something that was measured.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// What, and how large.
    pub name: String,
    /// How long it took.
    pub milliseconds: f64,
    /// What it has to do at least, if that is counted.
    pub work: Option<Work>,
    /// Which ceiling is the nearest.
    pub bound: Option<Bound>,
    /// The time that it takes at least, by the ceilings, of the time that it took.
    pub of_ceiling: Option<f64>,
}

impl Measured {
    /// Compares a time with the ceilings, if both they and the work are known.
    pub fn new(name: String, seconds: f64, work: Option<Work>, ceilings: Option<Ceilings>) -> Self {
        let least = { work.zip(ceilings) }.map(|(work, ceilings)| work.least_seconds(&ceilings));
        Self {
            name,
            milliseconds: 1e3 * seconds,
            work,
            bound: least.map(|(_, bound)| bound),
            of_ceiling: least.map(|(least, _)| least / seconds),
        }
    }
}

/// The device's memory that a segment took.
#[derive(Debug, Serialize)]
pub struct SegmentMemory {
    /// `fast-100`
    pub profile: String,
    /// Cycles of the run, log2, of which this is the first segment.
    pub log_cycles: u32,
    /// Committed cells.
    pub cells: u64,
    /// Bytes by the estimate that segments are cut by.
    pub estimated_bytes: u64,
    /// Bytes that were in use at once, at most.
    pub peak_bytes: u64,
}

/// A run that was proven.
#[derive(Debug, Serialize)]
pub struct Run {
    /// The guest.
    pub guest: &'static str,
    /// `fast-100`
    pub profile: String,
    /// Instructions.
    pub cycles: u64,
    /// Segments that it was cut into.
    pub segments: usize,
    /// Committed cells of all segments.
    pub cells: u64,
    /// Seconds to fill the tables, on the CPU.
    pub fill_seconds: f64,
    /// Seconds to prove filled tables on the CPU.
    pub cpu_seconds: f64,
    /// Seconds to prove filled tables on the device at first.
    pub first_seconds: f64,
    /// The same later: the median.
    pub seconds: f64,
    /// Instructions a second on the device, the tables being filled.
    pub cycles_a_second: f64,
    /// Bytes of all proofs.
    pub proof_bytes: usize,
    /// Bytes of the device's memory that were in use at once, at most.
    pub peak_bytes: u64,
}

/// What a checker found.
#[derive(Debug, Serialize)]
pub struct Sanitized {
    /// Its name.
    pub tool: &'static str,
    /// The exit code, if it came to its end.
    pub exit_code: Option<i32>,
    /// The end of what it said.
    pub said: String,
}

impl Report {
    /// Of a device, of which nothing is known yet.
    pub fn new(device: Device, kernels: String, is_small: bool) -> Self {
        Self {
            ok: true,
            is_finished: false,
            seconds: 0.0,
            commit: option_env!("VOUCH_COMMIT"),
            kernels,
            is_small,
            device,
            ceilings: None,
            operations: Vec::new(),
            sweep: Vec::new(),
            phases: Vec::new(),
            memory: Vec::new(),
            end_to_end: Vec::new(),
            sanitizer: Vec::new(),
            skipped: Vec::new(),
            failed: Vec::new(),
        }
    }

    /// Adds a comparison.
    pub fn add(&mut self, comparison: Comparison) {
        self.ok &= comparison.ok;
        self.operations.push(comparison);
    }

    /// Adds what failed.
    pub fn fail(&mut self, what: String) {
        self.ok = false;
        self.failed.push(what);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let device = &self.device;
        let driver = device.driver.as_deref().unwrap_or("unknown");
        let gigabytes = device.memory_bytes as f64 / 1e9;
        writeln!(f, "{}, {gigabytes:.1} GB, driver {driver}", device.name)?;
        if let Some(ceilings) = &self.ceilings {
            writeln!(f, "{ceilings}")?;
        }
        let wrong = self.operations.iter().filter(|comparison| !comparison.ok);
        wrong
            .clone()
            .try_for_each(|comparison| writeln!(f, "{comparison}"))?;
        let (all, wrong) = (self.operations.len(), wrong.count());
        writeln!(f, "{all} comparisons, {wrong} differ")?;
        let measured = self.sweep.iter().chain(&self.phases);
        measured
            .into_iter()
            .try_for_each(|measured| writeln!(f, "{measured}"))?;
        self.memory
            .iter()
            .try_for_each(|memory| writeln!(f, "{memory}"))?;
        self.end_to_end
            .iter()
            .try_for_each(|run| writeln!(f, "{run}"))?;
        for Sanitized {
            tool, exit_code, ..
        } in &self.sanitizer
        {
            writeln!(f, "{tool}: exit code {exit_code:?}")?;
        }
        for what in &self.skipped {
            writeln!(f, "skipped: {what}")?;
        }
        for what in &self.failed {
            writeln!(f, "failed: {what}")?;
        }
        let verdict = if self.ok {
            "all is the same"
        } else {
            "something is wrong"
        };
        writeln!(f, "{verdict}; {:.0} s", self.seconds)
    }
}

impl fmt::Display for Ceilings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "copies: {:.0} GB/s within, {:.1} GB/s to, {:.1} GB/s from the device",
            self.copy_gb, self.to_device_gb, self.from_device_gb
        )?;
        let rates = [
            ("additions", self.additions),
            ("multiplications", self.multiplications),
            ("multiplications of degree 4", self.multiplications_4),
            ("multiplications of degree 5", self.multiplications_5),
            ("blocks of Blake3", self.blake3_blocks),
        ];
        let texts = rates.map(|(name, rate)| format!("{:.1} {name}", rate / 1e9));
        write!(f, "10^9 a second: {}", texts.join(", "))
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let difference = self.difference.as_deref().unwrap_or("the same");
        write!(f, "{}: {difference} ({:.2} s)", self.name, self.seconds)
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:.3} ms", self.name, self.milliseconds)?;
        match (self.of_ceiling, self.bound) {
            (Some(share), Some(bound)) => write!(f, ", {:.0}% ({bound:?})", 100.0 * share),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for SegmentMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gigabytes = |bytes: u64| bytes as f64 / 1e9;
        write!(
            f,
            "first segment of 2^{} cycles, {}: {} cells, {:.3} GB at most, {:.3} GB by estimate",
            self.log_cycles,
            self.profile,
            self.cells,
            gigabytes(self.peak_bytes),
            gigabytes(self.estimated_bytes)
        )
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, {}, {} cycles, {} segments: filled in {:.3} s, CPU {:.3} s, device {:.3} s, at first \
             {:.3} s; {:.2} MHz; {} bytes of proofs; {:.2} GB at most",
            self.guest,
            self.profile,
            self.cycles,
            self.segments,
            self.fill_seconds,
            self.cpu_seconds,
            self.seconds,
            self.first_seconds,
            self.cycles_a_second / 1e6,
            self.proof_bytes,
            self.peak_bytes as f64 / 1e9
        )
    }
}
