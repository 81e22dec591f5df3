//! The kernels on the CPU: compiled as C++ (`kernels/shim.h`), to test them where there is no GPU.
#![expect(unsafe_code, reason = "kernels work on addresses")]

use std::collections::HashMap;
use std::ffi::c_void;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use libloading::{Library, Symbol};
use parking_lot::Mutex;

use crate::device::{Address, Device, Grid};
use crate::error::GpuError;
use crate::sources::{Source, sources};

/// What the compiler is called with; `-ffp-contract` and the like do not matter to integers.
const FLAGS: [&str; 8] = [
    "-std=c++17",
    "-O2",
    "-march=native",
    "-fPIC",
    "-shared",
    "-DVOUCH_SHIM",
    "-Wall",
    "-Werror",
];
const HEADER: &str = include_str!("../kernels/shim.h");
const RUNTIME: &str = include_str!("../kernels/shim.cpp");
/// What memory holds at first: no field elements.
const POISON: u32 = 0xdead_beef;

/// The CPU in the place of a GPU.
pub struct Shim {
    library: Library,
    memory: Memory,
    descending: bool,
    kernels: Mutex<HashMap<String, Kernel>>,
}

/// Words that kernels read and write by address.
struct Memory(*mut [u32]);

// SAFETY: it is touched through `Device` only, whose callers see to it that two threads do
// not use the same words at once.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: it was made by `Box::into_raw` and is dropped once.
        drop(unsafe { Box::from_raw(self.0) });
    }
}

/// A kernel's function, and the bytes that it takes.
#[derive(Clone, Copy)]
struct Kernel {
    launch: Launch,
    size: u32,
}

type Launch = unsafe extern "C" fn(*const c_void, *const Shape) -> u32;

/// `shim::Launch`
#[repr(C)]
struct Shape {
    blocks: [u32; 2],
    threads: [u32; 2],
    descending: u32,
}

impl Shim {
    /// Compiles the kernels, unless `folder` has them compiled already, with `$CXX` or `c++`.
    /// `words` words of memory; threads run in ascending or in `descending` order.
    ///
    /// # Errors
    /// [`GpuError::Compile`].
    pub fn new(folder: &Path, words: usize, descending: bool) -> Result<Self, GpuError> {
        let library = library(folder)?;
        let memory = Box::into_raw(vec![POISON; words].into_boxed_slice());
        Ok(Self {
            library: open(&library)?,
            memory: Memory(memory),
            descending,
            kernels: Mutex::default(),
        })
    }

    fn kernel(&self, name: &str) -> Result<Kernel, GpuError> {
        let mut kernels = self.kernels.lock();
        if let Some(kernel) = kernels.get(name) {
            return Ok(*kernel);
        }
        let missing = |error: libloading::Error| GpuError::Kernel {
            kernel: name.into(),
            reason: error.to_string(),
        };
        // SAFETY: the types are those that `SHIM_KERNEL` gives these functions.
        let kernel = unsafe {
            let launch: Symbol<'_, Launch> = self
                .library
                .get(format!("{name}_launch").as_bytes())
                .map_err(missing)?;
            let size: Symbol<'_, unsafe extern "C" fn() -> u32> = self
                .library
                .get(format!("{name}_size").as_bytes())
                .map_err(missing)?;
            Kernel {
                launch: *launch,
                size: size(),
            }
        };
        kernels.insert(name.into(), kernel);
        Ok(kernel)
    }
}

impl Device for Shim {
    fn name(&self) -> String {
        "the shim".into()
    }

    fn kind(&self) -> &'static str {
        "shim"
    }

    fn memory(&self) -> (Address, u64) {
        (
            self.memory.0.cast::<u32>() as Address,
            4 * self.memory.0.len() as u64,
        )
    }

    unsafe fn copy_in(&self, words: &[u32], to: Address) -> Result<(), GpuError> {
        // SAFETY: the caller says that the place is within the memory.
        unsafe { core::ptr::copy_nonoverlapping(words.as_ptr(), to as *mut u32, words.len()) };
        Ok(())
    }

    unsafe fn copy_out(&self, from: Address, words: &mut [u32]) -> Result<(), GpuError> {
        // SAFETY: the caller says that the place is within the memory.
        unsafe {
            core::ptr::copy_nonoverlapping(from as *const u32, words.as_mut_ptr(), words.len());
        };
        Ok(())
    }

    unsafe fn copy(&self, from: Address, to: Address, words: usize) -> Result<(), GpuError> {
        // SAFETY: the caller says that the places are within the memory and apart.
        unsafe { core::ptr::copy_nonoverlapping(from as *const u32, to as *mut u32, words) };
        Ok(())
    }

    unsafe fn launch(&self, name: &str, grid: Grid, arguments: &[u8]) -> Result<(), GpuError> {
        let kernel = self.kernel(name)?;
        if kernel.size as usize != arguments.len() {
            return Err(GpuError::Kernel {
                kernel: name.into(),
                reason: format!("it takes {} bytes, got {}", kernel.size, arguments.len()),
            });
        }
        let shape = Shape {
            blocks: grid.blocks,
            threads: grid.threads,
            descending: self.descending.into(),
        };
        // The kernel reads its structure in place: at an address that is aligned for it.
        let aligned: Vec<u64> = { arguments.chunks(8) }
            .map(|chunk| {
                let mut bytes = [0; 8];
                bytes[..chunk.len()].copy_from_slice(chunk);
                u64::from_ne_bytes(bytes)
            })
            .collect();
        // SAFETY: the arguments are as many bytes as the kernel reads, and the caller says that
        // what they make it touch is within the memory.
        let status = unsafe { (kernel.launch)(aligned.as_ptr().cast(), &raw const shape) };
        match status {
            0 => Ok(()),
            _ => Err(GpuError::Failed {
                operation: name.into(),
                reason: "some threads of a block ended while others waited for them".into(),
            }),
        }
    }
}

