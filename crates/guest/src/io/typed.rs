//! Values of serde's types.
#![expect(
    unsafe_code,
    reason = "a frame lands in memory that need not be initialised"
)]

use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::{AtomicU32, Ordering};

use vouch_codec::{DeserializeOwned, Serialize};

use super::Chunk;
use crate::refuse;

/// Frames begun, for messages: the first one is 1. A load and a store, which one hart may do.
static FRAMES: AtomicU32 = AtomicU32::new(0);

/// Reads the next frame of the input as a value. An input that holds no such value there is
/// refused: the guest says why and exits with code 1.
pub fn read<T: DeserializeOwned>() -> T {
    try_read().unwrap_or_else(|error| refuse(error))
}

/// Reads the next frame of the input as a value.
///
/// # Errors
/// There is no whole frame, or it is not the encoding of a `T`, all of it.
pub fn try_read<T: DeserializeOwned>() -> Result<T, InputError> {
    let bytes = try_read_frame()?;
    vouch_codec::from_slice(&bytes).map_err(|error| InputError::Value {
        frame: FRAMES.load(Ordering::Relaxed),
        error,
    })
}

/// Reads the bytes of the next frame of the input, whatever they are: raw bytes, or a value that
/// is decoded in place by `vouch_codec::from_slice`. The memory is word-aligned. An
/// input without a whole frame is refused, as by [`read`].
pub fn read_frame() -> Vec<u8> {
    try_read_frame().unwrap_or_else(|error| refuse(error))
}

/// As [`read_frame`].
///
/// # Errors
/// There is no whole frame, or no room for it.
pub fn try_read_frame() -> Result<Vec<u8>, InputError> {
    let frame = FRAMES.load(Ordering::Relaxed).wrapping_add(1);
    FRAMES.store(frame, Ordering::Relaxed);
    let length = match *Chunk::<4>::new().read() {
        [a, b, c, d] => u32::from_le_bytes([a, b, c, d]),
        [] => return Err(InputError::NoFrame { frame }),
        ref part => {
            return Err(InputError::FrameLength {
                frame,
                got: part.len(),
            });
        }
    };
    let expected = length as usize;
    let mut bytes = Vec::new();
    // Room that is not written to costs nothing, however much a length claims.
    if bytes.try_reserve_exact(expected).is_err() {
        return Err(InputError::FrameRoom { frame, expected });
    }
    let got = super::fill(&mut bytes.spare_capacity_mut()[..expected]);
    // SAFETY: `fill` initialised `got` bytes.
    unsafe { bytes.set_len(got) };
    if got == expected {
        Ok(bytes)
    } else {
        Err(InputError::FrameEnd {
            frame,
            expected,
            got,
        })
    }
}

/// Appends the encoding of a value to the journal.
///
/// # Panics
/// The type cannot be encoded, which does not depend on the input for types that serde derives:
/// see `vouch_codec::encode`.
pub fn commit<T: Serialize + ?Sized>(value: &T) {
    match vouch_codec::encode(value) {
        Ok(bytes) => super::commit_slice(&bytes),
        Err(error) => panic!("vouch_guest: cannot commit: {error}"),
    }
}

/// The input ends here: if any is left, it is refused as by [`read`].
pub fn end() {
    if let Err(error) = try_end() {
        refuse(error);
    }
}

/// The input ends here. What is left of it is read, to be counted.
///
/// # Errors
/// [`InputError::LeftOver`] if any is left.
pub fn try_end() -> Result<(), InputError> {
    match super::wrong_length(0, 0, 0).got {
        0 => Ok(()),
        got => Err(InputError::LeftOver {
            frames: FRAMES.load(Ordering::Relaxed),
            got,
        }),
    }
}

/// An input that is not what the guest takes. Frames count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InputError {
    /// The input ended before the frame.
    NoFrame {
        /// Which frame.
        frame: u32,
    },
    /// The input ended within the four bytes that say how long the frame is.
    FrameLength {
        /// Which frame.
        frame: u32,
        /// Bytes there were.
        got: usize,
    },
    /// The frame is larger than what is free of the heap.
    FrameRoom {
        /// Which frame.
        frame: u32,
        /// Its bytes, as it says.
        expected: usize,
    },
    /// The input ended within the frame.
    FrameEnd {
        /// Which frame.
        frame: u32,
        /// Its bytes, as it says.
        expected: usize,
        /// Bytes there were.
        got: usize,
    },
    /// The frame holds another value.
    Value {
        /// Which frame.
        frame: u32,
        /// What is wrong with it; its offsets count from the frame's first byte.
        error: vouch_codec::Error,
    },
    /// The input goes on.
    LeftOver {
        /// Frames that were read.
        frames: u32,
        /// Bytes that are left.
        got: usize,
    },
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // By value: a reference to a number has a `Display` of its own.
        match *self {
            Self::NoFrame { frame } => {
                write!(
                    f,
                    "input frame {frame}: expected a frame, got the end of the input"
                )
            }
            Self::FrameLength { frame, got } => write!(
                f,
                "input frame {frame}: expected 4 bytes of its length, got {got}"
            ),
            Self::FrameRoom { frame, expected } => write!(
                f,
                "input frame {frame}: expected room for its {expected} bytes, got none"
            ),
            Self::FrameEnd {
                frame,
                expected,
                got,
            } => write!(
                f,
                "input frame {frame}: expected {expected} bytes, got {got}"
            ),
            Self::Value { frame, ref error } => write!(f, "input frame {frame}: {error}"),
            Self::LeftOver { frames, got } => write!(
                f,
                "expected the end of the input after frame {frames}, got {got} more bytes"
            ),
        }
    }
}

impl core::error::Error for InputError {}
