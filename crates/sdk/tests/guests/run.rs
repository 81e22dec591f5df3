//! Runs a guest here and under qemu.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, ExitStatus};
use std::sync::Once;

use vouch_sdk::{Error, Limits, Program, Stream, guests};

use crate::tools;

const QEMU: &str = "qemu-riscv32";

/// Makes file descriptor 3, the journal, a file, and stdin another: qemu passes a pipe's short
/// reads on. Its arguments: journal, ELF, input.
const SCRIPT: &str = r#"
    exec 3>"$1"
    exec qemu-riscv32 -cpu rv32,c=false,a=false,f=false,d=false "$2" <"$3"
"#;

/// What a run leaves behind.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Run {
    pub exit_code: u32,
    pub journal: Vec<u8>,
    pub stdout: String,
    pub stderr: String,
}

/// Runs an embedded guest, here and, if it is there, under qemu, and if it has accelerators, without them: all must
/// agree.
pub fn run(name: &str, input: &[u8]) -> Run {
    let ours = run_elf(name, elf(name), input);
    let software = format!("{name}-software");
    if let Some(guest) = guests::ALL.iter().find(|guest| guest.name == software) {
        let without = run_elf_here(guest.elf, input);
        let without = without.unwrap_or_else(|error| panic!("{software}: {error}"));
        assert_eq!(ours, without, "{name}, {} bytes of input", input.len());
    }
    ours
}

/// Runs an ELF, here and, if it is there, under qemu: both must agree.
pub fn run_elf(name: &str, elf: &[u8], input: &[u8]) -> Run {
    let ours = run_elf_here(elf, input).unwrap_or_else(|error| panic!("{name}: {error}"));
    if let Some((status, mut qemu)) = run_elf_in_qemu(elf, input) {
        qemu.exit_code = status.code().unwrap_or_else(|| panic!("{name}: {status}")) as u32;
        assert_eq!(
            ours,
            qemu,
            "{name}, {} bytes of input: ours and qemu's",
            input.len()
        );
    }
    ours
}

/// The ELF of an embedded guest.
pub fn elf(name: &str) -> &'static [u8] {
    let guest = guests::ALL.iter().find(|guest| guest.name == name);
    guest
        .unwrap_or_else(|| panic!("no guest is called {name}"))
        .elf
}

pub fn run_here(name: &str, input: &[u8]) -> Result<Run, Error> {
    run_elf_here(elf(name), input)
}

pub fn run_elf_here(elf: &[u8], input: &[u8]) -> Result<Run, Error> {
    execute(&Program::from_elf(elf)?, input)
}

/// Runs a program here.
pub fn execute(program: &Program, input: &[u8]) -> Result<Run, Error> {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut console = |stream, bytes: &[u8]| match stream {
        Stream::Stdout => stdout.extend_from_slice(bytes),
        Stream::Stderr => stderr.extend_from_slice(bytes),
    };
    let done = vouch_sdk::execute(program, input, &limits(), &mut console)?;
    Ok(Run {
        exit_code: done.exit_code,
        journal: done.journal,
        stdout: String::from_utf8(stdout).expect("text"),
        stderr: String::from_utf8(stderr).expect("text"),
    })
}

/// Room for larger journals than usual: qemu knows no limit.
pub fn limits() -> Limits {
    Limits {
        journal_bytes: 4 << 20,
        ..Limits::default()
    }
}

/// Runs an embedded guest under qemu: how that ended, and a run without its exit code. `None`
/// if there is no qemu.
pub fn run_in_qemu(name: &str, input: &[u8]) -> Option<(ExitStatus, Run)> {
    run_elf_in_qemu(elf(name), input)
}

/// Runs an ELF under qemu, as [`run_in_qemu`] does.
pub fn run_elf_in_qemu(elf: &[u8], input: &[u8]) -> Option<(ExitStatus, Run)> {
    static SKIPPED: Once = Once::new();
    if tools::print(QEMU, "--version").is_none() {
        SKIPPED.call_once(|| tools::skip("guests under qemu", "no qemu-riscv32 (qemu-user)"));
        return None;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let [journal, file, stdin] = ["journal", "elf", "input"].map(|file| dir.path().join(file));
    fs::write(&file, elf).expect("the ELF can be written");
    fs::set_permissions(&file, Permissions::from_mode(0o755)).expect("it can be marked");
    fs::write(&stdin, input).expect("the input can be written");
    let mut sh = Command::new("sh");
    sh.args(["-c", SCRIPT, "sh"])
        .args([&journal, &file, &stdin]);
    let output = sh.output().expect("sh runs");
    let run = Run {
        exit_code: 0,
        journal: fs::read(&journal).expect("the journal"),
        stdout: String::from_utf8(output.stdout).expect("text"),
        stderr: String::from_utf8(output.stderr).expect("text"),
    };
    Some((output.status, run))
}

/// `count` bytes without any pattern to speak of.
pub fn noise(count: usize) -> Vec<u8> {
    let mut state = count as u32 ^ 0x9e37_79b9;
    let byte = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(byte).take(count).collect()
}
