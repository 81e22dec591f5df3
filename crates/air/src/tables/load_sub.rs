//! LB, LBU, LH and LHU (ISA manual, 2.6).
//!
//! - Given: state, and that the program holds the instruction at its pc.
//! - Proves: `rd :=` the byte or aligned half-word at `rs1 + imm`, sign- or zero-extended.
//! - Assumes: the limbs of register and memory values are 16 bits.
//! - Buses: state, program, memory, lookup. Degree 3. One row an instruction.

use core::ops::Range;

use p3_air::AirBuilder;
use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::memory::MEMORY_SLOT;
use vouch_isa::{Family, Op, event::Step};

use crate::gadget::{self, Address, MemoryAccess, ReadRegister, WriteRegister};
use crate::instruction::{Execution, HeadI, Instruction, code};
use crate::{Builder, F, Word};

crate::columns! {
    /// A row.
    pub struct LoadSub {
        /// What the instruction begins with.
        head: HeadI<T>,
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

impl Instruction for LoadSub<F> {
    const ID: u8 = 13;
    const NAME: &'static str = "load_sub";
    const FAMILY: Family = Family::LoadSub;
    type Columns<T: Copy> = LoadSub<T>;

    fn eval<B: Builder>(b: &mut B, c: &LoadSub<B::Var>) {
        b.rule("flags");
        let real = gadget::select(b, &[c.is_lb, c.is_lbu, c.is_lh, c.is_lhu]);
        b.rule("offset");
        let offset_set = gadget::select(b, &c.offset);
        b.rule("an instruction has an offset");
        b.assert_eq(offset_set, real.clone());
        let [_, o1, o2, o3] = c.offset;
        let offset = o1 + o2 * F::from_int(2) + o3 * F::from_int(3);
        let base = gadget::exs::<B, 2>(c.base.value);
        b.rule("address");
        gadget::address(b, base.clone(), c.imm.into(), offset, &c.address, &real);

        eval_value(b, c, &real);

        let code = c.is_lb * code(Op::Lb)
            + c.is_lbu * code(Op::Lbu)
            + c.is_lh * code(Op::Lh)
            + c.is_lhu * code(Op::Lhu);
        let mut run = Execution::<B>::new(c.head.at, code, &real);
        run.read_rs1(b, c.head.rs1, base, c.base.prev_ts);
        let word = gadget::exs::<B, 2>(c.word);
        b.rule("memory");
        gadget::access_memory(
            b,
            c.address.word::<B>(),
            word.clone(),
            word,
            &c.memory,
            c.head.at.ts + F::from_int(MEMORY_SLOT),
            &real,
        );
        let result = [c.result_lo.into(), c.sign * F::from_int(0xffff)];
        run.write_rd(b, c.head.rd, &c.old, result);
        run.decoded.x = c.imm.into();
        run.go_on(b);
    }

    fn row(e: &Step, _: &Range<u32>) -> LoadSub<F> {
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
            head: HeadI::new(e),
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
}

/// Takes the value out of the word and extends it.
fn eval_value<B: Builder>(b: &mut B, c: &LoadSub<B::Var>, real: &B::Expr) {
    let [_, o1, o2, o3] = c.offset;
    let [low, high] = c.limb;
    let (is_byte, is_half) = (c.is_lb + c.is_lbu, c.is_lh + c.is_lhu);
    b.rule("half-word is aligned");
    // A half-word at an odd address is a fault: it cannot be proven.
    b.when(is_half.clone()).assert_zero(o1 + o3);

    let limb = gadget::join::<B>(low, high, 256);
    b.rule("limb");
    b.assert_eq(
        limb.clone(),
        c.word[0] + (o2 + o3) * (c.word[1] - c.word[0]),
    );
    b.rule("limb is bytes");
    gadget::bytes(b, low.into(), high.into(), real);

    let byte = low + (o1 + o3) * (high - low);
    b.rule("top byte");
    b.assert_eq(
        c.top,
        is_half.clone() * high + is_byte.clone() * byte.clone(),
    );
    b.rule("sign is boolean");
    // What is left of the top byte without its sign fits 7 bits.
    b.assert_bool(c.sign);
    b.rule("sign only in signed loads");
    b.when(c.sign).assert_one(c.is_lb + c.is_lh);
    let rest = (c.top - c.sign * F::from_int(0x80)) * F::from_int(2);
    b.rule("sign is the top bit");
    gadget::bytes(b, rest, B::Expr::ZERO, &(c.is_lb + c.is_lh));

    let extended = byte + c.sign * F::from_int(0xff00);
    b.rule("low limb of the result");
    b.assert_eq(c.result_lo, is_half * limb + is_byte * extended);
}
