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
#[cfg(feature = "testing")]
pub mod conformance;
mod coordinator;
mod cost;
mod cpu;
mod dual;
mod engine;
mod error;
mod fri;
mod merkle;
#[doc(hidden)]
pub mod plan;
mod planner;
mod prover;
#[cfg(feature = "testing")]
mod reference;

pub use backend::{Backend, Coordinated, Job};
pub use cancel::Cancel;
pub use cost::{Cost, TableCost, memory_bytes};
pub use cpu::{Cpu, CpuEngine};
pub use dual::Dual;
pub use engine::{
    Commitment, Engine, Inspect, LayerOpening, OpenedRound, Opening, Openings, Place, parts,
    recompose,
};
pub use error::ProveError;
pub use merkle::frontier;
pub use planner::{Needs, Planner, counts, recorded_bytes};
pub use prover::{Prover, SegmentProof, claim, fill};

#[cfg(feature = "testing")]
#[doc(hidden)]
pub use cpu::{Columns, logup_columns, table_quotient};
#[cfg(feature = "testing")]
pub use cpu::{CpuKernels, Places};
#[cfg(feature = "testing")]
pub use reference::Reference;
