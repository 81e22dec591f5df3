//! A prover that cheats: the product's own, with an engine that gives false answers at one step.
//! The coordinator goes on from them as if they were true: whatever comes after, challenges and
//! proofs of work among it, is recomputed.

mod engine;

use std::sync::{Arc, Mutex, PoisonError};

use p3_field::extension::BinomiallyExtendable;
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use vouch_air::F;
use vouch_air::witness::Trace;
use vouch_prover::plan::plan;
use vouch_prover::{
    Commitment, Coordinated, CpuEngine, Engine, Inspect, OpenedRound, Openings, Place, ProveError,
    Prover,
};
use vouch_verifier::config::Challenge;
use vouch_verifier::packing::{Kind, Round};
use vouch_verifier::{ExtensionDegree, Profile};

use super::cheats::{Cheat, Sums};
use super::misplace::{Given, Misplaced, misplace};

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

    /// Whether columns are packed otherwise and the prover goes on from `given`.
    fn is_given(&self, given: Given) -> bool {
        self.cheat.packs.is_some_and(|packs| packs.given == given)
    }

    /// The rounds with what is true of them, or with what is shown.
    fn opened<'a>(
        rounds: &[OpenedRound<'a, Committed<D>>],
        is_shown: bool,
    ) -> Vec<OpenedRound<'a, EngineCommitted<D>>> {
        let opened = |opened: &OpenedRound<'a, Committed<D>>| OpenedRound {
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
        rounds: &[OpenedRound<'_, Committed<D>>],
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
