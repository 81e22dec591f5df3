//! What two machines did with the same program, and where they first differ.

use thiserror::Error;
use vouch_emulator::testing::WINDOW_BYTES;

use super::guest::DUMP_BYTES;

/// A machine before an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Byte address of the instruction.
    pub pc: u32,
    /// The registers.
    pub registers: [u32; 32],
}

/// What a machine did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// Before each instruction, the exit included.
    pub states: Vec<State>,
    /// The journal, which ends with the window and the registers.
    pub journal: Vec<u8>,
    /// Written to the console.
    pub stdout: Vec<u8>,
    /// Written to the console's error stream.
    pub stderr: Vec<u8>,
    /// The exit code, as far as other machines pass it on: the low 8 bits.
    pub exit_code: u8,
}

/// Where two runs first differ. Instructions are counted from 0; addresses are in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Difference {
    /// Another next instruction.
    #[error("after instruction {count} at {after:#x}: pc {ours:#010x} here, {theirs:#010x} there")]
    Pc {
        /// Instructions before, less one.
        count: usize,
        /// Where the last of them is.
        after: u32,
        /// pc here.
        ours: u32,
        /// pc there.
        theirs: u32,
    },
    /// Another value of a register.
    #[error(
        "after instruction {count} at {after:#x}: x{register} {ours:#010x} here, {theirs:#010x} there"
    )]
    Register {
        /// Instructions before, less one.
        count: usize,
        /// Where the last of them is.
        after: u32,
        /// Which one.
        register: usize,
        /// Its value here.
        ours: u32,
        /// Its value there.
        theirs: u32,
    },
    /// One runs longer.
    #[error("{ours} instructions here, {theirs} there")]
    Instructions {
        /// Here.
        ours: usize,
        /// There.
        theirs: usize,
    },
    /// Another word in memory at the end.
    #[error("memory at {address:#x} at the end: {ours:#010x} here, {theirs:#010x} there")]
    Memory {
        /// Its address.
        address: u32,
        /// Its value here.
        ours: u32,
        /// Its value there.
        theirs: u32,
    },
    /// Another output.
    #[error("{stream}: {ours} bytes here, {theirs} there, which differ from byte {at} on")]
    Output {
        /// Which one.
        stream: &'static str,
        /// Bytes here.
        ours: usize,
        /// Bytes there.
        theirs: usize,
        /// The first that differs or is missing.
        at: usize,
    },
    /// Another exit code.
    #[error("exit code {ours} here, {theirs} there")]
    ExitCode {
        /// Here.
        ours: u8,
        /// There.
        theirs: u8,
    },
}

/// Compares two runs of a program whose window is at `window`.
///
/// # Errors
/// The first difference.
pub fn compare(ours: &Run, theirs: &Run, window: u32) -> Result<(), Difference> {
    compare_states(&ours.states, &theirs.states)?;
    compare_memory(&ours.journal, &theirs.journal, window)?;
    compare_output("journal", &ours.journal, &theirs.journal)?;
    compare_output("stdout", &ours.stdout, &theirs.stdout)?;
    compare_output("stderr", &ours.stderr, &theirs.stderr)?;
    match (ours.exit_code, theirs.exit_code) {
        (ours, theirs) if ours != theirs => Err(Difference::ExitCode { ours, theirs }),
        _ => Ok(()),
    }
}

fn compare_states(ours: &[State], theirs: &[State]) -> Result<(), Difference> {
    let mut after = 0;
    for (i, (here, there)) in ours.iter().zip(theirs).enumerate() {
        let count = i.saturating_sub(1);
        if here.pc != there.pc {
            let (ours, theirs) = (here.pc, there.pc);
            return Err(Difference::Pc {
                count,
                after,
                ours,
                theirs,
            });
        }
        // Before its first instruction, qemu has set the stack pointer.
        let differs = |register: &usize| here.registers[*register] != there.registers[*register];
        if let Some(register) = (0..32).find(differs).filter(|_| i > 0) {
            return Err(Difference::Register {
                count,
                after,
                register,
                ours: here.registers[register],
                theirs: there.registers[register],
            });
        }
        after = here.pc;
    }
    match (ours.len(), theirs.len()) {
        (ours, theirs) if ours != theirs => Err(Difference::Instructions { ours, theirs }),
        _ => Ok(()),
    }
}

/// Compares the windows at the end of the journals.
fn compare_memory(ours: &[u8], theirs: &[u8], window: u32) -> Result<(), Difference> {
    let (Some(ours), Some(theirs)) = (last_window(ours), last_window(theirs)) else {
        // Then the journals differ, or say nothing: `compare_output` tells.
        return Ok(());
    };
    for (address, (ours, theirs)) in (window..).step_by(4).zip(ours.iter().zip(theirs)) {
        let (ours, theirs) = (u32::from_le_bytes(*ours), u32::from_le_bytes(*theirs));
        if ours != theirs {
            return Err(Difference::Memory {
                address,
                ours,
                theirs,
            });
        }
    }
    Ok(())
}

fn last_window(journal: &[u8]) -> Option<&[[u8; 4]]> {
    let start = journal.len().checked_sub(DUMP_BYTES)?;
    let window = journal.get(start..start + WINDOW_BYTES as usize)?;
    Some(window.as_chunks().0)
}

fn compare_output(stream: &'static str, ours: &[u8], theirs: &[u8]) -> Result<(), Difference> {
    if ours == theirs {
        return Ok(());
    }
    let same = ours.iter().zip(theirs).take_while(|(a, b)| a == b);
    Err(Difference::Output {
        stream,
        at: same.count(),
        ours: ours.len(),
        theirs: theirs.len(),
    })
}
