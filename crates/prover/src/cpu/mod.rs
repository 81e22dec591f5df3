//! The prover of our own on the CPU: emits the proofs of p3-batch-stark, byte for byte, and
//! leaves to Plonky3 the hashing, the transcript and FRI.
//!
//! - Columns are extended by a transform for narrow matrices (`extend`).
//! - LogUp columns and quotients are computed from the tables' own code, [`pack::WIDTH`] rows at
//!   a time (`said`, `logup`, `quotient`).
//! - Openings share the inverses `1 / (z - x)` among all matrices and both points
//!   (`openings`).
//! - What does not depend on the segment is computed once (`setup`).
//! - A table's rows are dropped as soon as nothing looks at them any more.

mod extend;
mod kernels;
mod logup;
mod openings;
mod pack;
mod prove;
mod quotient;
mod said;
mod setup;

#[doc(hidden)]
pub use kernels::{Columns, logup_columns, quotient as table_quotient};
pub use kernels::{Kernels, Places};
use vouch_verifier::{ExtensionDegree, Parameters, Profile};

use crate::backend::{Backend, Job, encode};
use crate::error::ProveError;
use setup::Setup;

/// The prover of our own, for one profile.
pub struct Cpu {
    profile: Profile,
    setup: Degree,
}

enum Degree {
    Four(Setup<4>),
    Five(Setup<5>),
}

impl Cpu {
    /// A prover of `profile`.
    pub fn new(profile: Profile) -> Self {
        Self::with_parameters(profile, profile.parameters())
    }

    /// For measurements: proofs that name `profile` and are made by other parameters, so that no
    /// verifier accepts them.
    pub fn with_parameters(profile: Profile, parameters: Parameters) -> Self {
        let setup = match parameters.extension {
            ExtensionDegree::Four => Degree::Four(Setup::new(parameters)),
            ExtensionDegree::Five => Degree::Five(Setup::new(parameters)),
        };
        Self { profile, setup }
    }
}

impl Backend for Cpu {
    fn name(&self) -> &'static str {
        "cpu"
    }

    fn profile(&self) -> Profile {
        self.profile
    }

    fn prove(&self, job: Job) -> Result<Vec<u8>, ProveError> {
        match &self.setup {
            Degree::Four(setup) => encode(&setup.prove(job)?),
            Degree::Five(setup) => encode(&setup.prove(job)?),
        }
    }
}
