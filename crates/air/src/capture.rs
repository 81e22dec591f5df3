//! Evaluation of a table on numbers: how the prover computes LogUp columns and quotients, how
//! the lookup and Poseidon2 tables learn what is asked of them, and how tests see which rule a
//! row breaks. A number is a field element, or a pack of them: one of each of several rows.

use p3_air::{AirBuilder, RowWindow};
use p3_field::Algebra;
use p3_lookup::{Count, InteractionBuilder};

use crate::F;
pub use crate::bus::MAX_FIELDS;

/// What to do with what a row emits.
pub trait Sink<E = F> {
    /// A constraint's value, which should be 0.
    fn constraint(&mut self, value: E);
    /// A message with its multiplicity and the bound of that (0 on a providing side).
    fn message(&mut self, bus: &str, fields: &[E], count: E, weight: u32);
}

/// What a row's cells are: a field element, or a pack of them.
pub trait Cell: Algebra<F> + Copy + Send + Sync {}
impl<E: Algebra<F> + Copy + Send + Sync> Cell for E {}

/// Fields of most messages, at most.
const FEW_FIELDS: usize = 8;

/// A row and what it may look at.
#[derive(Clone, Debug)]
pub struct Row<'a, E = F> {
    /// The row.
    pub current: &'a [E],
    /// The row after it, cyclically.
    pub next: &'a [E],
    /// The preprocessed row.
    pub preprocessed: &'a [E],
    /// The periodic columns' values.
    pub periodic: &'a [E],
    /// The public values.
    pub public: &'a [F],
    /// 1 on the table's first row, 0 on all others.
    pub is_first: E,
    /// 1 on the table's last row, 0 on all others.
    pub is_last: E,
    /// 0 on the table's last row, 1 on all others.
    pub is_transition: E,
}

/// A builder whose expressions are numbers.
pub struct Capture<'a, S, E = F> {
    row: Row<'a, E>,
    preprocessed: RowWindow<'a, E>,
    sink: &'a mut S,
}

impl<'a, E: Cell, S: Sink<E>> Capture<'a, S, E> {
    /// Evaluates on `row` into `sink`.
    #[inline]
    pub fn new(row: Row<'a, E>, sink: &'a mut S) -> Self {
        let preprocessed = RowWindow::from_two_rows(row.preprocessed, row.preprocessed);
        Self {
            row,
            preprocessed,
            sink,
        }
    }
}

impl<'a, E: Cell, S: Sink<E>> AirBuilder for Capture<'a, S, E> {
    type F = F;
    type Expr = E;
    type Var = E;
    type PreprocessedWindow = RowWindow<'a, E>;
    type MainWindow = RowWindow<'a, E>;
    type PublicVar = F;
    type PeriodicVar = E;

    #[inline]
    fn main(&self) -> Self::MainWindow {
        RowWindow::from_two_rows(self.row.current, self.row.next)
    }

    #[inline]
    fn preprocessed(&self) -> &Self::PreprocessedWindow {
        &self.preprocessed
    }

    #[inline]
    fn is_first_row(&self) -> E {
        self.row.is_first
    }

    #[inline]
    fn is_last_row(&self) -> E {
        self.row.is_last
    }

    #[inline]
    fn is_transition(&self) -> E {
        self.row.is_transition
    }

    #[inline]
    fn assert_zero<I: Into<E>>(&mut self, x: I) {
        self.sink.constraint(x.into());
    }

    #[inline]
    fn public_values(&self) -> &[F] {
        self.row.public
    }

    #[inline]
    fn periodic_values(&self) -> &[E] {
        self.row.periodic
    }
}

impl<E: Cell, S: Sink<E>> Capture<'_, S, E> {
    /// Sends a message of up to `N` fields.
    #[inline]
    fn message<const N: usize, I: Into<E>>(
        &mut self,
        bus: &str,
        mut fields: impl Iterator<Item = I>,
        count: E,
        weight: u32,
    ) {
        let mut message = [E::ZERO; N];
        let mut width = 0;
        for (cell, field) in message.iter_mut().zip(fields.by_ref()) {
            *cell = field.into();
            width += 1;
        }
        // Arrays have a known end, so nothing is left of this once it is compiled.
        assert!(fields.next().is_none(), "a message of more than {N} fields");
        self.sink.message(bus, &message[..width], count, weight);
    }
}

impl<E: Cell, S: Sink<E>> InteractionBuilder for Capture<'_, S, E> {
    #[inline]
    fn push_interaction<I: Into<E>>(
        &mut self,
        bus: &str,
        fields: impl IntoIterator<Item = I>,
        count: impl Into<Count<E>>,
    ) {
        let (count, weight) = count.into().into_parts();
        let fields = fields.into_iter();
        // Known when this is compiled: most messages are short, and packs are large.
        match fields.size_hint() {
            (_, Some(0..=FEW_FIELDS)) => self.message::<FEW_FIELDS, I>(bus, fields, count, weight),
            _ => self.message::<MAX_FIELDS, I>(bus, fields, count, weight),
        }
    }

    fn push_local_interaction(
        &mut self,
        tuples: impl IntoIterator<Item = (alloc::vec::Vec<E>, Count<E>)>,
    ) {
        // No table has local interactions.
        tuples.into_iter().for_each(drop);
    }
}

#[cfg(test)]
mod tests {
    use p3_field::PrimeCharacteristicRing;

    use super::*;

    /// How many fields arrive of a message of so many.
    fn fields(count: usize) -> usize {
        struct Width(usize);
        impl Sink for Width {
            fn constraint(&mut self, _: F) {}
            fn message(&mut self, _: &str, fields: &[F], _: F, _: u32) {
                self.0 = fields.len();
            }
        }
        let row = Row {
            current: &[],
            next: &[],
            preprocessed: &[],
            periodic: &[],
            public: &[],
            is_first: F::ZERO,
            is_last: F::ZERO,
            is_transition: F::ONE,
        };
        let mut sink = Width(0);
        let message = alloc::vec![F::ONE; count];
        Capture::new(row, &mut sink).push_interaction("bus", message, Count::bounded(F::ONE, 1));
        sink.0
    }

    #[test]
    fn messages_arrive_whole() {
        for count in [0, 1, FEW_FIELDS, FEW_FIELDS + 1, MAX_FIELDS] {
            assert_eq!(fields(count), count);
        }
    }

    #[test]
    #[should_panic(expected = "more than 24 fields")]
    fn a_message_that_is_too_wide_is_not_cut() {
        fields(MAX_FIELDS + 1);
    }
}
