//! The driver that is not NVIDIA's.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use libloading::Library;
use parking_lot::{Mutex, MutexGuard};

/// What it says of itself and of its devices.
#[derive(Clone, Copy)]
pub struct Setting {
    /// 13020 is CUDA 13.2.
    pub version: i32,
    /// Devices.
    pub count: i32,
    /// 90 for sm_90.
    pub architecture: i32,
    /// Bytes of free memory.
    pub free: u64,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            version: 13_000,
            count: 2,
            architecture: 90,
            free: 1 << 30,
        }
    }
}

/// The driver, which one test at a time has. Once dropped, all must have been given back to it.
pub struct Fake {
    _turn: MutexGuard<'static, ()>,
}

impl Fake {
    /// The driver with this setting.
    pub fn new(setting: Setting) -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock();
        // SAFETY: the function is of this type.
        unsafe {
            let set = library().get::<unsafe extern "C" fn(i32, i32, i32, u64)>(b"fake_set");
            set.expect("it is there")(
                setting.version,
                setting.count,
                setting.architecture,
                setting.free,
            );
        }
        Self { _turn: turn }
    }

    /// Modules that were loaded, and the oldest architecture that one was compiled for.
    pub fn loaded(&self) -> (usize, i32) {
        (tell(b"fake_modules") as usize, tell(b"fake_oldest"))
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        let live = tell(b"fake_live");
        if !std::thread::panicking() {
            assert_eq!(live, 0, "objects that were not given back");
        }
    }
}

/// What one of the driver's functions says.
fn tell(name: &[u8]) -> i32 {
    // SAFETY: the function is of this type.
    unsafe {
        let function = library().get::<unsafe extern "C" fn() -> i32>(name);
        function.expect("it is there")()
    }
}

/// The driver's library, compiled and loaded. From then on who loads a library of the same name
/// (its `soname`) gets this one, whatever the machine has.
fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let path = folder.path().join("libfake.so");
        let status = Command::new(std::env::var("CC").unwrap_or_else(|_| "cc".into()))
            .args(["-O1", "-Wall", "-Werror", "-fPIC", "-shared", "-pthread"])
            .args(["-Wl,-soname,libcuda.so", "-o"])
            .arg(&path)
            .arg(crate_folder.join("tests/cuda/driver.c"))
            .status();
        assert!(status.expect("there is a compiler").success());
        // SAFETY: it is ours, and nothing runs when it is loaded.
        unsafe { Library::new(&path) }.expect("it loads")
    })
}
