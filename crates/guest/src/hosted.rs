//! What the standard library calls, by the names that it knows from the target
//! `riscv32im-risc0-zkvm-elf` (its `sys/pal/zkvm/abi.rs`), in terms of the three calls; and what
//! happens where a program cannot go on.
#![expect(
    unsafe_code,
    reason = "the library calls by names of C and hands over raw memory"
)]

use core::alloc::Layout;
use core::fmt::{Arguments, Display};
use core::mem::MaybeUninit;
use core::slice;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::alloc::set_alloc_error_hook;
use std::boxed::Box;
use std::io::{Write, stdout};
use std::panic::{self, PanicHookInfo};

use vouch_isa::abi;

use crate::{heap, io, syscall};

/// Before `main`, so that a guest with std ends as one without does, whatever the library would
/// do: it aborts by an instruction that is a fault, which is no receipt.
#[used]
#[unsafe(link_section = ".init_array")]
static BEFORE_MAIN: extern "C" fn() = set_hooks;

extern "C" fn set_hooks() {
    // A function has no size: this allocates nothing.
    panic::set_hook(Box::new(on_panic));
    set_alloc_error_hook(on_full_heap);
}

/// Whether the guest ends, and with which code.
static ENDS: AtomicBool = AtomicBool::new(false);
static CODE: AtomicU32 = AtomicU32::new(0);

/// Prints what the library's stdout still holds, a line that has not ended, and halts. What goes wrong meanwhile (the
/// library makes its stdout now if nobody has printed, and there may be no memory) halts with the same code.
pub fn exit(code: u32) -> ! {
    if !ENDS.swap(true, Ordering::Relaxed) {
        CODE.store(code, Ordering::Relaxed);
        // The console takes everything.
        let _ = stdout().flush();
    }
    syscall::exit(CODE.load(Ordering::Relaxed))
}

/// Prints and ends as the panic handler without std.
fn on_panic(info: &PanicHookInfo<'_>) {
    if !ENDS.load(Ordering::Relaxed) {
        crate::eprintln!("{info}");
    }
    exit(abi::PANIC_EXIT_CODE)
}

fn on_full_heap(layout: Layout) {
    if ENDS.load(Ordering::Relaxed) {
        exit(abi::PANIC_EXIT_CODE)
    }
    // The text with which the library panics where there is no std.
    let cause = Cause(format_args!(
        "memory allocation of {} bytes failed",
        layout.size()
    ));
    crate::eprintln!("{}", cause.message());
    heap::explain(&cause);
    exit(abi::PANIC_EXIT_CODE)
}

/// What [`heap::explain`] gets instead of a panic, which a full heap is not here.
pub struct Cause<'t>(Arguments<'t>);

impl Cause<'_> {
    /// The text.
    pub fn message(&self) -> impl Display {
        self.0
    }
}

/// The end of a panic whose hook, one of the guest's own, has returned.
#[unsafe(no_mangle)]
extern "C" fn sys_panic(_message: *const u8, _length: usize) -> ! {
    exit(abi::PANIC_EXIT_CODE)
}

/// Standard input is the guest's input, as bytes.
///
/// # Safety
/// `[room, room + length)` must be valid for writes.
#[unsafe(no_mangle)]
unsafe extern "C" fn sys_read(_fd: u32, room: *mut u8, length: usize) -> usize {
    // SAFETY: the caller's promise; it may be memory that nobody has written to yet.
    io::fill(unsafe { slice::from_raw_parts_mut(room.cast::<MaybeUninit<u8>>(), length) })
}

/// Standard output and standard error: the console.
///
/// # Safety
/// `[bytes, bytes + length)` must be valid for reads.
#[unsafe(no_mangle)]
unsafe extern "C" fn sys_write(fd: u32, bytes: *const u8, length: usize) {
    // SAFETY: the caller's promise.
    syscall::write(fd, unsafe { slice::from_raw_parts(bytes, length) });
}

/// The keys of every `HashMap` start from zeros: a run is the same every time. Nothing else in the
/// library asks for randomness; what is to be unpredictable comes from [`crate::random`].
///
/// # Safety
/// `[words, words + count)` must be valid for writes.
#[unsafe(no_mangle)]
unsafe extern "C" fn sys_rand(words: *mut u32, count: usize) {
    // SAFETY: the caller's promise.
    unsafe { words.write_bytes(0, count) }
}

/// There is no environment: no variable is set.
#[unsafe(no_mangle)]
extern "C" fn sys_getenv(_: *mut u32, _: usize, _name: *const u8, _length: usize) -> usize {
    usize::MAX
}

/// There are no arguments, not even a name of the program.
#[unsafe(no_mangle)]
extern "C" fn sys_argc() -> usize {
    0
}

/// Never called, as there is no argument.
#[unsafe(no_mangle)]
extern "C" fn sys_argv(_: *mut u32, _: usize, _index: usize) -> usize {
    0
}

/// Memory for a variable or an argument, of which there is none.
#[unsafe(no_mangle)]
extern "C" fn sys_alloc_words(words: usize) -> *mut u32 {
    sys_alloc_aligned(words.saturating_mul(size_of::<u32>()), align_of::<u32>()).cast()
}

/// `std::alloc::System`, for a guest that names it. It never frees, by the library's doing; boxes
/// and vectors come from the global allocator, which does.
#[unsafe(no_mangle)]
extern "C" fn sys_alloc_aligned(bytes: usize, alignment: usize) -> *mut u8 {
    match Layout::from_size_align(bytes, alignment) {
        // SAFETY: the size is not 0.
        Ok(layout) if bytes > 0 => unsafe { std::alloc::alloc(layout) },
        _ => core::ptr::null_mut(),
    }
}
