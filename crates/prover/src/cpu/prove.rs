//! One proof from front to back, as `p3_batch_stark::prove_batch` makes it. The transcript is
//! touched here and nowhere else.

use core::marker::PhantomData;
use std::borrow::Cow;

use p3_air::BaseAir;
use p3_batch_stark::proof::{BatchOpenedValues, OpenedValuesWithLookups};
use p3_batch_stark::{
    BatchCommitments, BatchProof, BatchProverTranscript, BatchShape, OpenedValues,
};
use p3_commit::{Mmcs, OpeningRequest};
use p3_field::extension::BinomiallyExtendable;
use p3_field::{Field, PrimeCharacteristicRing, TwoAdicField};
use p3_fri::prover::prove_fri;
use p3_fri::{PcsProverTranscript, PcsShape, TwoAdicFriFolding, TwoAdicFriFoldingForMmcs};
use p3_lookup::logup::LogUpGadget;
use p3_lookup::{LookupTerminal, Lookups, check_multiplicity_height_bound};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;
use p3_uni_stark::PreprocessedOpenedValues;
use p3_util::log2_strict_usize;
use tracing::info_span;
use vouch_air::F;
use vouch_air::tables::{Instance, Table};
use vouch_air::witness::Trace;
use vouch_verifier::config::{Challenge, Challenger, Config, Proof, ValueMmcs, challenger};

use super::logup::{LogUp, logup};
use super::openings::{Opened, Opener};
use super::quotient::{Extended, chunks, quotient};
use super::said::{Combiner, combiners};
use super::setup::{Commitment, Committed, Input, Setup};
use crate::backend::{Job, failed};
use crate::cancel::Cancel;
use crate::error::ProveError;
use crate::plan::{Plan, plan};

/// A table in a proof.
pub(super) struct Place<const D: usize>
where
    F: BinomiallyExtendable<D>,
{
    plan: &'static Plan,
    instance: Instance,
    public_values: Vec<F>,
    log_height: usize,
    combiners: Vec<Combiner<D>>,
    terminal: Challenge<D>,
}

/// Values opened: of a commitment, of a matrix, at a point, of a column.
type Openings<const D: usize> = Vec<Vec<Vec<Vec<Challenge<D>>>>>;

/// Rounds of openings, in p3's order: main columns, quotients, fixed columns, LogUp columns.
const MAIN: usize = 0;
const LOGUP: usize = 3;

/// FRI's part of a proof.
type FriProof<const D: usize> = p3_batch_stark::PcsProof<Config<D>>;

