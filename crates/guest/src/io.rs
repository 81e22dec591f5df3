//! Private input and the public journal: values of serde's types ([`read`], [`commit`]), whose bytes
//! docs/encoding.md has, and slices of bytes, which cost neither a copy nor an instruction a byte.
//! Calls of the machine move whole words, so they want word-aligned memory. A slice that is not
//! aligned goes through a small buffer, and a large one is moved by several calls. [`Chunk`] and
//! [`Exact`] are aligned and cost nothing to create.
#![expect(
    unsafe_code,
    reason = "input lands in memory that need not be initialised"
)]

#[cfg(feature = "alloc")]
use alloc::vec::Vec;
use core::fmt;
use core::mem::MaybeUninit;

use vouch_isa::abi;

use crate::syscall;

/// Most bytes that one call moves. A call is never cut in two by segments of a proof, whose
/// memory it therefore bounds from below; more is moved by several.
pub const CALL_BYTES: usize = 1 << 16;

/// Bytes that unaligned reads and commits move at a time.
const BOUNCE_BYTES: usize = 256;

/// Reads from the input until `buffer` is full or the input ends; returns the bytes read.
#[inline]
pub fn read_slice(buffer: &mut [u8]) -> usize {
    let room: *mut [u8] = buffer;
    // SAFETY: same memory, same length; `fill` only ever stores initialised bytes.
    fill(unsafe { &mut *(room as *mut [MaybeUninit<u8>]) })
}

/// Fills `buffer` from the input.
///
/// # Errors
/// [`WrongLength`] if the input ends first.
#[inline]
pub fn read_exact(buffer: &mut [u8]) -> Result<(), WrongLength> {
    let got = read_slice(buffer);
    if got == buffer.len() {
        Ok(())
    } else {
        Err(WrongLength {
            expected: buffer.len(),
            got,
        })
    }
}

/// Reads the rest of the input.
#[cfg(feature = "alloc")]
pub fn read_to_end() -> Vec<u8> {
    const CHUNK_BYTES: usize = 4096;
    let mut input = Vec::new();
    loop {
        // Doubles as it grows. Every length but the last is a multiple of the word size, so
        // reads land aligned.
        input.reserve(CHUNK_BYTES);
        let room = input.spare_capacity_mut();
        let asked = room.len() & !(align_of::<u32>() - 1);
        let got = fill(&mut room[..asked]);
        // SAFETY: `fill` initialised `got` bytes after the old length.
        unsafe { input.set_len(input.len() + got) };
        if got < asked {
            return input;
        }
    }
}

/// Appends `bytes` to the journal.
#[inline]
pub fn commit_slice(bytes: &[u8]) {
    if is_aligned(bytes.as_ptr()) {
        commit_aligned(bytes);
    } else {
        commit_bounced(bytes);
    }
}

/// Appends `word` to the journal as four little-endian bytes.
#[inline]
pub fn commit_word(word: u32) {
    #[repr(align(4))]
    struct Aligned([u8; 4]);
    commit_slice(&Aligned(word.to_le_bytes()).0);
}

/// Room for up to `N` bytes of input on the stack, for guests that stream their input and
/// need no heap.
#[repr(C, align(4))]
pub struct Chunk<const N: usize>([MaybeUninit<u8>; N]);

impl<const N: usize> Chunk<N> {
    /// Empty room.
    #[inline]
    pub const fn new() -> Self {
        Self([MaybeUninit::uninit(); N])
    }

    /// Replaces the contents with the next `min(N, bytes left)` bytes of input.
    #[inline]
    pub fn read(&mut self) -> &[u8] {
        let got = fill(&mut self.0);
        // SAFETY: `fill` initialised the first `got` bytes.
        unsafe { self.0[..got].assume_init_ref() }
    }
}

impl<const N: usize> Default for Chunk<N> {
    fn default() -> Self {
        Self::new()
    }
}

/// Room for an input that must be `N` bytes, no less and no more.
#[repr(C, align(4))]
pub struct Exact<const N: usize> {
    bytes: [MaybeUninit<u8>; N],
    /// A longer input spills into here: who reads it notices.
    excess: MaybeUninit<u32>,
}

impl<const N: usize> Exact<N> {
    /// Empty room.
    #[inline]
    pub const fn new() -> Self {
        Self {
            bytes: [MaybeUninit::uninit(); N],
            excess: MaybeUninit::uninit(),
        }
    }

