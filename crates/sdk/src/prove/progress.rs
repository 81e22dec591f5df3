//! How far a proof has come.

use std::time::{Duration, Instant};

/// How far a proof has come.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// Instructions executed so far; the proof follows.
    pub executed_cycles: u64,
    /// Instructions of the run, once it has ended.
    pub total_cycles: Option<u64>,
    /// Instructions in the segments proven so far.
    pub proven_cycles: u64,
    /// Segments recorded so far.
    pub recorded_segments: usize,
    /// Segments proven so far.
    pub proven_segments: usize,
    /// Those of them that lay proven in the work folder, and their instructions.
    pub reused_segments: usize,
    /// Instructions in [`Self::reused_segments`].
    pub reused_cycles: u64,
    /// Time since proving began; 0 before.
    pub elapsed: Duration,
}

impl Progress {
    /// Instructions proven in a second so far, without what was reused; 0 if none was.
    pub fn cycles_per_second(&self) -> f64 {
        let (cycles, seconds) = (
            self.proven_cycles - self.reused_cycles,
            self.elapsed.as_secs_f64(),
        );
        if seconds > 0.0 {
            cycles as f64 / seconds
        } else {
            0.0
        }
    }

    /// Time that the rest should take, if it goes on as so far; `None` as long as that is not
    /// known.
    pub fn remaining(&self) -> Option<Duration> {
        let left = self.total_cycles?.saturating_sub(self.proven_cycles);
        let rate = self.cycles_per_second();
        Duration::try_from_secs_f64(left as f64 / rate).ok()
    }
}

/// Keeps the progress, and tells of it.
pub(super) struct Teller<'a> {
    tell: &'a mut dyn FnMut(&Progress),
    progress: Progress,
    /// When proving began.
    start: Option<Instant>,
}

impl<'a> Teller<'a> {
    pub fn new(tell: &'a mut dyn FnMut(&Progress)) -> Self {
        Self {
            tell,
            progress: Progress {
                executed_cycles: 0,
                total_cycles: None,
                proven_cycles: 0,
                recorded_segments: 0,
                proven_segments: 0,
                reused_segments: 0,
                reused_cycles: 0,
                elapsed: Duration::ZERO,
            },
            start: None,
        }
    }

    /// Proving begins now.
    pub fn start(&mut self) {
        self.start = Some(Instant::now());
    }

    /// Makes a change, and tells of it.
    pub fn change(&mut self, change: impl FnOnce(&mut Progress)) {
        change(&mut self.progress);
        self.progress.elapsed = self.start.map_or(Duration::ZERO, |start| start.elapsed());
        (self.tell)(&self.progress);
    }

    /// Segments proven so far.
    pub fn proven_segments(&self) -> usize {
        self.progress.proven_segments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_follows_from_what_was_proven() {
        let mut seen = None;
        let mut tell = |progress: &Progress| seen = Some(progress.clone());
        Teller::new(&mut tell).change(|_| {});
        let begun = seen.expect("it was told");
        assert_eq!((begun.cycles_per_second(), begun.remaining()), (0.0, None));
        let half = Progress {
            executed_cycles: 1000,
            total_cycles: Some(1000),
            proven_cycles: 600,
            reused_segments: 1,
            reused_cycles: 200,
            elapsed: Duration::from_secs(4),
            ..begun
        };
        assert_eq!(half.cycles_per_second(), 100.0);
        assert_eq!(half.remaining(), Some(Duration::from_secs(4)));
        let unknown = Progress {
            total_cycles: None,
            ..half
        };
        assert_eq!(unknown.remaining(), None);
    }
}
