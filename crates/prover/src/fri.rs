//! FRI: that vectors are of low degree, as `p3_fri::prover::prove_fri` shows it.

use p3_batch_stark::PcsProof;
use p3_dft::{Radix2DFTSmallBatch, TwoAdicSubgroupDft};
use p3_field::PrimeCharacteristicRing;
use p3_field::extension::BinomiallyExtendable;
use p3_fri::{FriProof as Plonky3Proof, FriShape, ProverTranscript};
use p3_util::reverse_slice_index_bits;
use vouch_air::F;
use vouch_verifier::config::{Challenge, Challenger, Config, fri};

use crate::engine::{Commitment, Engine, LayerOpening, OpenedRound, Opening};
use crate::error::ProveError;

/// FRI's part of a proof.
pub(crate) type FriProof<const D: usize> = PcsProof<Config<D>>;

/// Shows that `vectors`, tallest first with their lengths (log2), are of low degree, and opens
/// `rounds`, of which they were made, at the queries.
pub(crate) fn low_degree<const D: usize, E: Engine<D>>(
    engine: &E,
    vectors: Vec<(usize, E::Vector)>,
    rounds: &[OpenedRound<'_, E::Committed>],
    batch_pow_witness: F,
    challenger: &mut Challenger,
) -> Result<FriProof<D>, ProveError>
where
    F: BinomiallyExtendable<D>,
{
    let log_lengths: Vec<usize> = vectors.iter().map(|&(log_length, _)| log_length).collect();
    let log_height = log_lengths.first().copied().unwrap_or(0);
    let shape = FriShape::new(&fri::<D>(engine.parameters()), &log_lengths, log_height);
    let log_arities = shape.log_arities.clone();
    let mut transcript = ProverTranscript::<Challenger, F, Challenge<D>>::new(challenger, shape);
    let folded = match fold(engine, vectors, &log_arities, &mut transcript) {
        Ok(folded) => folded,
        Err(error) => {
            // Dropped half-way it would panic, and p3 has no way to give it up. What it holds is
            // small, and the proof is over.
            core::mem::forget(transcript);
            return Err(error);
        }
    };
    let (indices, query_pow_witness) = transcript.query_phase(&folded.polynomial);
    transcript.finish();

    let open = |opened: &OpenedRound<'_, E::Committed>| {
        let taller = log_height - engine.log_max_height(opened.committed);
        let indices: Vec<usize> = indices.iter().map(|index| index >> taller).collect();
        engine.open(opened.committed, &indices)
    };
    let input_openings: Vec<Opening> = rounds.iter().map(open).collect::<Result<_, _>>()?;
    let mut indices = indices.clone();
    let mut open = |(layer, log_arity): (&E::Layer, &usize)| {
        let opening = engine.open_layer(layer, &indices);
        indices.iter_mut().for_each(|index| *index >>= log_arity);
        opening
    };
    let commit_phase_openings: Vec<LayerOpening<D>> = { folded.layers.iter().zip(&log_arities) }
        .map(&mut open)
        .collect::<Result<_, _>>()?;
    Ok(Plonky3Proof {
        batch_pow_witness,
        commit_phase_commits: folded.commitments,
        commit_pow_witnesses: folded.pow_witnesses,
        input_openings,
        commit_phase_openings,
        final_poly: folded.polynomial,
        query_pow_witness: query_pow_witness.unwrap_or(F::ZERO),
    })
}

/// Vectors folded to a short polynomial.
struct Folded<const D: usize, L>
where
    F: BinomiallyExtendable<D>,
{
    commitments: Vec<Commitment>,
    pow_witnesses: Vec<F>,
    layers: Vec<L>,
    /// Its coefficients.
    polynomial: Vec<Challenge<D>>,
}

/// Commits to the vectors and folds them, each joining when the folded one is as short.
fn fold<const D: usize, E: Engine<D>>(
    engine: &E,
    vectors: Vec<(usize, E::Vector)>,
    log_arities: &[usize],
    transcript: &mut ProverTranscript<'_, Challenger, F, Challenge<D>>,
) -> Result<Folded<D, E::Layer>, ProveError>
where
    F: BinomiallyExtendable<D>,
{
    let mut vectors = vectors.into_iter().peekable();
    let Some((mut log_length, mut vector)) = vectors.next() else {
        return Err(ProveError::Backend {
            reason: "there are no tables".into(),
        });
    };
    let (mut commitments, mut pow_witnesses, mut layers) = (Vec::new(), Vec::new(), Vec::new());
    for &log_arity in log_arities {
        let (commitment, layer) = engine.commit_layer(vector, log_arity)?;
        let (beta, witness) = transcript.commit_round(commitment.clone());
        commitments.push(commitment);
        pow_witnesses.push(witness.unwrap_or(F::ZERO));
        log_length -= log_arity;
        let other = vectors.next_if(|&(length, _)| length == log_length);
        vector = engine.fold(&layer, beta, other.map(|(_, other)| other))?;
        layers.push(layer);
    }
    // As many of its values as it has coefficients.
    let mut values = engine.first(vector, 1 << engine.parameters().log_final_poly)?;
    reverse_slice_index_bits(&mut values);
    Ok(Folded {
        commitments,
        pow_witnesses,
        layers,
        polynomial: Radix2DFTSmallBatch::<F>::default().idft_algebra(values),
    })
}
