//! What a table's constraints are written against.

use alloc::vec::Vec;

use p3_air::AirBuilder;
use p3_lookup::{Count, InteractionBuilder};

use crate::F;

/// What a table's constraints are written against: p3's builders, and names for the rules.
///
/// A rule is a constraint or a message. Names are for those who read: tests, campaigns, reports.
/// Nothing is left of them in a prover or verifier.
pub trait Builder: AirBuilder<F = F> + InteractionBuilder {
    /// Names the constraints and messages that follow, up to the next name. A table gives each
    /// name in one place; if there are several rules under one name, they are numbered
    /// ([`RuleNames`](crate::rules::RuleNames)).
    #[inline(always)]
    #[track_caller]
    fn rule(&mut self, name: &'static str) {
        let _ = name;
    }

    /// Names a part of the rule: what a gadget calls its constraints and messages.
    #[inline(always)]
    fn part(&mut self, name: &'static str) {
        let _ = name;
    }
}

/// A builder of p3's, which knows no names of rules.
#[derive(Debug)]
pub(crate) struct Nameless<'a, B>(pub &'a mut B);

impl<B: AirBuilder<F = F> + InteractionBuilder> Builder for Nameless<'_, B> {}

impl<B: AirBuilder> AirBuilder for Nameless<'_, B> {
    type F = B::F;
    type Expr = B::Expr;
    type Var = B::Var;
    type PreprocessedWindow = B::PreprocessedWindow;
    type MainWindow = B::MainWindow;
    type PublicVar = B::PublicVar;
    type PeriodicVar = B::PeriodicVar;

    #[inline]
    fn main(&self) -> B::MainWindow {
        self.0.main()
    }

    #[inline]
    fn preprocessed(&self) -> &B::PreprocessedWindow {
        self.0.preprocessed()
    }

    #[inline]
    fn is_first_row(&self) -> B::Expr {
        self.0.is_first_row()
    }

    #[inline]
    fn is_last_row(&self) -> B::Expr {
        self.0.is_last_row()
    }

    #[inline]
    fn is_transition(&self) -> B::Expr {
        self.0.is_transition()
    }

    #[inline]
    fn assert_zero<I: Into<B::Expr>>(&mut self, x: I) {
        self.0.assert_zero(x);
    }

    #[inline]
    fn assert_zeros<const N: usize, I: Into<B::Expr>>(&mut self, array: [I; N]) {
        self.0.assert_zeros(array);
    }

    #[inline]
    fn public_values(&self) -> &[B::PublicVar] {
        self.0.public_values()
    }

    #[inline]
    fn periodic_values(&self) -> &[B::PeriodicVar] {
        self.0.periodic_values()
    }
}

impl<B: InteractionBuilder> InteractionBuilder for Nameless<'_, B> {
    #[inline]
    fn push_interaction<E: Into<B::Expr>>(
        &mut self,
        bus: &str,
        fields: impl IntoIterator<Item = E>,
        count: impl Into<Count<B::Expr>>,
    ) {
        self.0.push_interaction(bus, fields, count);
    }

    #[inline]
    fn push_local_interaction(
        &mut self,
        tuples: impl IntoIterator<Item = (Vec<B::Expr>, Count<B::Expr>)>,
    ) {
        self.0.push_local_interaction(tuples);
    }
}
