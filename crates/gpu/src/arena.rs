//! A device's memory, handed out in pieces.
#![expect(unsafe_code, reason = "kernels work on addresses")]

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::device::{Address, Arguments, Device, Grid};
use crate::error::GpuError;

/// Pieces begin at multiples of this many bytes, as coalesced access wants it.
const ALIGNMENT: u64 = 256;

/// A device with its memory.
#[derive(Clone)]
pub struct Gpu {
    shared: Arc<Shared>,
}

struct Shared {
    device: Box<dyn Device>,
    total: u64,
    pieces: Mutex<Pieces>,
}

/// What is free, by address, with its bytes; and what was ever handed out at once.
struct Pieces {
    free: BTreeMap<Address, u64>,
    used: u64,
    peak: u64,
}

impl Gpu {
    /// Takes over `device` and all of its memory.
    pub fn new(device: Box<dyn Device>) -> Self {
        let (first, total) = device.memory();
        let pieces = Pieces {
            free: BTreeMap::from([(first, total)]),
            used: 0,
            peak: 0,
        };
        Self {
            shared: Arc::new(Shared {
                device,
                total,
                pieces: Mutex::new(pieces),
            }),
        }
    }

    /// What the device is.
    pub fn name(&self) -> String {
        self.shared.device.name()
    }

    /// The name of its kind: of the backend that it is.
    pub fn kind(&self) -> &'static str {
        self.shared.device.kind()
    }

    /// Bytes of the device's memory.
    pub fn total(&self) -> u64 {
        self.shared.total
    }

    /// The most bytes that were in use at once since this was last called.
    pub fn take_peak(&self) -> u64 {
        let mut pieces = self.shared.pieces();
        let used = pieces.used;
        core::mem::replace(&mut pieces.peak, used)
    }

    /// `words` words of memory, whose contents are whatever they were.
    ///
    /// # Errors
    /// [`GpuError::Memory`] if no free piece is large enough.
    pub fn buffer(&self, words: usize) -> Result<Buffer, GpuError> {
        let bytes = (4 * words as u64)
            .next_multiple_of(ALIGNMENT)
            .max(ALIGNMENT);
        let address = self.shared.pieces().take(bytes, self.shared.total)?;
        Ok(Buffer {
            shared: Arc::clone(&self.shared),
            address,
            bytes,
            words,
        })
    }

    /// A buffer that holds `words`.
    ///
    /// # Errors
    /// Those of [`Self::buffer`] and [`Device::copy_in`].
    pub fn upload(&self, words: &[u32]) -> Result<Buffer, GpuError> {
        let buffer = self.buffer(words.len())?;
        buffer.write(0, words)?;
        Ok(buffer)
    }

    /// Runs a kernel on `grid`.
    ///
    /// # Safety
    /// What `arguments` make the kernel read and write lies in buffers that live, and kernels
    /// write to none that another thread uses.
    ///
    /// # Errors
    /// Those of [`Device::launch`].
    pub unsafe fn launch<A: Arguments>(&self, grid: Grid, arguments: A) -> Result<(), GpuError> {
        // SAFETY: the caller says so.
        unsafe { self.launch_named(A::KERNEL, grid, arguments) }
    }

    /// Runs one of several kernels that take the same arguments: the one called
    /// `<Arguments::KERNEL>_<variant>`.
    ///
    /// # Safety
    /// As of [`Self::launch`].
    ///
    /// # Errors
    /// Those of [`Device::launch`].
    pub unsafe fn launch_variant<A: Arguments>(
        &self,
        variant: &str,
        grid: Grid,
        arguments: A,
    ) -> Result<(), GpuError> {
        // SAFETY: the caller says so.
        unsafe { self.launch_named(&format!("{}_{variant}", A::KERNEL), grid, arguments) }
    }

    unsafe fn launch_named<A: Arguments>(
        &self,
        kernel: &str,
        grid: Grid,
        arguments: A,
    ) -> Result<(), GpuError> {
        // SAFETY: `Arguments` are plain data without padding.
        let bytes = unsafe {
            core::slice::from_raw_parts((&raw const arguments).cast::<u8>(), size_of::<A>())
        };
        // SAFETY: the caller says so.
        unsafe { self.shared.device.launch(kernel, grid, bytes) }
    }
}

impl Shared {
    fn pieces(&self) -> parking_lot::MutexGuard<'_, Pieces> {
        self.pieces.lock()
    }
}

impl Pieces {
    /// The first piece that is large enough: what is dropped last is not used again at once, so
    /// that long-lived buffers gather at the front.
    fn take(&mut self, bytes: u64, total: u64) -> Result<Address, GpuError> {
        let Some((&address, &free)) = self.free.iter().find(|&(_, &free)| free >= bytes) else {
            return Err(GpuError::Memory {
                needed: bytes,
                free: self.free.values().copied().max().unwrap_or(0),
                total,
            });
        };
        self.free.remove(&address);
        if free > bytes {
            self.free.insert(address + bytes, free - bytes);
        }
        self.used += bytes;
        self.peak = self.peak.max(self.used);
        Ok(address)
    }

