//! JAL (ISA manual, 2.5.1). Target and link address depend on the pc alone, so the program
//! table computes them once for every execution.
//!
//! - Given: state, and that the program holds the instruction at its pc.
//! - Proves: `rd := pc + 4`, and the machine goes on at the target.
//! - Buses: state, program, memory, lookup. Degree 3 (LogUp). One row an instruction.

use core::ops::Range;

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::{Family, Op, event::Step};

use crate::gadget::{self, WriteRegister};
use crate::instruction::{Execution, HeadJ, Instruction, code};
use crate::{Builder, F, Word};

crate::columns! {
    /// A row.
    pub struct Jal {
        /// What the instruction begins with.
        head: HeadJ<T>,
        /// Link address; pinned by the program.
        link: Word<T>,
        /// What the link address replaces.
        old: WriteRegister<T>,
        /// Word index of the target; pinned by the program.
        target: T,
        /// The row is an instruction; boolean.
        is_real: T,
    }
}

impl Instruction for Jal<F> {
    const ID: u8 = 10;
    const NAME: &'static str = "jal";
    const FAMILY: Family = Family::Jal;
    type Columns<T: Copy> = Jal<T>;

    fn eval<B: Builder>(b: &mut B, c: &Jal<B::Var>) {
        b.rule("flags");
        let real = gadget::select(b, &[c.is_real]);
        let [link_lo, link_hi] = gadget::exs::<B, 2>(c.link);
        let code = B::Expr::from(code(Op::Jal));
        let mut run = Execution::<B>::new(c.head.at, code, &real);
        run.write_rd(b, c.head.rd, &c.old, [link_lo.clone(), link_hi.clone()]);
        run.decoded.x = link_lo;
        run.decoded.y = link_hi;
        run.decoded.z = c.target.into();
        run.go_to(b, c.target.into());
    }

    fn row(e: &Step, _: &Range<u32>) -> Jal<F> {
        Jal {
            head: HeadJ::new(e),
            link: gadget::word(e.c),
            old: WriteRegister::new(e.rd_prev, e.rd_ts),
            target: F::from_int(e.next_pc),
            is_real: F::ONE,
        }
    }
}
