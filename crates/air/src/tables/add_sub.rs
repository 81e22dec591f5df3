//! ADD and SUB (ISA manual, 2.4.2).
//!
//! - Given: state, and that the program holds the instruction at its pc.
//! - Proves: `rd := rs1 + rs2` or `rd := rs1 - rs2` modulo `2^32`.
//! - Assumes: the limbs of register values are 16 bits (whoever wrote them checked).
//! - Buses: state, program, memory, lookup. Degree 3. One row an instruction.

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::{Op, event::Step};

use super::program::code;
use crate::bus::Decoded;
use crate::gadget::{self, ReadRegister, WriteRegister};
use crate::{Builder, F, Word};

crate::columns! {
    /// Columns of [`super::Table::AddSub`].
    pub struct AddSub {
        /// Word index of the instruction; pinned by state and program.
        pc: T,
        /// Its timestamp; pinned by state.
        ts: T,
        /// Register cells; pinned by the program.
        rd: T,
        /// Register cell read first; pinned by the program.
        rs1: T,
        /// Register cell read second; pinned by the program.
        rs2: T,
        /// First operand.
        a: ReadRegister<T>,
        /// Second operand.
        b: ReadRegister<T>,
        /// Result; range16 each.
        c: Word<T>,
        /// What the result replaces.
        old: WriteRegister<T>,
        /// The instruction is ADD; boolean.
        is_add: T,
        /// The instruction is SUB; boolean, not both.
        is_sub: T,
    }
}

/// Constraints.
pub fn eval<B: Builder>(b: &mut B, c: &AddSub<B::Var>) {
    let real = gadget::select(b, &[c.is_add, c.is_sub]);
    let [x, y, z] = [c.a.value, c.b.value, c.c].map(gadget::exs::<B, 2>);
    // Subtraction is addition read backwards: rd + rs2 = rs1.
    gadget::add_words(b, c.is_add.into(), x.clone(), y.clone(), z.clone());
    gadget::add_words(b, c.is_sub.into(), z.clone(), y.clone(), x.clone());
    // Without the ranges, a limb could hold what the other one lacks.
    gadget::range_word(b, z.clone(), &real);

    gadget::read_rs1(b, c.rs1, x, c.a.prev_ts, c.ts, &real);
    gadget::read_rs2(b, c.rs2, y, c.b.prev_ts, c.ts, &real);
    gadget::write_rd(b, c.rd, &c.old, z, c.ts, &real);
    let decoded = Decoded {
        pc: c.pc.into(),
        code: c.is_add * code(Op::Add) + c.is_sub * code(Op::Sub),
        rd: c.rd.into(),
        rs1: c.rs1.into(),
        rs2: c.rs2.into(),
        x: B::Expr::ZERO,
        y: B::Expr::ZERO,
        z: B::Expr::ZERO,
    };
    gadget::execute(b, decoded, c.ts, c.pc + F::ONE, &real);
}

/// The row of an instruction.
pub fn row(e: &Step) -> AddSub<F> {
    AddSub {
        pc: F::from_int(e.pc),
        ts: F::from_int(e.ts),
        rd: F::from_int(e.rd),
        rs1: F::from_int(e.rs1),
        rs2: F::from_int(e.rs2),
        a: ReadRegister::new(e.a, e.rs1_ts),
        b: ReadRegister::new(e.b, e.rs2_ts),
        c: gadget::word(e.c),
        old: WriteRegister::new(e.rd_prev, e.rd_ts),
        is_add: F::from_bool(e.op == Op::Add),
        is_sub: F::from_bool(e.op == Op::Sub),
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
            Table::AddSub,
            Family::AddSub,
            |e| cells(&row(e)),
            zeros::<AddSub<F>>,
        )
        .spare(Spare::two_flags())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn passes_its_suite() {
        super::campaign::suite().assert();
    }
}
