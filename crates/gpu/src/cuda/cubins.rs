//! The compiled kernels, which the build took in, and which of them a device runs.

use std::collections::HashMap;

use super::driver::{Context, Function, Module};
use crate::error::GpuError;

/// The kernels of one source for one architecture.
pub struct Cubin {
    /// 90 for sm_90.
    architecture: u32,
    image: &'static Aligned<[u8]>,
}

/// Bytes at a multiple of 16, as what reads them in place wants.
#[repr(align(16))]
struct Aligned<T: ?Sized>(T);

include!(concat!(env!("OUT_DIR"), "/cubins.rs"));

/// The kernels that a device runs, loaded.
pub struct LoadedKernels {
    by_name: HashMap<String, Function>,
    // What the functions are of.
    _modules: Vec<Module>,
}

impl LoadedKernels {
    /// Loads all kernels. The context is bound.
    ///
    /// # Errors
    /// [`GpuError::NoKernels`] and [`GpuError::Failed`].
    pub fn new(context: &Context) -> Result<Self, GpuError> {
        let known = CUBINS.iter().map(|cubin| cubin.architecture);
        let architecture =
            runs(context.architecture, known.clone()).ok_or_else(|| GpuError::NoKernels {
                device: format!("{} (sm_{})", context.name, context.architecture),
                expected: listed(known),
            })?;
        let mut by_name = HashMap::new();
        let mut modules = Vec::new();
        for cubin in CUBINS
            .iter()
            .filter(|cubin| cubin.architecture == architecture)
        {
            let module = Module::new(&cubin.image.0)?;
            by_name.extend(module.functions()?);
            modules.push(module);
        }
        Ok(Self {
            by_name,
            _modules: modules,
        })
    }

    /// The kernel of this name that takes this many bytes.
    ///
    /// # Errors
    /// [`GpuError::Kernel`].
    pub fn get(&self, name: &str, bytes: usize) -> Result<Function, GpuError> {
        let error = |reason: String| GpuError::Kernel {
            kernel: name.into(),
            reason,
        };
        let function = { self.by_name.get(name) }
            .copied()
            .ok_or_else(|| error("there is none of this name".into()))?;
        match function.size == bytes {
            true => Ok(function),
            false => Err(error(format!(
                "it takes {} bytes, got {bytes}",
                function.size
            ))),
        }
    }
}

/// The best of the known architectures that a device runs: the greatest of the same generation
/// (the first digit) that is not newer.
fn runs(device: u32, known: impl Iterator<Item = u32>) -> Option<u32> {
    known
        .filter(|&known| known / 10 == device / 10 && known <= device)
        .max()
}

/// `sm_80, sm_90`
fn listed(known: impl Iterator<Item = u32>) -> String {
    let mut known: Vec<u32> = known.collect();
    known.sort_unstable();
    known.dedup();
    let names: Vec<String> = known.iter().map(|known| format!("sm_{known}")).collect();
    names.join(", ")
}
