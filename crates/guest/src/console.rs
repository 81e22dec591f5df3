//! The console: for people, not part of any claim.

use core::fmt::{self, Write};

use vouch_isa::abi;

use crate::syscall;

/// A console stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

impl Write for Stream {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let fd = match self {
            Stream::Out => abi::FD_STDOUT,
            Stream::Err => abi::FD_STDERR,
        };
        syscall::write(fd, text.as_bytes());
        Ok(())
    }
}

/// Writes formatted text; what `print!` and its kin expand to.
pub fn write(mut stream: Stream, text: fmt::Arguments<'_>) {
    // A stream never fails; a `Display` that does has cut its own text short.
    let _ = stream.write_fmt(text);
}

/// Prints to the console's standard output.
#[macro_export]
macro_rules! print {
    ($($text:tt)*) => {
        $crate::console::write($crate::console::Stream::Out, ::core::format_args!($($text)*))
    };
}

/// Prints a line to the console's standard output.
#[macro_export]
macro_rules! println {
    ($($text:tt)*) => {
        $crate::print!("{}\n", ::core::format_args!($($text)*))
    };
}

/// Prints to the console's standard error.
#[macro_export]
macro_rules! eprint {
    ($($text:tt)*) => {
        $crate::console::write($crate::console::Stream::Err, ::core::format_args!($($text)*))
    };
}

/// Prints a line to the console's standard error.
#[macro_export]
macro_rules! eprintln {
    ($($text:tt)*) => {
        $crate::eprint!("{}\n", ::core::format_args!($($text)*))
    };
}
