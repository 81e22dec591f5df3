//! From bytes to the proof that they encode.

use alloc::vec::Vec;

use p3_batch_stark::proof::{
    BatchCommitments, BatchOpenedValues, BatchProof, OpenedValuesWithLookups,
};
use p3_field::PrimeCharacteristicRing;
use p3_field::integers::QuotientMap;
use p3_fri::{BatchMultiOpening, CommitPhaseMultiStep, FriProof};
use p3_lookup::LookupTerminal;
use p3_merkle_tree::PrunedMerklePaths;
use p3_symmetric::MerkleCap;
use p3_uni_stark::{OpenedValues, PreprocessedOpenedValues};
use vouch_air::F;

use super::{DIGEST, ELEMENT, Lengths, Tree, WireError, heights};
use crate::config::{ChallengeField, ChallengeMmcs, Proof, ValueMmcs};
use crate::packing::{Packing, TableColumns};

type Root = MerkleCap<F, [u8; 32]>;

/// The proof that `bytes` encode, where `packing` is the layout of a proof of the heights that they say
/// (its first bytes). Nothing is decoded, nor any room taken, before their number is known to be right.
///
/// # Errors
/// [`WireError`] if they encode none.
pub fn decode_proof<EF: ChallengeField>(
    bytes: &[u8],
    packing: &Packing,
) -> Result<Proof<EF>, WireError> {
    let lengths = Lengths::new(packing);
    let digests = lengths.digests(bytes)?;
    let mut digests = digests.into_iter();
    let mut from = Source(bytes);
    from.take(lengths.head())?;

    let (main, logup, quotients) = (from.root()?, from.root()?, from.root()?);
    let (lookup_nonce, point_nonce) = (from.element()?, from.element()?);
    let terminal = |_| Ok(Some(LookupTerminal(from.challenge()?)));
    let terminals = (0..lengths.tables)
        .map(terminal)
        .collect::<Result<_, _>>()?;
    let opened_values = from.claims(packing)?;
    let batch_nonce = from.element()?;
    let (mut roots, mut nonces) = (Vec::new(), Vec::new());
    for _ in &lengths.layers {
        roots.push(from.root()?);
        nonces.push(from.element()?);
    }
    let final_poly = from.challenges(lengths.final_poly)?;
    let query_nonce = from.element()?;
    let rounds = lengths.rounds.iter().zip(&mut digests);
    let input_openings = rounds
        .map(|(tree, digests)| from.round(lengths.queries, tree, digests))
        .collect::<Result<_, _>>()?;
    let layers = lengths.layers.iter().zip(&mut digests);
    let layers = layers
        .map(|(tree, digests)| from.layer(lengths.queries, tree.cells() / EF::DEGREE, digests))
        .collect::<Result<_, _>>()?;

    Ok(BatchProof {
        commitments: BatchCommitments {
            main,
            permutation: Some(logup),
            quotient_chunks: quotients,
            random: None,
        },
        opened_values,
        opening_proof: FriProof {
            batch_pow_witness: batch_nonce,
            commit_phase_commits: roots,
            commit_pow_witnesses: nonces,
            input_openings,
            commit_phase_openings: layers,
            final_poly,
            query_pow_witness: query_nonce,
        },
        lookup_terminals: terminals,
        degree_bits: heights(bytes, lengths.tables)?,
        lookup_pow_witness: Some(lookup_nonce),
        ood_pow_witness: point_nonce,
    })
}

/// What is left of an encoding.
struct Source<'a>(&'a [u8]);

