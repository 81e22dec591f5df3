//! The global allocator: talc over the heap of link.ld.
#![expect(unsafe_code, reason = "an allocator hands out raw memory")]

use crate::Cause;
use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::fmt::{self, Display, Write};

use talc::TalcCell;
use talc::base::{Talc, binning::Binning};
use talc::source::Source;

// The linker script defines these by address; their contents are the heap itself.
unsafe extern "C" {
    static mut __heap_start: u8;
    static mut __heap_end: u8;
}

#[global_allocator]
static HEAP: Heap = Heap {
    talc: TalcCell::new(LinkerHeap { claimed: false }),
    refused: Cell::new(0),
};

struct Heap {
    talc: TalcCell<LinkerHeap>,
    /// Bytes of the last block for which there was no room.
    refused: Cell<usize>,
}

impl Heap {
    #[inline]
    fn noting(&self, block: *mut u8, size: usize) -> *mut u8 {
        if block.is_null() {
            self.refused.set(size);
        }
        block
    }
}

// SAFETY: a guest has one thread and no interrupts.
unsafe impl Sync for Heap {}

// SAFETY: talc's allocator. It returns null where there is no room, as `try_reserve` and its kin
// expect; whoever cannot do without panics.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's layout is not of size 0, as talc asks.
        self.noting(unsafe { self.talc.alloc(layout) }, layout.size())
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: `block` came from `alloc` with this layout.
        unsafe { self.talc.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: `block` came from `alloc` with this layout and `size` is not 0.
        self.noting(unsafe { self.talc.realloc(block, layout, size) }, size)
    }
}

/// Says what ran out if that is why the guest panics: the library's panic names only the size
/// that it could not have.
#[cold]
pub fn explain(info: &Cause<'_>) {
    let size = HEAP.refused.get();
    if size != 0 && is_about(info, size) {
        let (_, total) = bounds();
        crate::eprintln!(
            "heap exhausted: no room for {size} bytes in a heap of {total} bytes; \
             --defsym=__heap_size=BYTES makes a larger one"
        );
    }
}

/// Whether the panic is that of the library for a block of this size. It has no type to tell it by,
/// only its text.
fn is_about(info: &Cause<'_>, size: usize) -> bool {
    let mut text = Text::default();
    write!(text, "memory allocation of {size} bytes failed").is_ok()
        && Rest(text.bytes()).is(&info.message())
}

/// A text of one short line.
struct Text {
    bytes: [u8; 64],
    length: usize,
}

impl Default for Text {
    fn default() -> Self {
        Self {
            bytes: [0; 64],
            length: 0,
        }
    }
}

impl Text {
    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl Write for Text {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let room = self.bytes.get_mut(self.length..self.length + part.len());
        room.ok_or(fmt::Error)?.copy_from_slice(part.as_bytes());
        self.length += part.len();
        Ok(())
    }
}

/// What is left of a text with which another one is compared while it is written.
struct Rest<'t>(&'t [u8]);

impl Rest<'_> {
    fn is(mut self, other: &dyn Display) -> bool {
        write!(self, "{other}").is_ok() && self.0.is_empty()
    }
}

impl Write for Rest<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(part.as_bytes()).ok_or(fmt::Error)?;
        Ok(())
    }
}

/// First byte of the heap and its length in bytes.
fn bounds() -> (*mut u8, usize) {
    let (start, end) = (&raw mut __heap_start, &raw mut __heap_end);
    (start, end.addr() - start.addr())
}

/// Gives talc the whole heap at the first allocation.
#[derive(Debug)]
struct LinkerHeap {
    claimed: bool,
}

// SAFETY: `acquire` allocates nothing.
unsafe impl Source for LinkerHeap {
    fn acquire<B: Binning>(talc: &mut Talc<Self, B>, _layout: Layout) -> Result<(), ()> {
        if talc.source.claimed {
            return Err(());
        }
        talc.source.claimed = true;
        let (start, size) = bounds();
        // SAFETY: link.ld reserves these bytes for the heap; they are claimed once.
        unsafe { talc.claim(start, size) }.map(|_| ()).ok_or(())
    }
}
