//! The engine of our own on the CPU; it leaves to Plonky3 the hash function, and the Merkle trees
//! of FRI.
//!
//! - Columns are extended by a transform for narrow matrices (`extend`, `layers`).
//! - LogUp columns and quotients are computed from the tables' own code, [`pack::WIDTH`] rows at
//!   a time (`emitted`, `logup`, `quotient`).
//! - Packs are made of columns on the way into the leaves of a Merkle tree (`packs`, `tree`), and not kept.
//! - Openings share the inverses `1 / (z - x)` among all matrices and both points
//!   (`openings`, `reduce`).
//! - What does not depend on the segment is computed once (`setup`).
//! - A table's rows are dropped as soon as nothing looks at them any more.

mod emitted;
mod engine;
mod extend;
mod fold;
#[cfg(feature = "testing")]
mod kernels;
mod layers;
mod logup;
mod openings;
mod pack;
mod packs;
mod quotient;
mod reduce;
mod setup;
mod tree;

#[cfg(feature = "testing")]
#[doc(hidden)]
pub use kernels::{Columns, logup_columns, quotient as table_quotient};
#[cfg(feature = "testing")]
pub use kernels::{CpuKernels, Places};
pub use setup::Setup as CpuEngine;
use vouch_verifier::{ExtensionDegree, Parameters, Profile};

use crate::backend::{Backend, Coordinated, Job};
use crate::error::ProveError;

/// The prover of our own on the CPU, for one profile.
pub struct Cpu(Box<dyn Backend>);

impl Cpu {
    /// A prover of `profile`.
    pub fn new(profile: Profile) -> Self {
        Self::with_parameters(profile, profile.parameters())
    }

    /// For measurements: proofs that name `profile` and are made by other parameters, so that no
    /// verifier accepts them.
    pub fn with_parameters(profile: Profile, parameters: Parameters) -> Self {
        match parameters.extension {
            ExtensionDegree::Four => {
                let engine = CpuEngine::<4>::new(parameters);
                Self(Box::new(Coordinated::new(profile, engine)))
            }
            ExtensionDegree::Five => {
                let engine = CpuEngine::<5>::new(parameters);
                Self(Box::new(Coordinated::new(profile, engine)))
            }
        }
    }
}

impl Backend for Cpu {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn profile(&self) -> Profile {
        self.0.profile()
    }

    fn prove(&self, job: Job) -> Result<Vec<u8>, ProveError> {
        self.0.prove(job)
    }
}
