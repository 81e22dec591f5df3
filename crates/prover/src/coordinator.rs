//! One proof from front to back, as `p3_batch_stark::prove_batch` makes it. The transcript is
//! touched here and in `fri`, and nowhere else.

use p3_air::BaseAir;
use p3_batch_stark::proof::{BatchOpenedValues, OpenedValuesWithLookups};
use p3_batch_stark::{
    BatchCommitments, BatchProof, BatchProverTranscript, BatchShape, OpenedValues,
};
use p3_field::PrimeCharacteristicRing;
use p3_fri::{PcsProverTranscript, PcsShape};
use p3_lookup::logup::LogUpGadget;
use p3_lookup::{LookupTerminal, Lookups, check_multiplicity_height_bound};
use p3_matrix::Matrix;
use p3_uni_stark::PreprocessedOpenedValues;
use p3_util::log2_strict_usize;
use tracing::{Span, info_span};
use vouch_air::F;
use vouch_air::witness::Trace;
use vouch_verifier::config::{ChallengeField, Challenger, Proof, challenger, fri};
use vouch_verifier::packing::{Kind, Packing, Round};
use vouch_verifier::{Parameters, encode_proof};

use crate::backend::{Job, failed};
use crate::cancel::Cancel;
use crate::cost::columns;
use crate::engine::{Commitment, Engine, OpenedRound, Openings, Place, is_fixed};
use crate::error::ProveError;
use crate::fri::{FriProof, low_degree};
use crate::plan::plan;

/// The transcript of a proof.
type Transcript<'a, EF> = BatchProverTranscript<'a, Challenger, F, EF, Commitment>;

/// The encoded proof of `job`.
pub(crate) fn prove<EF: ChallengeField, E: Engine<EF>>(
    engine: &E,
    job: Job,
) -> Result<Vec<u8>, ProveError> {
    let Job {
        seed,
        traces,
        cancel,
    } = job;
    cancel.check()?;
    let traces = traces.tables;
    let packing = &packing(engine.parameters(), &traces);
    let lookups = |trace: &Trace| plan(trace.instance.table).lookups.clone();
    let lookups: Vec<Lookups<F>> = traces.iter().map(lookups).collect();
    let heights: Vec<usize> = traces.iter().map(|trace| trace.matrix.height()).collect();
    check_multiplicity_height_bound(&lookups, &heights).map_err(failed)?;

    let mut challenger = challenger(seed, engine.grinder());
    let mut transcript = Transcript::<EF>::new(&mut challenger, shape(engine, packing, &traces));
    let run = Run {
        engine,
        cancel: &cancel,
    };
    match run.play(packing, traces, &lookups, &mut transcript) {
        Ok(proof) => {
            transcript.finish();
            encode_proof(&proof, packing).map_err(failed)
        }
        Err(error) => {
            // Otherwise it would miss the steps that were not played.
            transcript.abort();
            Err(error)
        }
    }
}

/// A proof that is being made.
struct Run<'a, E> {
    engine: &'a E,
    cancel: &'a Cancel,
}

