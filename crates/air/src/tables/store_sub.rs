//! SB and SH (ISA manual, 2.6).
//!
//! - Given: state, and that the program holds the instruction at its pc.
//! - Proves: the byte or aligned half-word at `rs1 + imm` becomes that of `rs2`, the rest of
//!   its word stays; it lies above the code.
//! - Assumes: the limbs of register and memory values are 16 bits.
//! - Buses: state, program, memory, lookup. Degree 3. One row an instruction.

use p3_air::AirBuilder;
use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::memory::MEMORY_SLOT;
use vouch_isa::{Op, event::Step};

use super::program::code;
use crate::bus::Decoded;
use crate::gadget::{self, Address, MemoryAccess, ReadRegister};
use crate::{Builder, F, Word};

crate::columns! {
    /// Columns of [`super::Table::StoreSub`].
    pub struct StoreSub {
        /// Word index of the instruction; pinned by state and program.
        pc: T,
        /// Its timestamp; pinned by state.
        ts: T,
        /// Register cells; pinned by the program.
        rs1: T,
        /// Register cell read second; pinned by the program.
        rs2: T,
        /// Base of the address.
        base: ReadRegister<T>,
        /// Offset, a signed field element; pinned by the program.
        imm: T,
        /// The word stored into.
        address: Address<T>,
        /// Low 14 bits of its distance above the code; range14.
        above_lo: T,
        /// Offset of the value in it, one column a byte; boolean, exactly one.
        offset: [T; 4],
        /// Bytes of the low limb of `rs2`; bytes by lookup, pinned by the memory bus.
        value: [T; 2],
        /// High limb of `rs2`; pinned by the memory bus.
        value_hi: T,
        /// Timestamp of the previous access to `rs2`.
        rs2_ts: T,
        /// The word before; pinned by the memory bus.
        prev: Word<T>,
        /// Bytes of the limb stored into; bytes by lookup.
        limb: [T; 2],
        /// That limb after; determined.
        limb_next: T,
        /// The word after; determined.
        next: Word<T>,
        /// The access to memory.
        memory: MemoryAccess<T>,
        /// Which instruction; boolean, at most one.
        is_sb: T,
        /// The instruction is SH; boolean.
        is_sh: T,
    }
}

/// Constraints.
pub fn eval<B: Builder>(b: &mut B, c: &StoreSub<B::Var>) {
    let real = gadget::select(b, &[c.is_sb, c.is_sh]);
    let offset_set = gadget::select(b, &c.offset);
    b.assert_eq(offset_set, real.clone());
    let [_, o1, o2, o3] = c.offset;
    let offset = o1 + o2 * F::from_int(2) + o3 * F::from_int(3);
    let base = gadget::exs::<B, 2>(c.base.value);
    gadget::address(b, base.clone(), c.imm.into(), offset, &c.address, &real);
    let index = gadget::exs::<B, 2>([c.address.word_lo, c.address.word_hi]);
    gadget::assert_storable(b, index, c.above_lo, &real);

    eval_merge(b, c, &real);

    gadget::read_rs1(b, c.rs1, base, c.base.prev_ts, c.ts, &real);
    let value = [
        gadget::join::<B>(c.value[0], c.value[1], 256),
        c.value_hi.into(),
    ];
    gadget::read_rs2(b, c.rs2, value, c.rs2_ts, c.ts, &real);
    gadget::access_memory(
        b,
        c.address.word::<B>(),
        gadget::exs::<B, 2>(c.prev),
        gadget::exs::<B, 2>(c.next),
        &c.memory,
        c.ts + F::from_int(MEMORY_SLOT),
        &real,
    );
    let decoded = Decoded {
        pc: c.pc.into(),
        code: c.is_sb * code(Op::Sb) + c.is_sh * code(Op::Sh),
        rd: B::Expr::ZERO,
        rs1: c.rs1.into(),
        rs2: c.rs2.into(),
        x: c.imm.into(),
        y: B::Expr::ZERO,
        z: B::Expr::ZERO,
    };
    gadget::execute(b, decoded, c.ts, c.pc + F::ONE, &real);
}

