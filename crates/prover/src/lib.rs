//! Proves segments of an execution.
//!
//! [`Prover::prove_segment`] turns the events of a segment into traces, and these into a
//! proof, through a [`Backend`]. The same segment gives the same bytes, on any number of
//! threads.
//!
//! The phases of a proof are `tracing` spans with the target `vouch::phase`; docs/cli.md
//! (`vouch prove`) names them.
#![forbid(unsafe_code)]

mod backend;
mod cancel;
mod cost;
mod cpu;
mod error;
#[doc(hidden)]
pub mod plan;
mod planner;
mod prover;

pub use backend::{Backend, Job, Reference};
pub use cancel::Cancel;
pub use cost::{Cost, TableCost, memory_bytes};
#[doc(hidden)]
pub use cpu::{Columns, logup_columns, table_quotient};
pub use cpu::{Cpu, Kernels, Places};
pub use error::ProveError;
pub use planner::{Needs, Planner, recorded_bytes};
pub use prover::{Prover, SegmentProof, claim, fill};
