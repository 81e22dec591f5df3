//! Running a program within a time limit, and how busy the machine is meanwhile.

use std::{
    fs::{self, File},
    io::{Read, Seek},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::build::last_words;

/// What a program writes to stdout.
///
/// # Errors
/// If it cannot be started, fails (with its last words), or is stopped at the limit.
pub fn stdout(program: &Path, args: &[&str], limit: Duration) -> Result<String> {
    // Files, because a full pipe would stop the program.
    let (mut out, mut err) = (tempfile::tempfile()?, tempfile::tempfile()?);
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(out.try_clone()?)
        .stderr(err.try_clone()?)
        .spawn()
        .with_context(|| program.display().to_string())?;
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if start.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            bail!("stopped after {} s", limit.as_secs());
        }
        thread::sleep(Duration::from_millis(20));
    };
    if !status.success() {
        bail!("{status}: {}", last_words(&contents(&mut err)?));
    }
    contents(&mut out)
}

fn contents(file: &mut File) -> Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// How many processes want to run, by Linux's mean over a minute, from before each run.
#[derive(Debug)]
pub struct Load {
    lowest: f64,
    highest: f64,
}

impl Load {
    /// Before anything was run.
    ///
    /// # Errors
    /// If Linux does not tell.
    pub fn new() -> Result<Self> {
        let now = Self::now()?;
        Ok(Self {
            lowest: now,
            highest: now,
        })
    }

    /// Takes in the present load.
    ///
    /// # Errors
    /// If Linux does not tell.
    pub fn sample(&mut self) -> Result<()> {
        let now = Self::now()?;
        self.lowest = self.lowest.min(now);
        self.highest = self.highest.max(now);
        Ok(())
    }

    /// The lowest and the highest that were seen.
    pub const fn range(&self) -> (f64, f64) {
        (self.lowest, self.highest)
    }

    fn now() -> Result<f64> {
        let text = fs::read_to_string("/proc/loadavg").context("/proc/loadavg")?;
        Ok(text
            .split(' ')
            .next()
            .context("an empty /proc/loadavg")?
            .parse()?)
    }
}

#[cfg(test)]
mod tests {
    use std::{path::Path, time::Duration};

    use super::stdout;

    fn shell(script: &str, limit: Duration) -> Result<String, String> {
        stdout(Path::new("/bin/sh"), &["-c", script], limit).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn output_of_any_length_comes_back() {
        let million = shell(
            "head -c 1000000 /dev/zero | tr '\\0' x",
            Duration::from_secs(60),
        );
        assert_eq!(million.unwrap().len(), 1_000_000);
    }

    #[test]
    fn a_failure_comes_with_the_last_words() {
        let error = shell(
            "echo one >&2; echo two >&2; exit 3",
            Duration::from_secs(60),
        );
        assert_eq!(error.unwrap_err(), "exit status: 3: two");
    }

    #[test]
    fn who_never_ends_is_stopped() {
        assert_eq!(
            shell("exec sleep 1000", Duration::ZERO).unwrap_err(),
            "stopped after 0 s"
        );
    }
}
