//! BLT, BGE, BLTU and BGEU (ISA manual, 2.5.2).
//!
//! - Given: state, and that the program holds the instruction at its pc.
//! - Proves: the machine goes on at the target if the branch is taken, else behind it.
//! - Assumes: the limbs of register values are 16 bits.
//! - Buses: state, program, memory, lookup. Degree 3. One row an instruction.

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::{Op, event::Step};

use super::program::code;
use crate::bus::Decoded;
use crate::gadget::{self, LessThan, ReadRegister};
use crate::{Builder, F};

crate::columns! {
    /// Columns of [`super::Table::BranchLt`].
    pub struct BranchLt {
        /// Word index of the instruction; pinned by state and program.
        pc: T,
        /// Its timestamp; pinned by state.
        ts: T,
        /// Register cells; pinned by the program.
        rs1: T,
        /// Register cell read second; pinned by the program.
        rs2: T,
        /// Operands.
        a: ReadRegister<T>,
        /// Second operand, likewise.
        b: ReadRegister<T>,
        /// Their comparison.
        order: LessThan<T>,
        /// Word index of the target; pinned by the program.
        target: T,
        /// Word index of the next instruction; determined.
        next_pc: T,
        /// Which instruction; boolean, at most one.
        is_blt: T,
        /// The instruction is BGE; boolean.
        is_bge: T,
        /// The instruction is BLTU; boolean.
        is_bltu: T,
        /// The instruction is BGEU; boolean.
        is_bgeu: T,
    }
}

/// Constraints.
pub fn eval<B: Builder>(b: &mut B, c: &BranchLt<B::Var>) {
    let real = gadget::select(b, &[c.is_blt, c.is_bge, c.is_bltu, c.is_bgeu]);
    let [x, y] = [c.a.value, c.b.value].map(gadget::exs::<B, 2>);
    let is_signed = c.is_blt + c.is_bge;
    gadget::compare(b, x.clone(), y.clone(), &is_signed, &c.order, &real);

    let if_less = c.is_blt + c.is_bltu;
    let if_not = c.is_bge + c.is_bgeu;
    let taken = if_less * c.order.less + if_not * (B::Expr::ONE - c.order.less);
    let behind = c.pc + F::ONE;
    b.assert_eq(c.next_pc, behind.clone() + taken * (c.target - behind));

    gadget::read_rs1(b, c.rs1, x, c.a.prev_ts, c.ts, &real);
    gadget::read_rs2(b, c.rs2, y, c.b.prev_ts, c.ts, &real);
    let decoded = Decoded {
        pc: c.pc.into(),
        code: c.is_blt * code(Op::Blt)
            + c.is_bge * code(Op::Bge)
            + c.is_bltu * code(Op::Bltu)
            + c.is_bgeu * code(Op::Bgeu),
        rd: B::Expr::ZERO,
        rs1: c.rs1.into(),
        rs2: c.rs2.into(),
        x: B::Expr::ZERO,
        y: B::Expr::ZERO,
        z: c.target.into(),
    };
    gadget::execute(b, decoded, c.ts, c.next_pc.into(), &real);
}

/// The row of an instruction.
pub fn row(e: &Step) -> BranchLt<F> {
    let is_signed = matches!(e.op, Op::Blt | Op::Bge);
    BranchLt {
        pc: F::from_int(e.pc),
        ts: F::from_int(e.ts),
        rs1: F::from_int(e.rs1),
        rs2: F::from_int(e.rs2),
        a: ReadRegister::new(e.a, e.rs1_ts),
        b: ReadRegister::new(e.b, e.rs2_ts),
        order: LessThan::new(e.a, e.b, is_signed),
        target: super::program::target(e.pc, e.imm),
        next_pc: F::from_int(e.next_pc),
        is_blt: F::from_bool(e.op == Op::Blt),
        is_bge: F::from_bool(e.op == Op::Bge),
        is_bltu: F::from_bool(e.op == Op::Bltu),
        is_bgeu: F::from_bool(e.op == Op::Bgeu),
    }
}

/// A row that is no instruction: it would go on behind itself.
pub fn padding(row: &mut BranchLt<F>) {
    row.next_pc = F::ONE;
}

#[cfg(any(test, feature = "testkit"))]
pub(crate) mod campaign {
    use vouch_isa::Family;

    use super::super::Table;
    use super::*;
    use crate::testkit::{Suite, cells};

    pub(crate) fn suite() -> Suite {
        Suite::new(
            Table::BranchLt,
            Family::BranchLt,
            |e| cells(&row(e)),
            padding,
        )
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn passes_its_suite() {
        super::campaign::suite().assert();
    }
}
