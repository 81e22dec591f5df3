//! Ranges and byte operations: one fixed table of `2^16` rows.
//!
//! Row `r` holds the bytes of `r`, their conjunction and `r mod 2^14` as preprocessed
//! columns, which the verifying key commits to.
//!
//! - Proves: each answer is a fact of [`crate::bus::Fact`].
//! - Buses: lookup (provides). Degree 3 (LogUp).

use p3_air::WindowAccess;
use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use p3_matrix::dense::RowMajorMatrix;

use crate::bus::{self, Fact};
use crate::columns::Block;
use crate::gadget;
use crate::{Builder, F};

/// Rows of the table, log2.
pub const LOG_HEIGHT: usize = 16;

crate::columns! {
    /// Columns of [`super::Table::Lookup`]: how often each fact of a row is asked for. Free:
    /// the bus balances only if they are right.
    pub struct Lookup {
        /// [`Fact::Range16`]
        range16: T,
        /// [`Fact::Range14`]
        range14: T,
        /// [`Fact::Bytes`]
        bytes: T,
        /// [`Fact::And`]
        and: T,
    }
}

crate::columns! {
    /// Preprocessed columns.
    pub struct Fixed {
        /// Low byte of the row number.
        low: T,
        /// High byte of the row number.
        high: T,
        /// Their conjunction.
        and: T,
        /// The row number modulo `2^14`.
        range14: T,
    }
}

/// Constraints.
pub fn eval<B: Builder>(b: &mut B, c: &Lookup<B::Var>) {
    let fixed = Fixed::of(b.preprocessed().current_slice());
    let zero = B::Expr::ZERO;
    let number = gadget::join::<B>(fixed.low, fixed.high, 256);
    let [low, high, and, range14] =
        [fixed.low, fixed.high, fixed.and, fixed.range14].map(Into::into);
    let facts: [(Fact, [B::Expr; 3], B::Var); 4] = [
        (
            Fact::Range16,
            [number, zero.clone(), zero.clone()],
            c.range16,
        ),
        (
            Fact::Range14,
            [range14, zero.clone(), zero.clone()],
            c.range14,
        ),
        (Fact::Bytes, [low.clone(), high.clone(), zero], c.bytes),
        (Fact::And, [low, high, and], c.and),
    ];
    for (fact, fields, count) in facts {
        bus::provide_lookup(b, fact, fields, count.into());
    }
}

/// The preprocessed columns: `2^16` rows of [`Fixed`].
pub fn fixed() -> RowMajorMatrix<F> {
    let mut matrix = RowMajorMatrix::new(
        F::zero_vec(crate::columns::width::<F, Fixed<F>>() << LOG_HEIGHT),
        crate::columns::width::<F, Fixed<F>>(),
    );
    for (r, cells) in (0u32..).zip(matrix.rows_mut()) {
        let (low, high) = (r & 0xff, r >> 8);
        let row = Fixed {
            low: F::from_int(low),
            high: F::from_int(high),
            and: F::from_int(low & high),
            range14: F::from_int(r & 0x3fff),
        };
        row.put(&mut cells.iter_mut());
    }
    matrix
}