/// Puts the value into its limb and the limb into the word. All parts are bytes, so the new
/// limbs are 16 bits.
fn eval_merge<B: Builder>(b: &mut B, c: &StoreSub<B::Var>, real: &B::Expr) {
    let [o0, o1, o2, o3] = c.offset;
    // A half-word at an odd address is a fault: it cannot be proven.
    b.when(c.is_sh).assert_zero(o1 + o3);

    let [low, high] = c.limb;
    b.assert_eq(
        gadget::join::<B>(low, high, 256),
        c.prev[0] + (o2 + o3) * (c.prev[1] - c.prev[0]),
    );
    gadget::bytes(b, low.into(), high.into(), real);
    gadget::bytes(b, c.value[0].into(), c.value[1].into(), real);

    let half = gadget::join::<B>(c.value[0], c.value[1], 256);
    let byte = (o0 + o2) * gadget::join::<B>(c.value[0], high, 256)
        + (o1 + o3) * gadget::join::<B>(low, c.value[0], 256);
    b.assert_eq(c.limb_next, c.is_sh * half + c.is_sb * byte);
    b.assert_eq(c.next[0], c.prev[0] + (o0 + o1) * (c.limb_next - c.prev[0]));
    b.assert_eq(c.next[1], c.prev[1] + (o2 + o3) * (c.limb_next - c.prev[1]));
}

/// The row of an instruction.
pub fn row(e: &Step, text_end: u32) -> StoreSub<F> {
    let offset = e.addr & 3;
    let limb_of = |word: u32| (word >> (16 * (offset >> 1))) as u16;
    let [v0, v1, _, _] = gadget::word_bytes(e.b);
    StoreSub {
        pc: F::from_int(e.pc),
        ts: F::from_int(e.ts),
        rs1: F::from_int(e.rs1),
        rs2: F::from_int(e.rs2),
        base: ReadRegister::new(e.a, e.rs1_ts),
        imm: gadget::signed(e.imm),
        address: Address::new(e.addr),
        above_lo: gadget::above_lo(e.addr >> 2, text_end),
        offset: core::array::from_fn(|i| F::from_bool(i as u32 == offset)),
        value: [v0, v1],
        value_hi: F::from_int(e.b >> 16),
        rs2_ts: F::from_int(e.rs2_ts),
        prev: gadget::word(e.mem_prev),
        limb: limb_of(e.mem_prev).to_le_bytes().map(F::from_int),
        limb_next: F::from_int(limb_of(e.mem_next)),
        next: gadget::word(e.mem_next),
        memory: MemoryAccess::new(e.mem_ts, e.ts + MEMORY_SLOT),
        is_sb: F::from_bool(e.op == Op::Sb),
        is_sh: F::from_bool(e.op == Op::Sh),
    }
}

#[cfg(any(test, feature = "testkit"))]
pub(crate) mod campaign {
    use vouch_isa::Family;

    use super::super::Table;
    use super::*;
    use crate::testkit::score::Spare;
    use crate::testkit::steps::Case;
    use crate::testkit::{Suite, TEXT, cells, zeros};

    pub(crate) fn suite() -> Suite {
        let of = |e: &Step| cells(&row(e, TEXT.end));
        Suite::new(Table::StoreSub, Family::StoreSub, of, zeros::<StoreSub<F>>)
            .attacks([store_to_register(), offset_of_four(), two_at_once()])
            .spare(Spare::two_flags())
            .spare(Spare::group(
                [2, 7],
                "the flags' sum is that of the offset's",
            ))
            .spare(Spare::borrow(11))
    }

