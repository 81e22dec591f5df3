//! A prover that cheats: the product's own, with an engine that gives false answers at one step.
//! The coordinator goes on from them as if they were true: whatever comes after, challenges and
//! proofs of work among it, is recomputed.

use std::sync::{Arc, Mutex, PoisonError};

use p3_field::extension::BinomiallyExtendable;
use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use vouch_air::F;
use vouch_air::witness::Trace;
use vouch_prover::plan::plan;
use vouch_prover::{
    Commitment, Coordinated, CpuEngine, Engine, Inspect, LayerOpening, Opened, Opening, Openings,
    Place, ProveError, Prover,
};
use vouch_verifier::config::Challenge;
use vouch_verifier::packing::{Kind, Packing, Round};
use vouch_verifier::{ExtensionDegree, Grinder, Parameters, Profile};

use super::identity::mend;
use super::misplace::{Misplaced, Told, misplace};
use crate::proof_map;

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
    pub opened: Solve,
    /// The table's rows are committed to with a height that is not the one claimed.
    pub height: bool,
    /// Columns are packed otherwise than the layout has it.
    pub packs: Option<Misplaced>,
    /// The claim about the first column of this kind, at the point or at that of the next row, is false.
    pub claim: Option<(Kind, bool)>,
    /// The words that FRI is given are at other levels than they should be.
    pub levels: Levels,
    /// The rows opened are those of other leaves.
    pub leaves: Leaves,
}

/// What becomes of FRI's word at the lowest level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Levels {
    /// What should.
    #[default]
    Honest,
    /// It is left out.
    Missing,
    /// It is added to that of the highest level.
    Merged,
}

/// Which rows of commitments are opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leaves {
    /// Those at the queries.
    #[default]
    Honest,
    /// Their neighbours, with the paths of these.
    Neighbours,
    /// Each query has the rows of the one after it.
    Rotated,
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
pub enum Solve {
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
    profile: Profile,
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
    /// Those of what is committed to in their place, with its layout.
    shown: Option<(Openings<D>, Round)>,
    /// The layouts of main and LogUp columns.
    rounds: Vec<Round>,
}

/// What has been committed to, and what should have been.
pub struct Both<C> {
    /// What rows are opened of.
    shown: Arc<C>,
    truth: Arc<C>,
    /// The layout of what is shown, if it is another.
    round: Option<Round>,
}

impl<C> Both<C> {
    fn honest(committed: Arc<C>) -> Self {
        Self {
            shown: Arc::clone(&committed),
            truth: committed,
            round: None,
        }
    }
}

/// Columns that are not committed to yet: the engine's, or rows of LogUp columns.
enum Columns<C> {
    Engine(C),
    Rows(Vec<Trace>),
}

