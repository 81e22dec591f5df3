//! Names as people read them.

use core::fmt::{self, Write};

use rustc_demangle::demangle;

/// Longer names are cut.
const MAX_NAME_CHARS: usize = 160;

/// A symbol's name, which may be anything, as messages and profiles show it: in one line, without
/// control characters, at most 160 characters long, and never empty. Rust's are demangled, without
/// hashes; others stay as they are.
///
/// It can be taken neither for more than one frame of a folded stack, nor for a frame's count.
pub fn readable(name: &str) -> String {
    let mut readable = Name::default();
    // An error means that the name is cut.
    let _ = write!(readable, "{:#}", demangle(name));
    readable.finish()
}

/// A name that is being written.
#[derive(Default)]
struct Name {
    text: String,
    chars: usize,
}

impl Name {
    fn finish(self) -> String {
        match self.text.trim() {
            "" => "?".into(),
            trimmed => trimmed.into(),
        }
    }
}

impl Write for Name {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        for char in part.chars() {
            if self.chars == MAX_NAME_CHARS {
                self.text.push('…');
                return Err(fmt::Error);
            }
            self.chars += 1;
            // A number at the end of a line would be another count.
            if (char.is_ascii_digit() || char == '.') && self.text.ends_with(' ') {
                self.text.pop();
                self.text.push('_');
            }
            self.text.push(match char {
                ';' => ',',
                // XML has no place for them, not even escaped.
                '\u{fffe}' | '\u{ffff}' => '?',
                char if char.is_control() || reorders(char) => '?',
                char if char.is_whitespace() => ' ',
                char => char,
            });
        }
        Ok(())
    }
}

/// Whether a character has no width, or changes the direction of what follows.
fn reorders(char: char) -> bool {
    matches!(char, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
