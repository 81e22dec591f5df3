//! `vouch run --gdb`: a run in the hands of gdb, or of another debugger that speaks its protocol.
//!
//! Nothing in the guest can be changed: what the debugger shows is what a proof would prove.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;

use gdbstub::common::Signal;
use gdbstub::conn::{Connection, ConnectionExt};
use gdbstub::stub::run_blocking::{BlockingEventLoop, Event, WaitForStopReasonError};
use gdbstub::stub::{DisconnectReason, GdbStub, SingleThreadStopReason};
use gdbstub::target::ext::base::BaseOps;
use gdbstub::target::ext::base::singlethread::{
    SingleThreadBase, SingleThreadResume, SingleThreadResumeOps, SingleThreadSingleStep,
    SingleThreadSingleStepOps,
};
use gdbstub::target::ext::breakpoints::{
    Breakpoints, BreakpointsOps, SwBreakpoint, SwBreakpointOps,
};
use gdbstub::target::{Target, TargetError, TargetResult};
use gdbstub_arch::riscv::Riscv32;
use gdbstub_arch::riscv::reg::RiscvCoreRegs;
use vouch_sdk::{
    DebugRun, Error as SdkError, ExecuteError, Execution, FaultKind, Limits, Program, Stream,
};

use crate::error::Error;
use crate::output::Output;

/// Instructions between two looks at whether the debugger wants something.
const UNPOLLED: u32 = 1 << 14;

/// Number of the signal that a debugger kills with.
const SIGKILL: u8 = 9;

/// Waits for a debugger, and lets it run the guest, to the end of the guest or of the session.
///
/// # Errors
/// The port is taken, the connection breaks, the debugger kills the guest, or the guest faults or reaches a limit.
pub fn debugged(
    port: u16,
    elf: &Path,
    program: &Program,
    input: &[u8],
    limits: &Limits,
    output: &Output,
) -> Result<Execution, Error> {
    let run = DebugRun::new(program, input, limits).map_err(SdkError::from)?;
    let connection =
        connection(port, elf, output).map_err(|source| Error::Debugger(source.to_string()))?;
    let mut console = output.console(false);
    let mut session = Session {
        run,
        breakpoints: BTreeSet::new(),
        one_step: false,
        reported_fault: false,
        console: &mut console,
    };
    let reason = GdbStub::new(connection)
        .run_blocking::<Session<'_, '_>>(&mut session)
        .map_err(|error| Error::Debugger(error.to_string()))?;
    let run = session.run;
    match reason {
        DisconnectReason::Kill => Err(Error::Ended { signal: SIGKILL }),
        // Who detaches lets it go on.
        DisconnectReason::Disconnect
        | DisconnectReason::TargetExited(_)
        | DisconnectReason::TargetTerminated(_) => {
            Ok(run.finish(&mut console).map_err(SdkError::from)?)
        }
    }
}

/// The first connection to the port, from this machine.
fn connection(port: u16, elf: &Path, output: &Output) -> std::io::Result<TcpStream> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    let address = listener.local_addr()?;
    output.log(&format!(
        "waiting for a debugger: gdb-multiarch {} -ex 'target remote {address}'",
        elf.display()
    ));
    let (connection, _) = listener.accept()?;
    Ok(connection)
}

/// What the debugger sees and says.
struct Session<'p, 'c> {
    run: DebugRun<'p>,
    /// Byte addresses.
    breakpoints: BTreeSet<u32>,
    /// Stop after the next instruction.
    one_step: bool,
    /// The debugger has seen the guest at the instruction at fault.
    reported_fault: bool,
    console: &'c mut dyn FnMut(Stream, &[u8]),
}

impl Session<'_, '_> {
    /// Why the guest should stop after an instruction.
    fn stop(&mut self) -> Option<SingleThreadStopReason<u32>> {
        match self.run.outcome() {
            // An exit code has 32 bits, of which the protocol has room for 8.
            Some(Ok(code)) => Some(SingleThreadStopReason::Exited(*code as u8)),
            Some(Err(error)) => {
                let signal = signal(error);
                // First it can be looked at; then it is gone.
                match std::mem::replace(&mut self.reported_fault, true) {
                    false => Some(SingleThreadStopReason::Signal(signal)),
                    true => Some(SingleThreadStopReason::Terminated(signal)),
                }
            }
            None if self.breakpoints.contains(&self.run.pc()) => {
                Some(SingleThreadStopReason::SwBreak(()))
            }
            None if self.one_step => Some(SingleThreadStopReason::DoneStep),
            None => None,
        }
    }
}

