//! The global allocator: talc over the heap of link.ld.
#![expect(unsafe_code, reason = "an allocator hands out raw memory")]

use core::alloc::{GlobalAlloc, Layout};

use talc::TalcCell;
use talc::base::{Talc, binning::Binning};
use talc::source::Source;

// The linker script defines these by address; their contents are the heap itself.
unsafe extern "C" {
    static mut __heap_start: u8;
    static mut __heap_end: u8;
}

#[global_allocator]
static HEAP: Heap = Heap(TalcCell::new(LinkerHeap { claimed: false }));

struct Heap(TalcCell<LinkerHeap>);

// SAFETY: a guest has one thread and no interrupts.
unsafe impl Sync for Heap {}

// SAFETY: talc's allocator, except that it never returns null: exhaustion ends the guest,
// because `handle_alloc_error` would not say what ran out. The panic cannot unwind.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's layout is not of size 0, as talc asks.
        or_exhausted(unsafe { self.0.alloc(layout) }, layout.size())
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: `block` came from `alloc` with this layout.
        unsafe { self.0.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: `block` came from `alloc` with this layout and `size` is not 0.
        or_exhausted(unsafe { self.0.realloc(block, layout, size) }, size)
    }
}

#[inline]
fn or_exhausted(block: *mut u8, size: usize) -> *mut u8 {
    if block.is_null() {
        exhausted(size);
    }
    block
}

#[cold]
fn exhausted(size: usize) -> ! {
    let (_, total) = bounds();
    panic!("heap exhausted: no room for {size} bytes in a heap of {total} bytes");
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
