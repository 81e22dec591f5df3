//! Support for tests, behind the feature `testing`: small programs from lists of
//! instructions, and a checker of recorded segments.
//!
//! ```
//! use vouch_emulator::testing::{asm, program};
//! use vouch_emulator::{Limits, execute};
//!
//! let mut code = vec![asm::addi(5, 0, 40), asm::addi(5, 5, 2)];
//! code.extend(asm::exit_with(5));
//! let run = execute(&program(&code), &[], &Limits::default(), &mut |_, _| {}).unwrap();
//! assert_eq!(run.exit_code, 42);
//! ```

pub mod asm;
mod check;
mod elf;
mod random;

pub use check::{CheckError, check, check_run};
pub use elf::{ElfBuilder, LoadSegment};
pub use random::{CONSTANTS, RandomCode, WINDOW_BYTES, random_program};

use core::ops::ControlFlow;

use vouch_isa::Instruction;
use vouch_isa::event::Segment;

use crate::{ExecuteError, Execution, Limits, Program, SegmentLimits, record};

/// Byte address of the text of [`program`].
pub const TEXT: u32 = 0x0001_0000;
/// Byte address of the writable segment of [`program`].
pub const DATA: u32 = 0x0010_0000;
/// Size in bytes of the writable segment of [`program`].
pub const DATA_BYTES: u32 = 0x0001_0000;

/// A program of these instructions at [`TEXT`], which is also the entry, with zeroed writable
/// memory at [`DATA`]. It should end with [`asm::exit`] or [`asm::exit_with`].
///
/// # Panics
///
/// If there are no instructions, or so many that they reach [`DATA`].
pub fn program(instructions: &[Instruction]) -> Program {
    Program::from_elf(&ElfBuilder::program(instructions).build())
        .expect("the builder makes valid ELFs")
}

/// Records a whole run, with default limits and the console thrown away.
///
/// # Errors
///
/// As [`record`].
pub fn segments(
    program: &Program,
    input: &[u8],
    limits: &SegmentLimits,
) -> Result<(Execution, Vec<Segment>), ExecuteError> {
    let mut segments = Vec::new();
    let mut sink = |segment: &mut Segment| {
        segments.push(core::mem::take(segment));
        ControlFlow::Continue(())
    };
    let run = record(
        program,
        input,
        &Limits::default(),
        limits,
        &mut |_, _| {},
        &mut sink,
    )?;
    Ok((run, segments))
}