/// The signal that an operating system would send for it.
fn signal(error: &ExecuteError) -> Signal {
    let ExecuteError::Fault(fault) = error else {
        return Signal::SIGXCPU;
    };
    match fault.kind {
        FaultKind::IllegalInstruction | FaultKind::Foreign(_) => Signal::SIGILL,
        FaultKind::Breakpoint => Signal::SIGTRAP,
        FaultKind::MisalignedJump { .. }
        | FaultKind::MisalignedAccess { .. }
        | FaultKind::MisalignedBuffer { .. } => Signal::SIGBUS,
        FaultKind::UnknownCall { .. } | FaultKind::BadDescriptor { .. } => Signal::SIGSYS,
        FaultKind::OutsideText
        | FaultKind::Unmapped { .. }
        | FaultKind::NotWritable { .. }
        | FaultKind::StackOverflow { .. }
        | FaultKind::BadBuffer { .. } => Signal::SIGSEGV,
    }
}

impl Target for Session<'_, '_> {
    type Arch = Riscv32;
    type Error = Infallible;

    fn base_ops(&mut self) -> BaseOps<'_, Riscv32, Infallible> {
        BaseOps::SingleThread(self)
    }

    fn support_breakpoints(&mut self) -> Option<BreakpointsOps<'_, Self>> {
        Some(self)
    }
}

impl SingleThreadBase for Session<'_, '_> {
    fn read_registers(&mut self, registers: &mut RiscvCoreRegs<u32>) -> TargetResult<(), Self> {
        registers.x = self.run.registers();
        registers.pc = self.run.pc();
        Ok(())
    }

    fn write_registers(&mut self, _: &RiscvCoreRegs<u32>) -> TargetResult<(), Self> {
        Err(TargetError::NonFatal)
    }

    fn read_addrs(&mut self, start: u32, data: &mut [u8]) -> TargetResult<usize, Self> {
        match self.run.read(start, data) {
            0 if !data.is_empty() => Err(TargetError::NonFatal),
            read => Ok(read),
        }
    }

    fn write_addrs(&mut self, _: u32, _: &[u8]) -> TargetResult<(), Self> {
        Err(TargetError::NonFatal)
    }

    fn support_resume(&mut self) -> Option<SingleThreadResumeOps<'_, Self>> {
        Some(self)
    }
}

impl SingleThreadResume for Session<'_, '_> {
    /// A guest has no handlers of signals: one that is passed to it changes nothing.
    fn resume(&mut self, _: Option<Signal>) -> Result<(), Infallible> {
        self.one_step = false;
        Ok(())
    }

    fn support_single_step(&mut self) -> Option<SingleThreadSingleStepOps<'_, Self>> {
        Some(self)
    }
}

impl SingleThreadSingleStep for Session<'_, '_> {
    fn step(&mut self, _: Option<Signal>) -> Result<(), Infallible> {
        self.one_step = true;
        Ok(())
    }
}

impl Breakpoints for Session<'_, '_> {
    fn support_sw_breakpoint(&mut self) -> Option<SwBreakpointOps<'_, Self>> {
        Some(self)
    }
}

impl SwBreakpoint for Session<'_, '_> {
    fn add_sw_breakpoint(&mut self, address: u32, _: usize) -> TargetResult<bool, Self> {
        self.breakpoints.insert(address);
        Ok(true)
    }

    fn remove_sw_breakpoint(&mut self, address: u32, _: usize) -> TargetResult<bool, Self> {
        Ok(self.breakpoints.remove(&address))
    }
}

impl BlockingEventLoop for Session<'_, '_> {
    type Target = Self;
    type Connection = TcpStream;
    type StopReason = SingleThreadStopReason<u32>;

    fn wait_for_stop_reason(
        session: &mut Self,
        connection: &mut TcpStream,
    ) -> Result<
        Event<SingleThreadStopReason<u32>>,
        WaitForStopReasonError<Infallible, <TcpStream as Connection>::Error>,
    > {
        loop {
            for _ in 0..UNPOLLED {
                session.run.step(session.console);
                if let Some(reason) = session.stop() {
                    return Ok(Event::TargetStopped(reason));
                }
            }
            let incoming =
                ConnectionExt::peek(connection).map_err(WaitForStopReasonError::Connection)?;
            if incoming.is_some() {
                let byte =
                    ConnectionExt::read(connection).map_err(WaitForStopReasonError::Connection)?;
                return Ok(Event::IncomingData(byte));
            }
        }
    }

    fn on_interrupt(_: &mut Self) -> Result<Option<Self::StopReason>, Infallible> {
        Ok(Some(SingleThreadStopReason::Signal(Signal::SIGINT)))
    }
}
