//! What an attack reports.

use core::fmt;

/// How much to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// A share that every change can afford: a minute or so on two cores.
    Quick,
    /// All of it.
    Long,
}

impl Effort {
    /// `quick` or `long`, whichever this is.
    pub const fn pick(self, quick: usize, long: usize) -> usize {
        match self {
            Self::Quick => quick,
            Self::Long => long,
        }
    }
}

/// What was tried, and what should not have happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What was counted, in the order in which it was first added to.
    pub counts: Vec<(String, u64)>,
    /// What a reader should know and what is no failure.
    pub notes: Vec<String>,
    /// Everything that must not be: a lie accepted, the truth refused, nothing tried.
    pub failures: Vec<String>,
}

impl Outcome {
    /// Adds to a count.
    pub fn count(&mut self, what: &str, more: u64) {
        match self.counts.iter_mut().find(|(name, _)| name == what) {
            Some((_, count)) => *count += more,
            None => self.counts.push((what.to_owned(), more)),
        }
    }

    /// The value of a count, 0 if there is none.
    pub fn counted(&self, what: &str) -> u64 {
        let found = self.counts.iter().find(|(name, _)| name == what);
        found.map_or(0, |(_, count)| *count)
    }

    /// Notes something worth knowing.
    pub fn note(&mut self, what: impl Into<String>) {
        self.notes.push(what.into());
    }

    /// Notes something that must not be.
    pub fn fail(&mut self, what: impl Into<String>) {
        self.failures.push(what.into());
    }

    /// Notes a failure unless at least `least` were counted: nothing tried is no success.
    pub fn expect_at_least(&mut self, what: &str, least: u64) {
        let got = self.counted(what);
        if got < least {
            self.fail(format!("{what}: {got}, expected at least {least}"));
        }
    }

    /// Adds another outcome's counts and failures to this one's.
    pub fn add(&mut self, other: Self) {
        for (what, more) in other.counts {
            self.count(&what, more);
        }
        self.notes.extend(other.notes);
        self.failures.extend(other.failures);
    }

    /// For test targets: nothing failed.
    ///
    /// # Panics
    /// If something did, with the first few.
    pub fn assert(&self) {
        println!("{self}");
        assert!(self.failures.is_empty(), "{self}");
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, count) in &self.counts {
            writeln!(f, "{count:>10} {what}")?;
        }
        for note in &self.notes {
            writeln!(f, "           {note}")?;
        }
        for failure in self.failures.iter().take(20) {
            writeln!(f, "FAILED: {failure}")?;
        }
        match self.failures.len() {
            0..=20 => Ok(()),
            all => writeln!(f, "and {} more failures", all - 20),
        }
    }
}