impl<E> Run<'_, E> {
    /// An operation, after which the proof may be cancelled.
    fn phase<T>(
        &self,
        span: Span,
        operation: impl FnOnce() -> Result<T, ProveError>,
    ) -> Result<T, ProveError> {
        let value = span.in_scope(operation)?;
        self.cancel.check()?;
        Ok(value)
    }

    fn play<EF: ChallengeField>(
        &self,
        packing: &Packing,
        traces: Vec<Trace>,
        lookups: &[Lookups<F>],
        transcript: &mut Transcript<'_, EF>,
    ) -> Result<Proof<EF>, ProveError>
    where
        E: Engine<EF>,
    {
        let engine = self.engine;
        let commit = || info_span!(target: "vouch::phase", "commit");
        let mut places: Vec<Place<EF>> = traces.iter().map(Place::new).collect();
        let log_heights: Vec<usize> = places.iter().map(|place| place.log_height).collect();
        transcript.instance_bindings(&log_heights);

        let (tables, main_commitment, main) = self.phase(commit(), || {
            let tables = engine.tables(traces)?;
            let (commitment, main) = engine.commit_tables(&tables, round(packing, Kind::Main)?)?;
            Ok((tables, commitment, main))
        })?;
        let public_values: Vec<&[F]> = places.iter().map(|p| p.public_values.as_slice()).collect();
        transcript.main_phase(main_commitment.clone(), &public_values);
        let fixed = match places.iter().any(Place::is_fixed) {
            true => Some(engine.fixed()?),
            false => None,
        };
        transcript.preprocessed_phase(fixed.as_ref().map(|(commitment, _)| commitment.clone()));

        let (challenges, lookup_pow_witness) =
            transcript.lookup_phase(lookups, &LogUpGadget::new());
        for (place, challenges) in places.iter_mut().zip(challenges) {
            place.challenges = challenges;
        }
        let (columns, terminals) = self
            .phase(info_span!(target: "vouch::phase", "logup"), || {
                engine.logup(tables, &places)
            })?;
        for (place, &terminal) in places.iter_mut().zip(&terminals) {
            place.terminal = terminal;
        }
        let (logup_commitment, logup) = self.phase(commit(), || {
            engine.commit(columns, round(packing, Kind::LogUp)?)
        })?;
        let alpha = transcript.permutation_phase(Some(logup_commitment.clone()), &terminals);

        let columns = self.phase(info_span!(target: "vouch::phase", "quotient"), || {
            engine.quotients(&places, &main, &logup, alpha)
        })?;
        let (quotient_commitment, quotients) = self.phase(commit(), || {
            engine.commit(columns, round(packing, Kind::Quotient)?)
        })?;
        transcript.quotient_phase(quotient_commitment.clone(), None);

        let (point, ood_pow_witness) = transcript.ood_phase();
        let fixed = fixed.map(|(_, committed)| committed);
        let rounds = opened(packing, [&main, &quotients, &logup], fixed.as_deref());
        let (openings, opening_proof) =
            transcript.delegate(|challenger| self.open(packing, &rounds, point, challenger))?;
        Ok(BatchProof {
            commitments: BatchCommitments {
                main: main_commitment,
                permutation: Some(logup_commitment),
                quotient_chunks: quotient_commitment,
                random: None,
            },
            opened_values: BatchOpenedValues {
                instances: opened_values(&places, openings),
            },
            opening_proof,
            lookup_terminals: terminals
                .into_iter()
                .map(|terminal| Some(LookupTerminal(terminal)))
                .collect(),
            degree_bits: log_heights,
            lookup_pow_witness,
            ood_pow_witness,
        })
    }

    /// Opens everything at `point`, and what looks at the next row also there.
    fn open<EF: ChallengeField>(
        &self,
        packing: &Packing,
        rounds: &[OpenedRound<'_, E::Committed>],
        point: EF,
        challenger: &mut Challenger,
    ) -> Result<(Openings<EF>, FriProof<EF>), ProveError>
    where
        E: Engine<EF>,
    {
        let engine = self.engine;
        let openings = || info_span!(target: "vouch::phase", "openings");
        let (values, at_point) = self.phase(openings(), || engine.evaluate(rounds, point))?;
        let shape =
            PcsShape::from_opened_values(&fri::<EF>(&packing.ground(engine.parameters())), &values);
        let mut transcript = PcsProverTranscript::<Challenger, F, EF>::new(challenger, shape);
        transcript.claimed_openings(&values);
        let (alpha, batch_pow_witness) = transcript.batch_phase();
        let proof = self
            .phase(openings(), || {
                engine.reduce(packing, rounds, &values, at_point, alpha)
            })
            .and_then(|vectors| {
                let _span = info_span!(target: "vouch::phase", "fri").entered();
                let witness = batch_pow_witness.unwrap_or(F::ZERO);
                transcript
                    .delegate(|challenger| low_degree(engine, vectors, rounds, witness, challenger))
            });
        match proof {
            Ok(proof) => {
                transcript.finish();
                Ok((values, proof))
            }
            Err(error) => {
                transcript.abort();
                Err(error)
            }
        }
    }
}