    /// `1 + 3 - 0`: an offset of four bytes in the word before.
    fn offset_of_four() -> StoreSub<F> {
        let address = 4 * TEXT.end + 4;
        let honest = row(
            &Case::access(Op::Sb, address, 0, 0x8091_2233, 7).step(),
            TEXT.end,
        );
        let [low, high] = [0x91, 0x80].map(|byte: u8| F::from_int(byte));
        let byte = F::from_int(256);
        let [value, _] = honest.value;
        // The byte's place counts -1 and 2 times.
        let limb_next = (low + value * byte).double() - (value + high * byte);
        StoreSub {
            address: Address::new(address - 4),
            above_lo: gadget::above_lo(address / 4 - 1, TEXT.end),
            offset: [F::NEG_ONE, F::ONE, F::ZERO, F::ONE],
            limb: [low, high],
            limb_next,
            next: [honest.prev[0], limb_next],
            ..honest
        }
    }

    /// SB and SH in one row, at two offsets.
    fn two_at_once() -> StoreSub<F> {
        let honest = Case::access(Op::Sh, 4 * TEXT.end + 2, 0, 0x8091_2233, 7).step();
        let honest = row(&honest, TEXT.end);
        let byte = F::from_int(256);
        let [value, above] = honest.value;
        let limb_next = value + above * byte + (value + honest.limb[1] * byte).double();
        StoreSub {
            offset: [F::ONE, F::ZERO, F::ONE, F::ZERO],
            limb_next,
            next: [limb_next; 2],
            is_sb: F::ONE,
            ..honest
        }
    }

    /// An address 2^32 further up is the same address, and a register as a word index.
    pub(super) fn store_to_register() -> StoreSub<F> {
        let base = 0x1_0004;
        let honest = Case::access(Op::Sb, 4 * TEXT.end, 0, 0, 1).step();
        let mut row = row(&honest, TEXT.end);
        row.base.value = gadget::word(base);
        row.address = Address::new(base);
        row.address.word_hi += F::from_int(1 << 16);
        row.above_lo = gadget::above_lo(base >> 2, TEXT.end);
        row
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use vouch_isa::store_merge;

    use super::campaign::{store_to_register, suite};
    use super::*;
    use crate::tables::Table;
    use crate::testkit::steps::Case;
    use crate::testkit::{TEXT, cells, verdict};

    #[test]
    fn passes_its_suite() {
        suite().assert();
    }

    #[test]
    fn store_to_registers_is_rejected() {
        let verdict = verdict(Table::StoreSub, &cells(&store_to_register()));
        assert_eq!(
            (verdict.broken, verdict.untrue_at),
            (Vec::new(), Vec::from([1]))
        );
    }

    /// Text is not stored to, whatever the distance above it is said to be.
    #[test]
    fn store_to_text_is_rejected() {
        for address in [0, 4 * TEXT.start, 4 * TEXT.end - 1] {
            let mut row = row(&unchecked(Op::Sb, address), TEXT.end);
            for above_lo in 0..1 << 14 {
                row.above_lo = F::from_int(above_lo);
                assert!(
                    !verdict(Table::StoreSub, &cells(&row)).accepted(),
                    "{address:#x}"
                );
            }
        }
    }

    /// A half-word at an odd address.
    #[test]
    fn misaligned_store_is_rejected() {
        for offset in [1, 3] {
            let row = row(&unchecked(Op::Sh, 4 * TEXT.end + offset), TEXT.end);
            assert!(!verdict(Table::StoreSub, &cells(&row)).broken.is_empty());
        }
    }

    /// A store that faults, as if it did not.
    fn unchecked(op: Op, addr: u32) -> Step {
        let honest = Case::access(op, 4 * TEXT.end, 0, 0x8091_a2b3, 0x1122_3344).step();
        let mem_next = store_merge(op, honest.mem_prev, honest.b, addr % 4);
        Step {
            a: addr,
            addr,
            mem_next,
            ..honest
        }
    }
}
