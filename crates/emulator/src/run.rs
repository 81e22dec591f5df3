//! Running a program from start to exit.

use core::ops::ControlFlow;

use thiserror::Error;
use vouch_codec::{Deserialize, JournalError, Values};
use vouch_isa::event::Segment;

use crate::fault::GuestFault;
use crate::limits::{LimitKind, LimitReached, Limits, SegmentLimits};
use crate::machine::{Machine, Stop, Trap};
use crate::observer::{NoObserver, Observer, Watcher};
use crate::program::Program;
use crate::record::Recorder;
use crate::syscall::{Console, Stream};

/// What a run that exited leaves behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// The code that the guest exited with.
    pub exit_code: u32,
    /// The bytes that it made public.
    pub journal: Vec<u8>,
    /// Instructions executed, the exit included.
    pub cycles: u64,
    /// Bytes of the input that it read.
    pub input_read: usize,
    /// Memory in use at the end, in bytes: whole pages of 4 KiB.
    pub touched_memory_bytes: u64,
}

impl Execution {
    /// The journal as one value, as a guest's `io::commit` writes it: no more, no less.
    ///
    /// # Errors
    /// The journal is not the encoding of a `T`.
    pub fn decode<'a, T: Deserialize<'a>>(&'a self) -> Result<T, JournalError> {
        self.values().only()
    }

    /// The journal as values, one after another.
    pub fn values(&self) -> Values<'_> {
        Values::new(&self.journal)
    }
}

/// Why a run has no result.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ExecuteError {
    /// The guest broke a rule.
    #[error(transparent)]
    Fault(#[from] GuestFault),
    /// The guest needed more than a limit allows.
    #[error(transparent)]
    Limit(#[from] LimitReached),
    /// Whoever watched the run, or received its segments, wanted no more of it.
    #[error("the run was cancelled")]
    Cancelled,
}

/// Runs a program on an input and records nothing.
///
/// `console` gets what the guest writes to the console, in pieces of any size.
///
/// # Errors
///
/// [`ExecuteError::Fault`] and [`ExecuteError::Limit`].
pub fn execute(
    program: &Program,
    input: &[u8],
    limits: &Limits,
    console: &mut dyn FnMut(Stream, &[u8]),
) -> Result<Execution, ExecuteError> {
    let mut machine = start(program, input, limits)?;
    run(&mut machine, &mut NoObserver, limits, console)
}

/// Runs a program as [`execute`] does. `watch` is told from time to time, and at the end, how many
/// instructions have been executed; it returns `Break` to cancel the run.
///
/// # Errors
///
/// As [`execute`], and [`ExecuteError::Cancelled`].
pub fn execute_watched(
    program: &Program,
    input: &[u8],
    limits: &Limits,
    console: &mut dyn FnMut(Stream, &[u8]),
    watch: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Execution, ExecuteError> {
    let mut machine = start(program, input, limits)?;
    let mut watcher = Watcher { watch, asked: 0 };
    run(&mut machine, &mut watcher, limits, console)
}

/// Runs a program as [`execute`] does, and hands each segment to `sink` as soon as it is
/// complete, in order. The last one has an exit code.
///
/// `sink` may take a segment ([`core::mem::take`]); if it leaves it, the memory is used for the
/// next one, which makes recording several times faster. It returns `Break` to cancel the
/// run. A run that fails may have handed out segments before: nothing follows from them alone.
///
/// # Errors
///
/// As [`execute`], and [`ExecuteError::Cancelled`].
pub fn record(
    program: &Program,
    input: &[u8],
    limits: &Limits,
    segment_limits: &SegmentLimits,
    console: &mut dyn FnMut(Stream, &[u8]),
    sink: &mut dyn FnMut(&mut Segment) -> ControlFlow<()>,
) -> Result<Execution, ExecuteError> {
    let mut machine = start(program, input, limits)?;
    let mut recorder = Recorder::new(&machine, *segment_limits, sink);
    run(&mut machine, &mut recorder, limits, console)
}

pub(crate) fn start<'p>(
    program: &'p Program,
    input: &'p [u8],
    limits: &Limits,
) -> Result<Machine<'p>, ExecuteError> {
    if input.len() > limits.input_bytes {
        return Err(ExecuteError::Limit(LimitReached {
            limit: LimitKind::Input,
            value: limits.input_bytes as u64,
        }));
    }
    Ok(Machine::new(program, input, limits.memory_bytes))
}

pub(crate) fn run<O: Observer>(
    machine: &mut Machine<'_>,
    observer: &mut O,
    limits: &Limits,
    console: Console<'_>,
) -> Result<Execution, ExecuteError> {
    loop {
        // Only when another instruction is to run: an exit never leaves an empty segment.
        let mut budget = observer.budget(machine);
        if budget == 0 {
            cut(machine, observer, None)?;
            budget = observer.budget(machine);
        }
        let left = limits.cycles.saturating_sub(machine.cycles);
        if left == 0 {
            return Err(ExecuteError::Limit(LimitReached {
                limit: LimitKind::Cycles,
                value: limits.cycles,
            }));
        }
        match machine.run(observer, left.min(budget)) {
            Stop::Budget => {}
            Stop::Ecall => {
                if let Some(exit_code) = call(machine, observer, limits, console)? {
                    return finish(machine, observer, exit_code);
                }
            }
            Stop::Trap(trap) => return Err(failure(machine, trap)),
        }
    }
}

/// Makes the call that the next instruction asks for; returns the exit code if it exits.
pub(crate) fn call<O: Observer>(
    machine: &mut Machine<'_>,
    observer: &mut O,
    limits: &Limits,
    console: Console<'_>,
) -> Result<Option<u32>, ExecuteError> {
    let request = machine
        .request(limits)
        .map_err(|trap| failure(machine, trap))?;
    if !observer.has_room(machine, request.cost()) {
        cut(machine, observer, None)?;
    }
    machine
        .perform(request, observer, console)
        .map_err(|trap| failure(machine, trap))
}

pub(crate) fn failure(machine: &Machine<'_>, trap: Trap) -> ExecuteError {
    match trap {
        Trap::Fault(kind) => ExecuteError::Fault(machine.fault(kind)),
        Trap::Limit(limit) => ExecuteError::Limit(limit),
    }
}

fn cut<O: Observer>(
    machine: &Machine<'_>,
    observer: &mut O,
    exit_code: Option<u32>,
) -> Result<(), ExecuteError> {
    match observer.end_segment(machine, exit_code) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(ExecuteError::Cancelled),
    }
}

pub(crate) fn finish<O: Observer>(
    machine: &mut Machine<'_>,
    observer: &mut O,
    exit_code: u32,
) -> Result<Execution, ExecuteError> {
    cut(machine, observer, Some(exit_code))?;
    Ok(Execution {
        exit_code,
        journal: core::mem::take(&mut machine.journal),
        cycles: machine.cycles,
        input_read: machine.input_read,
        touched_memory_bytes: machine.memory.allocated_bytes(),
    })
}
