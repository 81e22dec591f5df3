//! SLT, SLTU and their immediate forms (ISA manual, 2.4).
//!
//! - Given: state, and that the program holds the instruction at its pc.
//! - Proves: `rd := 1` if `rs1 < (rs2 or immediate)`, signed or not, else `0`.
//! - Assumes: the limbs of register values and immediates are 16 bits.
//! - Buses: state, program, memory, lookup. Degree 3 (LogUp). One row an instruction.

use p3_air::AirBuilder;
use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::{Op, event::Step};

use super::program::{IMMEDIATE, code};
use crate::bus::Decoded;
use crate::gadget::{self, LessThan, ReadRegister, WriteRegister};
use crate::{Builder, F};

crate::columns! {
    /// Columns of [`super::Table::Compare`].
    pub struct Compare {
        /// Word index of the instruction; pinned by state and program.
        pc: T,
        /// Its timestamp; pinned by state.
        ts: T,
        /// Register cells; pinned by the program (`rs2` is 0 in immediate forms).
        rd: T,
        /// Register cell read first; pinned by the program.
        rs1: T,
        /// Register cell read second; pinned by the program.
        rs2: T,
        /// First operand.
        a: ReadRegister<T>,
        /// Second operand; in immediate forms its value is pinned by the program and its
        /// timestamp is free.
        b: ReadRegister<T>,
        /// The comparison; `less` is the result.
        order: LessThan<T>,
        /// What the result replaces.
        old: WriteRegister<T>,
        /// Signed or unsigned; boolean, at most one.
        is_slt: T,
        /// The instruction is SLTU; boolean.
        is_sltu: T,
        /// The second operand is the immediate; boolean.
        is_imm: T,
    }
}

/// Constraints.
pub fn eval<B: Builder>(b: &mut B, c: &Compare<B::Var>) {
    let real = gadget::select(b, &[c.is_slt, c.is_sltu]);
    b.assert_bool(c.is_imm);
    // An immediate form that is no instruction would read rs2 a negative number of times.
    b.when(c.is_imm).assert_one(real.clone());
    let reads_rs2 = real.clone() - c.is_imm;

    let [x, y] = [c.a.value, c.b.value].map(gadget::exs::<B, 2>);
    gadget::compare(b, x.clone(), y.clone(), &c.is_slt.into(), &c.order, &real);

    gadget::read_rs1(b, c.rs1, x, c.a.prev_ts, c.ts, &real);
    gadget::read_rs2(b, c.rs2, y.clone(), c.b.prev_ts, c.ts, &reads_rs2);
    let result = [c.order.less.into(), B::Expr::ZERO];
    gadget::write_rd(b, c.rd, &c.old, result, c.ts, &real);
    let [y_lo, y_hi] = y;
    let decoded = Decoded {
        pc: c.pc.into(),
        code: c.is_slt * code(Op::Slt)
            + c.is_sltu * code(Op::Sltu)
            + c.is_imm * F::from_int(IMMEDIATE),
        rd: c.rd.into(),
        rs1: c.rs1.into(),
        rs2: c.rs2.into(),
        x: y_lo * c.is_imm,
        y: y_hi * c.is_imm,
        z: B::Expr::ZERO,
    };
    gadget::execute(b, decoded, c.ts, c.pc + F::ONE, &real);
}

/// The row of an instruction.
pub fn row(e: &Step) -> Compare<F> {
    let op = e.op.register_form();
    Compare {
        pc: F::from_int(e.pc),
        ts: F::from_int(e.ts),
        rd: F::from_int(e.rd),
        rs1: F::from_int(e.rs1),
        rs2: F::from_int(e.rs2),
        a: ReadRegister::new(e.a, e.rs1_ts),
        b: ReadRegister::new(e.b, e.rs2_ts),
        order: LessThan::new(e.a, e.b, op == Op::Slt),
        old: WriteRegister::new(e.rd_prev, e.rd_ts),
        is_slt: F::from_bool(op == Op::Slt),
        is_sltu: F::from_bool(op == Op::Sltu),
        is_imm: F::from_bool(e.op != op),
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
            Table::Compare,
            Family::Compare,
            |e| cells(&row(e)),
            zeros::<Compare<F>>,
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
