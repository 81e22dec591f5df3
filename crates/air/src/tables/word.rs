//! LW and SW (ISA manual, 2.6).
//!
//! - Given: state, and that the program holds the instruction at its pc.
//! - Proves: `rd := memory[rs1 + imm]` or `memory[rs1 + imm] := rs2`; the address is a
//!   multiple of 4, and a store's lies above the code.
//! - Assumes: the limbs of register and memory values are 16 bits.
//! - Buses: state, program, memory, lookup. Degree 3. One row an instruction.

use core::ops::Range;

use p3_air::AirBuilder;
use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::memory::{MEMORY_SLOT, RD_SLOT, RS2_SLOT};
use vouch_isa::{Family, Op, event::Step};

use crate::gadget::{self, Address, MemoryAccess, ReadRegister, WriteRegister};
use crate::instruction::{At, Execution, Instruction, code};
use crate::table::Public;
use crate::{Builder, F, Word as Value};

crate::columns! {
    /// A row.
    pub struct Word {
        /// Where and when.
        at: At<T>,
        /// Register cell of the base; pinned by the program.
        rs1: T,
        /// Register cell loaded to (`rd`) or stored from (`rs2`); pinned by the program.
        register: T,
        /// Base of the address.
        base: ReadRegister<T>,
        /// Offset, a signed field element; pinned by the program.
        imm: T,
        /// The word accessed.
        address: Address<T>,
        /// Low 14 bits of a store's distance above the code; range14.
        above_lo: T,
        /// The value loaded or stored; 16-bit limbs because it comes from a cell.
        value: Value<T>,
        /// The register before; the value itself in a store.
        old: WriteRegister<T>,
        /// The word before; the value itself in a load.
        memory_prev: Value<T>,
        /// The access to memory.
        memory: MemoryAccess<T>,
        /// Which instruction; boolean, at most one.
        is_load: T,
        /// The instruction is SW; boolean.
        is_store: T,
    }
}

impl Instruction for Word<F> {
    const ID: u8 = 12;
    const NAME: &'static str = "word";
    const FAMILY: Family = Family::Word;
    const PUBLIC: Public = Public::TextEnd;
    type Columns<T: Copy> = Word<T>;

    fn eval<B: Builder>(b: &mut B, c: &Word<B::Var>) {
        b.rule("flags");
        let real = gadget::select(b, &[c.is_load, c.is_store]);
        let base = gadget::exs::<B, 2>(c.base.value);
        b.rule("address");
        gadget::address(
            b,
            base.clone(),
            c.imm.into(),
            B::Expr::ZERO,
            &c.address,
            &real,
        );
        let index = gadget::exs::<B, 2>([c.address.word_lo, c.address.word_hi]);
        b.rule("word above the code");
        gadget::assert_storable(b, index, c.above_lo, &c.is_store.into());

        // A load leaves memory as it is, a store the register.
        for i in 0..2 {
            b.rule("load leaves memory");
            b.when(c.is_load).assert_eq(c.memory_prev[i], c.value[i]);
            b.rule("store leaves the register");
            b.when(c.is_store).assert_eq(c.old.prev[i], c.value[i]);
        }

        let code = c.is_load * code(Op::Lw) + c.is_store * code(Op::Sw);
        let mut run = Execution::<B>::new(c.at, code, &real);
        run.read_rs1(b, c.rs1, base, c.base.prev_ts);
        let value = gadget::exs::<B, 2>(c.value);
        let ts = c.at.ts + c.is_load * F::from_int(RD_SLOT) + c.is_store * F::from_int(RS2_SLOT);
        b.rule("register");
        gadget::access_register(
            b,
            c.register.into(),
            (gadget::exs::<B, 2>(c.old.prev), c.old.prev_ts),
            (value.clone(), ts),
            &real,
        );
        b.rule("memory");
        gadget::access_memory(
            b,
            c.address.word::<B>(),
            gadget::exs::<B, 2>(c.memory_prev),
            value,
            &c.memory,
            c.at.ts + F::from_int(MEMORY_SLOT),
            &real,
        );
        run.decoded.rd = c.is_load * c.register;
        run.decoded.rs2 = c.is_store * c.register;
        run.decoded.x = c.imm.into();
        run.go_on(b);
    }

    fn row(e: &Step, text: &Range<u32>) -> Word<F> {
        let is_load = e.op == Op::Lw;
        let (register, old) = match is_load {
            true => (e.rd, WriteRegister::new(e.rd_prev, e.rd_ts)),
            false => (e.rs2, WriteRegister::new(e.b, e.rs2_ts)),
        };
        Word {
            at: At::new(e.pc, e.ts),
            rs1: F::from_int(e.rs1),
            register: F::from_int(register),
            base: ReadRegister::new(e.a, e.rs1_ts),
            imm: gadget::signed(e.imm),
            address: Address::new(e.addr),
            above_lo: gadget::above_lo(e.addr >> 2, text.end),
            value: gadget::word(e.mem_next),
            old,
            memory_prev: gadget::word(e.mem_prev),
            memory: MemoryAccess::new(e.mem_ts, e.ts + MEMORY_SLOT),
            is_load: F::from_bool(is_load),
            is_store: F::from_bool(!is_load),
        }
    }
}
