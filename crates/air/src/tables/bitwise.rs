//! AND, OR, XOR and their immediate forms (ISA manual, 2.4).
//!
//! - Given: state, and that the program holds the instruction at its pc.
//! - Proves: `rd := rs1 op (rs2 or immediate)`, bit by bit.
//! - Assumes: the limbs of register values and immediates are 16 bits.
//! - Buses: state, program, memory, lookup. Degree 3 (LogUp). One row an instruction.

use core::ops::Range;

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::{Family, Op, event::Step};

use crate::bus::{self, Fact};
use crate::gadget::{self, WriteRegister};
use crate::instruction::{self, Execution, HeadR, IMMEDIATE, Instruction, code};
use crate::{Builder, F, Word};

crate::columns! {
    /// A row.
    pub struct Bitwise {
        /// What the instruction begins with.
        head: HeadR<T>,
        /// Bytes of the first operand; bytes by lookup, pinned as limbs by the memory bus.
        a: [T; 4],
        /// Bytes of the second, likewise; as limbs pinned by the memory bus or the program.
        b: [T; 4],
        /// `a & b`; lookup.
        and: [T; 4],
        /// Result; determined by the bytes.
        c: Word<T>,
        /// Timestamps of the previous accesses to `rs1` and `rs2`.
        rs1_ts: T,
        /// Timestamp of the previous access to `rs2`.
        rs2_ts: T,
        /// What the result replaces.
        old: WriteRegister<T>,
        /// Which instruction; boolean, at most one.
        is_and: T,
        /// The instruction is OR; boolean.
        is_or: T,
        /// The instruction is XOR; boolean.
        is_xor: T,
        /// The second operand is the immediate; boolean.
        is_imm: T,
    }
}

impl Instruction for Bitwise<F> {
    const ID: u8 = 5;
    const NAME: &'static str = "bitwise";
    const FAMILY: Family = Family::Bitwise;
    type Columns<T: Copy> = Bitwise<T>;

    fn eval<B: Builder>(b: &mut B, c: &Bitwise<B::Var>) {
        b.rule("flags");
        let real = gadget::select(b, &[c.is_and, c.is_or, c.is_xor]);
        let reads_rs2 = instruction::immediate_form(b, c.is_imm, &real);

        b.rule("bytes and their conjunction");
        // The lookup pins the bytes and their conjunction; x | y and x ^ y follow from
        // x + y = (x & y) + (x | y) and x ^ y = (x | y) - (x & y).
        let result: [B::Expr; 4] = core::array::from_fn(|i| {
            let [x, y, and] = [c.a[i], c.b[i], c.and[i]];
            bus::ask_lookup(b, Fact::And, [x.into(), y.into(), and.into()], real.clone());
            let or = x + y - and;
            c.is_and * and + c.is_or * or.clone() + c.is_xor * (or - and)
        });
        let [r0, r1, r2, r3] = result;
        b.rule("result");
        b.assert_eq(c.c[0], r0 + r1 * F::from_int(256));
        b.assert_eq(c.c[1], r2 + r3 * F::from_int(256));

        let (x, y) = (
            gadget::word_of_bytes::<B>(c.a),
            gadget::word_of_bytes::<B>(c.b),
        );
        let code = c.is_and * code(Op::And)
            + c.is_or * code(Op::Or)
            + c.is_xor * code(Op::Xor)
            + c.is_imm * F::from_int(IMMEDIATE);
        let mut run = Execution::<B>::new(c.head.at, code, &real);
        run.read_rs1(b, c.head.rs1, x, c.rs1_ts);
        run.read_rs2_if(b, c.head.rs2, y.clone(), c.rs2_ts, &reads_rs2);
        run.write_rd(b, c.head.rd, &c.old, gadget::exs::<B, 2>(c.c));
        let [y_lo, y_hi] = y;
        run.decoded.x = y_lo * c.is_imm;
        run.decoded.y = y_hi * c.is_imm;
        run.go_on(b);
    }

    fn row(e: &Step, _: &Range<u32>) -> Bitwise<F> {
        let op = e.op.register_form();
        Bitwise {
            head: HeadR::new(e),
            a: gadget::word_bytes(e.a),
            b: gadget::word_bytes(e.b),
            and: gadget::word_bytes(e.a & e.b),
            c: gadget::word(e.c),
            rs1_ts: F::from_int(e.rs1_ts),
            rs2_ts: F::from_int(e.rs2_ts),
            old: WriteRegister::new(e.rd_prev, e.rd_ts),
            is_and: F::from_bool(op == Op::And),
            is_or: F::from_bool(op == Op::Or),
            is_xor: F::from_bool(op == Op::Xor),
            is_imm: F::from_bool(e.op != op),
        }
    }
}
