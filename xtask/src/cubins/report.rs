//! What was compiled, and what it takes of a GPU.

use std::fmt;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::ptxas::Usage;

/// All of it: `report.json`.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Report {
    /// All compiles, and nothing spills.
    pub ok: bool,
    /// The compiler's version.
    pub compiler: String,
    /// `vouch_gpu::digest` of the sources.
    pub sources: String,
    /// What the compiler says of those that do not compile.
    pub errors: Vec<String>,
    /// What was compiled.
    pub cubins: Vec<Cubin>,
}

/// A source, compiled for an architecture.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cubin {
    /// The source's name, without `.cu`.
    pub unit: String,
    /// `sm_90`
    pub architecture: String,
    /// What it depends on, hashed.
    pub key: String,
    /// Its size.
    pub bytes: u64,
    /// Its kernels.
    pub kernels: Vec<Usage>,
}

impl Report {
    /// An empty one.
    pub fn new(compiler: String, sources: String) -> Self {
        Self {
            compiler,
            sources,
            ..Self::default()
        }
    }

    /// The one that was written last; an empty one if there is none that can be read.
    pub fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Says whether all is as it should be.
    pub fn judge(&mut self) {
        self.ok = self.complaints().is_empty();
    }

    /// What is not as it should be: what does not compile, and kernels that spill.
    pub fn complaints(&self) -> Vec<String> {
        let spilling = self.kernels().filter_map(|(cubin, kernel)| {
            let spilled = kernel.spill_stores + kernel.spill_loads;
            (spilled > 0).then(|| {
                let (name, unit) = (&kernel.kernel, &cubin.unit);
                let architecture = &cubin.architecture;
                format!(
                    "{name} ({unit}.cu, {architecture}) spills: {spilled} bytes of stores and loads"
                )
            })
        });
        self.errors.iter().cloned().chain(spilling).collect()
    }

    fn kernels(&self) -> impl Iterator<Item = (&Cubin, &Usage)> {
        let cubins = self.cubins.iter();
        cubins.flat_map(|cubin| cubin.kernels.iter().map(move |kernel| (cubin, kernel)))
    }
}

/// A line for each kernel and architecture.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.kernels().map(|(_, kernel)| kernel.kernel.len());
        let width = names.max().unwrap_or(0).max("kernel".len());
        writeln!(
            f,
            "{:width$}  {:6}  registers  shared  stack  spilled",
            "kernel", "for"
        )?;
        for (cubin, kernel) in self.kernels() {
            let spilled = kernel.spill_stores + kernel.spill_loads;
            writeln!(
                f,
                "{:width$}  {:6}  {:9}  {:6}  {:5}  {spilled:7}",
                kernel.kernel, cubin.architecture, kernel.registers, kernel.shared, kernel.stack
            )?;
        }
        let bytes: u64 = self.cubins.iter().map(|cubin| cubin.bytes).sum();
        let cubins = self.cubins.len();
        writeln!(f, "{cubins} cubins, {bytes} bytes, by {}", self.compiler)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(kernels: Vec<Usage>) -> Report {
        let mut report = Report::new("release 13.0".into(), "00".into());
        report.cubins.push(Cubin {
            unit: "layout".into(),
            architecture: "sm_90".into(),
            key: "11".into(),
            bytes: 100,
            kernels,
        });
        report
    }

    fn usage(spill_stores: u32, spill_loads: u32) -> Usage {
        Usage {
            kernel: "transpose".into(),
            registers: 30,
            shared: 4224,
            stack: 8,
            spill_stores,
            spill_loads,
        }
    }

    #[test]
    fn a_kernel_that_spills_is_refused() {
        let mut fine = report(vec![usage(0, 0)]);
        fine.judge();
        assert!(fine.ok && fine.complaints().is_empty());
        for (stores, loads) in [(4, 0), (0, 4), (1, 3)] {
            let mut spilling = report(vec![usage(0, 0), usage(stores, loads)]);
            spilling.judge();
            assert!(!spilling.ok);
            assert_eq!(
                spilling.complaints(),
                ["transpose (layout.cu, sm_90) spills: 4 bytes of stores and loads"]
            );
        }
    }

    #[test]
    fn what_does_not_compile_is_refused() {
        let mut report = report(vec![]);
        report.errors.push("layout.sm_90.cubin: no".into());
        report.judge();
        assert!(!report.ok);
        assert_eq!(report.complaints(), report.errors);
    }

    #[test]
    fn a_report_is_a_table() {
        let expected = "\
kernel     for     registers  shared  stack  spilled
transpose  sm_90          30    4224      8        3
1 cubins, 100 bytes, by release 13.0
";
        assert_eq!(report(vec![usage(1, 2)]).to_string(), expected);
    }

    #[test]
    fn a_report_is_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("report.json");
        assert!(Report::read(&path).cubins.is_empty());
        let written = report(vec![usage(1, 2)]);
        let text = serde_json::to_string(&written).expect("it is written");
        fs::write(&path, text).expect("a file");
        assert_eq!(Report::read(&path).to_string(), written.to_string());
        fs::write(&path, "{").expect("a file");
        assert!(Report::read(&path).cubins.is_empty());
    }
}
