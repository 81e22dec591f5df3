//! What computes a proof.

use std::marker::PhantomData;
use std::sync::Arc;
use vouch_air::witness::Traces;
use vouch_verifier::Profile;
use vouch_verifier::config::ChallengeField;

use crate::cancel::Cancel;
use crate::coordinator;
use crate::engine::Engine;
use crate::error::ProveError;

/// The proof of one segment, yet to be made.
#[derive(Clone, Debug)]
pub struct Job {
    /// What the transcript starts with: the segment's claim.
    pub seed: Vec<u8>,
    /// The filled tables.
    pub traces: Traces,
    /// Whether to stop.
    pub cancel: Cancel,
}

/// Computes proofs. Every backend gives the same bytes for the same job.
pub trait Backend: Send + Sync {
    /// Name for logs and reports.
    fn name(&self) -> &'static str;

    /// The parameters of its proofs.
    fn profile(&self) -> Profile;

    /// The encoded proof of a segment.
    ///
    /// # Errors
    /// [`ProveError::Backend`] if the proof system fails, [`ProveError::Cancelled`] a second or two,
    /// at most, after the job was cancelled.
    fn prove(&self, job: Job) -> Result<Vec<u8>, ProveError>;
}

impl<B: Backend + ?Sized> Backend for Arc<B> {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn profile(&self) -> Profile {
        (**self).profile()
    }

    fn prove(&self, job: Job) -> Result<Vec<u8>, ProveError> {
        (**self).prove(job)
    }
}

/// The coordinator with an engine that computes.
pub struct Coordinated<EF, E> {
    field: PhantomData<EF>,
    profile: Profile,
    engine: E,
}

impl<EF: ChallengeField, E: Engine<EF>> Coordinated<EF, E> {
    /// For proofs of `profile`, whose challenges are of the field `EF`; of its parameters, as long as the
    /// engine has no others for a measurement.
    pub fn new(profile: Profile, engine: E) -> Self {
        Self {
            field: PhantomData,
            profile,
            engine,
        }
    }

    /// The engine.
    pub fn engine(&self) -> &E {
        &self.engine
    }
}

impl<EF: ChallengeField, E: Engine<EF>> Backend for Coordinated<EF, E> {
    fn name(&self) -> &'static str {
        self.engine.name()
    }

    fn profile(&self) -> Profile {
        self.profile
    }

    fn prove(&self, job: Job) -> Result<Vec<u8>, ProveError> {
        coordinator::prove(&self.engine, job)
    }
}

pub(crate) fn failed(error: impl core::fmt::Display) -> ProveError {
    ProveError::Backend {
        reason: error.to_string(),
    }
}
