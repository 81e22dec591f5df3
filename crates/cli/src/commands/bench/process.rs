//! A run in a process of its own: nothing is warm, and its peak memory is its own.

use std::io;
use std::process::{Command, Output as Ended, Stdio};
use std::thread;

use serde_json::json;
use vouch_sdk::{Backend, Profile};

use super::guest::Guest;
use crate::error::Error;
use crate::kind::INTERNAL;
use crate::output::{Fields, Output};

/// What is measured.
#[derive(Clone, Debug)]
pub struct Case {
    /// The guest.
    pub guest: Guest,
    /// The cycles that its run should come close to.
    pub target: u64,
    /// Size of its input.
    pub size: u64,
}

impl Case {
    /// Whether the other one is the same run, chosen for whatever number of cycles.
    pub fn is_same_run(&self, other: &Self) -> bool {
        (self.guest.name, self.size) == (other.guest.name, other.size)
    }

    /// What `vouch prove --json` would say of run `number` of this case, and which run it is.
    ///
    /// # Errors
    /// [`Error::Bench`]
    pub fn measure(
        &self,
        number: u16,
        how: (Profile, Backend),
        verbose: u8,
        output: &Output,
    ) -> Result<Fields, Error> {
        let ended = self.start(how, verbose);
        let ended = ended.map_err(|error| self.failed(error.to_string(), INTERNAL))?;
        if verbose > 0 {
            output.log(String::from_utf8_lossy(&ended.stderr).trim_end());
        }
        let mut run = self.fields(&ended)?;
        let cells = run.get("committed_cells").cloned();
        run.insert("guest".into(), json!(self.guest.name));
        run.insert("target_cycles".into(), json!(self.target));
        run.insert("input_size".into(), json!(self.size));
        run.insert("run".into(), json!(number));
        run.insert("cells_by_table".into(), cells.into());
        Ok(run)
    }

    /// Runs `vouch bench-run` to its end.
    fn start(&self, (profile, backend): (Profile, Backend), verbose: u8) -> io::Result<Ended> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(["bench-run", self.guest.name, &self.size.to_string()])
            .args(["--profile", profile.name()])
            .args(["--security", &profile.target_bits().to_string()])
            .args(["--backend", backend.name()])
            .args((0..verbose).map(|_| "-v"))
            .arg("--json")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // A signal to all that runs in a terminal is this process's to answer.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;
        // See `end_with_the_bench`.
        let _open = child.stdin.take();
        child.wait_with_output()
    }

    /// What a process said, unless it failed.
    fn fields(&self, ended: &Ended) -> Result<Fields, Error> {
        let reply: Option<Fields> = serde_json::from_slice(&ended.stdout).ok();
        match reply {
            Some(fields) if ended.status.success() => Ok(fields),
            Some(fields) if fields.contains_key("error") => {
                let reason = fields.get("error").and_then(|reason| reason.as_str());
                let code = ended.status.code().and_then(|code| u8::try_from(code).ok());
                Err(self.failed(
                    reason.unwrap_or("no reason given").into(),
                    code.unwrap_or(INTERNAL),
                ))
            }
            // It was killed, or panicked.
            _ => {
                let log = String::from_utf8_lossy(&ended.stderr);
                let reason = format!("its process ended with {}: {}", ended.status, log.trim());
                Err(self.failed(reason, INTERNAL))
            }
        }
    }

    /// The error that this case could not be measured.
    pub fn failed(&self, reason: String, status: u8) -> Error {
        Error::Bench {
            guest: self.guest.name,
            cycles: self.target,
            reason,
            status,
        }
    }
}

/// In a run's process: ends it when its stdin does, which is when the bench is gone, however it went. Who
/// starts it by hand has a stdin that stays open.
pub fn end_with_the_bench() {
    // Without the thread there is a proof that nobody waits for, no more.
    let _ = thread::Builder::new().name("stdin".into()).spawn(|| {
        if io::copy(&mut io::stdin(), &mut io::sink()).is_ok() {
            std::process::exit(i32::from(INTERNAL));
        }
    });
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use clap::ValueEnum;
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    fn case() -> Case {
        Case {
            guest: Guest::from_str("sort", false).expect("a guest"),
            target: 1000,
            size: 7,
        }
    }

    /// What comes of a process that ended with `status`, as the system encodes it.
    fn after(status: i32, stdout: &str, stderr: &str) -> Result<Fields, Error> {
        case().fields(&Ended {
            status: ExitStatus::from_raw(status),
            stdout: stdout.into(),
            stderr: stderr.into(),
        })
    }

    #[test]
    fn what_a_run_says_is_kept() {
        let fields = after(0, r#"{"cycles": 25}"#, "log").expect("it succeeded");
        assert_eq!(fields["cycles"], 25);
    }

    #[test]
    fn failures_name_guest_and_cycles() {
        let error = r#"{"error": "too large", "kind": "limit", "status": 4}"#;
        let limit = after(4 << 8, error, "error: too large").expect_err("it failed");
        assert_eq!(limit.to_string(), "bench: sort at 1000 cycles: too large");
        assert_eq!(limit.exit_code(), 4);
        assert_eq!(limit.fields()["kind"], "bench");
        let killed = after(9, "", "").expect_err("it was killed");
        assert!(killed.to_string().contains("signal: 9"), "{killed}");
        assert_eq!(killed.exit_code(), 5);
        let panicked = after(101 << 8, "", "thread panicked\n").expect_err("it panicked");
        assert!(panicked.to_string().ends_with("thread panicked"));
        assert_eq!(panicked.exit_code(), 5);
        for nonsense in ["", "{", "[]", "no"] {
            assert!(after(0, nonsense, "").is_err(), "{nonsense}");
        }
    }
}
