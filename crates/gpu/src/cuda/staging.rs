//! Copies between the host's memory and the device's, by way of pinned memory in two halves: one
//! is filled or emptied while the device copies the other.

use super::driver::{Event, Stream};
use super::memory::Pinned;
use crate::device::Address;
use crate::error::GpuError;

/// Words of a half.
const HALF: usize = 4 << 20;
/// Copies begin at multiples of this many words: a line of the cache twice.
const ALIGNMENT: usize = 32;
/// From this many words on, several threads copy, this many: one alone is slower than the bus.
const LARGE: usize = 1 << 18;
const THREADS: usize = 4;

/// Both halves.
pub struct Staging {
    halves: [Half; 2],
    /// The half that the next words to the device go to.
    current: usize,
}

struct Half {
    memory: Pinned,
    /// Once reached, the device is done with it.
    done: Event,
    /// Words that the device may still have to copy.
    used: usize,
}

impl Half {
    fn new() -> Result<Self, GpuError> {
        Ok(Self {
            memory: Pinned::new(HALF)?,
            done: Event::new()?,
            used: 0,
        })
    }
}

impl Staging {
    /// # Errors
    /// [`GpuError::Failed`].
    pub fn new() -> Result<Self, GpuError> {
        Ok(Self {
            halves: [Half::new()?, Half::new()?],
            current: 0,
        })
    }

    /// Starts copying `words` to the device; they may change once it returns. Small ones pile up
    /// in a half, so that it waits for the device once a half is full, not once a copy.
    ///
    /// # Safety
    /// There are as many words at `to`.
    ///
    /// # Errors
    /// [`GpuError::Failed`].
    pub unsafe fn copy_in(
        &mut self,
        stream: &Stream,
        words: &[u32],
        to: Address,
    ) -> Result<(), GpuError> {
        let mut copied = 0;
        while copied < words.len() {
            let room = HALF - self.halves[self.current].used;
            if room == 0 {
                self.turn(stream)?;
                continue;
            }
            let part = &words[copied..words.len().min(copied + room)];
            let half = &mut self.halves[self.current];
            let place = &mut half.memory.words_mut()[half.used..][..part.len()];
            fill(place, part)?;
            // SAFETY: the place is used no more until `done` is reached; the caller says the rest.
            unsafe { stream.copy_in(place, to + 4 * copied as u64)? };
            half.used = (half.used + part.len()).next_multiple_of(ALIGNMENT);
            copied += part.len();
        }
        Ok(())
    }

    /// Goes on with the other half, once the device is done with it.
    fn turn(&mut self, stream: &Stream) -> Result<(), GpuError> {
        self.halves[self.current].done.record(stream)?;
        self.current ^= 1;
        let half = &mut self.halves[self.current];
        half.done.wait()?;
        half.used = 0;
        Ok(())
    }

    /// Copies from the device, once all that was started is done.
    ///
    /// # Safety
    /// There are as many words at `from`.
    ///
    /// # Errors
    /// [`GpuError::Failed`].
    pub unsafe fn copy_out(
        &mut self,
        stream: &Stream,
        from: Address,
        words: &mut [u32],
    ) -> Result<(), GpuError> {
        // The device copies after what it still has to copy out of the halves.
        let mut started: Option<(usize, &mut [u32])> = None;
        for (i, part) in words.chunks_mut(HALF).enumerate() {
            let number = i % 2;
            let half = &mut self.halves[number];
            let place = &mut half.memory.words_mut()[..part.len()];
            // SAFETY: what was in this half was taken out, two parts ago; it is left alone until
            // `done` is reached. The caller says the rest.
            unsafe { stream.copy_out(from + 4 * (i * HALF) as u64, place)? };
            half.done.record(stream)?;
            if let Some((number, part)) = started.replace((number, part)) {
                self.take(number, part)?;
            }
        }
        if let Some((number, part)) = started {
            self.take(number, part)?;
            // Which came after all else.
            self.halves.iter_mut().for_each(|half| half.used = 0);
        }
        Ok(())
    }

    /// Takes words out of a half, once they are there.
    fn take(&self, number: usize, part: &mut [u32]) -> Result<(), GpuError> {
        let half = &self.halves[number];
        half.done.wait()?;
        fill(part, &half.memory.words()[..part.len()])
    }
}

/// Copies from one to the other; they are equally long.
fn fill(to: &mut [u32], from: &[u32]) -> Result<(), GpuError> {
    if to.len() < LARGE {
        to.copy_from_slice(from);
        return Ok(());
    }
    let share = to.len().div_ceil(THREADS);
    // Not those of a pool: one that waits for others may take up work that needs this staging.
    std::thread::scope(|scope| {
        for (to, from) in to.chunks_mut(share).zip(from.chunks(share)) {
            std::thread::Builder::new()
                .spawn_scoped(scope, || to.copy_from_slice(from))
                .map_err(|error| GpuError::Failed {
                    operation: "starting a thread that copies to or from it".into(),
                    reason: error.to_string(),
                })?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_copy_every_word() {
        for words in [0, 1, LARGE - 1, LARGE, LARGE + 1, LARGE + 7] {
            let from: Vec<u32> = (1..=words as u32).collect();
            let mut to = vec![0; words];
            fill(&mut to, &from).expect("threads start");
            assert_eq!(to, from);
        }
    }
}