/// Loads a library of kernels.
fn open(path: &Path) -> Result<Library, GpuError> {
    // SAFETY: it was compiled from our own sources; they have no constructors but those of
    // the C++ library.
    unsafe { Library::new(path) }.map_err(compile)
}

/// The compiled kernels in `folder`, named by their sources: all of them in one library.
fn library(folder: &Path) -> Result<PathBuf, GpuError> {
    let compiler = std::env::var("CXX").unwrap_or_else(|_| "c++".into());
    let sources = sources();
    let mut hasher = blake3::Hasher::new();
    for text in [&compiler, HEADER, RUNTIME, &FLAGS.join(" ")] {
        hasher.update(text.as_bytes()).update(&[0]);
    }
    for Source { name, text } in &sources {
        hasher.update(name.as_bytes()).update(&[0]);
        hasher.update(text.as_bytes()).update(&[0]);
    }
    let name = &hex::encode(hasher.finalize().as_bytes())[..16];
    let library = folder.join(format!("libvouch-kernels-{name}.so"));
    if library.exists() {
        return Ok(library);
    }
    std::fs::create_dir_all(folder).map_err(compile)?;
    // Whoever else wants the same kernels waits for them.
    let mut lock = File::options();
    lock.write(true).create(true).truncate(false);
    let lock = lock.open(folder.join("lock")).map_err(compile)?;
    lock.lock().map_err(compile)?;
    if library.exists() {
        return Ok(library);
    }
    let work = tempfile::tempdir_in(folder).map_err(compile)?;
    let write = |name: &str, text: &str| std::fs::write(work.path().join(name), text);
    write("shim.h", HEADER).map_err(compile)?;
    write("shim.cpp", RUNTIME).map_err(compile)?;
    let mut units = vec!["shim.cpp".to_string()];
    for Source { name, text } in sources {
        write(&name, &text).map_err(compile)?;
        if name.ends_with(".cu") {
            units.push(name);
        }
    }
    let at_once = std::thread::available_parallelism().map_or(1, usize::from);
    let mut objects = Vec::with_capacity(units.len());
    for units in units.chunks(at_once) {
        objects.extend(compile_units(&compiler, work.path(), units)?);
    }
    let built = work.path().join("kernels.so");
    finish(
        Command::new(&compiler)
            .args(["-shared", "-o"])
            .arg(&built)
            .args(objects)
            .current_dir(work.path()),
    )?;
    std::fs::rename(&built, &library).map_err(compile)?;
    Ok(library)
}

/// Compiles files side by side, all at once.
fn compile_units(compiler: &str, folder: &Path, units: &[String]) -> Result<Vec<String>, GpuError> {
    let started: Result<Vec<_>, _> = units
        .iter()
        .map(|unit| {
            let object = format!("{unit}.o");
            Command::new(compiler)
                .args(FLAGS.iter().filter(|&&flag| flag != "-shared"))
                .args(["-x", "c++", "-c", unit, "-o", &object])
                .current_dir(folder)
                .stderr(std::process::Stdio::piped())
                .spawn()
                .map(|child| (child, object))
        })
        .collect();
    started
        .map_err(compile)?
        .into_iter()
        .map(|(child, object)| {
            let output = child.wait_with_output().map_err(compile)?;
            match output.status.success() {
                true => Ok(object),
                false => Err(compile(String::from_utf8_lossy(&output.stderr))),
            }
        })
        .collect()
}

fn finish(command: &mut Command) -> Result<(), GpuError> {
    let output = command.output().map_err(compile)?;
    match output.status.success() {
        true => Ok(()),
        false => Err(compile(String::from_utf8_lossy(&output.stderr))),
    }
}

fn compile(error: impl ToString) -> GpuError {
    GpuError::Compile {
        reason: error.to_string(),
    }
}
