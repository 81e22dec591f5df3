//! A prover that cheats: the product's own, with an engine that gives false answers at one step.
//! The coordinator goes on from them as if they were true: whatever comes after, challenges and
//! proofs of work among it, is recomputed.

mod engine;

use std::sync::Arc;

use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use parking_lot::Mutex;
use vouch_air::F;
use vouch_air::witness::Trace;
use vouch_prover::plan::plan;
use vouch_prover::{
    Commitment, Coordinated, CpuEngine, Engine, Inspect, OpenedRound, Openings, Place, ProveError,
    Prover,
};
use vouch_verifier::config::ChallengeField;
use vouch_verifier::packing::{Kind, Round};
use vouch_verifier::{Profile, with_challenge_field};

use super::cheats::{Cheat, Sums};
use super::misplace::{Given, Misplaced, misplace};

/// A prover that cheats; `honest` are the tables to cheat with.
pub fn cheater(profile: Profile, cheat: Cheat, honest: Vec<Trace>) -> Prover {
    let honest = Arc::new(honest);
    with_challenge_field!(profile.parameters().extension, EF => {
        let cheater = Cheater::<EF>::new(profile, cheat, honest);
        Prover::with_backend(Box::new(Coordinated::new(profile, cheater)))
    })
}

struct Cheater<EF: ChallengeField> {
    profile: Profile,
    engine: CpuEngine<EF>,
    cheat: Cheat,
    honest: Arc<Vec<Trace>>,
    /// What later steps need to know of those before.
    seen: Mutex<Seen<EF>>,
}

/// What a prover has seen.
struct Seen<EF: ChallengeField> {
    places: Vec<Place<EF>>,
    alpha: EF,
    /// The true values at the out-of-domain point.
    values: Openings<EF>,
    /// Those of what is committed to in their place, with its layout.
    shown: Option<(Openings<EF>, Round)>,
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

type EngineColumns<EF> = <CpuEngine<EF> as Engine<EF>>::Columns;
type Committed<EF> = Both<<CpuEngine<EF> as Engine<EF>>::Committed>;
type EngineCommitted<EF> = <CpuEngine<EF> as Engine<EF>>::Committed;
type Point<EF> = <CpuEngine<EF> as Engine<EF>>::Point;
type Vector<EF> = <CpuEngine<EF> as Engine<EF>>::Vector;
type Layer<EF> = <CpuEngine<EF> as Engine<EF>>::Layer;

impl<EF: ChallengeField> Cheater<EF> {
    fn new(profile: Profile, cheat: Cheat, honest: Arc<Vec<Trace>>) -> Self {
        let seen = Seen {
            places: Vec::new(),
            alpha: EF::ZERO,
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

    fn see<T>(&self, see: impl FnOnce(&mut Seen<EF>) -> T) -> T {
        see(&mut self.seen.lock())
    }

    /// LogUp columns whose table at the cheat's place ends in `sum` less than it should.
    fn forced(&self, columns: &EngineColumns<EF>, sum: EF) -> Result<Vec<Trace>, ProveError> {
        let mut matrices = self.engine.columns(columns)?;
        let matrix = &mut matrices[self.cheat.table];
        let row = (matrix.height() - 1) * matrix.width();
        // The running sum is the first column, the fractions are those after it.
        let column = match self.cheat.sums {
            Sums::LastFraction => EF::DEGREE,
            _ => 0,
        };
        let cells = &mut matrix.values[row + column..][..EF::DEGREE];
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
        places: &[Place<EF>],
        alpha: EF,
    ) -> Result<EngineColumns<EF>, ProveError> {
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
        (commitment, truth): (Commitment, EngineCommitted<EF>),
        round: &Round,
    ) -> Result<(Commitment, Committed<EF>), ProveError> {
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
        rounds: &[OpenedRound<'a, Committed<EF>>],
        is_shown: bool,
    ) -> Vec<OpenedRound<'a, EngineCommitted<EF>>> {
        let opened = |opened: &OpenedRound<'a, Committed<EF>>| OpenedRound {
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
        point: EF,
        rounds: &[OpenedRound<'_, Committed<EF>>],
        values: &mut Openings<EF>,
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
            looking.take(1).for_each(|row| row[0] += EF::ONE);
        }
    }
}
