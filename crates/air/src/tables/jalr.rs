//! JALR (ISA manual, 2.5.1).
//!
//! - Given: state, and that the program holds the instruction at its pc.
//! - Proves: `rd := pc + 4`, and the machine goes on at `(rs1 + imm) & !1`, which is a
//!   multiple of 4: a misaligned target cannot be proven.
//! - Assumes: the limbs of register values are 16 bits.
//! - Buses: state, program, memory, lookup. Degree 3. One row an instruction.

use core::ops::Range;

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::{Family, Op, event::Step};

use crate::gadget::{self, Address, ReadRegister, WriteRegister};
use crate::instruction::{Execution, HeadI, Instruction, code};
use crate::{Builder, F, Word};

crate::columns! {
    /// A row.
    pub struct Jalr {
        /// What the instruction begins with.
        head: HeadI<T>,
        /// Base of the target.
        a: ReadRegister<T>,
        /// Offset, a signed field element; pinned by the program.
        imm: T,
        /// The target.
        target: Address<T>,
        /// Bit 0 of `rs1 + imm`, which is cleared; boolean.
        odd: T,
        /// Link address; pinned by the program.
        link: Word<T>,
        /// What the link address replaces.
        old: WriteRegister<T>,
        /// The row is an instruction; boolean.
        is_real: T,
    }
}

impl Instruction for Jalr<F> {
    const ID: u8 = 11;
    const NAME: &'static str = "jalr";
    const FAMILY: Family = Family::Jalr;
    type Columns<T: Copy> = Jalr<T>;

    fn eval<B: Builder>(b: &mut B, c: &Jalr<B::Var>) {
        b.rule("flags");
        let real = gadget::select(b, &[c.is_real]);
        let base = gadget::exs::<B, 2>(c.a.value);
        b.rule("odd is boolean");
        b.assert_bool(c.odd);
        b.rule("target");
        gadget::address(
            b,
            base.clone(),
            c.imm.into(),
            c.odd.into(),
            &c.target,
            &real,
        );

        let code = B::Expr::from(code(Op::Jalr));
        let mut run = Execution::<B>::new(c.head.at, code, &real);
        run.read_rs1(b, c.head.rs1, base, c.a.prev_ts);
        let [link_lo, link_hi] = gadget::exs::<B, 2>(c.link);
        run.write_rd(b, c.head.rd, &c.old, [link_lo.clone(), link_hi.clone()]);
        run.decoded.x = link_lo;
        run.decoded.y = link_hi;
        run.decoded.z = c.imm.into();
        run.go_to(b, c.target.word::<B>());
    }

    fn row(e: &Step, _: &Range<u32>) -> Jalr<F> {
        let sum = e.a.wrapping_add(e.imm);
        Jalr {
            head: HeadI::new(e),
            a: ReadRegister::new(e.a, e.rs1_ts),
            imm: gadget::signed(e.imm),
            target: Address::new(sum),
            odd: F::from_int(sum & 1),
            link: gadget::word(e.c),
            old: WriteRegister::new(e.rd_prev, e.rd_ts),
            is_real: F::ONE,
        }
    }
}
