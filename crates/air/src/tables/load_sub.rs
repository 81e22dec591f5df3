//! LB, LBU, LH and LHU (ISA manual, 2.6).
//!
//! - Given: state, and that the program holds the instruction at its pc.
//! - Proves: `rd :=` the byte or aligned half-word at `rs1 + imm`, sign- or zero-extended.
//! - Assumes: the limbs of register and memory values are 16 bits.
//! - Buses: state, program, memory, lookup. Degree 3. One row an instruction.

use p3_air::AirBuilder;
use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::memory::MEMORY_SLOT;
use vouch_isa::{Op, event::Step};

use super::program::code;
use crate::bus::Decoded;
use crate::gadget::{self, Address, MemoryAccess, ReadRegister, WriteRegister};
use crate::{Builder, F, Word};

crate::columns! {
    /// Columns of [`super::Table::LoadSub`].
    pub struct LoadSub {
        /// Word index of the instruction; pinned by state and program.
        pc: T,
        /// Its timestamp; pinned by state.
        ts: T,
        /// Register cells; pinned by the program.
        rd: T,
        /// Register cell read first; pinned by the program.
        rs1: T,
        /// Base of the address.
        base: ReadRegister<T>,
        /// Offset, a signed field element; pinned by the program.
        imm: T,
        /// The word that holds the value.
        address: Address<T>,
        /// Offset of the value in it, one column a byte; boolean, exactly one.
        offset: [T; 4],
        /// The word; pinned by the memory bus.
        word: Word<T>,
        /// The access to it.
        memory: MemoryAccess<T>,
        /// Bytes of the limb that holds the value; bytes by lookup.
        limb: [T; 2],
        /// Top byte of the value; determined.
        top: T,
        /// The value is negative, if that matters; boolean.
        sign: T,
        /// Low limb of the result; determined.
        result_lo: T,
        /// What the result replaces.
        old: WriteRegister<T>,
        /// Which instruction; boolean, at most one.
        is_lb: T,
        /// The instruction is LBU; boolean.
        is_lbu: T,
        /// The instruction is LH; boolean.
        is_lh: T,
        /// The instruction is LHU; boolean.
        is_lhu: T,
    }
}

/// Constraints.
pub fn eval<B: Builder>(b: &mut B, c: &LoadSub<B::Var>) {
    let real = gadget::select(b, &[c.is_lb, c.is_lbu, c.is_lh, c.is_lhu]);
    let offset_set = gadget::select(b, &c.offset);
    b.assert_eq(offset_set, real.clone());
    let [_, o1, o2, o3] = c.offset;
    let offset = o1 + o2 * F::from_int(2) + o3 * F::from_int(3);
    let base = gadget::exs::<B, 2>(c.base.value);
    gadget::address(b, base.clone(), c.imm.into(), offset, &c.address, &real);

    eval_value(b, c, &real);

    gadget::read_rs1(b, c.rs1, base, c.base.prev_ts, c.ts, &real);
    let word = gadget::exs::<B, 2>(c.word);
    gadget::access_memory(
        b,
        c.address.word::<B>(),
        word.clone(),
        word,
        &c.memory,
        c.ts + F::from_int(MEMORY_SLOT),
        &real,
    );
    let result = [c.result_lo.into(), c.sign * F::from_int(0xffff)];
    gadget::write_rd(b, c.rd, &c.old, result, c.ts, &real);
    let decoded = Decoded {
        pc: c.pc.into(),
        code: c.is_lb * code(Op::Lb)
            + c.is_lbu * code(Op::Lbu)
            + c.is_lh * code(Op::Lh)
            + c.is_lhu * code(Op::Lhu),
        rd: c.rd.into(),
        rs1: c.rs1.into(),
        rs2: B::Expr::ZERO,
        x: c.imm.into(),
        y: B::Expr::ZERO,
        z: B::Expr::ZERO,
    };
    gadget::execute(b, decoded, c.ts, c.pc + F::ONE, &real);
}

