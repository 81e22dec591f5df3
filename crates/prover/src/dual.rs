//! Two engines at once, compared after every operation.

use std::sync::Arc;

use p3_field::extension::BinomiallyExtendable;
use vouch_air::F;
use vouch_air::witness::Trace;
use vouch_verifier::Parameters;
use vouch_verifier::config::Challenge;
use vouch_verifier::packing::{Packing, Round};

use crate::engine::{
    Commitment, Engine, Inspect, LayerOpening, OpenedRound, Opening, Openings, Place,
};
use crate::error::ProveError;

/// Does every operation on two engines. The first whose results differ ends the proof with
/// [`ProveError::Differ`].
pub struct Dual<A, B>(pub A, pub B);

impl<A, B> Dual<A, B> {
    fn same<const D: usize, T: PartialEq>(
        &self,
        operation: &'static str,
        a: &T,
        b: &T,
    ) -> Result<(), ProveError>
    where
        F: BinomiallyExtendable<D>,
        A: Engine<D>,
        B: Engine<D>,
    {
        match a == b {
            true => Ok(()),
            false => Err(ProveError::Differ {
                engines: format!("{} and {}", self.0.name(), self.1.name()),
                operation,
            }),
        }
    }

    /// A commitment of both, whose matrices are the same, too.
    fn committed<const D: usize>(
        &self,
        operation: &'static str,
        (a_root, a): (Commitment, Arc<A::Committed>),
        (b_root, b): (Commitment, Arc<B::Committed>),
    ) -> Result<(Commitment, Committed<D, A, B>), ProveError>
    where
        F: BinomiallyExtendable<D>,
        A: Inspect<D>,
        B: Inspect<D>,
    {
        self.same(operation, &self.0.committed(&a)?, &self.1.committed(&b)?)?;
        self.same(operation, &a_root, &b_root)?;
        Ok((a_root, (a, b)))
    }

    fn vectors<const D: usize>(
        &self,
        operation: &'static str,
        a: A::Vector,
        b: B::Vector,
    ) -> Result<(A::Vector, B::Vector), ProveError>
    where
        F: BinomiallyExtendable<D>,
        A: Inspect<D>,
        B: Inspect<D>,
    {
        self.same(operation, &self.0.vector(&a)?, &self.1.vector(&b)?)?;
        Ok((a, b))
    }

    fn columns<const D: usize>(
        &self,
        operation: &'static str,
        a: A::Columns,
        b: B::Columns,
    ) -> Result<(A::Columns, B::Columns), ProveError>
    where
        F: BinomiallyExtendable<D>,
        A: Inspect<D>,
        B: Inspect<D>,
    {
        self.same(operation, &self.0.columns(&a)?, &self.1.columns(&b)?)?;
        Ok((a, b))
    }
}

type Committed<const D: usize, A, B> = (
    Arc<<A as Engine<D>>::Committed>,
    Arc<<B as Engine<D>>::Committed>,
);

fn shared<T>((commitment, committed): (Commitment, T)) -> (Commitment, Arc<T>) {
    (commitment, Arc::new(committed))
}

/// What one of the engines needs of rounds.
fn opened<'a, P, C>(
    rounds: &[OpenedRound<'a, P>],
    one: impl Fn(&'a P) -> &'a C,
) -> Vec<OpenedRound<'a, C>> {
    let opened = |opened: &OpenedRound<'a, P>| OpenedRound {
        committed: one(opened.committed),
        round: opened.round,
    };
    rounds.iter().map(opened).collect()
}

