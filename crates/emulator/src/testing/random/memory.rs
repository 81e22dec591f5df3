//! Loads and stores.

use vouch_isa::{Format, Op};

use super::super::asm;
use super::{CONSTANTS, Generator, WINDOW_BYTES};

const LEAF_BYTES: u32 = 32;

/// Loads and stores, by their size in bytes.
const ACCESSES: [(Op, u32); 8] = [
    (Op::Lb, 1),
    (Op::Lbu, 1),
    (Op::Sb, 1),
    (Op::Lh, 2),
    (Op::Lhu, 2),
    (Op::Sh, 2),
    (Op::Lw, 4),
    (Op::Sw, 4),
];

const LOADS: [(Op, u32); 5] = [
    (Op::Lb, 1),
    (Op::Lbu, 1),
    (Op::Lh, 2),
    (Op::Lhu, 2),
    (Op::Lw, 4),
];

impl Generator {
    /// A load or store in the window, or a load of constants.
    pub(super) fn access(&mut self) {
        if self.code.constants && self.random.once_in(8) {
            return self.load_constant();
        }
        let (op, size) = self.random.pick(&ACCESSES);
        let address = self.address(size);
        self.recent = address;
        let (register, offset) = self.reach(address);
        self.access_at(op, register, offset);
    }

    /// The instruction itself: what it loads may go to the register of the address, and what
    /// it stores may be the address.
    pub(super) fn access_at(&mut self, op: Op, register: u8, offset: i32) {
        let same = self.random.once_in(4);
        let instruction = match op.info().format == Format::S {
            true if same => asm::store(op, register, offset, register),
            true => asm::store(op, self.source(), offset, register),
            false if same && self.is_free(register) => asm::load(op, register, offset, register),
            false => asm::load(op, self.destination(), offset, register),
        };
        self.push(instruction);
    }

    /// An aligned address in the window: often near the one before, or the end of a leaf, a page
    /// or the window.
    fn address(&mut self, size: u32) -> u32 {
        let start = self.window();
        let last = start + WINDOW_BYTES - 1;
        let near = match self.random.below(8) {
            0 => start,
            1 => last,
            2 => self.code.middle,
            3 => start + LEAF_BYTES * self.random.below(WINDOW_BYTES / LEAF_BYTES),
            4..7 => self.recent,
            _ => start + self.random.below(WINDOW_BYTES),
        };
        let address = near.saturating_add_signed(self.random.between(-4, 4));
        address.clamp(start, last) & !(size - 1)
    }

    /// Byte address of the window.
    pub(super) fn window(&self) -> u32 {
        self.code.middle - WINDOW_BYTES / 2
    }

    /// A register and an offset that make an address in the window.
    fn reach(&mut self, address: u32) -> (u8, i32) {
        let from_middle = address.wrapping_sub(self.code.middle) as i32;
        let register = self.scratch();
        match self.random.below(4) {
            0 => {
                let offset = self.immediate();
                self.li(register, address.wrapping_sub(offset as u32));
                (register, offset)
            }
            1 => {
                let moved = (from_middle / 2) + self.random.between(-64, 64);
                self.push(asm::addi(register, self.reserved.base, moved));
                (register, from_middle - moved)
            }
            _ => (self.reserved.base, from_middle),
        }
    }

    /// A load whose address is the sum of a negative number and an offset, without its carry.
    fn load_constant(&mut self) {
        let (op, size) = self.random.pick(&LOADS);
        let address = self.random.below(CONSTANTS.end) & !(size - 1);
        let offset = self
            .random
            .between(address as i32, CONSTANTS.end as i32 - 1);
        let register = self.scratch();
        self.li(register, address.wrapping_sub(offset as u32));
        self.access_at(op, register, offset);
    }

    /// A load of instructions nearby as data.
    pub(super) fn load_code(&mut self) {
        let (op, size) = self.random.pick(&LOADS);
        let register = self.scratch();
        // Itself and the instruction after it are the last ones that surely exist.
        let first = -(4 * self.list.len().min(500) as i32);
        let offset = self.random.between(first, 7) & -(size as i32);
        self.push(asm::auipc(register, 0));
        self.access_at(op, register, offset);
    }
}
