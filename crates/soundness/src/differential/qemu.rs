//! A program under qemu in user mode.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, ExitStatus};

use thiserror::Error;

use super::compare::{Run, State};
use super::guest::Guest;

const QEMU: &str = "qemu-riscv32";

/// Makes file descriptor 3, the journal, a file, and stdin another: qemu passes a pipe's short
/// reads on. Its arguments: journal, log, ELF, input. The log has the registers before each
/// block, and a block is one instruction.
const SCRIPT: &str = r#"
    exec 3>"$1"
    exec timeout 120 qemu-riscv32 -cpu rv32,c=false,a=false,f=false,d=false \
        -d cpu,nochain -D "$2" "$3" <"$4"
"#;

/// One instruction a block: the option has an older and a newer name. The variables of both do
/// no harm.
const ONE_BY_ONE: [(&str, &str); 2] = [("QEMU_SINGLESTEP", "1"), ("QEMU_ONE_INSN_PER_TB", "1")];

/// Why qemu has no run to compare with.
#[derive(Debug, Error)]
pub enum QemuError {
    /// A file cannot be written or read, or the shell cannot be started.
    #[error("qemu: {0}")]
    Io(#[from] std::io::Error),
    /// It did not start, or was killed: how it ended, and what it says.
    #[error("qemu: {0}: {1}")]
    Status(ExitStatus, String),
    /// The log is not what it should be.
    #[error("qemu's log: {0}")]
    Log(#[from] LogError),
}

/// What is wrong with a log.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LogError {
    /// A line that is not about registers.
    #[error("line {line}: expected registers, got {got}")]
    Line {
        /// Its number.
        line: usize,
        /// What it says.
        got: String,
    },
    /// Not every register is there.
    #[error("line {line}: expected another register")]
    Registers {
        /// The number of the last line.
        line: usize,
    },
}

/// Whether there is a qemu.
pub fn is_there() -> bool {
    let output = Command::new(QEMU).arg("--version").output();
    output.is_ok_and(|output| output.status.success())
}

/// Runs a program, and logs every instruction.
///
/// # Errors
/// [`QemuError`]
pub fn run(guest: &Guest) -> Result<Run, QemuError> {
    let dir = tempfile::tempdir()?;
    let [journal, log, elf, input] =
        ["journal", "log", "elf", "input"].map(|name| dir.path().join(name));
    fs::write(&elf, &guest.elf)?;
    fs::set_permissions(&elf, Permissions::from_mode(0o755))?;
    fs::write(&input, &guest.input)?;
    let mut sh = Command::new("sh");
    sh.args(["-c", SCRIPT, "sh"])
        .args([&journal, &log, &elf, &input])
        .envs(ONE_BY_ONE);
    let output = sh.output()?;
    let states = states(&fs::read_to_string(&log)?)?;
    let code = output.status.code().map(u8::try_from);
    let (Some(Ok(exit_code)), false) = (code, states.is_empty()) else {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let complaint = stderr.trim_end().to_owned();
        return Err(QemuError::Status(output.status, complaint));
    };
    Ok(Run {
        states,
        journal: fs::read(&journal)?,
        stdout: output.stdout,
        stderr: output.stderr,
        exit_code,
    })
}

/// The states in a log: a line with the pc, then eight of four registers each.
///
/// # Errors
/// [`LogError`]
pub fn states(log: &str) -> Result<Vec<State>, LogError> {
    let mut states: Vec<State> = Vec::new();
    // Registers that the last state has.
    let mut there = 32;
    for (line, text) in (1..).zip(log.lines()) {
        let wrong = || LogError::Line {
            line,
            got: text.to_owned(),
        };
        let mut words = text.split_ascii_whitespace();
        while let (Some(name), Some(value)) = (words.next(), words.next()) {
            let value = u32::from_str_radix(value, 16).map_err(|_| wrong())?;
            if name == "pc" && there == 32 {
                states.push(State {
                    pc: value,
                    registers: [0; 32],
                });
                there = 0;
                continue;
            }
            let number = name
                .strip_prefix('x')
                .and_then(|name| name.split('/').next());
            let expected = number.is_some_and(|number| number.parse() == Ok(there));
            let last = states.last_mut().filter(|_| expected).ok_or_else(wrong)?;
            *last.registers.get_mut(there).ok_or_else(wrong)? = value;
            there += 1;
        }
    }
    match there {
        32 => Ok(states),
        _ => Err(LogError::Registers {
            line: log.lines().count(),
        }),
    }
}
