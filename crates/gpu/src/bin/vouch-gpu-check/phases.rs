//! The operations of the proofs of a real run: how long each takes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use p3_field::extension::BinomiallyExtendable;
use p3_matrix::Matrix;
use p3_util::log2_strict_usize;
use vouch_air::F;
use vouch_air::witness::Trace;
use vouch_gpu::{Gpu, GpuEngine};
use vouch_prover::{
    Backend, Commitment, Coordinated, Engine, LayerOpening, OpenedRound, Opening, Openings, Place,
    ProveError,
};
use vouch_verifier::config::Challenge;
use vouch_verifier::packing::{Kind, Packing, Round, TableColumns};
use vouch_verifier::{Parameters, Profile, TableShape};

use crate::check::{Check, CheckError};
use crate::end_to_end::{Segment, fibonacci};
use crate::measure::{median, wait};
use crate::proofs::label;
use crate::report::Measured;
use crate::work::{Work, committing, extension, logup, quotient};

/// Proofs that are timed, after one that is not.
const PROOFS: usize = 3;

/// Measures them for the first segment of a run, in a profile of each degree.
pub fn measure(check: &mut Check) {
    let cycles = if check.small { 1 << 10 } else { 1 << 20 };
    let small = check.small;
    for profile in [Profile::Fast100, Profile::Fast128] {
        let name = format!("phases, {}", label(profile));
        let phases = check.measure(&name, |gpu| {
            let run = fibonacci(profile, cycles)?;
            let Some(segment) = run.segments.first() else {
                return Ok(Vec::new());
            };
            match profile {
                Profile::Fast128 => phases::<5>(gpu, profile, segment),
                _ => phases::<4>(gpu, profile, segment),
            }
        });
        let ceilings = check.report.ceilings;
        let of = if small { "a short run" } else { "2^20 cycles" };
        let measured = { phases.into_iter().flatten() }.map(|phase| {
            let name = format!(
                "{}, {}, the first segment of {of}",
                phase.name,
                label(profile)
            );
            Measured::new(name, phase.seconds, phase.work, ceilings)
        });
        check.report.phases.extend(measured);
    }
}

/// An operation of a proof: all its calls together.
struct Phase {
    name: &'static str,
    seconds: f64,
    work: Option<Work>,
}

fn phases<const D: usize>(
    gpu: &Gpu,
    profile: Profile,
    segment: &Segment,
) -> Result<Vec<Phase>, CheckError>
where
    F: BinomiallyExtendable<D>,
{
    let parameters = profile.parameters();
    let engine = Timed {
        engine: GpuEngine::<D>::new(gpu, parameters),
        gpu: gpu.clone(),
        times: Mutex::default(),
    };
    let backend = Coordinated::new(profile, engine);
    let mut proofs = Vec::new();
    for _ in 0..=PROOFS {
        backend.prove(segment.job())?;
        proofs.push(core::mem::take(&mut *backend.engine().times()));
    }
    let timed = &proofs[1..];
    let phase = |&(name, _): &(&'static str, f64)| {
        let seconds = |proof: &Times| {
            { proof.iter() }
                .find(|time| time.0 == name)
                .map(|time| time.1)
        };
        Phase {
            name,
            seconds: median(timed.iter().filter_map(seconds).collect()),
            work: work::<D>(name, &segment.traces.tables, &parameters),
        }
    };
    Ok(proofs[0].iter().map(phase).collect())
}

const COMMIT_TABLES: &str = "committing to main columns";
const LOGUP: &str = "LogUp columns";
const QUOTIENTS: &str = "quotients";

/// The least work of some operations.
fn work<const D: usize>(name: &str, tables: &[Trace], parameters: &Parameters) -> Option<Work> {
    let of = |trace: &Trace| {
        let (table, rows) = (trace.instance.table, trace.matrix.height());
        match name {
            COMMIT_TABLES => {
                let (width, log_height) = (trace.matrix.width(), log2_strict_usize(rows));
                Some(extension(width, log_height, parameters.log_blowup))
            }
            LOGUP => Some(logup(table, rows as u64, D)),
            QUOTIENTS => Some(quotient(table, rows as u64, D)),
            _ => None,
        }
    };
    let once = match name {
        COMMIT_TABLES => main_tree(tables, parameters),
        _ => Work::default(),
    };
    { tables.iter().map(of) }.try_fold(once, |sum, work| Some(sum + work?))
}

/// The least work of the Merkle tree over main columns.
fn main_tree(tables: &[Trace], parameters: &Parameters) -> Work {
    let columns = |trace: &Trace| {
        let table = trace.instance.table;
        let columns = TableColumns::new(table, &TableShape::of(table));
        (columns, log2_strict_usize(trace.matrix.height()))
    };
    let packing = Packing::new(parameters, &tables.iter().map(columns).collect::<Vec<_>>());
    let round = packing.round(Kind::Main);
    round.map_or_else(Work::default, |round| {
        committing(&packing, round, parameters.log_blowup)
    })
}

