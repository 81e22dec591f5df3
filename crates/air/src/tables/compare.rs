//! SLT, SLTU and their immediate forms (ISA manual, 2.4).
//!
//! - Given: state, and that the program holds the instruction at its pc.
//! - Proves: `rd := 1` if `rs1 < (rs2 or immediate)`, signed or not, else `0`.
//! - Assumes: the limbs of register values and immediates are 16 bits.
//! - Buses: state, program, memory, lookup. Degree 3 (LogUp). One row an instruction.

use core::ops::Range;

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::{Family, Op, event::Step};

use crate::gadget::{self, LessThan, ReadRegister, WriteRegister};
use crate::instruction::{self, Execution, HeadR, IMMEDIATE, Instruction, code};
use crate::{Builder, F};

crate::columns! {
    /// A row.
    pub struct Compare {
        /// What the instruction begins with.
        head: HeadR<T>,
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

impl Instruction for Compare<F> {
    const ID: u8 = 6;
    const NAME: &'static str = "compare";
    const FAMILY: Family = Family::Compare;
    type Columns<T: Copy> = Compare<T>;

    fn eval<B: Builder>(b: &mut B, c: &Compare<B::Var>) {
        b.rule("flags");
        let real = gadget::select(b, &[c.is_slt, c.is_sltu]);
        let reads_rs2 = instruction::immediate_form(b, c.is_imm, &real);

        let [x, y] = [c.a.value, c.b.value].map(gadget::exs::<B, 2>);
        b.rule("order");
        gadget::compare(b, x.clone(), y.clone(), &c.is_slt.into(), &c.order, &real);

        let code = c.is_slt * code(Op::Slt)
            + c.is_sltu * code(Op::Sltu)
            + c.is_imm * F::from_int(IMMEDIATE);
        let mut run = Execution::<B>::new(c.head.at, code, &real);
        run.read_rs1(b, c.head.rs1, x, c.a.prev_ts);
        run.read_rs2_if(b, c.head.rs2, y.clone(), c.b.prev_ts, &reads_rs2);
        let result = [c.order.less.into(), B::Expr::ZERO];
        run.write_rd(b, c.head.rd, &c.old, result);
        let [y_lo, y_hi] = y;
        run.decoded.x = y_lo * c.is_imm;
        run.decoded.y = y_hi * c.is_imm;
        run.go_on(b);
    }

    fn row(e: &Step, _: &Range<u32>) -> Compare<F> {
        let op = e.op.register_form();
        Compare {
            head: HeadR::new(e),
            a: ReadRegister::new(e.a, e.rs1_ts),
            b: ReadRegister::new(e.b, e.rs2_ts),
            order: LessThan::new(e.a, e.b, op == Op::Slt),
            old: WriteRegister::new(e.rd_prev, e.rd_ts),
            is_slt: F::from_bool(op == Op::Slt),
            is_sltu: F::from_bool(op == Op::Sltu),
            is_imm: F::from_bool(e.op != op),
        }
    }
}
