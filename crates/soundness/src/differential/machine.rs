//! A program on our machine.

use thiserror::Error;
use vouch_emulator::testing::{CheckError, check_run, segments};
use vouch_emulator::{ExecuteError, Limits, Program, SegmentLimits, Stream, execute};
use vouch_isa::abi::reg::A0;
use vouch_isa::event::Segment;

use super::compare::{Run, State};

/// Far more than any program needs, in instructions.
const MAX_CYCLES: u64 = 10_000_000;

/// Why our machine has no run to compare.
#[derive(Debug, Error)]
pub enum RunError {
    /// It does not end.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
    /// It does something else when it is recorded.
    #[error("recorded, it leaves something else behind")]
    Recording,
    /// What is recorded breaks a rule of the machine.
    #[error(transparent)]
    Check(#[from] CheckError),
}

/// A run with what is proven of it.
pub struct Recorded {
    /// What it did.
    pub run: Run,
    /// The events.
    pub segments: Vec<Segment>,
}

/// Runs a program, records it in `parts` segments, and has these checked.
///
/// # Errors
/// [`RunError`]
pub fn run(program: &Program, input: &[u8], parts: u64) -> Result<Recorded, RunError> {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut console = |stream, bytes: &[u8]| match stream {
        Stream::Stdout => stdout.extend_from_slice(bytes),
        Stream::Stderr => stderr.extend_from_slice(bytes),
    };
    let limits = Limits {
        cycles: MAX_CYCLES,
        ..Limits::default()
    };
    let done = execute(program, input, &limits, &mut console)?;
    let limits = SegmentLimits {
        cycles: done.cycles.div_ceil(parts.max(1)),
        ..SegmentLimits::default()
    };
    let (recorded, segments) = segments(program, input, &limits)?;
    if recorded != done {
        return Err(RunError::Recording);
    }
    check_run(program, &segments)?;
    let run = Run {
        states: states(&segments),
        journal: done.journal,
        stdout,
        stderr,
        exit_code: done.exit_code as u8,
    };
    Ok(Recorded { run, segments })
}

/// The registers and the pc before each instruction, from nothing but the recorded results:
/// these are what is proven.
pub fn states(segments: &[Segment]) -> Vec<State> {
    let mut states = Vec::new();
    let mut registers = [0; 32];
    for segment in segments {
        // Timestamp, pc, the register written and its value.
        let mut results: Vec<(u32, u32, u8, u32)> = Vec::new();
        for step in segment.steps.iter().flatten() {
            // Those that write none write 0 to x0.
            results.push((step.ts, step.pc, step.rd, step.c));
        }
        for call in &segment.ecalls {
            results.push((call.ts, call.pc, A0, call.a0_next));
        }
        results.sort_unstable();
        for (_, pc, rd, value) in results {
            states.push(State {
                pc: 4 * pc,
                registers,
            });
            // Writes to x0 go to another cell, which is no register.
            if let Some(register) = registers.get_mut(usize::from(rd)) {
                *register = value;
            }
        }
    }
    states
}
