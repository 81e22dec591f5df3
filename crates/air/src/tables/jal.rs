//! JAL (ISA manual, 2.5.1). Target and link address depend on the pc alone, so the program
//! table computes them once for every execution.
//!
//! - Given: state, and that the program holds the instruction at its pc.
//! - Proves: `rd := pc + 4`, and the machine goes on at the target.
//! - Buses: state, program, memory, lookup. Degree 3 (LogUp). One row an instruction.

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::{Op, event::Step};

use super::program::code;
use crate::bus::Decoded;
use crate::gadget::{self, WriteRegister};
use crate::{Builder, F, Word};

crate::columns! {
    /// Columns of [`super::Table::Jal`].
    pub struct Jal {
        /// Word index of the instruction; pinned by state and program.
        pc: T,
        /// Its timestamp; pinned by state.
        ts: T,
        /// Register cell; pinned by the program.
        rd: T,
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

/// Constraints.
pub fn eval<B: Builder>(b: &mut B, c: &Jal<B::Var>) {
    let real = gadget::select(b, &[c.is_real]);
    let [link_lo, link_hi] = gadget::exs::<B, 2>(c.link);
    gadget::write_rd(
        b,
        c.rd,
        &c.old,
        [link_lo.clone(), link_hi.clone()],
        c.ts,
        &real,
    );
    let decoded = Decoded {
        pc: c.pc.into(),
        code: B::Expr::from(code(Op::Jal)),
        rd: c.rd.into(),
        rs1: B::Expr::ZERO,
        rs2: B::Expr::ZERO,
        x: link_lo,
        y: link_hi,
        z: c.target.into(),
    };
    gadget::execute(b, decoded, c.ts, c.target.into(), &real);
}

/// The row of an instruction.
pub fn row(e: &Step) -> Jal<F> {
    Jal {
        pc: F::from_int(e.pc),
        ts: F::from_int(e.ts),
        rd: F::from_int(e.rd),
        link: gadget::word(e.c),
        old: WriteRegister::new(e.rd_prev, e.rd_ts),
        target: F::from_int(e.next_pc),
        is_real: F::ONE,
    }
}

#[cfg(any(test, feature = "testkit"))]
pub(crate) mod campaign {
    use vouch_isa::Family;

    use super::super::Table;
    use super::*;
    use crate::testkit::score::Spare;
    use crate::testkit::{Suite, cells, zeros};

    pub(crate) fn suite() -> Suite {
        Suite::new(Table::Jal, Family::Jal, |e| cells(&row(e)), zeros::<Jal<F>>)
            .spare(Spare::one_flag())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn passes_its_suite() {
        super::campaign::suite().assert();
    }
}
