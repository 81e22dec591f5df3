//! A prover that cheats: the product's own, with an engine that gives false answers at one step.
//! The coordinator goes on from them as if they were true: whatever comes after, challenges and
//! proofs of work among it, is recomputed.

use std::sync::{Arc, Mutex, PoisonError};

use p3_field::extension::BinomiallyExtendable;
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use vouch_air::F;
use vouch_air::witness::Trace;
use vouch_prover::plan::plan;
use vouch_prover::{
    Commitment, Coordinated, CpuEngine, Engine, Inspect, LayerOpening, Opening, Openings, Place,
    ProveError, Prover, Round,
};
use vouch_verifier::config::Challenge;
use vouch_verifier::{ExtensionDegree, Grinder, Parameters, Profile};

use super::identity::mend;

/// How a prover cheats once its tables are filled. `table` is the place of the one that it lies
/// about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cheat {
    /// The place of a table in the proof.
    pub table: usize,
    /// The sums of messages are made to add up to 0.
    pub sums: Sums,
    /// The table's quotient is that of the honest table.
    pub quotient: bool,
    /// Opened values are made to meet all constraints.
    pub opened: Opened,
    /// The table's rows are committed to with a height that is not the one claimed.
    pub height: bool,
}

/// How sums that are not 0 are made to add up to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sums {
    /// They are not.
    #[default]
    Honest,
    /// The table claims another sum than its column ends in.
    Claimed,
    /// The column jumps to the claimed sum in its last row.
    LastRow,
    /// A fraction of the last row is what the sum lacks.
    LastFraction,
}

/// How opened values are made to meet all constraints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Opened {
    /// They are not.
    #[default]
    Honest,
    /// FRI is given what follows from them, which is no polynomial of low degree.
    Solved,
    /// FRI is given what follows from the true values.
    SolvedBehindFri,
}

/// A prover that cheats; `honest` are the tables to cheat with.
pub fn cheater(profile: Profile, cheat: Cheat, honest: Vec<Trace>) -> Prover {
    let honest = Arc::new(honest);
    match profile.parameters().extension {
        ExtensionDegree::Four => prover(profile, Cheater::<4>::new(profile, cheat, honest)),
        ExtensionDegree::Five => prover(profile, Cheater::<5>::new(profile, cheat, honest)),
    }
}

fn prover<const D: usize>(profile: Profile, cheater: Cheater<D>) -> Prover
where
    F: BinomiallyExtendable<D>,
{
    Prover::with_backend(Box::new(Coordinated::new(profile, cheater)))
}

struct Cheater<const D: usize>
where
    F: BinomiallyExtendable<D>,
{
    engine: CpuEngine<D>,
    cheat: Cheat,
    honest: Arc<Vec<Trace>>,
    /// What later steps need to know of those before.
    seen: Mutex<Seen<D>>,
}

/// What a prover has seen.
struct Seen<const D: usize>
where
    F: BinomiallyExtendable<D>,
{
    places: Vec<Place<D>>,
    alpha: Challenge<D>,
    /// The true values at the out-of-domain point.
    values: Openings<D>,
}

/// Columns that are not committed to yet: the engine's, or rows of LogUp columns.
enum Columns<C> {
    Engine(C),
    Rows(Vec<Trace>),
}

type EngineColumns<const D: usize> = <CpuEngine<D> as Engine<D>>::Columns;
type Committed<const D: usize> = <CpuEngine<D> as Engine<D>>::Committed;
type Point<const D: usize> = <CpuEngine<D> as Engine<D>>::Point;
type Vector<const D: usize> = <CpuEngine<D> as Engine<D>>::Vector;
type Layer<const D: usize> = <CpuEngine<D> as Engine<D>>::Layer;

