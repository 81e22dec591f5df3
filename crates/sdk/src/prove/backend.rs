//! What computes proofs.

use vouch_gpu::{GpuError, OnGpu};
use vouch_prover::Prover;
use vouch_verifier::Profile;

use crate::error::Error;

/// Name of the CPU as a device.
const CPU: &str = "CPU";

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

impl Backend {
    /// Its name, as the command line has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
        }
    }

    /// What it is on this machine. A GPU is this process's from then on, with all of its memory.
    ///
    /// # Errors
    /// [`Error::Gpu`] for [`Backend::Cuda`], if there is no GPU that can be used.
    pub fn device(self) -> Result<Device, Error> {
        let gpu = self.gpu(Profile::Fast100);
        self.resolved(gpu.map(|gpu| gpu.map(|gpu| gpu.name)))
    }

    /// The same, for one that leaves proving to other processes: a GPU is given back.
    ///
    /// # Errors
    /// As [`Self::device`].
    pub fn device_for_others(self) -> Result<Device, Error> {
        let gpu = self.wants_gpu().then(|| vouch_gpu::open(0));
        self.resolved(gpu.map(|gpu| gpu.map(|gpu| gpu.name())))
    }

    /// The device, given the name of the GPU if one is asked for.
    fn resolved(self, gpu: Option<Result<String, GpuError>>) -> Result<Device, Error> {
        let (name, why_cpu) = match gpu {
            Some(Ok(name)) => (name, None),
            Some(Err(error)) if self == Self::Cuda => return Err(error.into()),
            Some(Err(error)) => (CPU.into(), Some(error)),
            None => (CPU.into(), None),
        };
        Ok(Device { name, why_cpu })
    }

    /// Whether a GPU is asked for. Of a program that was built without CUDA nobody expects it
    /// unasked.
    fn wants_gpu(self) -> bool {
        match self {
            Self::Auto => cfg!(feature = "cuda"),
            Self::Cpu => false,
            Self::Cuda => true,
        }
    }

    /// The GPU, if it is asked for.
    fn gpu(self, profile: Profile) -> Option<Result<OnGpu, GpuError>> {
        self.wants_gpu().then(|| vouch_gpu::backend(profile))
    }
}

/// What computes proofs on this machine.
#[derive(Clone, Debug)]
pub struct Device {
    /// `CPU`, or the GPU's name.
    pub name: String,
    /// Why it is not a GPU though one would have been taken.
    pub why_cpu: Option<GpuError>,
}

impl Device {
    /// Whether it is the CPU.
    pub fn is_cpu(&self) -> bool {
        self.name == CPU
    }
}

/// A prover, and the bytes of the device's memory if that is not the CPU's.
pub(super) fn prover(choice: Backend, profile: Profile) -> Result<(Prover, Option<u64>), Error> {
    match choice.gpu(profile) {
        Some(Ok(gpu)) => Ok((
            Prover::with_backend(Box::new(gpu.backend)),
            Some(gpu.memory),
        )),
        Some(Err(error)) if choice == Backend::Cuda => Err(error.into()),
        Some(Err(_)) | None => Ok((Prover::new(profile), None)),
    }
}