    fn give_back(&mut self, mut address: Address, mut bytes: u64) {
        self.used -= bytes;
        if let Some(after) = self.free.remove(&(address + bytes)) {
            bytes += after;
        }
        let before = self.free.range(..address).next_back();
        if let Some((&before, &size)) = before.filter(|&(&before, &size)| before + size == address)
        {
            self.free.remove(&before);
            (address, bytes) = (before, bytes + size);
        }
        self.free.insert(address, bytes);
    }
}

/// A piece of a device's memory; free again once dropped.
pub struct Buffer {
    shared: Arc<Shared>,
    address: Address,
    bytes: u64,
    words: usize,
}

impl Buffer {
    /// Number of words.
    pub fn len(&self) -> usize {
        self.words
    }

    /// True if it holds no words.
    pub fn is_empty(&self) -> bool {
        self.words == 0
    }

    /// Where word `first` is; for the arguments of kernels.
    ///
    /// # Panics
    /// If it has fewer words.
    pub fn at(&self, first: usize) -> Address {
        assert!(first <= self.words, "word {first} of {}", self.words);
        self.address + 4 * first as u64
    }

    /// Where it begins.
    pub fn start(&self) -> Address {
        self.address
    }

    /// Writes `words` to the words from `first` on.
    ///
    /// # Panics
    /// If it has fewer words.
    ///
    /// # Errors
    /// [`GpuError::Failed`].
    pub fn write(&self, first: usize, words: &[u32]) -> Result<(), GpuError> {
        assert!(
            first + words.len() <= self.words,
            "{} of {}",
            words.len(),
            self.words
        );
        // SAFETY: the words are within this buffer.
        unsafe { self.shared.device.copy_in(words, self.at(first)) }
    }

    /// The words of a range.
    ///
    /// # Panics
    /// If it has fewer words.
    ///
    /// # Errors
    /// [`GpuError::Failed`].
    pub fn read(&self, range: Range<usize>) -> Result<Vec<u32>, GpuError> {
        assert!(range.end <= self.words, "{range:?} of {}", self.words);
        let mut words = vec![0; range.len()];
        // SAFETY: the words are within this buffer.
        unsafe {
            self.shared
                .device
                .copy_out(self.at(range.start), &mut words)?
        };
        Ok(words)
    }

    /// All words.
    ///
    /// # Errors
    /// [`GpuError::Failed`].
    pub fn read_all(&self) -> Result<Vec<u32>, GpuError> {
        self.read(0..self.words)
    }

    /// Copies `words` words from `from` of another buffer to `to` of this one.
    ///
    /// # Panics
    /// If one of the buffers has fewer words.
    ///
    /// # Errors
    /// [`GpuError::Failed`].
    pub fn copy_from(
        &self,
        to: usize,
        other: &Self,
        from: usize,
        words: usize,
    ) -> Result<(), GpuError> {
        assert!(to + words <= self.words && from + words <= other.words);
        // SAFETY: both places are within their buffers, and buffers do not overlap.
        unsafe { self.shared.device.copy(other.at(from), self.at(to), words) }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.shared.pieces().give_back(self.address, self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Memory that nobody looks at.
    struct Nothing;

    impl Device for Nothing {
        fn name(&self) -> String {
            "nothing".into()
        }
        fn kind(&self) -> &'static str {
            "nothing"
        }
        fn memory(&self) -> (Address, u64) {
            (4096, 1024)
        }
        unsafe fn copy_in(&self, _: &[u32], _: Address) -> Result<(), GpuError> {
            Ok(())
        }
        unsafe fn copy_out(&self, _: Address, _: &mut [u32]) -> Result<(), GpuError> {
            Ok(())
        }
        unsafe fn copy(&self, _: Address, _: Address, _: usize) -> Result<(), GpuError> {
            Ok(())
        }
        unsafe fn launch(&self, _: &str, _: Grid, _: &[u8]) -> Result<(), GpuError> {
            Ok(())
        }
    }

    #[test]
    fn pieces_join_again() {
        let gpu = Gpu::new(Box::new(Nothing));
        let [a, b, c] = [1, 64, 65].map(|words| gpu.buffer(words).expect("there is room"));
        assert_eq!([&a, &b, &c].map(Buffer::start), [4096, 4352, 4608]);
        let full = GpuError::Memory {
            needed: 256,
            free: 0,
            total: 1024,
        };
        assert_eq!(gpu.buffer(1).err(), Some(full));
        drop(a);
        drop(c);
        let torn = GpuError::Memory {
            needed: 768,
            free: 512,
            total: 1024,
        };
        assert_eq!(gpu.buffer(192).err(), Some(torn));
        drop(b);
        assert_eq!(gpu.take_peak(), 1024);
        assert_eq!(gpu.take_peak(), 0);
        assert_eq!(gpu.buffer(256).expect("all is free").start(), 4096);
    }
}
