//! Evaluation of a table on the numbers of one row: how the lookup and Poseidon2 tables learn
//! what is asked of them, and how tests see which rule a row breaks.

use p3_air::{AirBuilder, RowWindow};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::{Count, InteractionBuilder};

use crate::F;

/// What to do with what a row says.
pub trait Sink {
    /// A constraint's value, which should be 0.
    fn constraint(&mut self, value: F);
    /// A message with its multiplicity and the bound of that (0 on a providing side).
    fn message(&mut self, bus: &str, fields: &[F], count: F, weight: u32);
}

/// Widest message of any bus.
const MAX_FIELDS: usize = 24;

/// A row and what it may look at.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// The row.
    pub current: &'a [F],
    /// The row after it, cyclically.
    pub next: &'a [F],
    /// The preprocessed row.
    pub preprocessed: &'a [F],
    /// The periodic columns' values.
    pub periodic: &'a [F],
    /// The public values.
    pub public: &'a [F],
    /// The row is the table's first.
    pub is_first: bool,
    /// The row is the table's last.
    pub is_last: bool,
}

/// A builder whose expressions are numbers.
pub struct Capture<'a, S> {
    row: Row<'a>,
    preprocessed: RowWindow<'a, F>,
    sink: &'a mut S,
}

impl<'a, S: Sink> Capture<'a, S> {
    /// Evaluates on `row` into `sink`.
    pub fn new(row: Row<'a>, sink: &'a mut S) -> Self {
        let preprocessed = RowWindow::from_two_rows(row.preprocessed, row.preprocessed);
        Self {
            row,
            preprocessed,
            sink,
        }
    }
}

impl<'a, S: Sink> AirBuilder for Capture<'a, S> {
    type F = F;
    type Expr = F;
    type Var = F;
    type PreprocessedWindow = RowWindow<'a, F>;
    type MainWindow = RowWindow<'a, F>;
    type PublicVar = F;
    type PeriodicVar = F;

    #[inline]
    fn main(&self) -> Self::MainWindow {
        RowWindow::from_two_rows(self.row.current, self.row.next)
    }

    #[inline]
    fn preprocessed(&self) -> &Self::PreprocessedWindow {
        &self.preprocessed
    }

    fn is_first_row(&self) -> F {
        F::from_bool(self.row.is_first)
    }

    fn is_last_row(&self) -> F {
        F::from_bool(self.row.is_last)
    }

    fn is_transition(&self) -> F {
        F::from_bool(!self.row.is_last)
    }

    #[inline]
    fn assert_zero<I: Into<F>>(&mut self, x: I) {
        self.sink.constraint(x.into());
    }

    #[inline]
    fn public_values(&self) -> &[F] {
        self.row.public
    }

    #[inline]
    fn periodic_values(&self) -> &[F] {
        self.row.periodic
    }
}

impl<S: Sink> InteractionBuilder for Capture<'_, S> {
    #[inline]
    fn push_interaction<E: Into<F>>(
        &mut self,
        bus: &str,
        fields: impl IntoIterator<Item = E>,
        count: impl Into<Count<F>>,
    ) {
        let (count, weight) = count.into().into_parts();
        let mut message = [F::ZERO; MAX_FIELDS];
        let mut width = 0;
        for (cell, field) in message.iter_mut().zip(fields) {
            *cell = field.into();
            width += 1;
        }
        self.sink.message(bus, &message[..width], count, weight);
    }

    fn push_local_interaction(
        &mut self,
        tuples: impl IntoIterator<Item = (alloc::vec::Vec<F>, Count<F>)>,
    ) {
        // No table has local interactions.
        tuples.into_iter().for_each(drop);
    }
}