type EngineColumns<const D: usize> = <CpuEngine<D> as Engine<D>>::Columns;
type Committed<const D: usize> = Both<<CpuEngine<D> as Engine<D>>::Committed>;
type EngineCommitted<const D: usize> = <CpuEngine<D> as Engine<D>>::Committed;
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
            shown: None,
            rounds: Vec::new(),
        };
        Self {
            profile,
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
        Ok(self.rows(matrices))
    }

    /// Columns as rows of tables, whichever.
    fn rows(&self, matrices: Vec<RowMajorMatrix<F>>) -> Vec<Trace> {
        let trace = |matrix| Trace {
            instance: self.honest[0].instance.clone(),
            public_values: Vec::new(),
            matrix,
        };
        matrices.into_iter().map(trace).collect()
    }

    /// The chunks of the quotients that the honest tables have with these challenges.
    fn honest_quotients(
        &self,
        places: &[Place<D>],
        alpha: Challenge<D>,
    ) -> Result<EngineColumns<D>, ProveError> {
        let rounds = self.see(|seen| seen.rounds.clone());
        let [main_round, logup_round] = rounds.as_slice() else {
            return Err(ProveError::Cancelled);
        };
        let tables = self.engine.tables(self.honest.to_vec())?;
        let (_, main) = self.engine.commit_tables(&tables, main_round)?;
        let (columns, terminals) = self.engine.logup(tables, places)?;
        let (_, logup) = self.engine.commit(columns, logup_round)?;
        let mut places = places.to_vec();
        for (place, terminal) in places.iter_mut().zip(terminals) {
            place.terminal = terminal;
        }
        self.engine.quotients(&places, &main, &logup, alpha)
    }

    /// What is shown in the place of columns that have been committed to.
    fn committed(
        &self,
        (commitment, truth): (Commitment, EngineCommitted<D>),
        round: &Round,
    ) -> Result<(Commitment, Committed<D>), ProveError> {
        let mut both = Both::honest(Arc::new(truth));
        let of_round = |packs: &Misplaced| packs.kind == round.kind;
        let Some(packs) = self.cheat.packs.filter(of_round) else {
            return Ok((commitment, both));
        };
        let columns = self.engine.committed(&both.truth)?;
        let places = self.see(|seen| seen.places.clone());
        let chunks = places
            .iter()
            .map(|place| plan(place.instance.table).log_chunks);
        let log_blowup = self.engine.parameters().log_blowup;
        let misplaced = misplace(
            packs.how,
            columns,
            round,
            log_blowup,
            &chunks.collect::<Vec<_>>(),
        );
        let (matrices, other) = misplaced.ok_or_else(|| ProveError::Backend {
            reason: format!("there is nothing like {packs:?}"),
        })?;
        let rows = self.rows(matrices);
        let (commitment, shown) = self.engine.commit_tables(&rows, &other)?;
        both.shown = Arc::new(shown);
        both.round = Some(other);
        Ok((commitment, both))
    }

    /// Whether columns are packed otherwise and told of so.
    fn tells(&self, told: Told) -> bool {
        self.cheat.packs.is_some_and(|packs| packs.told == told)
    }

    /// The rounds with what is true of them, or with what is shown.
    fn opened<'a>(
        rounds: &[Opened<'a, Committed<D>>],
        is_shown: bool,
    ) -> Vec<Opened<'a, EngineCommitted<D>>> {
        let opened = |opened: &Opened<'a, Committed<D>>| Opened {
            committed: match is_shown {
                true => &*opened.committed.shown,
                false => &*opened.committed.truth,
            },
            round: opened.round,
        };
        rounds.iter().map(opened).collect()
    }

    /// What is claimed: the truth, but for the cheat's.
    fn claim(
        &self,
        point: Challenge<D>,
        rounds: &[Opened<'_, Committed<D>>],
        values: &mut Openings<D>,
    ) {
        if let Some(Misplaced { how, .. }) = self.cheat.packs {
            let quotients = rounds.iter().position(|of| of.round.kind == Kind::Quotient);
            let chunks = self.see(|seen| {
                let places = seen.places.iter();
                let chunks =
                    places.map(|place| (place.log_height, plan(place.instance.table).log_chunks));
                chunks.collect::<Vec<_>>()
            });
            if let Some(round) = quotients {
                how.claim(point, &chunks, &mut values[round]);
            }
        }
        if let Some((kind, at_next)) = self.cheat.claim
            && let Some(i) = rounds.iter().position(|of| of.round.kind == kind)
        {
            let matrices = values[i].iter_mut();
            let looking = matrices.filter_map(|points| points.get_mut(usize::from(at_next)));
            looking
                .take(1)
                .for_each(|row| row[0] += Challenge::<D>::ONE);
        }
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
        rounds: &[Opened<'_, Self::Committed>],
        point: Challenge<D>,
    ) -> Result<(Openings<D>, Self::Point), ProveError> {
        let truth = Self::opened(rounds, false);
        let (mut values, at_point) = self.engine.evaluate(&truth, point)?;
        self.see(|seen| seen.values.clone_from(&values));
        let other = rounds.iter().find_map(|of| of.committed.round.as_ref());
        if let Some(round) = other.filter(|_| self.tells(Told::AsShown)) {
            let shown = rounds.iter().map(|of| Opened {
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
        rounds: &[Opened<'_, Self::Committed>],
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
        let is_true = self.tells(Told::Hidden) || self.tells(Told::Elsewhere);
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
        let committed = match self.tells(Told::Elsewhere) {
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

impl Levels {
    /// Rearranges words, the highest first.
    fn rearrange<C: Field>(self, words: &mut [(usize, Vec<C>)]) {
        let [(highest, first), .., (lowest, last)] = words else {
            return;
        };
        if self == Self::Merged {
            let below = *highest - *lowest;
            let of = |i: usize| last[i >> below];
            first
                .iter_mut()
                .enumerate()
                .for_each(|(i, word)| *word += of(i));
        }
        if self != Self::Honest {
            last.fill(C::ZERO);
        }
    }
}

/// A table twice as high, the new rows as its last.
pub fn doubled(matrix: &RowMajorMatrix<F>) -> RowMajorMatrix<F> {
    let (width, height) = (matrix.width(), matrix.height());
    let last = &matrix.values[(height - 1) * width..];
    let values = [&matrix.values[..], &last.repeat(height)].concat();
    RowMajorMatrix::new(values, width)
}