/// What p3's transcript is seeded with.
fn shape<EF: ChallengeField>(
    engine: &impl Engine<EF>,
    packing: &Packing,
    traces: &[Trace],
) -> BatchShape {
    let parameters = packing.ground(engine.parameters());
    let counts = |count: fn(&Trace) -> usize| traces.iter().map(count).collect();
    BatchShape {
        trace_widths: counts(|trace| trace.matrix.width()),
        public_value_counts: counts(|trace| trace.public_values.len()),
        preprocessed_widths: counts(|trace| trace.instance.preprocessed_width()),
        has_preprocessed_commitment: traces.iter().any(|trace| is_fixed(&trace.instance)),
        num_lookup_instances: traces.len(),
        lookup_pow_bits: parameters.lookup_grinding,
        has_randomization_commitment: false,
        ood_pow_bits: parameters.point_grinding,
    }
}

/// Where the columns of the tables are.
pub(crate) fn packing(parameters: &Parameters, traces: &[Trace]) -> Packing {
    let table = |trace: &Trace| {
        let log_height = log2_strict_usize(trace.matrix.height());
        (columns(trace.instance.table), log_height)
    };
    Packing::new(parameters, &traces.iter().map(table).collect::<Vec<_>>())
}

/// What is committed to as `kind`.
fn round(packing: &Packing, kind: Kind) -> Result<&Round, ProveError> {
    packing.round(kind).ok_or_else(|| ProveError::Backend {
        reason: "there are no tables".into(),
    })
}

/// What is opened, in p3's order.
fn opened<'a, C>(
    packing: &'a Packing,
    [main, quotients, logup]: [&'a C; 3],
    fixed: Option<&'a C>,
) -> Vec<OpenedRound<'a, C>> {
    let opened = |round: &'a Round| {
        let committed = match round.kind {
            Kind::Main => Some(main),
            Kind::Quotient => Some(quotients),
            Kind::Fixed => fixed,
            Kind::LogUp => Some(logup),
        };
        Some(OpenedRound {
            committed: committed?,
            round,
        })
    };
    packing.rounds().iter().filter_map(opened).collect()
}

/// The opened values by table.
fn opened_values<EF: ChallengeField>(
    places: &[Place<EF>],
    openings: Openings<EF>,
) -> Vec<OpenedValuesWithLookups<EF>> {
    let mut rounds = openings.into_iter().map(Vec::into_iter);
    let mut round = || rounds.next().unwrap_or_default();
    let (mut main, mut quotients) = (round(), round());
    let has_fixed = places.iter().any(Place::is_fixed);
    let mut fixed = if has_fixed {
        round()
    } else {
        Vec::new().into_iter()
    };
    let mut logup = round();
    // A matrix's values at the point, and at that of the next row.
    let both = |matrices: &mut std::vec::IntoIter<Vec<Vec<EF>>>| {
        let mut points = matrices.next().unwrap_or_default().into_iter();
        (points.next().unwrap_or_default(), points.next())
    };
    let mut opened = |place: &Place<EF>| {
        let (trace_local, trace_next) = both(&mut main);
        let chunks = 0..1 << plan(place.instance.table).log_chunks;
        let quotient_chunks = chunks.map(|_| both(&mut quotients).0).collect();
        let (permutation_local, permutation_next) = both(&mut logup);
        OpenedValuesWithLookups {
            base_opened_values: OpenedValues {
                trace_local,
                trace_next,
                preprocessed: place.is_fixed().then(|| PreprocessedOpenedValues {
                    local: both(&mut fixed).0,
                    next: None,
                }),
                quotient_chunks,
                random: None,
            },
            permutation_local,
            permutation_next: permutation_next.unwrap_or_default(),
        }
    };
    places.iter().map(&mut opened).collect()
}
