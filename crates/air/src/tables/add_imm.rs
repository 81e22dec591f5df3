//! ADDI, and what decoding turns into one: LUI and AUIPC are `x0 + constant`, FENCE is
//! `sink := x0 + 0` (ISA manual, 2.4.1 and 2.7).
//!
//! - Given: state, and that the program holds the instruction at its pc.
//! - Proves: `rd := rs1 + immediate` modulo `2^32`.
//! - Assumes: the limbs of register values and immediates are 16 bits.
//! - Buses: state, program, memory, lookup. Degree 3 (LogUp). One row an instruction.

use core::ops::Range;

use p3_field::PrimeCharacteristicRing;
use vouch_isa::{Family, Op, event::Step};

use crate::gadget::{self, ReadRegister, WriteRegister};
use crate::instruction::{Execution, HeadI, IMMEDIATE, Instruction, code};
use crate::{Builder, F, Word};

crate::columns! {
    /// A row.
    pub struct AddImm {
        /// What the instruction begins with.
        head: HeadI<T>,
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

impl Instruction for AddImm<F> {
    const ID: u8 = 4;
    const NAME: &'static str = "add_imm";
    const FAMILY: Family = Family::AddImm;
    type Columns<T: Copy> = AddImm<T>;

    fn eval<B: Builder>(b: &mut B, c: &AddImm<B::Var>) {
        b.rule("flags");
        let real = gadget::select(b, &[c.is_real]);
        let [x, y, z] = [c.a.value, c.imm, c.c].map(gadget::exs::<B, 2>);
        b.rule("sum");
        gadget::add_words(b, B::Expr::ONE, x.clone(), y.clone(), z.clone());
        b.rule("limbs of the result");
        // Without the ranges, a limb could hold what the other one lacks.
        gadget::range_word(b, z.clone(), &real);

        let code = gadget::constant::<B>(IMMEDIATE) + code(Op::Add);
        let mut run = Execution::<B>::new(c.head.at, code, &real);
        run.read_rs1(b, c.head.rs1, x, c.a.prev_ts);
        run.write_rd(b, c.head.rd, &c.old, z);
        let [imm_lo, imm_hi] = y;
        run.decoded.x = imm_lo;
        run.decoded.y = imm_hi;
        run.go_on(b);
    }

    fn row(e: &Step, _: &Range<u32>) -> AddImm<F> {
        AddImm {
            head: HeadI::new(e),
            a: ReadRegister::new(e.a, e.rs1_ts),
            imm: gadget::word(e.b),
            c: gadget::word(e.c),
            old: WriteRegister::new(e.rd_prev, e.rd_ts),
            is_real: F::ONE,
        }
    }
}
