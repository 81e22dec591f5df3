//! LW and SW (ISA manual, 2.6).
//!
//! - Given: state, and that the program holds the instruction at its pc.
//! - Proves: `rd := memory[rs1 + imm]` or `memory[rs1 + imm] := rs2`; the address is a
//!   multiple of 4, and a store's lies above the code.
//! - Assumes: the limbs of register and memory values are 16 bits.
//! - Buses: state, program, memory, lookup. Degree 3. One row an instruction.

use p3_air::AirBuilder;
use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::memory::{MEMORY_SLOT, RD_SLOT, RS2_SLOT};
use vouch_isa::{Op, event::Step};

use super::program::code;
use crate::bus::Decoded;
use crate::gadget::{self, Address, MemoryAccess, ReadRegister, WriteRegister};
use crate::{Builder, F, Word as Value};

crate::columns! {
    /// Columns of [`super::Table::Word`].
    pub struct Word {
        /// Word index of the instruction; pinned by state and program.
        pc: T,
        /// Its timestamp; pinned by state.
        ts: T,
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

/// Constraints.
pub fn eval<B: Builder>(b: &mut B, c: &Word<B::Var>) {
    let real = gadget::select(b, &[c.is_load, c.is_store]);
    let base = gadget::exs::<B, 2>(c.base.value);
    gadget::address(
        b,
        base.clone(),
        c.imm.into(),
        B::Expr::ZERO,
        &c.address,
        &real,
    );
    let index = gadget::exs::<B, 2>([c.address.word_lo, c.address.word_hi]);
    gadget::assert_storable(b, index, c.above_lo, &c.is_store.into());

    // A load leaves memory as it is, a store the register.
    for i in 0..2 {
        b.when(c.is_load).assert_eq(c.memory_prev[i], c.value[i]);
        b.when(c.is_store).assert_eq(c.old.prev[i], c.value[i]);
    }

    gadget::read_rs1(b, c.rs1, base, c.base.prev_ts, c.ts, &real);
    let value = gadget::exs::<B, 2>(c.value);
    let ts = c.ts + c.is_load * F::from_int(RD_SLOT) + c.is_store * F::from_int(RS2_SLOT);
    gadget::access_register(
        b,
        c.register.into(),
        (gadget::exs::<B, 2>(c.old.prev), c.old.prev_ts),
        (value.clone(), ts),
        &real,
    );
    gadget::access_memory(
        b,
        c.address.word::<B>(),
        gadget::exs::<B, 2>(c.memory_prev),
        value,
        &c.memory,
        c.ts + F::from_int(MEMORY_SLOT),
        &real,
    );
    let decoded = Decoded {
        pc: c.pc.into(),
        code: c.is_load * code(Op::Lw) + c.is_store * code(Op::Sw),
        rd: c.is_load * c.register,
        rs1: c.rs1.into(),
        rs2: c.is_store * c.register,
        x: c.imm.into(),
        y: B::Expr::ZERO,
        z: B::Expr::ZERO,
    };
    gadget::execute(b, decoded, c.ts, c.pc + F::ONE, &real);
}

/// The row of an instruction.
pub fn row(e: &Step, text_end: u32) -> Word<F> {
    let is_load = e.op == Op::Lw;
    let (register, old) = match is_load {
        true => (e.rd, WriteRegister::new(e.rd_prev, e.rd_ts)),
        false => (e.rs2, WriteRegister::new(e.b, e.rs2_ts)),
    };
    Word {
        pc: F::from_int(e.pc),
        ts: F::from_int(e.ts),
        rs1: F::from_int(e.rs1),
        register: F::from_int(register),
        base: ReadRegister::new(e.a, e.rs1_ts),
        imm: gadget::signed(e.imm),
        address: Address::new(e.addr),
        above_lo: gadget::above_lo(e.addr >> 2, text_end),
        value: gadget::word(e.mem_next),
        old,
        memory_prev: gadget::word(e.mem_prev),
        memory: MemoryAccess::new(e.mem_ts, e.ts + MEMORY_SLOT),
        is_load: F::from_bool(is_load),
        is_store: F::from_bool(!is_load),
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
        Suite::new(
            Table::Word,
            Family::Word,
            |e| cells(&row(e, TEXT.end)),
            zeros::<Word<F>>,
        )
        .attacks([store_to_register()])
        .spare(Spare::implied(
            [0],
            "the other flag and the sum are boolean: -1 beside a store leaves a sum of 0, and \
                 the row asks about its address and says nothing",
        ))
        .spare(Spare::borrow(5))
    }

    /// An address 2^32 further up is the same address, and a register as a word index.
    pub(super) fn store_to_register() -> Word<F> {
        let base = 0x1_0004;
        let honest = Case::access(Op::Sw, 4 * TEXT.end, 0, 0, 1).step();
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
    use super::campaign::{store_to_register, suite};
    use super::*;
    use crate::tables::Table;
    use crate::testkit::steps::Case;
    use crate::testkit::{TEXT, cells, verdict};

    #[test]
    fn passes_its_suite() {
        suite().assert();
    }

    /// A word at an address that is no multiple of 4: no word index is a quarter of it.
    #[test]
    fn misaligned_access_is_rejected() {
        for op in [Op::Lw, Op::Sw] {
            for offset in 1..4 {
                let honest = Case::access(op, 4 * TEXT.end, 0, 0x8091_a2b3, 7).step();
                let addr = honest.addr + offset;
                let wrong = Step {
                    a: addr,
                    addr,
                    ..honest
                };
                assert!(!suite().verdict(&wrong).accepted(), "{wrong:?}");
            }
        }
    }

    #[test]
    fn store_to_registers_is_rejected() {
        let verdict = verdict(Table::Word, &cells(&store_to_register()));
        assert!(verdict.broken.is_empty());
        assert_eq!(verdict.untrue.len(), 1, "the high limb: {verdict:?}");
    }
}
