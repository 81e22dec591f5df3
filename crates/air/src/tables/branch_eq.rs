//! BEQ and BNE (ISA manual, 2.5.2).
//!
//! - Given: state, and that the program holds the instruction at its pc.
//! - Proves: the machine goes on at the target if the branch is taken, else behind it.
//! - Assumes: the limbs of register values are 16 bits.
//! - Buses: state, program, memory, lookup. Degree 3. One row an instruction.

use p3_air::AirBuilder;
use p3_field::{Field, PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::{Op, event::Step};

use super::program::code;
use crate::bus::Decoded;
use crate::gadget::{self, ReadRegister};
use crate::{Builder, F, Word};

crate::columns! {
    /// Columns of [`super::Table::BranchEq`].
    pub struct BranchEq {
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
        /// The operands are equal; boolean.
        equal: T,
        /// If not: factors with which the differences of the limbs add up to 1; free.
        witness: Word<T>,
        /// Word index of the target; pinned by the program.
        target: T,
        /// Word index of the next instruction; determined.
        next_pc: T,
        /// Which instruction; boolean, at most one.
        is_beq: T,
        /// The instruction is BNE; boolean.
        is_bne: T,
    }
}

/// Constraints.
pub fn eval<B: Builder>(b: &mut B, c: &BranchEq<B::Var>) {
    let real = gadget::select(b, &[c.is_beq, c.is_bne]);
    let [x, y] = [c.a.value, c.b.value].map(gadget::exs::<B, 2>);

    // `equal` set forces both differences to 0; both 0 force it. The limbs are compared one
    // by one: as one field element, two words p apart would be equal.
    b.assert_bool(c.equal);
    let mut product = B::Expr::ZERO;
    for i in 0..2 {
        let difference = x[i].clone() - y[i].clone();
        b.when(c.equal).assert_zero(difference.clone());
        product += difference * c.witness[i];
    }
    b.when(real.clone())
        .assert_eq(product, B::Expr::ONE - c.equal);

    let taken = c.is_beq * c.equal + c.is_bne * (B::Expr::ONE - c.equal);
    let behind = c.pc + F::ONE;
    b.assert_eq(c.next_pc, behind.clone() + taken * (c.target - behind));

    gadget::read_rs1(b, c.rs1, x, c.a.prev_ts, c.ts, &real);
    gadget::read_rs2(b, c.rs2, y, c.b.prev_ts, c.ts, &real);
    let decoded = Decoded {
        pc: c.pc.into(),
        code: c.is_beq * code(Op::Beq) + c.is_bne * code(Op::Bne),
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
pub fn row(e: &Step) -> BranchEq<F> {
    let (a, b) = (gadget::word(e.a), gadget::word(e.b));
    let inverse = |i: usize| (a[i] - b[i]).try_inverse().unwrap_or(F::ZERO);
    // One limb that differs is enough.
    let witness = match a[0] == b[0] {
        true => [F::ZERO, inverse(1)],
        false => [inverse(0), F::ZERO],
    };
    BranchEq {
        pc: F::from_int(e.pc),
        ts: F::from_int(e.ts),
        rs1: F::from_int(e.rs1),
        rs2: F::from_int(e.rs2),
        a: ReadRegister::new(e.a, e.rs1_ts),
        b: ReadRegister::new(e.b, e.rs2_ts),
        equal: F::from_bool(e.a == e.b),
        witness,
        target: super::program::target(e.pc, e.imm),
        next_pc: F::from_int(e.next_pc),
        is_beq: F::from_bool(e.op == Op::Beq),
        is_bne: F::from_bool(e.op == Op::Bne),
    }
}

/// A row that is no instruction: it would go on behind itself.
pub fn padding(row: &mut BranchEq<F>) {
    row.next_pc = F::ONE;
}

#[cfg(any(test, feature = "testkit"))]
pub(crate) mod campaign {
    use vouch_isa::Family;

    use super::super::Table;
    use super::*;
    use crate::testkit::score::Spare;
    use crate::testkit::{Suite, cells};

    pub(crate) fn suite() -> Suite {
        Suite::new(
            Table::BranchEq,
            Family::BranchEq,
            |e| cells(&row(e)),
            padding,
        )
        .spare(Spare::two_flags())
        .spare(Spare::implied(
            [3],
            "`equal` not 0 means no difference, so the sum is 0 and `equal` 1",
        ))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn passes_its_suite() {
        super::campaign::suite().assert();
    }
}