impl<'a> Source<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], WireError> {
        let (head, tail) = self.0.split_at_checked(count).ok_or(WireError::Length {
            expected: count,
            got: self.0.len(),
        })?;
        self.0 = tail;
        Ok(head)
    }

    fn digests(&mut self, count: usize) -> Result<Vec<[u8; 32]>, WireError> {
        let bytes = self.take(count.saturating_mul(DIGEST))?;
        Ok(bytes.as_chunks().0.to_vec())
    }

    fn root(&mut self) -> Result<Root, WireError> {
        Ok(self.digests(1)?.into())
    }

    fn elements(&mut self, count: usize) -> Result<Vec<F>, WireError> {
        let bytes = self.take(count.saturating_mul(ELEMENT))?;
        bytes.as_chunks().0.iter().map(element).collect()
    }

    fn element(&mut self) -> Result<F, WireError> {
        let bytes = self.take(ELEMENT)?;
        element(bytes.as_chunks().0.first().unwrap_or(&[0xff; ELEMENT]))
    }

    fn challenge<EF: ChallengeField>(&mut self) -> Result<EF, WireError> {
        let mut wrong = None;
        let challenge = EF::from_basis_coefficients_fn(|_| {
            self.element().unwrap_or_else(|error| {
                wrong.get_or_insert(error);
                F::ZERO
            })
        });
        wrong.map_or(Ok(challenge), Err)
    }

    fn challenges<EF: ChallengeField>(&mut self, count: usize) -> Result<Vec<EF>, WireError> {
        (0..count).map(|_| self.challenge()).collect()
    }

    /// Columns over the challenge field: the claim of each, and zeros for the other coordinates.
    fn columns<EF: ChallengeField>(&mut self, count: usize) -> Result<Vec<EF>, WireError> {
        let mut values = Vec::with_capacity(count.saturating_mul(EF::DEGREE));
        for _ in 0..count {
            values.push(self.challenge()?);
            values.resize(values.len() + EF::DEGREE - 1, EF::ZERO);
        }
        Ok(values)
    }

    /// The claims about all columns, commitment by commitment.
    fn claims<EF: ChallengeField>(
        &mut self,
        packing: &Packing,
    ) -> Result<BatchOpenedValues<EF>, WireError> {
        let tables = || packing.tables().iter().map(|(columns, _)| columns);
        let instances = tables().map(|columns| self.main(columns));
        let mut instances = instances.collect::<Result<Vec<_>, _>>()?;
        for (of, columns) in instances.iter_mut().zip(tables()) {
            let chunks = (0..columns.chunks).map(|_| self.columns(1));
            of.base_opened_values.quotient_chunks = chunks.collect::<Result<_, _>>()?;
        }
        for (of, columns) in instances.iter_mut().zip(tables()) {
            if columns.fixed > 0 {
                of.base_opened_values.preprocessed = Some(PreprocessedOpenedValues {
                    local: self.challenges(columns.fixed)?,
                    next: None,
                });
            }
        }
        for (of, columns) in instances.iter_mut().zip(tables()) {
            of.permutation_local = self.columns(columns.logup)?;
            of.permutation_next = self.columns(columns.logup)?;
        }
        Ok(BatchOpenedValues { instances })
    }

    /// Main columns of a table, and no others yet.
    fn main<EF: ChallengeField>(
        &mut self,
        columns: &TableColumns,
    ) -> Result<OpenedValuesWithLookups<EF>, WireError> {
        let trace_local = self.challenges(columns.main)?;
        let next = columns.at_next.then(|| self.challenges(columns.main));
        Ok(OpenedValuesWithLookups {
            base_opened_values: OpenedValues {
                trace_local,
                trace_next: next.transpose()?,
                preprocessed: None,
                quotient_chunks: Vec::new(),
                random: None,
            },
            permutation_local: Vec::new(),
            permutation_next: Vec::new(),
        })
    }

    /// The rows of a commitment.
    fn round(
        &mut self,
        queries: usize,
        tree: &Tree,
        digests: usize,
    ) -> Result<BatchMultiOpening<F, ValueMmcs>, WireError> {
        let row = |from: &mut Self| {
            let matrices = tree.widths.iter().map(|&width| from.elements(width));
            matrices.collect::<Result<Vec<_>, _>>()
        };
        let opened_values = (0..queries).map(|_| row(self)).collect::<Result<_, _>>()?;
        Ok(BatchMultiOpening {
            opened_values,
            opening_proof: PrunedMerklePaths {
                sibling_hashes: self.digests(digests)?,
            },
        })
    }

    /// The rows of one of FRI's layers, but for the values that are known.
    fn layer<EF: ChallengeField>(
        &mut self,
        queries: usize,
        siblings: usize,
        digests: usize,
    ) -> Result<CommitPhaseMultiStep<EF, ChallengeMmcs<EF>>, WireError> {
        let rows = (0..queries).map(|_| self.challenges(siblings));
        let sibling_values = rows.collect::<Result<_, _>>()?;
        Ok(CommitPhaseMultiStep {
            sibling_values,
            opening_proof: PrunedMerklePaths {
                sibling_hashes: self.digests(digests)?,
            },
        })
    }
}

/// A canonical element.
fn element(bytes: &[u8; ELEMENT]) -> Result<F, WireError> {
    let got = u32::from_le_bytes(*bytes);
    F::from_canonical_checked(got).ok_or(WireError::Element { got })
}