impl<const D: usize> Setup<D>
where
    F: BinomiallyExtendable<D>,
{
    /// Between any two phases it may be cancelled.
    pub(super) fn prove(&self, job: Job) -> Result<Proof<D>, ProveError> {
        let Job {
            seed,
            traces,
            cancel,
        } = job;
        cancel.check()?;
        let traces = traces.tables;
        let lookups = |trace: &Trace| plan(trace.instance.table).lookups.clone();
        let lookups: Vec<Lookups<F>> = traces.iter().map(lookups).collect();
        let heights: Vec<usize> = traces.iter().map(|trace| trace.matrix.height()).collect();
        check_multiplicity_height_bound(&lookups, &heights).map_err(failed)?;
        let log_heights: Vec<usize> = heights.iter().map(|&h| log2_strict_usize(h)).collect();
        let largest = heights.iter().copied().max().unwrap_or(1) << self.parameters.log_blowup;
        let points = &domain(log2_strict_usize(largest));

        let mut challenger = challenger(seed);
        let mut transcript = BatchProverTranscript::<Challenger, F, Challenge<D>, Commitment>::new(
            &mut challenger,
            self.shape(&traces),
        );
        transcript.instance_bindings(&log_heights);

        let (main_commitment, main) = info_span!(target: "vouch::phase", "commit").in_scope(|| {
            let matrices = traces.iter().map(|trace| &trace.matrix);
            self.commit(matrices.map(|m| Input::rows(Cow::Borrowed(m))).collect())
        });
        cancel.check().inspect_err(|_| transcript.abort())?;
        let public_values: Vec<&[F]> = traces.iter().map(|t| t.public_values.as_slice()).collect();
        transcript.main_phase(main_commitment.clone(), &public_values);
        let fixed = has_fixed(traces.iter().map(|trace| &trace.instance)).then(|| self.fixed());
        transcript.preprocessed_phase(fixed.map(|fixed| fixed.commitment.clone()));

        let (challenges, lookup_pow_witness) =
            transcript.lookup_phase(&lookups, &LogUpGadget::new());
        let (places, logup_matrices) = info_span!(target: "vouch::phase", "logup")
            .in_scope(|| self.logup(traces, &challenges));
        cancel.check().inspect_err(|_| transcript.abort())?;
        let (logup_commitment, logup) =
            info_span!(target: "vouch::phase", "commit").in_scope(|| self.commit(logup_matrices));
        let terminals: Vec<Challenge<D>> = places.iter().map(|place| place.terminal).collect();
        cancel.check().inspect_err(|_| transcript.abort())?;
        let alpha = transcript.permutation_phase(Some(logup_commitment.clone()), &terminals);

        let quotients = info_span!(target: "vouch::phase", "quotient")
            .in_scope(|| self.quotients(&places, &main, &logup, alpha, points));
        cancel.check().inspect_err(|_| transcript.abort())?;
        let (quotient_commitment, quotients) =
            info_span!(target: "vouch::phase", "commit").in_scope(|| self.commit(quotients));
        cancel.check().inspect_err(|_| transcript.abort())?;
        transcript.quotient_phase(quotient_commitment.clone(), None);

        let (point, ood_pow_witness) = transcript.ood_phase();
        let fixed = fixed.map(|fixed| &fixed.committed);
        let committed = [Some(&main), Some(&quotients), fixed, Some(&logup)];
        let opened = transcript.delegate(|challenger| {
            self.open(&places, committed, point, points, challenger, &cancel)
        });
        let (openings, opening_proof) = opened.inspect_err(|_| transcript.abort())?;
        transcript.finish();
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
                .map(|t| Some(LookupTerminal(t)))
                .collect(),
            degree_bits: log_heights,
            lookup_pow_witness,
            ood_pow_witness,
        })
    }

    /// What p3's transcript is seeded with.
    fn shape(&self, traces: &[Trace]) -> BatchShape {
        let counts = |count: fn(&Trace) -> usize| traces.iter().map(count).collect();
        BatchShape {
            trace_widths: counts(|trace| trace.matrix.width()),
            public_value_counts: counts(|trace| trace.public_values.len()),
            preprocessed_widths: counts(|trace| trace.instance.preprocessed_width()),
            has_preprocessed_commitment: has_fixed(traces.iter().map(|trace| &trace.instance)),
            num_lookup_instances: traces.len(),
            lookup_pow_bits: self.parameters.lookup_grinding,
            has_randomization_commitment: false,
            ood_pow_bits: self.parameters.point_grinding,
        }
    }

    /// The LogUp columns of every table, each of whose rows are dropped then.
    pub(super) fn logup(
        &self,
        traces: Vec<Trace>,
        challenges: &[Vec<Challenge<D>>],
    ) -> (Vec<Place<D>>, Vec<Input<'static>>) {
        traces
            .into_par_iter()
            .zip(challenges)
            .map(|(trace, challenges)| {
                let plan = plan(trace.instance.table);
                let combiners = combiners(plan, challenges);
                let fixed = is_fixed(&trace.instance).then(|| &self.fixed().rows);
                let LogUp { matrix, terminal } = logup(plan, &trace, fixed, &combiners);
                let place = Place {
                    plan,
                    log_height: log2_strict_usize(matrix.height()),
                    instance: trace.instance,
                    public_values: trace.public_values,
                    combiners,
                    terminal,
                };
                (place, Input::rows(Cow::Owned(matrix)))
            })
            .unzip()
    }

    /// The chunks of every table's quotient.
    fn quotients(
        &self,
        places: &[Place<D>],
        main: &Committed,
        logup: &Committed,
        alpha: Challenge<D>,
        points: &[F],
    ) -> Vec<Input<'static>> {
        let [main, logup] = [main, logup].map(|committed| self.mmcs.get_matrices(committed));
        places
            .par_iter()
            .zip(main)
            .zip(logup)
            .flat_map_iter(|((place, main), logup)| {
                table_quotient(self, place, [main, logup], alpha, points)
            })
            .collect()
    }

    /// Opens everything at `point`, and what looks at the next row also there.
    fn open(
        &self,
        places: &[Place<D>],
        committed: [Option<&Committed>; 4],
        point: Challenge<D>,
        points: &[F],
        challenger: &mut Challenger,
        cancel: &Cancel,
    ) -> Result<(Openings<D>, FriProof<D>), ProveError> {
        let span = info_span!(target: "vouch::phase", "openings").entered();
        let present = || {
            committed
                .iter()
                .enumerate()
                .filter_map(|(i, c)| Some((i, (*c)?)))
        };
        let rounds: Vec<Vec<Opened<'_>>> = present()
            .map(|(round, committed)| {
                let opened = |(i, matrix)| Opened {
                    matrix,
                    at_next: match round {
                        LOGUP => true,
                        MAIN => places
                            .get(i)
                            .is_some_and(|place: &Place<D>| place.plan.looks_ahead),
                        _ => false,
                    },
                };
                { self.mmcs.get_matrices(committed).into_iter().enumerate() }
                    .map(opened)
                    .collect()
            })
            .collect();
        let opener = Opener::new(point, points, self.parameters.log_blowup);
        let values = opener.evaluate(&rounds);
        let shape = PcsShape::from_opened_values(&self.fri, &values);
        let mut transcript =
            PcsProverTranscript::<Challenger, F, Challenge<D>>::new(challenger, shape);
        transcript.claimed_openings(&values);
        let (alpha, batch_pow_witness) = transcript.batch_phase();
        let reduced = opener.reduce(&rounds, &values, alpha);
        drop((opener, rounds));
        drop(span);
        cancel.check().inspect_err(|_| transcript.abort())?;

        let _span = info_span!(target: "vouch::phase", "fri").entered();
        let committed: Vec<&Committed> = present().map(|(_, committed)| committed).collect();
        let witness = batch_pow_witness.unwrap_or(F::ZERO);
        let proof = transcript
            .delegate(|challenger| self.low_degree(reduced, &committed, witness, challenger));
        let proof = proof.inspect_err(|_| transcript.abort())?;
        transcript.finish();
        Ok((values, proof))
    }

    /// FRI: that the sums are of low degree, tallest first, and what they were made of.
    pub(super) fn low_degree(
        &self,
        reduced: Vec<Vec<Challenge<D>>>,
        committed: &[&Committed],
        batch_pow_witness: F,
        challenger: &mut Challenger,
    ) -> Result<FriProof<D>, ProveError> {
        let log_height = reduced
            .first()
            .map_or(0, |sums| log2_strict_usize(sums.len()));
        // FRI wants to know what is committed to; where it was opened is in the sums already.
        let request = |prover_data| OpeningRequest {
            prover_data,
            points: Vec::new(),
        };
        let requests: Vec<_> = committed.iter().copied().map(request).collect();
        let folding: TwoAdicFriFoldingForMmcs<F, ValueMmcs> = TwoAdicFriFolding(PhantomData);
        prove_fri(
            &folding,
            &self.fri,
            reduced,
            challenger,
            log_height,
            &requests,
            &self.mmcs,
            batch_pow_witness,
        )
        .map_err(failed)
    }
}

