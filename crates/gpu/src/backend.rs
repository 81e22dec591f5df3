//! Devices as backends of the prover.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use vouch_prover::{Backend, Coordinated, Job, ProveError};
use vouch_verifier::{Profile, with_challenge_field};

use crate::arena::Gpu;
use crate::error::GpuError;
use crate::open::open;
use crate::setup::GpuEngine;

/// A backend on a GPU.
#[derive(Clone)]
pub struct OnGpu {
    /// What computes proofs.
    pub backend: Arc<dyn Backend>,
    /// The GPU's name.
    pub name: String,
    /// The memory that it has for proofs, in bytes.
    pub memory: u64,
}

/// The first GPU of this machine as a backend for proofs of `profile`. It is opened once a
/// process, and all proofs share it.
///
/// # Errors
/// Those of [`open`]; always the same, once there was one.
pub fn backend(profile: Profile) -> Result<OnGpu, GpuError> {
    static GPU: OnceLock<Result<Gpu, GpuError>> = OnceLock::new();
    static BACKENDS: OnceLock<Mutex<HashMap<u8, Arc<dyn Backend>>>> = OnceLock::new();
    let gpu = GPU.get_or_init(|| open(0)).as_ref().map_err(Clone::clone)?;
    let backends = BACKENDS.get_or_init(Mutex::default);
    let mut backends = backends.lock();
    let backend = backends
        .entry(profile.number())
        .or_insert_with(|| on(gpu, profile).into());
    Ok(OnGpu {
        backend: Arc::clone(backend),
        name: gpu.name(),
        memory: gpu.total(),
    })
}

/// A device as a backend for proofs of `profile`.
pub fn on(gpu: &Gpu, profile: Profile) -> Box<dyn Backend> {
    let parameters = profile.parameters();
    with_challenge_field!(parameters.extension, EF => {
        let engine = GpuEngine::<EF>::new(gpu, parameters);
        Box::new(Alone::new(Coordinated::new(profile, engine)))
    })
}

/// A backend that makes one proof at a time: two would need twice the memory, and each alone
/// keeps the device busy.
struct Alone<B> {
    backend: B,
    turn: Mutex<()>,
}

impl<B> Alone<B> {
    fn new(backend: B) -> Self {
        Self {
            backend,
            turn: Mutex::default(),
        }
    }
}

impl<B: Backend> Backend for Alone<B> {
    fn name(&self) -> &'static str {
        self.backend.name()
    }

    fn profile(&self) -> Profile {
        self.backend.profile()
    }

    fn prove(&self, job: Job) -> Result<Vec<u8>, ProveError> {
        let _turn = self.turn.lock();
        self.backend.prove(job)
    }
}