/// Takes the value out of the word and extends it.
fn eval_value<B: Builder>(b: &mut B, c: &LoadSub<B::Var>, real: &B::Expr) {
    let [_, o1, o2, o3] = c.offset;
    let [low, high] = c.limb;
    let (is_byte, is_half) = (c.is_lb + c.is_lbu, c.is_lh + c.is_lhu);
    // A half-word at an odd address is a fault: it cannot be proven.
    b.when(is_half.clone()).assert_zero(o1 + o3);

    let limb = gadget::join::<B>(low, high, 256);
    b.assert_eq(
        limb.clone(),
        c.word[0] + (o2 + o3) * (c.word[1] - c.word[0]),
    );
    gadget::bytes(b, low.into(), high.into(), real);

    let byte = low + (o1 + o3) * (high - low);
    b.assert_eq(
        c.top,
        is_half.clone() * high + is_byte.clone() * byte.clone(),
    );
    // What is left of the top byte without its sign fits 7 bits.
    b.assert_bool(c.sign);
    b.when(c.sign).assert_one(c.is_lb + c.is_lh);
    let rest = (c.top - c.sign * F::from_int(0x80)) * F::from_int(2);
    gadget::bytes(b, rest, B::Expr::ZERO, &(c.is_lb + c.is_lh));

    let extended = byte + c.sign * F::from_int(0xff00);
    b.assert_eq(c.result_lo, is_half * limb + is_byte * extended);
}

/// The row of an instruction.
pub fn row(e: &Step) -> LoadSub<F> {
    let offset = e.addr & 3;
    let limb = (e.mem_prev >> (16 * (offset >> 1))) as u16;
    let [low, high] = limb.to_le_bytes();
    let is_half = matches!(e.op, Op::Lh | Op::Lhu);
    let top = if is_half || offset & 1 == 1 {
        high
    } else {
        low
    };
    let is_signed = matches!(e.op, Op::Lb | Op::Lh);
    LoadSub {
        pc: F::from_int(e.pc),
        ts: F::from_int(e.ts),
        rd: F::from_int(e.rd),
        rs1: F::from_int(e.rs1),
        base: ReadRegister::new(e.a, e.rs1_ts),
        imm: gadget::signed(e.imm),
        address: Address::new(e.addr),
        offset: core::array::from_fn(|i| F::from_bool(i as u32 == offset)),
        word: gadget::word(e.mem_prev),
        memory: MemoryAccess::new(e.mem_ts, e.ts + MEMORY_SLOT),
        limb: [F::from_int(low), F::from_int(high)],
        top: F::from_int(top),
        sign: F::from_bool(is_signed && top >= 0x80),
        result_lo: F::from_int(e.c & 0xffff),
        old: WriteRegister::new(e.rd_prev, e.rd_ts),
        is_lb: F::from_bool(e.op == Op::Lb),
        is_lbu: F::from_bool(e.op == Op::Lbu),
        is_lh: F::from_bool(e.op == Op::Lh),
        is_lhu: F::from_bool(e.op == Op::Lhu),
    }
}

#[cfg(any(test, feature = "testkit"))]
pub(crate) mod campaign {
    use vouch_isa::Family;

    use super::super::Table;
    use super::*;
    use crate::testkit::score::Spare;
    use crate::testkit::steps::Case;
    use crate::testkit::{Suite, cells, zeros};

    pub(crate) fn suite() -> Suite {
        Suite::new(
            Table::LoadSub,
            Family::LoadSub,
            |e| cells(&row(e)),
            zeros::<LoadSub<F>>,
        )
        .attacks([offset_of_four()])
        .spare(Spare::group(
            [4, 9],
            "the flags' sum is that of the offset's",
        ))
    }

    /// `1 + 3 - 0`: an offset of four bytes in the word before.
    fn offset_of_four() -> LoadSub<F> {
        let mut row = row(&Case::access(Op::Lbu, 0x8_0000, 0, 0x8091_2233, 0).step());
        let [low, high] = [0x91, 0x80].map(|byte: u8| F::from_int(byte));
        row.address = Address::new(0x8_0000 - 4);
        row.offset = [F::NEG_ONE, F::ONE, F::ZERO, F::ONE];
        row.limb = [low, high];
        row.top = high + high - low;
        row.result_lo = row.top;
        row
    }
}

#[cfg(test)]
mod tests {
    use super::campaign::suite;
    use super::*;
    use crate::testkit::steps::Case;

    #[test]
    fn passes_its_suite() {
        suite().assert();
    }

    /// A half-word at an odd address.
    #[test]
    fn misaligned_load_is_rejected() {
        for op in [Op::Lh, Op::Lhu] {
            for offset in [1, 3] {
                let honest = Case::access(op, 0x8_0000, 0, 0x8091_a2b3, 0).step();
                let addr = honest.addr + offset;
                let wrong = Step {
                    a: addr,
                    addr,
                    ..honest
                };
                assert!(!suite().verdict(&wrong).broken.is_empty(), "{wrong:?}");
            }
        }
    }
}
