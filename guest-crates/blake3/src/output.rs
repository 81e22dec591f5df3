//! Output of any length.

use core::fmt;

use crate::node::{self, Block, State};
use crate::{BLOCK_LEN, OUT_LEN};

/// Output of any length, from a place in it on: [`crate::Hasher::finalize_xof`].
///
/// The accelerator gives the first half of each block of 64 bytes. The second is software.
#[derive(Clone)]
pub struct OutputReader {
    block: Block,
    state: State,
    position: u64,
}

impl OutputReader {
    pub(crate) fn new(block: Block, state: State) -> Self {
        Self {
            block,
            state,
            position: 0,
        }
    }

    /// Fills `out` with the next bytes.
    pub fn fill(&mut self, mut out: &mut [u8]) {
        while !out.is_empty() {
            let start = (self.position % BLOCK_LEN as u64) as usize;
            let (now, later) = out.split_at_mut(out.len().min(BLOCK_LEN - start));
            let mut state = self.state.clone();
            state.set_counter(self.position / BLOCK_LEN as u64);
            let end = start + now.len();
            if end <= OUT_LEN {
                state.compress(&self.block);
                now.copy_from_slice(&node::bytes_of(state.chaining())[start..end]);
            } else {
                now.copy_from_slice(&state.output(&self.block)[start..end]);
            }
            // Reading on behind the last byte that has a position begins anew, as in the crate that
            // this one replaces.
            self.position = self.position.wrapping_add(now.len() as u64);
            out = later;
        }
    }

    /// The place of the next byte.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Goes to a place.
    pub fn set_position(&mut self, position: u64) {
        self.position = position;
    }
}

/// Shows nothing of the output.
impl fmt::Debug for OutputReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutputReader")
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "std")]
impl std::io::Read for OutputReader {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        self.fill(out);
        Ok(out.len())
    }
}

#[cfg(feature = "std")]
impl std::io::Seek for OutputReader {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        use std::io::{Error, ErrorKind, SeekFrom};
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(_) => None,
        };
        let no_place = "expected a place from the start of an output without end on";
        self.position = position.ok_or_else(|| Error::new(ErrorKind::InvalidInput, no_place))?;
        Ok(self.position)
    }
}