/// Operations in the order of their first calls, with the seconds of all calls.
type Times = Vec<(&'static str, f64)>;

/// An engine whose operations are timed, each to its end.
struct Timed<E> {
    engine: E,
    gpu: Gpu,
    times: Mutex<Times>,
}

impl<E> Timed<E> {
    fn times(&self) -> std::sync::MutexGuard<'_, Times> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn timed<T>(
        &self,
        name: &'static str,
        operation: impl FnOnce(&E) -> Result<T, ProveError>,
    ) -> Result<T, ProveError> {
        let start = Instant::now();
        let result = operation(&self.engine)?;
        wait(&self.gpu).map_err(|error| ProveError::Device {
            device: self.gpu.name(),
            reason: error.to_string(),
        })?;
        let seconds = start.elapsed().as_secs_f64();
        let mut times = self.times();
        match times.iter_mut().find(|time| time.0 == name) {
            Some((_, sum)) => *sum += seconds,
            None => times.push((name, seconds)),
        }
        Ok(result)
    }
}

impl<const D: usize, E: Engine<D>> Engine<D> for Timed<E>
where
    F: BinomiallyExtendable<D>,
{
    type Tables = E::Tables;
    type Columns = E::Columns;
    type Committed = E::Committed;
    type Point = E::Point;
    type Vector = E::Vector;
    type Layer = E::Layer;

    fn name(&self) -> &'static str {
        self.engine.name()
    }

    fn parameters(&self) -> &Parameters {
        self.engine.parameters()
    }

    fn tables(&self, traces: Vec<Trace>) -> Result<E::Tables, ProveError> {
        self.timed("taking the tables", |e| e.tables(traces))
    }

    fn commit_tables(
        &self,
        tables: &E::Tables,
        round: &Round,
    ) -> Result<(Commitment, E::Committed), ProveError> {
        self.timed(COMMIT_TABLES, |e| e.commit_tables(tables, round))
    }

    fn fixed(&self) -> Result<(Commitment, Arc<E::Committed>), ProveError> {
        self.timed("committing to fixed columns", E::fixed)
    }

    fn logup(
        &self,
        tables: E::Tables,
        places: &[Place<D>],
    ) -> Result<(E::Columns, Vec<Challenge<D>>), ProveError> {
        self.timed(LOGUP, |e| e.logup(tables, places))
    }

    fn commit(
        &self,
        columns: E::Columns,
        round: &Round,
    ) -> Result<(Commitment, E::Committed), ProveError> {
        self.timed("committing to LogUp columns and quotients", |e| {
            e.commit(columns, round)
        })
    }

    fn quotients(
        &self,
        places: &[Place<D>],
        main: &E::Committed,
        logup: &E::Committed,
        alpha: Challenge<D>,
    ) -> Result<E::Columns, ProveError> {
        self.timed(QUOTIENTS, |e| e.quotients(places, main, logup, alpha))
    }

    fn evaluate(
        &self,
        rounds: &[OpenedRound<'_, E::Committed>],
        point: Challenge<D>,
    ) -> Result<(Openings<D>, E::Point), ProveError> {
        self.timed("opened values", |e| e.evaluate(rounds, point))
    }

    fn reduce(
        &self,
        packing: &Packing,
        rounds: &[OpenedRound<'_, E::Committed>],
        values: &Openings<D>,
        point: E::Point,
        alpha: Challenge<D>,
    ) -> Result<Vec<(usize, E::Vector)>, ProveError> {
        self.timed("sums for FRI", |e| {
            e.reduce(packing, rounds, values, point, alpha)
        })
    }

    fn commit_layer(
        &self,
        vector: E::Vector,
        log_arity: usize,
    ) -> Result<(Commitment, E::Layer), ProveError> {
        self.timed("committing to FRI's layers", |e| {
            e.commit_layer(vector, log_arity)
        })
    }

    fn fold(
        &self,
        layer: &E::Layer,
        beta: Challenge<D>,
        other: Option<E::Vector>,
    ) -> Result<E::Vector, ProveError> {
        self.timed("folding", |e| e.fold(layer, beta, other))
    }

    fn first(&self, vector: E::Vector, count: usize) -> Result<Vec<Challenge<D>>, ProveError> {
        self.timed("the last numbers of FRI", |e| e.first(vector, count))
    }

    fn open(&self, committed: &E::Committed, indices: &[usize]) -> Result<Opening, ProveError> {
        self.timed("opening rows", |e| e.open(committed, indices))
    }

    fn open_layer(
        &self,
        layer: &E::Layer,
        indices: &[usize],
    ) -> Result<LayerOpening<D>, ProveError> {
        self.timed("opening FRI's layers", |e| e.open_layer(layer, indices))
    }

    fn log_max_height(&self, committed: &E::Committed) -> usize {
        self.engine.log_max_height(committed)
    }
}
