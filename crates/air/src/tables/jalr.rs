//! JALR (ISA manual, 2.5.1).
//!
//! - Given: state, and that the program holds the instruction at its pc.
//! - Proves: `rd := pc + 4`, and the machine goes on at `(rs1 + imm) & !1`, which is a
//!   multiple of 4: a misaligned target cannot be proven.
//! - Assumes: the limbs of register values are 16 bits.
//! - Buses: state, program, memory, lookup. Degree 3. One row an instruction.

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::{Op, event::Step};

use super::program::code;
use crate::bus::Decoded;
use crate::gadget::{self, Address, ReadRegister, WriteRegister};
use crate::{Builder, F, Word};

crate::columns! {
    /// Columns of [`super::Table::Jalr`].
    pub struct Jalr {
        /// Word index of the instruction; pinned by state and program.
        pc: T,
        /// Its timestamp; pinned by state.
        ts: T,
        /// Register cells; pinned by the program.
        rd: T,
        /// Register cell read first; pinned by the program.
        rs1: T,
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

/// Constraints.
pub fn eval<B: Builder>(b: &mut B, c: &Jalr<B::Var>) {
    let real = gadget::select(b, &[c.is_real]);
    let base = gadget::exs::<B, 2>(c.a.value);
    b.assert_bool(c.odd);
    gadget::address(
        b,
        base.clone(),
        c.imm.into(),
        c.odd.into(),
        &c.target,
        &real,
    );

    gadget::read_rs1(b, c.rs1, base, c.a.prev_ts, c.ts, &real);
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
        code: B::Expr::from(code(Op::Jalr)),
        rd: c.rd.into(),
        rs1: c.rs1.into(),
        rs2: B::Expr::ZERO,
        x: link_lo,
        y: link_hi,
        z: c.imm.into(),
    };
    gadget::execute(b, decoded, c.ts, c.target.word::<B>(), &real);
}

/// The row of an instruction.
pub fn row(e: &Step) -> Jalr<F> {
    let sum = e.a.wrapping_add(e.imm);
    Jalr {
        pc: F::from_int(e.pc),
        ts: F::from_int(e.ts),
        rd: F::from_int(e.rd),
        rs1: F::from_int(e.rs1),
        a: ReadRegister::new(e.a, e.rs1_ts),
        imm: gadget::signed(e.imm),
        target: Address::new(sum),
        odd: F::from_int(sum & 1),
        link: gadget::word(e.c),
        old: WriteRegister::new(e.rd_prev, e.rd_ts),
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
        Suite::new(
            Table::Jalr,
            Family::Jalr,
            |e| cells(&row(e)),
            zeros::<Jalr<F>>,
        )
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