/// The chunks of a table's quotient, given its extended main and LogUp columns.
pub(super) fn table_quotient<const D: usize>(
    setup: &Setup<D>,
    place: &Place<D>,
    [main, logup]: [&RowMajorMatrix<F>; 2],
    alpha: Challenge<D>,
    points: &[F],
) -> Vec<Input<'static>>
where
    F: BinomiallyExtendable<D>,
{
    let (plan, log_height) = (place.plan, place.log_height);
    let periodic = &place.instance.periodic;
    let table = Extended {
        plan,
        instance: &place.instance,
        public_values: &place.public_values,
        log_height,
        main,
        logup,
        fixed: is_fixed(&place.instance)
            .then(|| setup.mmcs.get_matrices(&setup.fixed().committed)[0]),
        periodic: rows_of(periodic).map(|rows| setup.extend(&rows, plan.log_chunks)),
        combiners: &place.combiners,
        terminal: place.terminal,
    };
    let cells = quotient(&table, alpha, points);
    chunks::<D>(&cells, log_height, plan.log_chunks)
}

/// True if one of the tables has fixed columns.
fn has_fixed<'a>(mut instances: impl Iterator<Item = &'a Instance>) -> bool {
    instances.any(is_fixed)
}

/// True of the table that has fixed columns.
fn is_fixed(instance: &Instance) -> bool {
    instance.table == Table::Lookup
}

