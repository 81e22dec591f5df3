//! A main that may fail: it halves the number that its input is.
//!
//! Input: decimal digits, eight at most. Journal: half of the number.
#![no_std]
#![no_main]

use core::fmt;
use core::num::ParseIntError;
use core::str::Utf8Error;

use vouch_guest::io::{self, Chunk};

vouch_guest::entry!(main);

enum Failure {
    Text(Utf8Error),
    Number(ParseIntError),
    Odd(u32),
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(error) => write!(f, "the input is no text: {error}"),
            Self::Number(error) => write!(f, "the input is no number: {error}"),
            Self::Odd(number) => write!(f, "expected an even number, got {number}"),
        }
    }
}

impl From<Utf8Error> for Failure {
    fn from(error: Utf8Error) -> Self {
        Self::Text(error)
    }
}

impl From<ParseIntError> for Failure {
    fn from(error: ParseIntError) -> Self {
        Self::Number(error)
    }
}

fn main() -> Result<(), Failure> {
    let mut input = Chunk::<8>::new();
    let number: u32 = core::str::from_utf8(input.read())?.parse()?;
    // What is in the journal when main fails stays there.
    io::commit_word(number / 2);
    match number % 2 {
        0 => Ok(()),
        _ => Err(Failure::Odd(number)),
    }
}
