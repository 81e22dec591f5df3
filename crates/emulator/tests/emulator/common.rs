//! Shared by the tests that run programs.

use vouch_emulator::testing::{asm, program};
use vouch_emulator::{ExecuteError, Execution, FaultKind, GuestFault, Limits, execute};
use vouch_isa::Instruction;

/// Runs instructions without input, console or exit of their own.
pub fn run(instructions: &[Instruction]) -> Result<Execution, ExecuteError> {
    run_with(instructions, &[], &Limits::default())
}

/// Runs instructions, with the console thrown away.
pub fn run_with(
    instructions: &[Instruction],
    input: &[u8],
    limits: &Limits,
) -> Result<Execution, ExecuteError> {
    execute(&program(instructions), input, limits, &mut |_, _| {})
}

/// The value of a register after the instructions.
pub fn result(register: u8, instructions: &[Instruction]) -> u32 {
    let mut list = instructions.to_vec();
    list.extend(asm::exit_with(register));
    run(&list).expect("the program exits").exit_code
}

/// The fault in which the instructions end.
pub fn fault(instructions: &[Instruction]) -> GuestFault {
    match run(instructions) {
        Err(ExecuteError::Fault(fault)) => fault,
        other => panic!("expected a fault, got {other:?}"),
    }
}

/// What kind of fault the instructions end in.
pub fn fault_kind(instructions: &[Instruction]) -> FaultKind {
    fault(instructions).kind
}

/// The instructions, then more.
pub fn then(
    instructions: impl IntoIterator<Item = Instruction>,
    more: impl IntoIterator<Item = Instruction>,
) -> Vec<Instruction> {
    instructions.into_iter().chain(more).collect()
}
