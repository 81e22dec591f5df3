//! ADDI, and what decoding turns into one: LUI and AUIPC are `x0 + constant`, FENCE is
//! `sink := x0 + 0` (ISA manual, 2.4.1 and 2.7).
//!
//! - Given: state, and that the program holds the instruction at its pc.
//! - Proves: `rd := rs1 + immediate` modulo `2^32`.
//! - Assumes: the limbs of register values and immediates are 16 bits.
//! - Buses: state, program, memory, lookup. Degree 3 (LogUp). One row an instruction.

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::{Op, event::Step};

use super::program::{IMMEDIATE, code};
use crate::bus::Decoded;
use crate::gadget::{self, ReadRegister, WriteRegister};
use crate::{Builder, F, Word};

crate::columns! {
    /// Columns of [`super::Table::AddImm`].
    pub struct AddImm {
        /// Word index of the instruction; pinned by state and program.
        pc: T,
        /// Its timestamp; pinned by state.
        ts: T,
        /// Register cells; pinned by the program.
        rd: T,
        /// Register cell read first; pinned by the program.
        rs1: T,
        /// First operand.
        a: ReadRegister<T>,
        /// Second operand; pinned by the program.
        imm: Word<T>,
        /// Result; range16 each.
        c: Word<T>,
        /// What the result replaces.
        old: WriteRegister<T>,
        /// The row is an instruction; boolean.
        is_real: T,
    }
}

/// Constraints.
pub fn eval<B: Builder>(b: &mut B, c: &AddImm<B::Var>) {
    let real = gadget::select(b, &[c.is_real]);
    let [x, y, z] = [c.a.value, c.imm, c.c].map(gadget::exs::<B, 2>);
    gadget::add_words(b, B::Expr::ONE, x.clone(), y.clone(), z.clone());
    // Without the ranges, a limb could hold what the other one lacks.
    gadget::range_word(b, z.clone(), &real);

    gadget::read_rs1(b, c.rs1, x, c.a.prev_ts, c.ts, &real);
    gadget::write_rd(b, c.rd, &c.old, z, c.ts, &real);
    let [imm_lo, imm_hi] = y;
    let decoded = Decoded {
        pc: c.pc.into(),
        code: gadget::constant::<B>(IMMEDIATE) + code(Op::Add),
        rd: c.rd.into(),
        rs1: c.rs1.into(),
        rs2: B::Expr::ZERO,
        x: imm_lo,
        y: imm_hi,
        z: B::Expr::ZERO,
    };
    gadget::execute(b, decoded, c.ts, c.pc + F::ONE, &real);
}

/// The row of an instruction.
pub fn row(e: &Step) -> AddImm<F> {
    AddImm {
        pc: F::from_int(e.pc),
        ts: F::from_int(e.ts),
        rd: F::from_int(e.rd),
        rs1: F::from_int(e.rs1),
        a: ReadRegister::new(e.a, e.rs1_ts),
        imm: gadget::word(e.b),
        c: gadget::word(e.c),
        old: WriteRegister::new(e.rd_prev, e.rd_ts),
        is_real: F::ONE,
    }
}

#[cfg(any(test, feature = "testkit"))]
pub(crate) mod campaign {
    use vouch_isa::Family;

    use super::super::Table;
    use super::*;
    use crate::testkit::score::Spare;
    use crate::testkit::{Suite, cells, zeros};

    pub(crate) fn suite() -> Suite {
        Suite::new(
            Table::AddImm,
            Family::AddImm,
            |e| cells(&row(e)),
            zeros::<AddImm<F>>,
        )
        .spare(Spare::one_flag())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn passes_its_suite() {
        super::campaign::suite().assert();
    }
}
