//! MUL (ISA manual, M extension): the low word of a product.
//!
//! - Given: state, and that the program holds the instruction at its pc.
//! - Proves: `rd := rs1 * rs2` modulo `2^32`.
//! - Assumes: the limbs of register values are 16 bits.
//! - Buses: state, program, memory, lookup. Degree 3 (LogUp). One row an instruction.

use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::{Op, event::Step};

use super::program::code;
use crate::bus::Decoded;
use crate::gadget::{self, WriteRegister};
use crate::{Builder, F, Word};

crate::columns! {
    /// Columns of [`super::Table::Mul`].
    pub struct Mul {
        /// Word index of the instruction; pinned by state and program.
        pc: T,
        /// Its timestamp; pinned by state.
        ts: T,
        /// Register cells; pinned by the program.
        rd: T,
        /// Register cell read first; pinned by the program.
        rs1: T,
        /// Register cell read second; pinned by the program.
        rs2: T,
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

/// The 16-bit columns of a product of two numbers given by their bytes: column `k` is
/// worth `2^(16k)` and less than `2^28` for up to 8 bytes a factor.
pub(super) fn product_columns<E: PrimeCharacteristicRing, const N: usize, const K: usize>(
    a: &[E; N],
    b: &[E; N],
) -> [E; K] {
    let byte = |k: usize| -> E {
        (0..=k)
            .filter(|&i| i < N && k - i < N)
            .map(|i| a[i].clone() * b[k - i].clone())
            .sum()
    };
    core::array::from_fn(|k| byte(2 * k) + byte(2 * k + 1) * E::from_u32(256))
}

/// `sums = limbs` where column `k` passes its carry to column `k + 1` and the last drops it.
///
/// With carries below `2^14` both sides of each equation are below `2^30`: equal in the
/// field, they are equal as numbers.
pub(super) fn assert_carried<B: Builder, const K: usize>(
    b: &mut B,
    sums: [B::Expr; K],
    limbs: [B::Expr; K],
    carry: &[B::Var; K],
    count: &B::Expr,
) {
    let mut carry_in = B::Expr::ZERO;
    for ((sum, limb), &carry_out) in sums.into_iter().zip(limbs).zip(carry) {
        b.assert_eq(sum + carry_in, limb + carry_out * F::from_int(1 << 16));
        gadget::range14(b, carry_out.into(), count);
        carry_in = carry_out.into();
    }
}

/// The carries for [`assert_carried`].
pub(super) fn carries<const K: usize>(sums: [i64; K], limbs: [i64; K]) -> [F; K] {
    let mut carry = 0;
    core::array::from_fn(|k| {
        carry = (sums[k] + carry - limbs[k]) >> 16;
        F::from_int(carry)
    })
}

/// The bytes of a word in a type that [`product_columns`] computes with.
pub(super) fn wide_bytes(value: u64) -> [F; 8] {
    value.to_le_bytes().map(F::from_int)
}

/// The columns of a product as numbers.
pub(super) fn product_numbers<const K: usize>(a: u64, b: u64) -> [i64; K] {
    use p3_field::PrimeField32;
    let columns: [F; K] = product_columns(&wide_bytes(a), &wide_bytes(b));
    columns.map(|x| i64::from(x.as_canonical_u32()))
}

/// Constraints.
pub fn eval<B: Builder>(b: &mut B, c: &Mul<B::Var>) {
    let real = gadget::select(b, &[c.is_real]);
    let [x, y] = [c.a, c.b].map(gadget::exs::<B, 4>);
    let z = gadget::exs::<B, 2>(c.c);
    assert_carried(b, product_columns(&x, &y), z.clone(), &c.carry, &real);
    gadget::range_word(b, z.clone(), &real);
    // Bytes, not just limbs: otherwise the columns could overflow the field.
    for bytes in [&x, &y] {
        gadget::bytes(b, bytes[0].clone(), bytes[1].clone(), &real);
        gadget::bytes(b, bytes[2].clone(), bytes[3].clone(), &real);
    }

    gadget::read_rs1(
        b,
        c.rs1,
        gadget::word_of_bytes::<B>(c.a),
        c.rs1_ts,
        c.ts,
        &real,
    );
    gadget::read_rs2(
        b,
        c.rs2,
        gadget::word_of_bytes::<B>(c.b),
        c.rs2_ts,
        c.ts,
        &real,
    );
    gadget::write_rd(b, c.rd, &c.old, z, c.ts, &real);
    let decoded = Decoded {
        pc: c.pc.into(),
        code: B::Expr::from(code(Op::Mul)),
        rd: c.rd.into(),
        rs1: c.rs1.into(),
        rs2: c.rs2.into(),
        x: B::Expr::ZERO,
        y: B::Expr::ZERO,
        z: B::Expr::ZERO,
    };
    gadget::execute(b, decoded, c.ts, c.pc + F::ONE, &real);
}

/// The row of an instruction.
pub fn row(e: &Step) -> Mul<F> {
    let limbs = [i64::from(e.c & 0xffff), i64::from(e.c >> 16)];
    Mul {
        pc: F::from_int(e.pc),
        ts: F::from_int(e.ts),
        rd: F::from_int(e.rd),
        rs1: F::from_int(e.rs1),
        rs2: F::from_int(e.rs2),
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

#[cfg(any(test, feature = "testkit"))]
pub(crate) mod campaign {
    use vouch_isa::Family;

    use super::super::Table;
    use super::*;
    use crate::testkit::score::Spare;
    use crate::testkit::{Suite, cells, zeros};

    pub(crate) fn suite() -> Suite {
        Suite::new(Table::Mul, Family::Mul, |e| cells(&row(e)), zeros::<Mul<F>>)
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
