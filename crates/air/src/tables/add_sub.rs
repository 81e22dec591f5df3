//! ADD and SUB (ISA manual, 2.4.2).
//!
//! - Given: state, and that the program holds the instruction at its pc.
//! - Proves: `rd := rs1 + rs2` or `rd := rs1 - rs2` modulo `2^32`.
//! - Assumes: the limbs of register values are 16 bits (whoever wrote them checked).
//! - Buses: state, program, memory, lookup. Degree 3. One row an instruction.

use core::ops::Range;

use p3_field::PrimeCharacteristicRing;
use vouch_isa::{Family, Op, event::Step};

use crate::gadget::{self, ReadRegister, WriteRegister};
use crate::instruction::{Execution, HeadR, Instruction, code};
use crate::{Builder, F, Word};

crate::columns! {
    /// A row.
    pub struct AddSub {
        /// What the instruction begins with.
        head: HeadR<T>,
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

impl Instruction for AddSub<F> {
    const ID: u8 = 3;
    const NAME: &'static str = "add_sub";
    const FAMILY: Family = Family::AddSub;
    type Columns<T: Copy> = AddSub<T>;

    fn eval<B: Builder>(b: &mut B, c: &AddSub<B::Var>) {
        b.rule("flags");
        let real = gadget::select(b, &[c.is_add, c.is_sub]);
        let [x, y, z] = [c.a.value, c.b.value, c.c].map(gadget::exs::<B, 2>);
        b.rule("sum");
        // Subtraction is addition read backwards: rd + rs2 = rs1.
        gadget::add_words(b, c.is_add.into(), x.clone(), y.clone(), z.clone());
        b.rule("difference");
        gadget::add_words(b, c.is_sub.into(), z.clone(), y.clone(), x.clone());
        b.rule("limbs of the result");
        // Without the ranges, a limb could hold what the other one lacks.
        gadget::range_word(b, z.clone(), &real);

        let code = c.is_add * code(Op::Add) + c.is_sub * code(Op::Sub);
        let mut run = Execution::<B>::new(c.head.at, code, &real);
        run.read_rs1(b, c.head.rs1, x, c.a.prev_ts);
        run.read_rs2(b, c.head.rs2, y, c.b.prev_ts);
        run.write_rd(b, c.head.rd, &c.old, z);
        run.go_on(b);
    }

    fn row(e: &Step, _: &Range<u32>) -> AddSub<F> {
        AddSub {
            head: HeadR::new(e),
            a: ReadRegister::new(e.a, e.rs1_ts),
            b: ReadRegister::new(e.b, e.rs2_ts),
            c: gadget::word(e.c),
            old: WriteRegister::new(e.rd_prev, e.rd_ts),
            is_add: F::from_bool(e.op == Op::Add),
            is_sub: F::from_bool(e.op == Op::Sub),
        }
    }
}
