//! SB and SH (ISA manual, 2.6).
//!
//! - Given: state, and that the program holds the instruction at its pc.
//! - Proves: the byte or aligned half-word at `rs1 + imm` becomes that of `rs2`, the rest of
//!   its word stays; it lies above the code.
//! - Assumes: the limbs of register and memory values are 16 bits.
//! - Buses: state, program, memory, lookup. Degree 3. One row an instruction.

use core::ops::Range;

use p3_air::AirBuilder;
use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::memory::MEMORY_SLOT;
use vouch_isa::{Family, Op, event::Step};

use crate::gadget::{self, Address, MemoryAccess, ReadRegister};
use crate::instruction::{Execution, HeadS, Instruction, code};
use crate::table::Public;
use crate::{Builder, F, Word};

crate::columns! {
    /// A row.
    pub struct StoreSub {
        /// What the instruction begins with.
        head: HeadS<T>,
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

impl Instruction for StoreSub<F> {
    const ID: u8 = 14;
    const NAME: &'static str = "store_sub";
    const FAMILY: Family = Family::StoreSub;
    const PUBLIC: Public = Public::TextEnd;
    type Columns<T: Copy> = StoreSub<T>;

    fn eval<B: Builder>(b: &mut B, c: &StoreSub<B::Var>) {
        b.rule("flags");
        let real = gadget::select(b, &[c.is_sb, c.is_sh]);
        b.rule("offset");
        let offset_set = gadget::select(b, &c.offset);
        b.rule("an instruction has an offset");
        b.assert_eq(offset_set, real.clone());
        let [_, o1, o2, o3] = c.offset;
        let offset = o1 + o2 * F::from_int(2) + o3 * F::from_int(3);
        let base = gadget::exs::<B, 2>(c.base.value);
        b.rule("address");
        gadget::address(b, base.clone(), c.imm.into(), offset, &c.address, &real);
        let index = gadget::exs::<B, 2>([c.address.word_lo, c.address.word_hi]);
        b.rule("word above the code");
        gadget::assert_storable(b, index, c.above_lo, &real);

        eval_merge(b, c, &real);

        let code = c.is_sb * code(Op::Sb) + c.is_sh * code(Op::Sh);
        let mut run = Execution::<B>::new(c.head.at, code, &real);
        run.read_rs1(b, c.head.rs1, base, c.base.prev_ts);
        let value = [
            gadget::join::<B>(c.value[0], c.value[1], 256),
            c.value_hi.into(),
        ];
        run.read_rs2(b, c.head.rs2, value, c.rs2_ts);
        b.rule("memory");
        gadget::access_memory(
            b,
            c.address.word::<B>(),
            gadget::exs::<B, 2>(c.prev),
            gadget::exs::<B, 2>(c.next),
            &c.memory,
            c.head.at.ts + F::from_int(MEMORY_SLOT),
            &real,
        );
        run.decoded.x = c.imm.into();
        run.go_on(b);
    }

    fn row(e: &Step, text: &Range<u32>) -> StoreSub<F> {
        let offset = e.addr & 3;
        let limb_of = |word: u32| (word >> (16 * (offset >> 1))) as u16;
        let [v0, v1, _, _] = gadget::word_bytes(e.b);
        StoreSub {
            head: HeadS::new(e),
            base: ReadRegister::new(e.a, e.rs1_ts),
            imm: gadget::signed(e.imm),
            address: Address::new(e.addr),
            above_lo: gadget::above_lo(e.addr >> 2, text.end),
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
}

/// Puts the value into its limb and the limb into the word. All parts are bytes, so the new
/// limbs are 16 bits.
fn eval_merge<B: Builder>(b: &mut B, c: &StoreSub<B::Var>, real: &B::Expr) {
    let [o0, o1, o2, o3] = c.offset;
    b.rule("half-word is aligned");
    // A half-word at an odd address is a fault: it cannot be proven.
    b.when(c.is_sh).assert_zero(o1 + o3);

    let [low, high] = c.limb;
    b.rule("limb before");
    b.assert_eq(
        gadget::join::<B>(low, high, 256),
        c.prev[0] + (o2 + o3) * (c.prev[1] - c.prev[0]),
    );
    b.rule("limb is bytes");
    gadget::bytes(b, low.into(), high.into(), real);
    b.rule("value is bytes");
    gadget::bytes(b, c.value[0].into(), c.value[1].into(), real);

    let half = gadget::join::<B>(c.value[0], c.value[1], 256);
    let byte = (o0 + o2) * gadget::join::<B>(c.value[0], high, 256)
        + (o1 + o3) * gadget::join::<B>(low, c.value[0], 256);
    b.rule("limb after");
    b.assert_eq(c.limb_next, c.is_sh * half + c.is_sb * byte);
    b.rule("word after");
    b.assert_eq(c.next[0], c.prev[0] + (o0 + o1) * (c.limb_next - c.prev[0]));
    b.assert_eq(c.next[1], c.prev[1] + (o2 + o3) * (c.limb_next - c.prev[1]));
}
