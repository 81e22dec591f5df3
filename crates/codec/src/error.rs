//! What can go wrong.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use core::fmt::{self, Display};

use serde_core::{de, ser};

use crate::MAX_DEPTH;

/// Why a value has no encoding, or bytes are not that of a value.
// One word, so that results of reading a word are two registers.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    kind: ErrorKind,
    at: Option<usize>,
}

/// What an [`Error`] is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The bytes end too early.
    End {
        /// Bytes that were to come.
        expected: usize,
        /// Bytes that are left.
        got: usize,
    },
    /// A sequence or map with more elements than bytes are left.
    Count {
        /// Elements that there can be.
        expected: usize,
        /// Elements that it claims.
        got: u32,
    },
    /// A `bool` that is neither 0 nor 1.
    Bool {
        /// What it is.
        got: u8,
    },
    /// The first byte of an `Option` that is neither 0 nor 1.
    Option {
        /// What it is.
        got: u8,
    },
    /// A number that is no `char`.
    Char {
        /// The number.
        got: u32,
    },
    /// A string that is not UTF-8.
    Utf8,
    /// Padding that is not zero.
    Padding {
        /// What it is.
        got: u8,
    },
    /// Bytes after the value.
    LeftOver {
        /// How many.
        got: usize,
    },
    /// A type that leaves elements of its sequence or map unread.
    Unread {
        /// How many.
        got: usize,
    },
    /// A sequence or map whose elements take no bytes, so that nothing bounds how many there are.
    NoBytes,
    /// A sequence, map, string or byte string that is too long for a count of 32 bits.
    Length {
        /// Its elements, or bytes.
        got: usize,
    },
    /// Too much within each other.
    Depth,
    /// The type asks the encoding what comes next, which it does not say.
    SelfDescribing,
    /// What the type's own `Serialize` or `Deserialize` says.
    Message(String),
}

impl Error {
    /// At a byte, counted from the value's start.
    #[cold]
    #[inline(never)]
    pub(crate) fn at(kind: ErrorKind, at: usize) -> Self {
        Self(Box::new(Inner { kind, at: Some(at) }))
    }

    /// The same, at a byte if it has none.
    #[cold]
    pub(crate) fn or_at(mut self, at: usize) -> Self {
        self.0.at.get_or_insert(at);
        self
    }

    /// What it is about.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The byte that it is about, counted from the value's start; of [`ErrorKind::Message`] the one
    /// after what had been read. `None` when encoding.
    pub fn offset(&self) -> Option<usize> {
        self.0.at
    }
}

impl From<ErrorKind> for Error {
    #[cold]
    fn from(kind: ErrorKind) -> Self {
        Self(Box::new(Inner { kind, at: None }))
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, at } = &*self.0;
        write!(f, "{kind}")?;
        at.map_or(Ok(()), |at| write!(f, " at byte {at}"))
    }
}

impl Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // By value: a reference to a number has a `Display` of its own, which this would instantiate.
        match *self {
            Self::End { expected, got } => write!(f, "expected {expected} bytes, got {got}"),
            Self::Count { expected, got } => {
                write!(f, "expected at most {expected} elements, got {got}")
            }
            Self::Bool { got } => write!(f, "expected bool 0 or 1, got {got}"),
            Self::Option { got } => write!(f, "expected option 0 or 1, got {got}"),
            Self::Char { got } => write!(f, "expected a character, got {got:#x}"),
            Self::Utf8 => f.write_str("expected UTF-8, got other bytes"),
            Self::Padding { got } => write!(f, "expected padding 0, got {got}"),
            Self::LeftOver { got } => write!(f, "expected the end, got {got} more bytes"),
            Self::Unread { got } => {
                write!(f, "expected a type that reads all, got {got} elements left")
            }
            Self::NoBytes => f.write_str("expected elements of some bytes, got some of none"),
            Self::Length { got } => {
                write!(f, "expected a length of at most {}, got {got}", u32::MAX)
            }
            Self::Depth => write!(f, "expected at most {MAX_DEPTH} levels, got more"),
            Self::SelfDescribing => {
                f.write_str("expected a type that knows its shape, got one that asks the bytes")
            }
            Self::Message(ref message) => f.write_str(message),
        }
    }
}

/// As it is displayed, so that `unwrap` says it.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({self})")
    }
}

impl core::error::Error for Error {}

impl de::Error for Error {
    #[cold]
    fn custom<T: Display>(message: T) -> Self {
        ErrorKind::Message(message.to_string()).into()
    }
}

impl ser::Error for Error {
    #[cold]
    fn custom<T: Display>(message: T) -> Self {
        ErrorKind::Message(message.to_string()).into()
    }
}
