//! A program that is run instruction by instruction, for debuggers.

use crate::limits::{LimitKind, LimitReached, Limits};
use crate::machine::{Machine, Stop};
use crate::observer::NoObserver;
use crate::program::Program;
use crate::run::{ExecuteError, Execution, call, failure, finish, start};
use crate::syscall::Console;

/// A run that stops after every instruction. What it does is what [`execute`](crate::execute) does.
///
/// Nothing can be changed in it: what is looked at is what would be proven.
pub struct DebugRun<'p> {
    machine: Machine<'p>,
    limits: Limits,
    outcome: Option<Result<u32, ExecuteError>>,
}

impl<'p> DebugRun<'p> {
    /// A run of `program` on `input`, before its first instruction.
    ///
    /// # Errors
    /// [`ExecuteError::Limit`] if the input is too long.
    pub fn new(
        program: &'p Program,
        input: &'p [u8],
        limits: &Limits,
    ) -> Result<Self, ExecuteError> {
        Ok(Self {
            machine: start(program, input, limits)?,
            limits: *limits,
            outcome: None,
        })
    }

    /// Executes an instruction, unless the run has ended. `console` gets what the guest prints.
    pub fn step(&mut self, console: Console<'_>) {
        if self.outcome.is_some() {
            return;
        }
        let machine = &mut self.machine;
        self.outcome = match self.limits.cycles.checked_sub(machine.cycles) {
            None | Some(0) => Some(Err(ExecuteError::Limit(LimitReached {
                limit: LimitKind::Cycles,
                value: self.limits.cycles,
            }))),
            Some(_) => match machine.run(&mut NoObserver, 1) {
                Stop::Budget => None,
                Stop::Ecall => call(machine, &mut NoObserver, &self.limits, console).transpose(),
                Stop::Trap(trap) => Some(Err(failure(machine, trap))),
            },
        };
    }

    /// How the run has ended, if it has: with an exit code, or with an error, before the instruction at fault.
    pub fn outcome(&self) -> Option<&Result<u32, ExecuteError>> {
        self.outcome.as_ref()
    }

    /// Byte address of the next instruction; of the last one if the run has ended.
    pub fn pc(&self) -> u32 {
        // Word indices have no more bits.
        self.machine.pc.wrapping_mul(4)
    }

    /// The registers `x0` to `x31`.
    pub fn registers(&self) -> [u32; 32] {
        core::array::from_fn(|register| self.machine.cells[register])
    }

    /// Copies memory from a byte address on, up to the first byte that is not mapped; returns how many bytes.
    pub fn read(&self, address: u32, into: &mut [u8]) -> usize {
        let mut done = 0;
        for (byte, at) in into.iter_mut().zip(address..=u32::MAX) {
            if !self.machine.program.covers(at, 1, false) {
                break;
            }
            *byte = (self.machine.memory.peek(at / 4) >> (at % 4 * 8)) as u8;
            done += 1;
        }
        done
    }

    /// Runs on to the end.
    ///
    /// # Errors
    /// The run ends with one, or did before.
    pub fn finish(mut self, console: Console<'_>) -> Result<Execution, ExecuteError> {
        loop {
            match &self.outcome {
                None => self.step(console),
                Some(Ok(code)) => return finish(&mut self.machine, &mut NoObserver, *code),
                Some(Err(error)) => return Err(error.clone()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::execute;
    use crate::fault::FaultKind;
    use crate::testing::{self, asm};

    fn debug<'p>(program: &'p Program, limits: &Limits) -> DebugRun<'p> {
        DebugRun::new(program, &[], limits).expect("no input is short enough")
    }

    #[test]
    fn every_instruction_is_a_step() {
        let code = [&[asm::addi(5, 0, 7), asm::addi(5, 5, 1)][..], &asm::exit(3)].concat();
        let program = testing::program(&code);
        let limits = Limits::default();
        let mut run = debug(&program, &limits);
        let start = run.pc();
        for (steps, value) in [(0, 0), (1, 7), (2, 8)] {
            assert_eq!((run.pc(), run.registers()[5]), (start + 4 * steps, value));
            run.step(&mut |_, _| {});
        }
        while run.outcome().is_none() {
            run.step(&mut |_, _| {});
        }
        assert_eq!(run.outcome(), Some(&Ok(3)));
        let pc = run.pc();
        run.step(&mut |_, _| {});
        assert_eq!(run.pc(), pc, "a run that has ended stays where it is");
        let expected = execute(&program, &[], &limits, &mut |_, _| {});
        assert_eq!(run.finish(&mut |_, _| {}), expected);
    }

    #[test]
    fn memory_is_read_as_far_as_it_is_mapped() {
        let program = testing::program(&asm::exit(0));
        let run = debug(&program, &Limits::default());
        let region = program.memory_map()[0];
        let mut bytes = [0; 8];
        assert_eq!(run.read(region.start, &mut bytes[..4]), 4);
        let (_, words) = program.image().leaves[0];
        assert_eq!(bytes[..4], words[0].to_le_bytes());
        assert_ne!(words[0], 0);
        assert_eq!(run.read(region.end - 3, &mut bytes), 3);
        assert_eq!(run.read(u32::MAX - 1, &mut bytes), 0);
        assert_eq!(run.read(0, &mut bytes), 0);
    }

    #[test]
    fn faults_and_limits_end_it() {
        let program = testing::program(&[asm::lw(5, 0, 0)]);
        let mut run = debug(&program, &Limits::default());
        let pc = run.pc();
        run.step(&mut |_, _| {});
        match run.outcome() {
            Some(Err(ExecuteError::Fault(fault))) => {
                assert_eq!(
                    (fault.kind, fault.pc),
                    (FaultKind::Unmapped { address: 0 }, pc)
                );
            }
            other => panic!("{other:?}"),
        }
        let endless = testing::program(&[asm::jal(0, 0)]);
        let cycles = 5;
        let limits = Limits {
            cycles,
            ..Limits::default()
        };
        let expected = execute(&endless, &[], &limits, &mut |_, _| {});
        assert!(expected.is_err());
        assert_eq!(debug(&endless, &limits).finish(&mut |_, _| {}), expected);
    }

    #[test]
    fn an_input_that_is_too_long_is_refused() {
        let program = testing::program(&asm::exit(0));
        let limits = Limits {
            input_bytes: 1,
            ..Limits::default()
        };
        assert!(DebugRun::new(&program, &[1, 2], &limits).is_err());
    }
}