impl<const D: usize> Cheater<D>
where
    F: BinomiallyExtendable<D>,
{
    fn new(profile: Profile, cheat: Cheat, honest: Arc<Vec<Trace>>) -> Self {
        let seen = Seen {
            places: Vec::new(),
            alpha: Challenge::<D>::ZERO,
            values: Vec::new(),
        };
        Self {
            engine: CpuEngine::new(profile.parameters()),
            cheat,
            honest,
            seen: Mutex::new(seen),
        }
    }

    fn see<T>(&self, see: impl FnOnce(&mut Seen<D>) -> T) -> T {
        see(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// LogUp columns whose table at the cheat's place ends in `sum` less than it should.
    fn forced(
        &self,
        columns: &EngineColumns<D>,
        places: &[Place<D>],
        sum: Challenge<D>,
    ) -> Result<Vec<Trace>, ProveError> {
        let mut matrices = self.engine.columns(columns)?;
        let matrix = &mut matrices[self.cheat.table];
        let row = (matrix.height() - 1) * matrix.width();
        // The running sum is the first column, the fractions are those after it.
        let column = match self.cheat.sums {
            Sums::LastFraction => D,
            _ => 0,
        };
        let cells = &mut matrix.values[row + column..][..D];
        let parts: &[F] = sum.as_basis_coefficients_slice();
        cells
            .iter_mut()
            .zip(parts)
            .for_each(|(cell, part)| *cell -= *part);
        let rows = matrices.into_iter().zip(places);
        Ok(rows
            .map(|(matrix, place)| Trace {
                instance: place.instance.clone(),
                public_values: place.public_values.clone(),
                matrix,
            })
            .collect())
    }

    /// The chunks of the quotients that the honest tables have with these challenges.
    fn honest_quotients(
        &self,
        places: &[Place<D>],
        alpha: Challenge<D>,
    ) -> Result<EngineColumns<D>, ProveError> {
        let tables = self.engine.tables(self.honest.to_vec())?;
        let (_, main) = self.engine.commit_tables(&tables)?;
        let (columns, terminals) = self.engine.logup(tables, places)?;
        let (_, logup) = self.engine.commit(columns)?;
        let mut places = places.to_vec();
        for (place, terminal) in places.iter_mut().zip(terminals) {
            place.terminal = terminal;
        }
        self.engine.quotients(&places, &main, &logup, alpha)
    }
}

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
    ) -> Result<(Commitment, Self::Committed), ProveError> {
        let (commitment, committed) = self.engine.commit_tables(tables)?;
        if !self.cheat.height {
            return Ok((commitment, committed));
        }
        let mut tables = tables.clone();
        tables[self.cheat.table].matrix = doubled(&tables[self.cheat.table].matrix);
        let (commitment, _) = self.engine.commit_tables(&tables)?;
        Ok((commitment, committed))
    }

    fn fixed(&self) -> Result<(Commitment, Arc<Self::Committed>), ProveError> {
        self.engine.fixed()
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
            Sums::LastRow | Sums::LastFraction => {
                Columns::Rows(self.forced(&columns, places, sum)?)
            }
        };
        Ok((columns, terminals))
    }

    fn commit(&self, columns: Self::Columns) -> Result<(Commitment, Self::Committed), ProveError> {
        match columns {
            Columns::Engine(columns) => self.engine.commit(columns),
            Columns::Rows(rows) => self.engine.commit_tables(&rows),
        }
    }

    fn quotients(
        &self,
        places: &[Place<D>],
        main: &Self::Committed,
        logup: &Self::Committed,
        alpha: Challenge<D>,
    ) -> Result<Self::Columns, ProveError> {
        self.see(|seen| (seen.places, seen.alpha) = (places.to_vec(), alpha));
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
        rounds: &[Round<'_, Self::Committed>],
        point: Challenge<D>,
    ) -> Result<(Openings<D>, Self::Point), ProveError> {
        let (mut values, at_point) = self.engine.evaluate(rounds, point)?;
        if self.cheat.opened != Opened::Honest {
            self.see(|seen| {
                seen.values.clone_from(&values);
                mend(&seen.places, seen.alpha, point, &mut values)
            });
        }
        Ok((values, at_point))
    }

    fn reduce(
        &self,
        rounds: &[Round<'_, Self::Committed>],
        values: &Openings<D>,
        point: Self::Point,
        alpha: Challenge<D>,
    ) -> Result<Vec<(usize, Self::Vector)>, ProveError> {
        match self.cheat.opened {
            Opened::SolvedBehindFri => {
                let values = self.see(|seen| core::mem::take(&mut seen.values));
                self.engine.reduce(rounds, &values, point, alpha)
            }
            _ => self.engine.reduce(rounds, values, point, alpha),
        }
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

    fn first(&self, vector: Self::Vector) -> Result<Challenge<D>, ProveError> {
        self.engine.first(vector)
    }

    fn open(&self, committed: &Self::Committed, indices: &[usize]) -> Result<Opening, ProveError> {
        self.engine.open(committed, indices)
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
        self.engine.log_max_height(committed)
    }
}

/// A table twice as high, the new rows as its last.
pub fn doubled(matrix: &RowMajorMatrix<F>) -> RowMajorMatrix<F> {
    let (width, height) = (matrix.width(), matrix.height());
    let last = &matrix.values[(height - 1) * width..];
    let values = [&matrix.values[..], &last.repeat(height)].concat();
    RowMajorMatrix::new(values, width)
}
