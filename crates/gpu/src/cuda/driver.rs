//! The driver's objects, each given back once dropped. Whoever makes, uses or drops one has bound
//! their context to the thread; they outlive what uses them.

use std::ffi::{CStr, c_void};

use cudarc::driver::result::{self, DriverError};
use cudarc::driver::sys;

use crate::device::Address;
use crate::error::GpuError;

/// The least version of CUDA that the driver must know, as it counts them: that of the compiler
/// of the kernels (`cargo xtask cubins`), and of the functions that are called here.
const LEAST: i32 = 13_000;

/// What the driver says of a failed operation.
pub fn failed(operation: &str) -> impl Fn(DriverError) -> GpuError {
    move |error| GpuError::Failed {
        operation: operation.into(),
        reason: text(error),
    }
}

fn text(error: DriverError) -> String {
    let name = format!("{:?}", error.0);
    match error.error_string() {
        Ok(text) => format!("{name}, {}", text.to_string_lossy()),
        Err(_) => name,
    }
}

fn no_device(error: DriverError) -> GpuError {
    GpuError::NoDevice {
        reason: text(error),
    }
}

/// Loads and starts the driver. Nothing else may be called before.
///
/// # Errors
/// [`GpuError::NoDevice`] and [`GpuError::OldDriver`].
pub fn start() -> Result<(), GpuError> {
    // SAFETY: it loads libraries of the driver's name, and no other.
    if !unsafe { sys::is_culib_present() } {
        return Err(GpuError::NoDevice {
            reason: "NVIDIA's driver (libcuda) is not installed".into(),
        });
    }
    let mut version = 0;
    // SAFETY: it writes one number. It may be asked before the driver is started, and every
    // driver has it, also those that lack what is called below.
    unsafe { sys::cuDriverGetVersion(&raw mut version) }
        .result()
        .map_err(no_device)?;
    if version < LEAST {
        return Err(GpuError::OldDriver {
            expected: version_text(LEAST),
            got: version_text(version),
        });
    }
    result::init().map_err(no_device)
}

/// 13020 is 13.2.
fn version_text(version: i32) -> String {
    format!("{}.{}", version / 1000, version % 1000 / 10)
}

/// A device and its context.
pub struct Context {
    device: sys::CUdevice,
    context: sys::CUcontext,
    /// As it calls itself.
    pub name: String,
    /// 90 for sm_90.
    pub architecture: u32,
}

impl Context {
    /// The context of a device, bound to this thread.
    ///
    /// # Errors
    /// [`GpuError::NoDevice`] and [`GpuError::Failed`].
    pub fn new(ordinal: usize) -> Result<Self, GpuError> {
        let count = result::device::get_count().map_err(no_device)?;
        let known = i32::try_from(ordinal).ok().filter(|&n| n < count);
        let ordinal = known.ok_or_else(|| GpuError::NoDevice {
            reason: format!("number {ordinal} was asked for, but there are {count}"),
        })?;
        let device = result::device::get(ordinal).map_err(no_device)?;
        let name = result::device::get_name(device).map_err(no_device)?;
        let attribute = |attribute| {
            // SAFETY: the device is one that the driver named.
            unsafe { result::device::get_attribute(device, attribute) }.map_err(no_device)
        };
        use sys::CUdevice_attribute_enum as Attribute;
        let major = attribute(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)?;
        let minor = attribute(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)?;
        // SAFETY: as above; it is released once dropped.
        let context = unsafe { result::primary_ctx::retain(device) };
        let context = Self {
            device,
            context: context.map_err(failed("making a context"))?,
            name,
            architecture: (10 * major + minor).unsigned_abs(),
        };
        context.bind()?;
        Ok(context)
    }

    /// Makes it the one that this thread's calls go to.
    ///
    /// # Errors
    /// [`GpuError::Failed`].
    pub fn bind(&self) -> Result<(), GpuError> {
        // SAFETY: it lives.
        unsafe { result::ctx::set_current(self.context) }.map_err(failed("binding a context"))
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: it was retained once. That it cannot be released changes nothing any more.
        let _ = unsafe { result::primary_ctx::release(self.device) };
    }
}

/// Compiled kernels, loaded.
pub struct Module(sys::CUmodule);

/// A kernel of a module.
#[derive(Clone, Copy)]
pub struct Function {
    handle: sys::CUfunction,
    /// Bytes of its arguments.
    pub size: usize,
}

impl Module {
    /// Loads a cubin, whose bytes lie at a multiple of 16.
    ///
    /// # Errors
    /// [`GpuError::Failed`].
    pub fn new(cubin: &'static [u8]) -> Result<Self, GpuError> {
        // SAFETY: it is a whole cubin: the compiler wrote it, and the build took it in.
        let module = unsafe { result::module::load_data(cubin.as_ptr().cast()) };
        module.map(Self).map_err(failed("loading the kernels"))
    }

    /// All kernels with their names, on the device from now on: what is loaded only at its first
    /// launch may find the memory taken.
    ///
    /// # Errors
    /// [`GpuError::Failed`].
    pub fn functions(&self) -> Result<Vec<(String, Function)>, GpuError> {
        let mut count = 0;
        // SAFETY: the module lives; it writes one number.
        let counted = unsafe { sys::cuModuleGetFunctionCount(&raw mut count, self.0) };
        counted.result().map_err(failed("listing the kernels"))?;
        let mut handles = vec![core::ptr::null_mut(); count as usize];
        // SAFETY: there is room for as many as it is told to write.
        unsafe { sys::cuModuleEnumerateFunctions(handles.as_mut_ptr(), count, self.0) }
            .result()
            .map_err(failed("listing the kernels"))?;
        let functions = handles.into_iter().map(|handle| {
            // SAFETY: the driver gave the handle, of a module that lives.
            unsafe { function(handle) }.map_err(failed("loading the kernels"))
        });
        functions.collect()
    }
}

