//! Ranges and byte operations: one fixed table of `2^16` rows.
//!
//! Row `r` holds the bytes of `r`, their conjunction and `r mod 2^14` as preprocessed
//! columns, which the verifying key commits to.
//!
//! - Proves: each answer is a fact of [`crate::bus::Fact`].
//! - Buses: lookup (provides). Degree 3 (LogUp).

use alloc::borrow::Cow;
use core::ops::Range;

use p3_air::WindowAccess;
use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use p3_matrix::dense::RowMajorMatrix;
use vouch_isa::event::Counts;

use crate::bus::{self, Fact};
use crate::columns::Block;
use crate::questions::Asked;
use crate::table::{Context, Fixed as FixedColumns, TableType};
use crate::{Builder, F};

/// Rows of the table, log2.
pub const LOG_HEIGHT: usize = 16;

/// Numbers asked about up to which the facts table, in the place of this one, commits to fewer cells: 41 a row
/// against 24 in each of `2^16` rows.
pub const MAX_FACTS: u64 = 1 << 15;

crate::columns! {
    /// A row: how often each fact of a row is asked for. Free:
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

impl TableType for Lookup<F> {
    const ID: u8 = 1;
    const NAME: &'static str = "lookup";
    const ANSWERS: bool = true;
    const MAX_LOG_HEIGHT: usize = LOG_HEIGHT;
    const FIXED: Option<FixedColumns> = Some(FixedColumns {
        width: crate::columns::width::<F, Fixed<F>>(),
        log_height: LOG_HEIGHT,
        cells: fixed,
    });
    type Columns<T: Copy> = Lookup<T>;
    type Event<'a> = Self;

    fn rows(_: &Counts, questions: u64) -> u64 {
        match questions <= MAX_FACTS {
            true => 0,
            false => 1 << LOG_HEIGHT,
        }
    }

    fn events<'a>(cx: &Context<'a>) -> Cow<'a, [Self]> {
        Cow::Owned(
            (0..=u16::MAX)
                .map(|number| Self::asked(cx.asked, number))
                .collect(),
        )
    }

    fn row(e: &Self, _: &Range<u32>) -> Self {
        *e
    }

    fn eval<B: Builder>(b: &mut B, c: &Lookup<B::Var>) {
        let fixed = Fixed::of(b.preprocessed().current_slice());
        let known = [fixed.low, fixed.high, fixed.and, fixed.range14].map(Into::into);
        b.rule("answer");
        provide(b, known, c);
    }
}

impl Lookup<F> {
    /// How often each fact about a number is asked for.
    pub(super) fn asked(asked: &Asked, number: u16) -> Self {
        let count = |fact| F::from_int(asked.count(fact, number));
        Self {
            range16: count(Fact::Range16),
            range14: count(Fact::Range14),
            bytes: count(Fact::Bytes),
            and: count(Fact::And),
        }
    }
}

/// Provides the facts about a number, given its bytes, their conjunction, and a number of 14
/// bits.
pub(super) fn provide<B: Builder>(
    b: &mut B,
    [low, high, and, range14]: [B::Expr; 4],
    c: &Lookup<B::Var>,
) {
    let zero = B::Expr::ZERO;
    let number = low.clone() + high.clone() * F::from_int(256);
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
        b.part(fact.name());
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
