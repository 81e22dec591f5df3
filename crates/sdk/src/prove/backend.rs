//! What computes proofs.

use std::sync::Arc;

use vouch_gpu::GpuError;
use vouch_prover::Prover;
use vouch_verifier::Profile;

use crate::error::Error;

/// What computes proofs. The proofs are the same, byte for byte, whatever does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// An NVIDIA GPU if there is one that can be used, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// An NVIDIA GPU; [`Error::Gpu`] if there is none that can be used.
    Cuda,
}

/// Why [`Backend::Auto`] would use the CPU: there is no GPU that can be used. `None` if there is
/// one, and in a program that was built without CUDA, where nobody expects one.
pub fn why_cpu() -> Option<GpuError> {
    match cfg!(feature = "cuda") {
        true => vouch_gpu::backend(Profile::Fast100).err(),
        false => None,
    }
}

/// A prover, and the bytes of the device's memory if that is not the CPU's.
pub(super) fn prover(choice: Backend, profile: Profile) -> Result<(Prover, Option<u64>), Error> {
    let gpu = match choice {
        Backend::Cpu => return Ok((Prover::new(profile), None)),
        Backend::Auto if !cfg!(feature = "cuda") => return Ok((Prover::new(profile), None)),
        Backend::Auto | Backend::Cuda => vouch_gpu::backend(profile),
    };
    match (gpu, choice) {
        (Ok((backend, memory)), _) => {
            let backend = Box::new(Arc::clone(&backend));
            Ok((Prover::with_backend(backend), Some(memory)))
        }
        (Err(error), Backend::Cuda) => Err(error.into()),
        (Err(_), _) => Ok((Prover::new(profile), None)),
    }
}
