//! BEQ and BNE (ISA manual, 2.5.2).
//!
//! - Given: state, and that the program holds the instruction at its pc.
//! - Proves: the machine goes on at the target if the branch is taken, else behind it.
//! - Assumes: the limbs of register values are 16 bits.
//! - Buses: state, program, memory, lookup. Degree 3. One row an instruction.

use core::ops::Range;

use p3_air::AirBuilder;
use p3_field::{Field, PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::{Family, Op, event::Step};

use crate::gadget::{self, ReadRegister};
use crate::instruction::{Execution, HeadS, Instruction, code, target};
use crate::{Builder, F, Word};

crate::columns! {
    /// A row.
    pub struct BranchEq {
        /// What the instruction begins with.
        head: HeadS<T>,
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

impl Instruction for BranchEq<F> {
    const ID: u8 = 8;
    const NAME: &'static str = "branch_eq";
    const FAMILY: Family = Family::BranchEq;
    type Columns<T: Copy> = BranchEq<T>;

    fn eval<B: Builder>(b: &mut B, c: &BranchEq<B::Var>) {
        b.rule("flags");
        let real = gadget::select(b, &[c.is_beq, c.is_bne]);
        let [x, y] = [c.a.value, c.b.value].map(gadget::exs::<B, 2>);

        b.rule("equal is boolean");
        // `equal` set forces both differences to 0; both 0 force it. The limbs are compared one
        // by one: as one field element, two words p apart would be equal.
        b.assert_bool(c.equal);
        let mut product = B::Expr::ZERO;
        b.rule("equal operands do not differ");
        for i in 0..2 {
            let difference = x[i].clone() - y[i].clone();
            b.when(c.equal).assert_zero(difference.clone());
            product += difference * c.witness[i];
        }
        b.rule("other operands differ");
        b.when(real.clone())
            .assert_eq(product, B::Expr::ONE - c.equal);

        let taken = c.is_beq * c.equal + c.is_bne * (B::Expr::ONE - c.equal);
        let behind = c.head.at.pc + F::ONE;
        b.rule("next pc");
        b.assert_eq(c.next_pc, behind.clone() + taken * (c.target - behind));

        let code = c.is_beq * code(Op::Beq) + c.is_bne * code(Op::Bne);
        let mut run = Execution::<B>::new(c.head.at, code, &real);
        run.read_rs1(b, c.head.rs1, x, c.a.prev_ts);
        run.read_rs2(b, c.head.rs2, y, c.b.prev_ts);
        run.decoded.z = c.target.into();
        run.go_to(b, c.next_pc.into());
    }

    fn row(e: &Step, _: &Range<u32>) -> BranchEq<F> {
        let (a, b) = (gadget::word(e.a), gadget::word(e.b));
        let inverse = |i: usize| (a[i] - b[i]).try_inverse().unwrap_or(F::ZERO);
        // One limb that differs is enough.
        let witness = match a[0] == b[0] {
            true => [F::ZERO, inverse(1)],
            false => [inverse(0), F::ZERO],
        };
        BranchEq {
            head: HeadS::new(e),
            a: ReadRegister::new(e.a, e.rs1_ts),
            b: ReadRegister::new(e.b, e.rs2_ts),
            equal: F::from_bool(e.a == e.b),
            witness,
            target: target(e.pc, e.imm),
            next_pc: F::from_int(e.next_pc),
            is_beq: F::from_bool(e.op == Op::Beq),
            is_bne: F::from_bool(e.op == Op::Bne),
        }
    }

    // A row that is no instruction: it would go on behind itself.
    fn padding(row: &mut BranchEq<F>) {
        row.next_pc = F::ONE;
    }
}
