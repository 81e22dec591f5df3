//! What the programs that measure the peers share: the guests, the arguments and the report.
//!
//! Each peer has a program of its own, which proves and verifies one guest once and prints one
//! [`Report`] as JSON: see [`measure`].

#![warn(missing_docs)]

mod guest;
mod report;

pub use guest::{Guest, Prover};
pub use report::{Config, Measured, Report, Security};

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;

/// Proves and verifies one guest once, and prints what that took as one JSON object.
#[derive(Debug, Clone, Parser)]
pub struct Args {
    /// What is proven.
    #[arg(long, value_enum)]
    pub guest: Guest,
    /// About how many RV32IM instructions the guest is to execute: the number of its turns follows
    /// from this alone, so that every prover gets the same work.
    #[arg(long)]
    pub cycles: u64,
    /// The configuration of the prover.
    #[arg(long, value_enum, default_value_t = Config::Default)]
    pub config: Config,
}

/// The `main` of a peer's program: parses the arguments, loads the guest in the prover's ABI, has
/// `prove_and_verify` do the work and prints the report to stdout.
///
/// # Errors
/// If the ELF has no place for the number of turns, if `prove_and_verify` fails, or if the system
/// does not tell the peak memory.
pub fn measure(
    prover: Prover,
    version: &str,
    prove_and_verify: impl FnOnce(&Args, Vec<u8>) -> Result<Measured>,
) -> Result<()> {
    let args = Args::parse();
    ensure!(
        prover.configs().contains(&args.config),
        "{prover} has no {} here",
        args.config
    );
    let elf = args.guest.elf(prover, args.guest.turns(args.cycles)?)?;
    let measured = prove_and_verify(&args, elf)?;
    let report = Report::new(prover, version, &args, measured, peak_rss_bytes()?);
    println!("{}", serde_json::to_string(&report)?);
    Ok(())
}

/// What `work` returns, and how long it took.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed())
}

/// The version of `package` in a Cargo.lock, so that a report cannot state another one than was
/// compiled.
///
/// # Errors
/// If the lock file does not have the package.
pub fn locked_version<'a>(lock: &'a str, package: &str) -> Result<&'a str> {
    let name = format!("name = \"{package}\"");
    lock.lines()
        .skip_while(|line| *line != name)
        .nth(1)
        .and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))
        .with_context(|| format!("expected {package} in Cargo.lock"))
}

/// Peak resident memory of this process so far, in bytes, as Linux counts it.
fn peak_rss_bytes() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("peak memory")?;
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"))
        .context("expected VmHWM in /proc/self/status")?;
    Ok(kib.parse::<u64>()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::{locked_version, peak_rss_bytes};

    #[test]
    fn version_is_that_of_the_package_itself() {
        let lock = "[[package]]\nname = \"ab\"\nversion = \"1.2.3\"\n\n\
                    [[package]]\nname = \"abc\"\nversion = \"4.5.6\"\n";
        assert_eq!(locked_version(lock, "ab").unwrap(), "1.2.3");
        assert_eq!(locked_version(lock, "abc").unwrap(), "4.5.6");
        assert!(locked_version(lock, "b").is_err());
    }

    #[test]
    fn peak_memory_grows_with_what_is_touched() {
        let before = peak_rss_bytes().unwrap();
        let touched = vec![1u8; 256 << 20];
        let after = peak_rss_bytes().unwrap();
        assert!(touched.iter().all(|byte| *byte == 1));
        assert!(after >= before + (200 << 20), "{before} to {after} bytes");
    }
}