    /// Reads the whole input.
    ///
    /// # Errors
    /// [`WrongLength`] if it is not `N` bytes.
    #[inline]
    pub fn read(&mut self) -> Result<&[u8; N], WrongLength> {
        let room: *mut Self = self;
        // SAFETY: it reads into `self`, whose bytes may hold anything.
        let got = unsafe { read_aligned(room.cast(), size_of::<Self>()) };
        if got != N {
            return Err(wrong_length(N, got, size_of::<Self>()));
        }
        let bytes: *const [MaybeUninit<u8>; N] = &self.bytes;
        // SAFETY: the first `N` bytes of `self` are `bytes`, and were just read.
        Ok(unsafe { &*bytes.cast::<[u8; N]>() })
    }
}

impl<const N: usize> Default for Exact<N> {
    fn default() -> Self {
        Self::new()
    }
}

/// An input of another length than the guest takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongLength {
    /// Bytes wanted.
    pub expected: usize,
    /// Bytes there were.
    pub got: usize,
}

impl fmt::Display for WrongLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { expected, got } = self;
        write!(f, "expected {expected} bytes of input, got {got}")
    }
}

impl core::error::Error for WrongLength {}

/// Counts the rest of an input of which `got` of `asked` bytes have been read.
#[cold]
fn wrong_length(expected: usize, mut got: usize, asked: usize) -> WrongLength {
    if got == asked {
        let mut rest = Chunk::<BOUNCE_BYTES>::new();
        loop {
            let more = rest.read().len();
            got += more;
            if more < BOUNCE_BYTES {
                break;
            }
        }
    }
    WrongLength { expected, got }
}

/// Reads into `room` until it is full or the input ends; returns the bytes read, all of
/// them initialised.
#[inline]
pub(crate) fn fill(room: &mut [MaybeUninit<u8>]) -> usize {
    let start = room.as_mut_ptr().cast::<u8>();
    if is_aligned(start) {
        // SAFETY: `room` is ours to write.
        unsafe { read_aligned(start, room.len()) }
    } else {
        fill_bounced(room)
    }
}

/// Reads into `[room, room + len)`, which is word-aligned, until it is full or the input ends;
/// returns the bytes read.
///
/// # Safety
/// `[room, room + len)` must be valid for writes.
#[inline]
unsafe fn read_aligned(room: *mut u8, len: usize) -> usize {
    if len <= CALL_BYTES {
        // SAFETY: the caller's promise.
        unsafe { syscall::read(room, len) }
    } else {
        // SAFETY: the same.
        unsafe { read_in_pieces(room, len) }
    }
}

/// # Safety
/// As for [`read_aligned`].
#[cold]
unsafe fn read_in_pieces(room: *mut u8, len: usize) -> usize {
    let mut filled = 0;
    while filled < len {
        let asked = (len - filled).min(CALL_BYTES);
        // SAFETY: a piece of the room. It is aligned, since those before it were full.
        let got = unsafe { syscall::read(room.add(filled), asked) };
        filled += got;
        if got < asked {
            break;
        }
    }
    filled
}

#[inline]
fn commit_aligned(bytes: &[u8]) {
    if bytes.len() <= CALL_BYTES {
        syscall::write(abi::FD_JOURNAL, bytes);
    } else {
        commit_in_pieces(bytes);
    }
}

#[cold]
fn commit_in_pieces(bytes: &[u8]) {
    for piece in bytes.chunks(CALL_BYTES) {
        syscall::write(abi::FD_JOURNAL, piece);
    }
}

#[cold]
fn fill_bounced(room: &mut [MaybeUninit<u8>]) -> usize {
    let mut bounce = Chunk::<BOUNCE_BYTES>::new();
    let mut filled = 0;
    for part in room.chunks_mut(BOUNCE_BYTES) {
        let got = fill(&mut bounce.0[..part.len()]);
        part[..got].copy_from_slice(&bounce.0[..got]);
        filled += got;
        if got < part.len() {
            break;
        }
    }
    filled
}

#[cold]
fn commit_bounced(bytes: &[u8]) {
    let mut bounce = Chunk::<BOUNCE_BYTES>::new();
    for part in bytes.chunks(BOUNCE_BYTES) {
        let copy = bounce.0[..part.len()].write_copy_of_slice(part);
        syscall::write(abi::FD_JOURNAL, copy);
    }
}

#[inline]
fn is_aligned(bytes: *const u8) -> bool {
    bytes.addr().is_multiple_of(align_of::<u32>())
}

#[cfg(feature = "serde")]
mod typed;

#[cfg(feature = "serde")]
pub use typed::{InputError, commit, end, read, read_frame, try_end, try_read, try_read_frame};
