//! What a proof cost.

use std::collections::BTreeMap;

use vouch_verifier::Profile;

/// What a proof cost, measured while it was made.
#[derive(Clone, Debug)]
pub struct Stats {
    /// The profile of the proof.
    pub profile: Profile,
    /// What computed it: `cpu` or `cuda`.
    pub backend: &'static str,
    /// Provable security of the profile, in bits.
    pub security_bits: f64,
    /// Instructions executed.
    pub cycles: u64,
    /// Segments that the run was cut into.
    pub segments: usize,
    /// Those that lay proven in the work folder.
    pub reused_segments: usize,
    /// Seconds of executing: nothing is proven of a run that fails. Of a long run the first segments
    /// are proven meanwhile.
    pub execute_seconds: f64,
    /// Seconds of recording and proving, from the beginning of the one to the end of the other.
    pub prove_seconds: f64,
    /// Seconds of verifying the receipt before it was handed out, by a verifier already made.
    pub verify_seconds: f64,
    /// Size of the receipt in bytes.
    pub proof_bytes: usize,
    /// Memory that proving the largest segment should take, in bytes, by the estimate that segments
    /// are cut by.
    pub estimated_memory_bytes: u64,
    /// Memory for all that was held at once, in bytes, by the estimate that
    /// [`ProveOptions::max_memory`](crate::ProveOptions) bounds: what [`Estimate::memory_bytes`](crate::Estimate) says
    /// beforehand.
    pub memory_bytes: u64,
    /// Most memory that the process has held so far, in bytes, where the system tells.
    pub peak_rss_bytes: Option<u64>,
    /// Committed base-field cells by table, all segments together.
    pub cells: BTreeMap<&'static str, u64>,
    /// Rows by table, padding included, all segments together.
    pub rows: BTreeMap<&'static str, u64>,
}

impl Stats {
    /// Committed base-field cells of all tables.
    pub fn committed_cells(&self) -> u64 {
        self.cells.values().sum()
    }

    /// Instructions proven in a second; 0 if no time passed.
    pub fn cycles_per_second(&self) -> f64 {
        if self.prove_seconds > 0.0 {
            self.cycles as f64 / self.prove_seconds
        } else {
            0.0
        }
    }
}

/// Most memory that this process has held so far, in bytes (`VmHWM` of `/proc/self/status`).
pub fn peak_rss_bytes() -> Option<u64> {
    memory("VmHWM:")
}

/// Memory that this process holds, in bytes (`VmRSS` of `/proc/self/status`).
pub fn rss_bytes() -> Option<u64> {
    memory("VmRSS:")
}

fn memory(field: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn memory_is_known() {
        let now = rss_bytes().expect("Linux tells");
        let peak = peak_rss_bytes().expect("Linux tells");
        // In this order: what is held now has been held.
        assert!(now > 1 << 20 && peak >= now, "{now} bytes, {peak} at most");
    }
}