impl<const D: usize, A, B> Engine<D> for Dual<A, B>
where
    F: BinomiallyExtendable<D>,
    A: Inspect<D>,
    B: Inspect<D>,
{
    type Tables = (A::Tables, B::Tables);
    type Columns = (A::Columns, B::Columns);
    type Committed = Committed<D, A, B>;
    type Point = (A::Point, B::Point);
    type Vector = (A::Vector, B::Vector);
    type Layer = (A::Layer, B::Layer);

    fn name(&self) -> &'static str {
        "dual"
    }

    fn parameters(&self) -> &Parameters {
        self.0.parameters()
    }

    fn tables(&self, traces: Vec<Trace>) -> Result<Self::Tables, ProveError> {
        Ok((self.0.tables(traces.clone())?, self.1.tables(traces)?))
    }

    fn commit_tables(
        &self,
        (a, b): &Self::Tables,
        round: &Round,
    ) -> Result<(Commitment, Self::Committed), ProveError> {
        let (a, b) = (
            self.0.commit_tables(a, round)?,
            self.1.commit_tables(b, round)?,
        );
        self.committed("committing to main columns", shared(a), shared(b))
    }

    fn fixed(&self) -> Result<(Commitment, Arc<Self::Committed>), ProveError> {
        let (a, b) = (self.0.fixed()?, self.1.fixed()?);
        self.committed("committing to fixed columns", a, b)
            .map(shared)
    }

    fn logup(
        &self,
        (a, b): Self::Tables,
        places: &[Place<D>],
    ) -> Result<(Self::Columns, Vec<Challenge<D>>), ProveError> {
        let ((a, sums), (b, b_sums)) = (self.0.logup(a, places)?, self.1.logup(b, places)?);
        let columns = self.columns("LogUp columns", a, b)?;
        self.same("sums of LogUp fractions", &sums, &b_sums)?;
        Ok((columns, sums))
    }

    fn commit(
        &self,
        (a, b): Self::Columns,
        round: &Round,
    ) -> Result<(Commitment, Self::Committed), ProveError> {
        let (a, b) = (self.0.commit(a, round)?, self.1.commit(b, round)?);
        self.committed("committing to columns", shared(a), shared(b))
    }

    fn quotients(
        &self,
        places: &[Place<D>],
        main: &Self::Committed,
        logup: &Self::Committed,
        alpha: Challenge<D>,
    ) -> Result<Self::Columns, ProveError> {
        let a = self.0.quotients(places, &main.0, &logup.0, alpha)?;
        let b = self.1.quotients(places, &main.1, &logup.1, alpha)?;
        self.columns("quotients", a, b)
    }

    fn evaluate(
        &self,
        both: &[OpenedRound<'_, Self::Committed>],
        point: Challenge<D>,
    ) -> Result<(Openings<D>, Self::Point), ProveError> {
        let (values, a) = self.0.evaluate(&opened(both, |(a, _)| &**a), point)?;
        let (b_values, b) = self.1.evaluate(&opened(both, |(_, b)| &**b), point)?;
        self.same("opened values", &values, &b_values)?;
        Ok((values, (a, b)))
    }

    fn reduce(
        &self,
        packing: &Packing,
        both: &[OpenedRound<'_, Self::Committed>],
        values: &Openings<D>,
        (a, b): Self::Point,
        alpha: Challenge<D>,
    ) -> Result<Vec<(usize, Self::Vector)>, ProveError> {
        let a = self
            .0
            .reduce(packing, &opened(both, |(a, _)| &**a), values, a, alpha)?;
        let b = self
            .1
            .reduce(packing, &opened(both, |(_, b)| &**b), values, b, alpha)?;
        self.same("number of sums for FRI", &a.len(), &b.len())?;
        let both = a.into_iter().zip(b);
        both.map(|((length, a), (b_length, b))| {
            self.same("length of a sum for FRI", &length, &b_length)?;
            Ok((length, self.vectors("sums for FRI", a, b)?))
        })
        .collect()
    }

    fn commit_layer(
        &self,
        (a, b): Self::Vector,
        log_arity: usize,
    ) -> Result<(Commitment, Self::Layer), ProveError> {
        let (root, a) = self.0.commit_layer(a, log_arity)?;
        let (b_root, b) = self.1.commit_layer(b, log_arity)?;
        self.same("committing to a layer", &root, &b_root)?;
        Ok((root, (a, b)))
    }

    fn fold(
        &self,
        (a, b): &Self::Layer,
        beta: Challenge<D>,
        other: Option<Self::Vector>,
    ) -> Result<Self::Vector, ProveError> {
        let (a_other, b_other) = other.unzip();
        let (a, b) = (
            self.0.fold(a, beta, a_other)?,
            self.1.fold(b, beta, b_other)?,
        );
        self.vectors("folding", a, b)
    }

    fn first(&self, (a, b): Self::Vector, count: usize) -> Result<Vec<Challenge<D>>, ProveError> {
        let (a, b) = (self.0.first(a, count)?, self.1.first(b, count)?);
        self.same("the last numbers of FRI", &a, &b)?;
        Ok(a)
    }

    fn open(&self, (a, b): &Self::Committed, indices: &[usize]) -> Result<Opening, ProveError> {
        let (a, b) = (self.0.open(a, indices)?, self.1.open(b, indices)?);
        self.same("opened rows", &a.opened_values, &b.opened_values)?;
        let paths = [&a, &b].map(|opening| &opening.opening_proof.sibling_hashes);
        self.same("paths of opened rows", paths[0], paths[1])?;
        Ok(a)
    }

    fn open_layer(
        &self,
        (a, b): &Self::Layer,
        indices: &[usize],
    ) -> Result<LayerOpening<D>, ProveError> {
        let (a, b) = (
            self.0.open_layer(a, indices)?,
            self.1.open_layer(b, indices)?,
        );
        self.same("opened groups", &a.sibling_values, &b.sibling_values)?;
        let paths = [&a, &b].map(|opening| &opening.opening_proof.sibling_hashes);
        self.same("paths of opened groups", paths[0], paths[1])?;
        Ok(a)
    }

    fn log_max_height(&self, (a, _): &Self::Committed) -> usize {
        self.0.log_max_height(a)
    }
}
