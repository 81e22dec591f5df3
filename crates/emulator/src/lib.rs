//! Runs RV32IM programs.
//!
//! - [`Program::from_elf`] loads a statically linked ELF and refuses what the machine could
//!   not run.
//! - [`execute`] runs a program and returns its journal and exit code.
//! - [`record`] does the same and hands out a [`vouch_isa::event::Segment`] each time a
//!   stretch of the run is complete: all that the tables of a proof are filled from.
//! - [`DebugRun`] runs it instruction by instruction.
//! - [`profile()`] does as [`execute`] and counts what each function costs; [`execute_scoped`] what the scopes
//!   cost that the guest has named.
//!
//! All run the same interpreter, so they cannot differ in what a program does. The
//! interpreter may refuse what the circuit would accept (limits, unmapped memory), never the
//! other way round.
#![forbid(unsafe_code)]

mod code;
mod debug;
mod elf;
mod fault;
mod instruction;
mod limits;
mod machine;
mod memory;
mod observer;
mod page_table;
pub mod profile;
mod program;
mod record;
mod run;
mod scopes;
mod stack;
mod symbols;
mod syscall;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use debug::DebugRun;
pub use elf::{ElfError, MAX_LOAD_BYTES};
pub use fault::{FaultKind, Foreign, GuestFault};
pub use limits::{LimitKind, LimitReached, Limits, SegmentLimits};
pub use profile::{profile, profile_watched};
pub use program::{Program, Region};
pub use run::{ExecuteError, Execution, execute, execute_watched, record};
pub use scopes::{ScopeCost, execute_scoped};
pub use symbols::{Symbol, readable};
pub use syscall::Stream;
