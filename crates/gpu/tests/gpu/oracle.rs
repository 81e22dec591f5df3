//! Plonky3's commitments, with what they answer brought to bytes, and the transcript.

use p3_baby_bear::{Poseidon2BabyBear, default_babybear_poseidon2_16};
use p3_challenger::{CanObserve, CanSample};
use p3_commit::Mmcs;
use p3_keccak::Keccak256Hash;
use p3_merkle_tree::{MerkleTreeMmcs, PrunedMerklePaths};
use p3_symmetric::{
    CompressionFunctionFromHasher, MerkleCap, PaddingFreeSponge, SerializingHasher,
    TruncatedPermutation,
};
use vouch_air::F;
use vouch_gpu::digest_bytes;
use vouch_gpu::field::{word, words};
use vouch_gpu::kernels::Hash;
use vouch_verifier::Transcript;
use vouch_verifier::config::{ValueMmcs, value_mmcs};

type KeccakMmcs = MerkleTreeMmcs<
    F,
    u8,
    SerializingHasher<Keccak256Hash>,
    CompressionFunctionFromHasher<Keccak256Hash, 2, 32>,
    2,
    32,
>;
type Permutation = Poseidon2BabyBear<16>;
type Poseidon2Mmcs = MerkleTreeMmcs<
    F,
    F,
    PaddingFreeSponge<Permutation, 16, 8, 8>,
    TruncatedPermutation<Permutation, 2, 8, 16>,
    2,
    8,
>;

/// A commitment scheme, and the bytes of what it answers.
pub trait Oracle: Mmcs<F> {
    const HASH: Hash;
    fn scheme() -> Self;
    fn root(commitment: &Self::Commitment) -> [u8; 32];
    fn siblings(proof: &Self::MultiProof) -> Vec<[u8; 32]>;
}

impl Oracle for ValueMmcs {
    const HASH: Hash = Hash::Blake3;
    fn scheme() -> Self {
        value_mmcs()
    }
    fn root(commitment: &MerkleCap<F, [u8; 32]>) -> [u8; 32] {
        commitment.roots()[0]
    }
    fn siblings(proof: &PrunedMerklePaths<u8, 32>) -> Vec<[u8; 32]> {
        proof.sibling_hashes.clone()
    }
}

impl Oracle for KeccakMmcs {
    const HASH: Hash = Hash::Keccak256;
    fn scheme() -> Self {
        let compress = CompressionFunctionFromHasher::new(Keccak256Hash);
        Self::new(SerializingHasher::new(Keccak256Hash), compress, 0)
    }
    fn root(commitment: &MerkleCap<F, [u8; 32]>) -> [u8; 32] {
        commitment.roots()[0]
    }
    fn siblings(proof: &PrunedMerklePaths<u8, 32>) -> Vec<[u8; 32]> {
        proof.sibling_hashes.clone()
    }
}

impl Oracle for Poseidon2Mmcs {
    const HASH: Hash = Hash::Poseidon2;
    fn scheme() -> Self {
        let permutation = default_babybear_poseidon2_16();
        let hash = PaddingFreeSponge::new(permutation.clone());
        Self::new(hash, TruncatedPermutation::new(permutation), 0)
    }
    fn root(commitment: &MerkleCap<F, [F; 8]>) -> [u8; 32] {
        bytes(&commitment.roots()[0])
    }
    fn siblings(proof: &PrunedMerklePaths<F, 8>) -> Vec<[u8; 32]> {
        proof.sibling_hashes.iter().map(bytes).collect()
    }
}

fn bytes(digest: &[F; 8]) -> [u8; 32] {
    digest_bytes(words(digest).try_into().expect("eight words"))
}

/// Something to be checked with any scheme.
pub trait Check {
    fn check<O: Oracle>(&self);
}

/// Checks it with all three hashes.
pub fn with_all_hashes(check: &impl Check) {
    check.check::<ValueMmcs>();
    check.check::<KeccakMmcs>();
    check.check::<Poseidon2Mmcs>();
}

/// Zero bits at the end of what a transcript with this state samples after a proof of work.
pub fn zero_bits(state: &[u8; 32], candidate: u32) -> u32 {
    let mut transcript = Transcript::new(state.to_vec());
    for byte in word(F::new(candidate)).to_le_bytes() {
        transcript.observe(byte);
    }
    u32::from_le_bytes(transcript.sample_array()).trailing_zeros()
}
