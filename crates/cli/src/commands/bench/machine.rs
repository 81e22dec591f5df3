//! Where, when and how something was measured.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::process::Command;
use std::thread::available_parallelism;
use std::time::SystemTime;

use serde_json::json;
use vouch_sdk::{Profile, security};

use super::{fields, tenths};
use crate::output::Fields;

/// Where, when and how something was measured.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Processor, cores and memory.
    pub machine: String,
    /// Day, in UTC.
    pub date: String,
    /// What was measured: version and, if it is known, commit.
    pub version: String,
    /// How that was built.
    pub build: &'static str,
    /// What computed the proofs: `CPU`, or the GPU's name.
    pub device: String,
    /// The profile of the proofs.
    pub profile: Profile,
    /// Runs of each case.
    pub runs: u16,
    /// The command line.
    pub command: String,
}

impl Setting {
    /// The setting of this process.
    pub fn of(profile: Profile, device: String, runs: u16) -> Self {
        let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let version = env!("CARGO_PKG_VERSION");
        Self {
            machine: machine(),
            date: now.chars().take_while(|&letter| letter != 'T').collect(),
            version: match commit() {
                Some(commit) => format!("{version}, commit {commit}"),
                None => version.into(),
            },
            build: match (cfg!(debug_assertions), cfg!(target_feature = "avx512f")) {
                (true, _) => "with debug assertions, not for measuring",
                (false, true) => "release, with AVX-512",
                (false, false) if cfg!(target_feature = "avx2") => "release, with AVX2",
                (false, false) => "release",
            },
            device,
            profile,
            runs,
            command: command_line(std::env::args_os().skip(1)),
        }
    }

    /// Provable security of the proofs in bits, rounded down to a tenth.
    pub fn security_bits(&self) -> f64 {
        tenths(security(self.profile).bits())
    }

    /// For programs.
    pub fn fields(&self) -> Fields {
        fields([
            ("machine", json!(self.machine)),
            ("date", json!(self.date)),
            ("version", json!(self.version)),
            ("build", json!(self.build)),
            ("device", json!(self.device)),
            ("profile", json!(self.profile.name())),
            ("security", json!(self.profile.target_bits())),
            ("security_bits", json!(self.security_bits())),
            ("command", json!(self.command)),
        ])
    }
}

fn machine() -> String {
    let cores = available_parallelism().map_or("an unknown number of".into(), |n| n.to_string());
    let mut machine = format!("{}, {cores} cores", processor());
    if let Some(memory) = line_of("/proc/meminfo", "MemTotal:") {
        let kibibytes = memory.trim_end_matches("kB").trim().parse().unwrap_or(0.0);
        machine += &format!(", {:.1} GiB", kibibytes / f64::from(1 << 20));
    }
    machine
}

fn processor() -> String {
    let model = line_of("/proc/cpuinfo", "model name");
    let model = model.map(|line| line.trim_start_matches(':').trim().to_owned());
    model.unwrap_or_else(|| std::env::consts::ARCH.into())
}

/// What follows `name` in the first line of a file that begins with it.
fn line_of(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let mut values = text.lines().filter_map(|line| line.strip_prefix(name));
    Some(values.next()?.trim().into())
}

/// The commit of the sources that this was built from, if they are still there.
fn commit() -> Option<String> {
    let git = Command::new("git")
        .args(["-C", env!("CARGO_MANIFEST_DIR")])
        // With "-dirty" if the sources are not those of the commit, whatever tags there are.
        .args(["describe", "--always", "--dirty", "--abbrev=12"])
        .args(["--exclude", "*"])
        .env("GIT_OPTIONAL_LOCKS", "0")
        .output();
    let stdout = git.ok().filter(|ended| ended.status.success())?.stdout;
    let commit = String::from_utf8(stdout).ok()?.trim().to_owned();
    (!commit.is_empty()).then_some(commit)
}

/// The command line with these arguments, for a shell.
fn command_line(arguments: impl Iterator<Item = OsString>) -> String {
    let arguments = arguments.map(|argument| quoted(&argument));
    let words: Vec<String> = core::iter::once("vouch".into()).chain(arguments).collect();
    words.join(" ")
}

/// An argument as a shell takes it. What is no UTF-8 is written as Bash has it.
fn quoted(argument: &OsStr) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_./,=^:+@%".contains(letter);
    match argument.to_str() {
        Some(text) if !text.is_empty() && text.chars().all(is_plain) => text.into(),
        Some(text) if !text.contains(char::is_control) => {
            format!("'{}'", text.replace('\'', "'\\''"))
        }
        _ => {
            let mut text = String::from("$'");
            for &byte in argument.as_encoded_bytes() {
                match byte.is_ascii_alphanumeric() || b"-_./,=^:+@%".contains(&byte) {
                    true => text.push(char::from(byte)),
                    false => text += &format!("\\x{byte:02x}"),
                }
            }
            text + "'"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_is_told() {
        let setting = Setting::of(Profile::Fast100, "CPU".into(), 3);
        assert!(setting.machine.contains(" cores"), "{setting:?}");
        assert!(setting.version.starts_with(env!("CARGO_PKG_VERSION")));
        assert!(setting.security_bits() >= 100.0);
        let date: Vec<usize> = setting.date.split('-').map(str::len).collect();
        assert_eq!(date, [4, 2, 2], "{setting:?}");
    }

    #[cfg(unix)]
    #[test]
    fn command_lines_can_be_repeated() {
        use std::os::unix::ffi::OsStrExt;
        let arguments = [
            &b"bench"[..],
            b"--out",
            b"a file",
            b"it's",
            b"",
            b"2^15,16",
            b"\xff\n a",
        ];
        let line = command_line(arguments.map(|a| OsStr::from_bytes(a).into()).into_iter());
        let expected = r"vouch bench --out 'a file' 'it'\''s' '' 2^15,16 $'\xff\x0a\x20a'";
        assert_eq!(line, expected);
    }
}
