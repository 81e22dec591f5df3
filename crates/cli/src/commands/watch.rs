//! How far a run is, on a terminal.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use indicatif::ProgressBar;

use super::progress_bar;

const BAR: &str = "{spinner} {msg}";

/// Runs that end sooner show nothing.
const PATIENCE: Duration = Duration::from_secs(1);

/// Shows a run that takes long: what it has executed, how fast, and where it would end.
pub struct Watch {
    start: Instant,
    limit: u64,
    verbose: u8,
    bar: RefCell<Option<ProgressBar>>,
}

impl Watch {
    /// Of a run that begins now and may execute so many instructions.
    pub fn new(limit: u64, verbose: u8) -> Self {
        Self {
            start: Instant::now(),
            limit,
            verbose,
            bar: RefCell::new(None),
        }
    }

    /// So many instructions have been executed. The run always goes on.
    pub fn tell(&self, cycles: u64) -> ControlFlow<()> {
        let elapsed = self.start.elapsed();
        if elapsed >= PATIENCE {
            let mut bar = self.bar.borrow_mut();
            let bar = bar.get_or_insert_with(|| progress_bar(BAR, self.verbose));
            bar.set_message(message(cycles, self.limit, elapsed));
        }
        ControlFlow::Continue(())
    }

    /// Prints something without a line of progress in between.
    pub fn aside(&self, print: impl FnOnce()) {
        match &*self.bar.borrow() {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// The run has ended.
    pub fn end(&self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

fn message(cycles: u64, limit: u64, elapsed: Duration) -> String {
    let millions = |cycles: u64| cycles / 1_000_000;
    let rate = cycles as f64 / elapsed.as_secs_f64().max(1e-9) / 1e6;
    format!(
        "{} M cycles executed, {rate:.0} M a second, stops at {} M (--max-cycles)",
        millions(cycles),
        millions(limit)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_their_limits_are_told() {
        assert_eq!(
            message(250_000_000, 1 << 40, Duration::from_millis(2500)),
            "250 M cycles executed, 100 M a second, stops at 1099511 M (--max-cycles)"
        );
    }

    #[test]
    fn short_runs_show_nothing() {
        let watch = Watch::new(1000, 0);
        assert_eq!(watch.tell(10), ControlFlow::Continue(()));
        assert!(watch.bar.borrow().is_none());
    }
}