/// The points of the domain of `2^bits` that commitments are on, bit-reversed: the second half of
/// each domain is its first, times a generator.
pub(super) fn domain(bits: usize) -> Vec<F> {
    let mut points = Vec::with_capacity(1 << bits);
    points.push(F::GENERATOR);
    for bits in 1..=bits {
        let generator = F::two_adic_generator(bits);
        points.extend_from_within(..);
        let half = points.len() / 2;
        points[half..]
            .par_iter_mut()
            .with_min_len(1 << 12)
            .for_each(|point| *point *= generator);
    }
    points
}

/// Columns as a matrix; `None` if there are none.
fn rows_of(columns: &[Vec<F>]) -> Option<RowMajorMatrix<F>> {
    let height = columns.first()?.len();
    let values = (0..height).flat_map(|row| columns.iter().map(move |column| column[row]));
    Some(RowMajorMatrix::new(values.collect(), columns.len()))
}

/// The opened values by table.
fn opened_values<const D: usize>(
    places: &[Place<D>],
    openings: Openings<D>,
) -> Vec<OpenedValuesWithLookups<Challenge<D>>>
where
    F: BinomiallyExtendable<D>,
{
    let mut rounds = openings.into_iter().map(Vec::into_iter);
    let mut round = || rounds.next().unwrap_or_default();
    let (mut main, mut quotients) = (round(), round());
    let has_fixed = has_fixed(places.iter().map(|place| &place.instance));
    let mut fixed = if has_fixed {
        round()
    } else {
        Vec::new().into_iter()
    };
    let mut logup = round();
    // A matrix's values at the point, and at that of the next row.
    let both = |matrices: &mut std::vec::IntoIter<Vec<Vec<Challenge<D>>>>| {
        let mut points = matrices.next().unwrap_or_default().into_iter();
        (points.next().unwrap_or_default(), points.next())
    };
    let mut opened = |place: &Place<D>| {
        let (trace_local, trace_next) = both(&mut main);
        let chunks = 0..1 << place.plan.log_chunks;
        let quotient_chunks = chunks.map(|_| both(&mut quotients).0).collect();
        let is_fixed = is_fixed(&place.instance);
        let (permutation_local, permutation_next) = both(&mut logup);
        OpenedValuesWithLookups {
            base_opened_values: OpenedValues {
                trace_local,
                trace_next,
                preprocessed: is_fixed.then(|| PreprocessedOpenedValues {
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
