//! MUL (ISA manual, M extension): the low word of a product.
//!
//! - Given: state, and that the program holds the instruction at its pc.
//! - Proves: `rd := rs1 * rs2` modulo `2^32`.
//! - Assumes: the limbs of register values are 16 bits.
//! - Buses: state, program, memory, lookup. Degree 3 (LogUp). One row an instruction.

use core::ops::Range;

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::{Family, Op, event::Step};

use crate::gadget::{self, WriteRegister};
use crate::instruction::{Execution, HeadR, Instruction, code};
use crate::product::{assert_carried, carries, product_columns, product_numbers};
use crate::{Builder, F, Word};

crate::columns! {
    /// A row.
    pub struct Mul {
        /// What the instruction begins with.
        head: HeadR<T>,
        /// Bytes of the operands; bytes by lookup, pinned as limbs by the memory bus.
        a: [T; 4],
        /// Second operand, likewise.
        b: [T; 4],
        /// Timestamps of the previous accesses to `rs1` and `rs2`.
        rs1_ts: T,
        /// Timestamp of the previous access to `rs2`.
        rs2_ts: T,
        /// Result; range16 each.
        c: Word<T>,
        /// Carries out of the result's limbs; range14.
        carry: [T; 2],
        /// What the result replaces.
        old: WriteRegister<T>,
        /// The row is an instruction; boolean.
        is_real: T,
    }
}

impl Instruction for Mul<F> {
    const ID: u8 = 15;
    const NAME: &'static str = "mul";
    const FAMILY: Family = Family::Mul;
    type Columns<T: Copy> = Mul<T>;

    fn eval<B: Builder>(b: &mut B, c: &Mul<B::Var>) {
        b.rule("flags");
        let real = gadget::select(b, &[c.is_real]);
        let [x, y] = [c.a, c.b].map(gadget::exs::<B, 4>);
        let z = gadget::exs::<B, 2>(c.c);
        b.rule("product");
        assert_carried(b, product_columns(&x, &y), z.clone(), &c.carry, &real);
        b.rule("limbs of the result");
        gadget::range_word(b, z.clone(), &real);
        b.rule("operands are bytes");
        // Bytes, not just limbs: otherwise the columns could overflow the field.
        for bytes in [&x, &y] {
            gadget::bytes(b, bytes[0].clone(), bytes[1].clone(), &real);
            gadget::bytes(b, bytes[2].clone(), bytes[3].clone(), &real);
        }

        let code = B::Expr::from(code(Op::Mul));
        let mut run = Execution::<B>::new(c.head.at, code, &real);
        run.read_rs1(b, c.head.rs1, gadget::word_of_bytes::<B>(c.a), c.rs1_ts);
        run.read_rs2(b, c.head.rs2, gadget::word_of_bytes::<B>(c.b), c.rs2_ts);
        run.write_rd(b, c.head.rd, &c.old, z);
        run.go_on(b);
    }

    fn row(e: &Step, _: &Range<u32>) -> Mul<F> {
        let limbs = [i64::from(e.c & 0xffff), i64::from(e.c >> 16)];
        Mul {
            head: HeadR::new(e),
            a: gadget::word_bytes(e.a),
            b: gadget::word_bytes(e.b),
            rs1_ts: F::from_int(e.rs1_ts),
            rs2_ts: F::from_int(e.rs2_ts),
            c: gadget::word(e.c),
            carry: carries(product_numbers(e.a.into(), e.b.into()), limbs),
            old: WriteRegister::new(e.rd_prev, e.rd_ts),
            is_real: F::ONE,
        }
    }
}
