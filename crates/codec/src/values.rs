//! Values that lie one after another, as in a journal.

use core::fmt;

use serde_core::Deserialize;

use crate::error::Error;

/// Reads the values that a guest committed to, one after another.
#[derive(Clone, Debug)]
pub struct Values<'de> {
    rest: &'de [u8],
    read: usize,
}

impl<'de> Values<'de> {
    /// Those of a journal.
    pub const fn new(journal: &'de [u8]) -> Self {
        Self {
            rest: journal,
            read: 0,
        }
    }

    /// The next one.
    ///
    /// # Errors
    /// [`JournalError::Value`] if what comes next is no `T`.
    #[expect(
        clippy::should_implement_trait,
        reason = "each value has a type of its own"
    )]
    pub fn next<T: Deserialize<'de>>(&mut self) -> Result<T, JournalError> {
        let number = self.read + 1;
        let (value, rest) = crate::take_from_slice(self.rest)
            .map_err(|error| JournalError::Value { number, error })?;
        (self.rest, self.read) = (rest, number);
        Ok(value)
    }

    /// The bytes that have not been read: what a guest committed to as a slice, for example.
    pub const fn rest(&self) -> &'de [u8] {
        self.rest
    }

    /// There are no more.
    ///
    /// # Errors
    /// [`JournalError::LeftOver`] if there are bytes left.
    pub const fn end(self) -> Result<(), JournalError> {
        match self.rest.len() {
            0 => Ok(()),
            got => Err(JournalError::LeftOver {
                values: self.read,
                got,
            }),
        }
    }

    /// The only value.
    ///
    /// # Errors
    /// As [`next`](Self::next) and [`end`](Self::end).
    pub fn only<T: Deserialize<'de>>(mut self) -> Result<T, JournalError> {
        let value = self.next()?;
        self.end()?;
        Ok(value)
    }
}

/// A journal that is not what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JournalError {
    /// A value is of another type.
    Value {
        /// Which one, from 1.
        number: usize,
        /// What is wrong with it; its offsets count from the value's start.
        error: Error,
    },
    /// The journal goes on.
    LeftOver {
        /// Values read before.
        values: usize,
        /// Bytes that are left.
        got: usize,
    },
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Value { number, ref error } => write!(f, "journal, value {number}: {error}"),
            Self::LeftOver { values, got } => write!(
                f,
                "journal: expected its end after value {values}, got {got} more bytes"
            ),
        }
    }
}

impl core::error::Error for JournalError {}
