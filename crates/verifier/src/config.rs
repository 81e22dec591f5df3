//! The proof system that a profile stands for, in p3's types.

use alloc::sync::Arc;
use alloc::vec::Vec;

use p3_air::symbolic::SymbolicExpressionExt;
use p3_blake3::Blake3;
use p3_challenger::SerializingChallenger32;
use p3_commit::ExtensionMmcs;
use p3_field::extension::{BinomialExtensionField, BinomiallyExtendable};
use p3_field::{Algebra, ExtensionField};
use p3_fri::FriParameters;
use p3_merkle_tree::MerkleTreeMmcs;
use p3_symmetric::{CompressionFunctionFromHasher, SerializingHasher};
use p3_uni_stark::StarkConfig;
use vouch_air::F;

use crate::packing::{PackedPcs, Packing};
use crate::profile::Parameters;
use crate::transcript::{Grinder, Transcript};

/// A field that challenges are drawn from, an extension of BabyBear. Which it is depends on the profile:
/// [`with_challenge_field`](crate::with_challenge_field).
pub trait ChallengeField:
    ExtensionField<F>
    + Symbolic<Expression = SymbolicExpressionExt<F, Self>>
    + Symbolic<Expression: Algebra<Self>>
{
    /// Its degree: coordinates of an element.
    const DEGREE: usize;
}

/// Names the symbolic expressions over a field, which p3 requires to contain its elements. Of a type that is named so,
/// [`ChallengeField`] promises it once; otherwise every function that verifies or proves would have to ask for it.
pub trait Symbolic {
    /// Expressions over the columns of tables and over the field.
    type Expression;
}

impl<EF: ExtensionField<F>> Symbolic for EF {
    type Expression = SymbolicExpressionExt<F, EF>;
}

impl<const D: usize> ChallengeField for BinomialExtensionField<F, D>
where
    F: BinomiallyExtendable<D>,
{
    const DEGREE: usize = D;
}

/// Challenges of degree 4.
pub type Quartic = BinomialExtensionField<F, 4>;
/// Challenges of degree 5.
pub type Quintic = BinomialExtensionField<F, 5>;
/// Commitments to base-field matrices: Blake3 trees.
pub type ValueMmcs = MerkleTreeMmcs<
    F,
    u8,
    SerializingHasher<Blake3>,
    CompressionFunctionFromHasher<Blake3, 2, 32>,
    2,
    32,
>;
/// Commitments to matrices over the challenge field.
pub type ChallengeMmcs<EF> = ExtensionMmcs<F, EF, ValueMmcs>;
/// The transcript over field elements.
pub type Challenger = SerializingChallenger32<F, Transcript>;
/// All of it.
pub type Config<EF> = StarkConfig<PackedPcs<EF>, EF, Challenger>;
/// A proof of one segment.
pub type Proof<EF> = p3_batch_stark::BatchProof<Config<EF>>;

/// Commits to base-field matrices.
pub fn value_mmcs() -> ValueMmcs {
    ValueMmcs::new(
        SerializingHasher::new(Blake3),
        CompressionFunctionFromHasher::new(Blake3),
        0,
    )
}

/// FRI as `parameters` have it; [`Packing::ground`] says how much grinding the batching challenge takes.
pub fn fri<EF: ChallengeField>(parameters: &Parameters) -> FriParameters<ChallengeMmcs<EF>> {
    FriParameters {
        log_blowup: parameters.log_blowup,
        log_final_poly_len: parameters.log_final_poly,
        max_log_arity: parameters.max_log_arity,
        num_queries: parameters.queries,
        batch_proof_of_work_bits: parameters.batch_grinding,
        commit_proof_of_work_bits: parameters.fold_grinding,
        query_proof_of_work_bits: parameters.query_grinding,
        mmcs: ChallengeMmcs::new(value_mmcs()),
    }
}

/// A transcript seeded with what the proof is about; `grinder` searches for its proofs of work, if
/// not this processor.
pub fn challenger(seed: Vec<u8>, grinder: Option<Arc<dyn Grinder>>) -> Challenger {
    let transcript = Transcript::new(seed);
    Challenger::new(match grinder {
        Some(grinder) => transcript.with_grinder(grinder),
        None => transcript,
    })
}

/// The configuration for `parameters`, for a proof with the layout `packing`, its transcript seeded with what the
/// proof is about.
pub fn config<EF: ChallengeField>(
    parameters: &Parameters,
    packing: Packing,
    seed: Vec<u8>,
) -> Config<EF> {
    let parameters = &packing.ground(parameters);
    let pcs = PackedPcs::new(parameters, packing);
    StarkConfig::new(pcs, challenger(seed, None))
        .with_lookup_proof_of_work_bits(parameters.lookup_grinding)
        .with_ood_proof_of_work_bits(parameters.point_grinding)
}
