//! The comparisons once more, under NVIDIA's checkers.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::check::Check;
use crate::report::{Report, Sanitized};

/// What they find: accesses out of bounds, and threads that do not wait for one another.
const TOOLS: [&str; 2] = ["memcheck", "racecheck"];
/// The exit code that they are to give if they find something.
const FOUND: i32 = 9;
/// MiB of the device's memory that the comparisons have; the checkers need some, too.
const MEMORY: u32 = 4096;
/// Where it usually is, if not in the PATH.
const USUAL: &str = "/usr/local/cuda/bin/compute-sanitizer";
/// Characters of what they say that are kept: the last ones.
const KEPT: usize = 4000;

/// Runs this program under each of them.
pub fn run(check: &mut Check) {
    let Some(sanitizer) = find() else {
        return check.skip("sanitizer", "compute-sanitizer was not found");
    };
    if check.gpu.kind() != "cuda" {
        return check.skip("sanitizer", "it watches NVIDIA's GPUs alone");
    }
    for tool in TOOLS {
        if !check.has_time(tool) {
            continue;
        }
        eprintln!("{tool}");
        let ended = under(&sanitizer, tool, check.clock.left());
        judge(&mut check.report, tool, ended);
    }
}

/// Adds what a tool found: nothing, if its exit code is 0.
fn judge(report: &mut Report, tool: &'static str, ended: std::io::Result<Sanitized>) {
    match ended {
        Ok(sanitized) => {
            if sanitized.exit_code != Some(0) {
                let code = sanitized.exit_code;
                report.fail(format!("{tool}: exit code {code:?}"));
            }
            report.sanitizer.push(sanitized);
        }
        Err(error) => report.fail(format!("{tool}: {error}")),
    }
}

fn find() -> Option<PathBuf> {
    let named = env::var_os("COMPUTE_SANITIZER").map(PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    let in_path = env::split_paths(&path).map(|folder| folder.join("compute-sanitizer"));
    let mut known = named.into_iter().chain(in_path).chain([USUAL.into()]);
    known.find(|path| path.is_file())
}

/// Runs the comparisons under a tool.
fn under(sanitizer: &Path, tool: &'static str, seconds: u64) -> std::io::Result<Sanitized> {
    let output = Command::new(sanitizer)
        .args(["--tool", tool, "--error-exitcode", &FOUND.to_string()])
        .arg(env::current_exe()?)
        .args(["--small", "--steps", "matrices,proofs"])
        .args(["--memory", &MEMORY.to_string()])
        .args(["--seconds", &seconds.to_string()])
        .output()?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let skipped = said.chars().count().saturating_sub(KEPT);
    Ok(Sanitized {
        tool,
        exit_code: output.status.code(),
        said: said.chars().skip(skipped).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Device;

    /// The report after a tool was run by a program in the place of the sanitizer.
    fn after(sanitizer: &str) -> Report {
        let device = Device {
            name: "none".into(),
            kind: "none",
            memory_bytes: 0,
            driver: None,
        };
        let mut report = Report::new(device, String::new(), true);
        let ended = under(Path::new(sanitizer), "racecheck", 7);
        judge(&mut report, "racecheck", ended);
        report
    }

    #[test]
    fn what_it_finds_is_a_failure() {
        let nothing = after("true");
        assert!(nothing.ok && nothing.failed.is_empty());
        assert_eq!(nothing.sanitizer[0].exit_code, Some(0));
        let something = after("false");
        assert!(!something.ok);
        assert_eq!(something.failed, ["racecheck: exit code Some(1)"]);
        let missing = after("/nowhere/compute-sanitizer");
        assert!(!missing.ok && missing.sanitizer.is_empty());
        assert!(missing.failed[0].starts_with("racecheck: "));
    }

    /// This program once more, small, with what time is left.
    #[test]
    fn it_runs_the_comparisons() {
        let said = &after("echo").sanitizer[0].said;
        assert!(
            said.starts_with("--tool racecheck --error-exitcode 9 /"),
            "{said}"
        );
        let ends = "--small --steps matrices,proofs --memory 4096 --seconds 7\n";
        assert!(said.ends_with(ends), "{said}");
    }
}
