//! BLT, BGE, BLTU and BGEU (ISA manual, 2.5.2).
//!
//! - Given: state, and that the program holds the instruction at its pc.
//! - Proves: the machine goes on at the target if the branch is taken, else behind it.
//! - Assumes: the limbs of register values are 16 bits.
//! - Buses: state, program, memory, lookup. Degree 3. One row an instruction.

use core::ops::Range;

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::{Family, Op, event::Step};

use crate::gadget::{self, LessThan, ReadRegister};
use crate::instruction::{Execution, HeadS, Instruction, code, target};
use crate::{Builder, F};

crate::columns! {
    /// A row.
    pub struct BranchLt {
        /// What the instruction begins with.
        head: HeadS<T>,
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

impl Instruction for BranchLt<F> {
    const ID: u8 = 9;
    const NAME: &'static str = "branch_lt";
    const FAMILY: Family = Family::BranchLt;
    type Columns<T: Copy> = BranchLt<T>;

    fn eval<B: Builder>(b: &mut B, c: &BranchLt<B::Var>) {
        b.rule("flags");
        let real = gadget::select(b, &[c.is_blt, c.is_bge, c.is_bltu, c.is_bgeu]);
        let [x, y] = [c.a.value, c.b.value].map(gadget::exs::<B, 2>);
        let is_signed = c.is_blt + c.is_bge;
        b.rule("order");
        gadget::compare(b, x.clone(), y.clone(), &is_signed, &c.order, &real);

        let if_less = c.is_blt + c.is_bltu;
        let if_not = c.is_bge + c.is_bgeu;
        let taken = if_less * c.order.less + if_not * (B::Expr::ONE - c.order.less);
        let behind = c.head.at.pc + F::ONE;
        b.rule("next pc");
        b.assert_eq(c.next_pc, behind.clone() + taken * (c.target - behind));

        let code = c.is_blt * code(Op::Blt)
            + c.is_bge * code(Op::Bge)
            + c.is_bltu * code(Op::Bltu)
            + c.is_bgeu * code(Op::Bgeu);
        let mut run = Execution::<B>::new(c.head.at, code, &real);
        run.read_rs1(b, c.head.rs1, x, c.a.prev_ts);
        run.read_rs2(b, c.head.rs2, y, c.b.prev_ts);
        run.decoded.z = c.target.into();
        run.go_to(b, c.next_pc.into());
    }

    fn row(e: &Step, _: &Range<u32>) -> BranchLt<F> {
        let is_signed = matches!(e.op, Op::Blt | Op::Bge);
        BranchLt {
            head: HeadS::new(e),
            a: ReadRegister::new(e.a, e.rs1_ts),
            b: ReadRegister::new(e.b, e.rs2_ts),
            order: LessThan::new(e.a, e.b, is_signed),
            target: target(e.pc, e.imm),
            next_pc: F::from_int(e.next_pc),
            is_blt: F::from_bool(e.op == Op::Blt),
            is_bge: F::from_bool(e.op == Op::Bge),
            is_bltu: F::from_bool(e.op == Op::Bltu),
            is_bgeu: F::from_bool(e.op == Op::Bgeu),
        }
    }

    // A row that is no instruction: it would go on behind itself.
    fn padding(row: &mut BranchLt<F>) {
        row.next_pc = F::ONE;
    }
}
