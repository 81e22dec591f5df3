//! What a prover that cheats computes.

use std::sync::Arc;

use p3_field::extension::BinomiallyExtendable;
use p3_matrix::Matrix;
use vouch_air::F;
use vouch_air::witness::Trace;
use vouch_prover::plan::plan;
use vouch_prover::{
    Commitment, Engine, LayerOpening, OpenedRound, Opening, Openings, Place, ProveError,
};
use vouch_verifier::config::Challenge;
use vouch_verifier::packing::{Kind, Packing, Round};
use vouch_verifier::{Grinder, Parameters};

use super::super::cheats::{Leaves, Solve, Sums, doubled};
use super::super::identity::mend;
use super::super::misplace::Given;
use super::{Both, Cheater, Columns, Committed, EngineColumns, Layer, Point, Vector};
use crate::proof_map;

impl<const D: usize> Engine<D> for Cheater<D>
where
    F: BinomiallyExtendable<D>,
{
    type Tables = Vec<Trace>;
    type Columns = Columns<EngineColumns<D>>;
    type Committed = Committed<D>;
    type Point = Point<D>;
    type Vector = Vector<D>;
    type Layer = Layer<D>;

    fn name(&self) -> &'static str {
        "cheater"
    }

    fn parameters(&self) -> &Parameters {
        self.engine.parameters()
    }

    fn tables(&self, traces: Vec<Trace>) -> Result<Vec<Trace>, ProveError> {
        self.engine.tables(traces)
    }

    fn commit_tables(
        &self,
        tables: &Vec<Trace>,
        round: &Round,
    ) -> Result<(Commitment, Self::Committed), ProveError> {
        self.see(|seen| seen.rounds.push(round.clone()));
        let committed = self.engine.commit_tables(tables, round)?;
        let (commitment, committed) = self.committed(committed, round)?;
        if !self.cheat.height {
            return Ok((commitment, committed));
        }
        let mut tables = tables.clone();
        tables[self.cheat.table].matrix = doubled(&tables[self.cheat.table].matrix);
        let heights = tables.iter().map(|trace| {
            let log_height = trace.matrix.height().trailing_zeros() as usize;
            (trace.instance.table, log_height)
        });
        let packing = proof_map::packing(self.profile, &heights.collect::<Vec<_>>());
        let round = packing.round(Kind::Main).unwrap_or(round);
        let (commitment, _) = self.engine.commit_tables(&tables, round)?;
        Ok((commitment, committed))
    }

    fn fixed(&self) -> Result<(Commitment, Arc<Self::Committed>), ProveError> {
        let (commitment, fixed) = self.engine.fixed()?;
        Ok((commitment, Arc::new(Both::honest(fixed))))
    }

    fn logup(
        &self,
        tables: Vec<Trace>,
        places: &[Place<D>],
    ) -> Result<(Self::Columns, Vec<Challenge<D>>), ProveError> {
        let (columns, mut terminals) = self.engine.logup(tables, places)?;
        let sum: Challenge<D> = terminals.iter().copied().sum();
        if self.cheat.sums == Sums::Honest {
            return Ok((Columns::Engine(columns), terminals));
        }
        terminals[self.cheat.table] -= sum;
        let columns = match self.cheat.sums {
            Sums::Honest | Sums::Claimed => Columns::Engine(columns),
            Sums::LastRow | Sums::LastFraction => Columns::Rows(self.forced(&columns, sum)?),
        };
        Ok((columns, terminals))
    }

    fn commit(
        &self,
        columns: Self::Columns,
        round: &Round,
    ) -> Result<(Commitment, Self::Committed), ProveError> {
        if round.kind == Kind::LogUp {
            self.see(|seen| seen.rounds.push(round.clone()));
        }
        let committed = match columns {
            Columns::Engine(columns) => self.engine.commit(columns, round),
            Columns::Rows(rows) => self.engine.commit_tables(&rows, round),
        };
        self.committed(committed?, round)
    }

    fn quotients(
        &self,
        places: &[Place<D>],
        main: &Self::Committed,
        logup: &Self::Committed,
        alpha: Challenge<D>,
    ) -> Result<Self::Columns, ProveError> {
        self.see(|seen| (seen.places, seen.alpha) = (places.to_vec(), alpha));
        let (main, logup) = (&main.truth, &logup.truth);
        let mut columns = self.engine.quotients(places, main, logup, alpha)?;
        if self.cheat.quotient {
            let chunks = |place: &Place<D>| 1 << plan(place.instance.table).log_chunks;
            let (before, rest) = places.split_at(self.cheat.table);
            let first: usize = before.iter().map(chunks).sum();
            let chunks = first..first + rest.first().map_or(0, chunks);
            let mut honest = self.honest_quotients(places, alpha)?;
            columns.splice(chunks.clone(), honest.drain(chunks));
        }
        Ok(Columns::Engine(columns))
    }

    fn evaluate(
        &self,
        rounds: &[OpenedRound<'_, Self::Committed>],
        point: Challenge<D>,
    ) -> Result<(Openings<D>, Self::Point), ProveError> {
        let truth = Self::opened(rounds, false);
        let (mut values, at_point) = self.engine.evaluate(&truth, point)?;
        self.see(|seen| seen.values.clone_from(&values));
        let other = rounds.iter().find_map(|of| of.committed.round.as_ref());
        if let Some(round) = other.filter(|_| self.is_given(Given::AsShown)) {
            let shown = rounds.iter().map(|of| OpenedRound {
                committed: &*of.committed.shown,
                round: of.committed.round.as_ref().unwrap_or(of.round),
            });
            let (shown, _) = self.engine.evaluate(&shown.collect::<Vec<_>>(), point)?;
            self.see(|seen| seen.shown = Some((shown, round.clone())));
        }
        self.claim(point, rounds, &mut values);
        if self.cheat.opened != Solve::Honest {
            self.see(|seen| mend(&seen.places, seen.alpha, point, &mut values));
        }
        Ok((values, at_point))
    }

    fn reduce(
        &self,
        packing: &Packing,
        rounds: &[OpenedRound<'_, Self::Committed>],
        values: &Openings<D>,
        point: Self::Point,
        alpha: Challenge<D>,
    ) -> Result<Vec<(usize, Self::Vector)>, ProveError> {
        let (truth, shown) = (
            self.see(|seen| seen.values.clone()),
            self.see(|seen| seen.shown.take()),
        );
        let is_hidden = self.cheat.opened == Solve::SolvedBehindFri;
        let values = if is_hidden { &truth } else { values };
        let is_true = self.is_given(Given::Hidden) || self.is_given(Given::Elsewhere);
        let mut opened = Self::opened(rounds, !is_true);
        let mut words = match &shown {
            None => self.engine.reduce(packing, &opened, values, point, alpha)?,
            Some((values, round)) => {
                let of_round = opened.iter_mut().filter(|of| of.round.kind == round.kind);
                of_round.for_each(|of| of.round = round);
                self.engine.reduce(packing, &opened, values, point, alpha)?
            }
        };
        self.cheat.levels.rearrange(&mut words);
        Ok(words)
    }

    fn commit_layer(
        &self,
        vector: Self::Vector,
        log_arity: usize,
    ) -> Result<(Commitment, Self::Layer), ProveError> {
        self.engine.commit_layer(vector, log_arity)
    }

    fn fold(
        &self,
        layer: &Self::Layer,
        beta: Challenge<D>,
        other: Option<Self::Vector>,
    ) -> Result<Self::Vector, ProveError> {
        self.engine.fold(layer, beta, other)
    }

    fn first(&self, vector: Self::Vector, count: usize) -> Result<Vec<Challenge<D>>, ProveError> {
        self.engine.first(vector, count)
    }

    fn open(&self, committed: &Self::Committed, indices: &[usize]) -> Result<Opening, ProveError> {
        let committed = match self.is_given(Given::Elsewhere) {
            true => &committed.truth,
            false => &committed.shown,
        };
        match self.cheat.leaves {
            Leaves::Honest => self.engine.open(committed, indices),
            Leaves::Neighbours => {
                let neighbours: Vec<usize> = indices.iter().map(|index| index ^ 1).collect();
                self.engine.open(committed, &neighbours)
            }
            Leaves::Rotated => {
                let mut opening = self.engine.open(committed, indices)?;
                opening.opened_values.rotate_left(1);
                Ok(opening)
            }
        }
    }

    fn open_layer(
        &self,
        layer: &Self::Layer,
        indices: &[usize],
    ) -> Result<LayerOpening<D>, ProveError> {
        self.engine.open_layer(layer, indices)
    }

    fn grinder(&self) -> Option<Arc<dyn Grinder>> {
        self.engine.grinder()
    }

    fn log_max_height(&self, committed: &Self::Committed) -> usize {
        self.engine.log_max_height(&committed.truth)
    }
}
