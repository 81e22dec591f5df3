//! Calls of the machine other than `exit`.

use vouch_isa::abi::reg::{A0, A1, A2, A7};
use vouch_isa::abi::{FD_INPUT, FD_JOURNAL, FD_STDERR, FD_STDOUT, READ, WRITE};

use super::super::asm;
use super::{Generator, WINDOW_BYTES};

/// What calls need.
pub(super) const REGISTERS: [u8; 4] = [A0, A1, A2, A7];

/// Most bytes that a call moves.
const MOST: u32 = 80;

impl Generator {
    /// Reads input into the window, or writes some of the window to the journal or the console.
    pub(super) fn call(&mut self) {
        let (number, descriptor) = self.random.pick(&[
            (READ, FD_INPUT),
            (WRITE, FD_JOURNAL),
            (WRITE, FD_JOURNAL),
            (WRITE, FD_STDOUT),
            (WRITE, FD_STDERR),
        ]);
        let address = self.window() + self.random.below(WINDOW_BYTES - MOST);
        let length = self.random.below(MOST);
        let is_console = [FD_STDOUT, FD_STDERR].contains(&descriptor);
        let address = if is_console { address } else { address & !3 };
        self.li(A7, number);
        self.li(A0, descriptor);
        self.li(A1, address);
        self.li(A2, length);
        self.push(asm::ecall());
    }
}
