//! Rows that are worked on at once (`kernels/part.cuh`).

/// Words that are kept for one kernel by another: 16 MiB, such that they stay in a GPU's cache, and that
/// there is something to do for all of its multiprocessors.
pub const ROOM: usize = 1 << 22;

/// `Part` of the kernels: of every `2^log_period` rows of columns the `2^log_run` from `first` on,
/// whatever the columns' height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub(super) struct Part {
    first: u32,
    log_run: u32,
    log_period: u32,
}

impl Part {
    /// All rows.
    pub const ALL: Self = Self {
        first: 0,
        log_run: 0,
        log_period: 0,
    };

    /// The parts of `2^log_run` of every `2^log_period` rows.
    ///
    /// # Panics
    /// If there are not so many.
    pub fn of(log_period: usize, log_run: usize) -> impl Iterator<Item = Self> {
        assert!(log_run <= log_period, "2^{log_run} of 2^{log_period} rows");
        (0..1u32 << (log_period - log_run)).map(move |i| Self {
            first: i << log_run,
            log_run: log_run as u32,
            log_period: log_period as u32,
        })
    }

    /// Its rows, log2, of `2^log_height` rows, which are no fewer than a period.
    pub const fn log_rows(&self, log_height: usize) -> usize {
        log_height - self.log_period as usize + self.log_run as usize
    }
}

/// How many rows of each period, log2, may be worked on at once if `words` words are kept for each of
/// them and there is room for `room`: at least `least`, or all.
pub(super) fn log_run(log_period: usize, least: usize, words: usize, room: usize) -> usize {
    let most = (room / words.max(1)).max(1).ilog2() as usize;
    most.max(least).min(log_period)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `row_at` of the kernels.
    fn row_at(part: Part, number: usize) -> usize {
        let run = number >> part.log_run;
        (run << part.log_period) + part.first as usize + number - (run << part.log_run)
    }

    #[test]
    fn parts_have_every_row_once() {
        for (log_height, log_period, log_run) in [(5, 3, 1), (5, 5, 2), (4, 2, 2), (3, 0, 0)] {
            let rows = Part::of(log_period, log_run).flat_map(|part| {
                let count = 1 << part.log_rows(log_height);
                (0..count).map(move |number| row_at(part, number))
            });
            let mut rows: Vec<usize> = rows.collect();
            rows.sort_unstable();
            assert_eq!(rows, (0..1 << log_height).collect::<Vec<_>>());
        }
        assert_eq!(Part::ALL.log_rows(7), 7);
        assert!((0..9).all(|number| row_at(Part::ALL, number) == number));
    }

    #[test]
    fn runs_fit_the_room() {
        assert_eq!(log_run(9, 3, 10, 1 << 10), 6);
        assert_eq!(log_run(9, 3, 1, 1 << 20), 9);
        assert_eq!(log_run(9, 3, 1000, 10), 3);
        assert_eq!(log_run(2, 3, 1000, 10), 2);
    }
}