/// # Safety
/// `handle` is that of a function of a module that lives.
unsafe fn function(handle: sys::CUfunction) -> Result<(String, Function), DriverError> {
    let mut name = core::ptr::null();
    let (mut offset, mut size) = (0, 0);
    // SAFETY: the caller says so of the handle; the name is a string that lives as long as the
    // module, and is copied.
    let name = unsafe {
        sys::cuFuncLoad(handle).result()?;
        sys::cuFuncGetName(&raw mut name, handle).result()?;
        CStr::from_ptr(name).to_string_lossy().into_owned()
    };
    // SAFETY: as above; kernels have one argument, the structure.
    unsafe { sys::cuFuncGetParamInfo(handle, 0, &raw mut offset, &raw mut size) }.result()?;
    Ok((name, Function { handle, size }))
}

impl Drop for Module {
    fn drop(&mut self) {
        // SAFETY: it was loaded once, and its functions are used no more.
        let _ = unsafe { result::module::unload(self.0) };
    }
}

/// What is done on the device, in order.
pub struct Stream(sys::CUstream);

impl Stream {
    /// # Errors
    /// [`GpuError::Failed`].
    pub fn new() -> Result<Self, GpuError> {
        result::stream::create(result::stream::StreamKind::NonBlocking)
            .map(Self)
            .map_err(failed("making a stream"))
    }

    /// Starts a kernel.
    ///
    /// # Safety
    /// `arguments` has as many bytes as the kernel takes, and what they make it touch is memory
    /// of the device.
    ///
    /// # Errors
    /// What the driver says: of this kernel, or of what was started before.
    pub unsafe fn launch(
        &self,
        function: Function,
        blocks: [u32; 2],
        threads: [u32; 2],
        arguments: &[u8],
    ) -> Result<(), DriverError> {
        let mut parameters = [arguments.as_ptr().cast_mut().cast::<c_void>()];
        // SAFETY: the driver copies the structure before it returns; the rest is as the caller
        // says.
        unsafe {
            result::launch_kernel(
                function.handle,
                (blocks[0], blocks[1], 1),
                (threads[0], threads[1], 1),
                0,
                self.0,
                &mut parameters,
            )
        }
    }

    /// Starts copying to the device.
    ///
    /// # Safety
    /// There are as many words at `to`; `words` stay as they are until it is done.
    ///
    /// # Errors
    /// [`GpuError::Failed`].
    pub unsafe fn copy_in(&self, words: &[u32], to: Address) -> Result<(), GpuError> {
        // SAFETY: the caller says so.
        unsafe { result::memcpy_htod_async(to, words, self.0) }.map_err(failed(COPY_IN))
    }

    /// Starts copying from the device.
    ///
    /// # Safety
    /// There are as many words at `from`; `words` are left alone until it is done.
    ///
    /// # Errors
    /// [`GpuError::Failed`].
    pub unsafe fn copy_out(&self, from: Address, words: &mut [u32]) -> Result<(), GpuError> {
        // SAFETY: the caller says so.
        unsafe { result::memcpy_dtoh_async(words, from, self.0) }.map_err(failed(COPY_OUT))
    }

    /// Starts copying within the device.
    ///
    /// # Safety
    /// Both places have as many words.
    ///
    /// # Errors
    /// [`GpuError::Failed`].
    pub unsafe fn copy(&self, from: Address, to: Address, words: usize) -> Result<(), GpuError> {
        // SAFETY: the caller says so.
        unsafe { result::memcpy_dtod_async(to, from, 4 * words, self.0) }
            .map_err(failed("a copy within the GPU"))
    }

    /// Waits until all that was started is done.
    ///
    /// # Errors
    /// [`GpuError::Failed`].
    pub fn wait(&self) -> Result<(), GpuError> {
        // SAFETY: it lives.
        unsafe { result::stream::synchronize(self.0) }.map_err(failed("waiting for the GPU"))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // SAFETY: it was made once.
        let _ = unsafe { result::stream::destroy(self.0) };
    }
}

const COPY_IN: &str = "a copy to the GPU, or a kernel before it,";
const COPY_OUT: &str = "a copy from the GPU, or a kernel before it,";

/// A point in a stream.
pub struct Event(sys::CUevent);

impl Event {
    /// # Errors
    /// [`GpuError::Failed`].
    pub fn new() -> Result<Self, GpuError> {
        result::event::create(sys::CUevent_flags::CU_EVENT_DISABLE_TIMING)
            .map(Self)
            .map_err(failed("making an event"))
    }

    /// Is from now on what was started last.
    ///
    /// # Errors
    /// [`GpuError::Failed`].
    pub fn record(&self, stream: &Stream) -> Result<(), GpuError> {
        // SAFETY: both live.
        unsafe { result::event::record(self.0, stream.0) }.map_err(failed(COPY_IN))
    }

    /// Waits until the stream is that far; not at all before it is recorded.
    ///
    /// # Errors
    /// [`GpuError::Failed`].
    pub fn wait(&self) -> Result<(), GpuError> {
        // SAFETY: it lives.
        unsafe { result::event::synchronize(self.0) }.map_err(failed(COPY_OUT))
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        // SAFETY: it was made once.
        let _ = unsafe { result::event::destroy(self.0) };
    }
}
