//! The encoding of the proof of a segment (docs/receipt.md, "The proof").
//!
//! Which tables a proof holds, how high they are and the profile decide every length in it, but for the digests
//! that authenticate rows, whose numbers stand near its beginning. So no other length is in it, and how
//! long all of it must be is known before any of it is decoded. Elements are canonical. There is one encoding of a
//! proof.

mod decode;
mod encode;
mod length;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;

use p3_fri::fold_schedule;
use thiserror::Error;

use crate::packing::{Packing, Round};
use crate::profile::Parameters;

pub use decode::decode_proof;
pub use encode::encode_proof;
pub use length::{ProofBytes, proof_bytes};

/// Bytes of an element of BabyBear.
const ELEMENT: usize = 4;
/// Bytes of a Blake3 digest.
const DIGEST: usize = 32;
/// Bytes of a number of digests.
const COUNT: usize = 2;
/// Roots of trees besides those of FRI: main columns, LogUp columns, quotients.
const ROOTS: usize = 3;
/// Nonces besides those of FRI's layers: of the LogUp challenges, of the out-of-domain point, of batching, of the queries.
const NONCES: usize = 4;

/// Why bytes are not the encoding of a proof of these tables and heights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WireError {
    /// They are more or fewer than its tables, heights and numbers of digests make them.
    #[error("expected {expected} bytes, got {got}")]
    Length {
        /// How many there should be; at least, if there are too few to say.
        expected: usize,
        /// How many there are.
        got: usize,
    },
    /// No queries of a tree need so many digests.
    #[error("tree {tree}: expected at most {most} digests, got {got}")]
    Digests {
        /// The tree: rounds, then layers.
        tree: usize,
        /// How many its queries may need.
        most: usize,
        /// How many it has.
        got: usize,
    },
    /// A number stands for no element.
    #[error("expected elements below the BabyBear prime, got {got}")]
    Element {
        /// The number.
        got: u32,
    },
}

/// Why a proof has no encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A list has another length than the layout gives it. What is optional is a list of one.
    #[error("{list}: expected {expected} items, got {got}")]
    List {
        /// The list.
        list: &'static str,
        /// Its length in a proof of this layout.
        expected: usize,
        /// Its length.
        got: usize,
    },
    /// The proof is of other heights than the layout.
    #[error("expected the heights of the layout")]
    Heights,
    /// A column over the challenge field is claimed to have more than one coordinate.
    #[error("expected claims of one challenge for each column over the challenge field")]
    Coordinates,
}

/// A Merkle tree whose rows the queries open.
struct Tree {
    /// Leaves, log2.
    log_height: usize,
    /// Cells of each of its matrices in a row.
    widths: Vec<usize>,
}

impl Tree {
    /// Cells that a query opens.
    fn cells(&self) -> usize {
        self.widths.iter().sum()
    }
}

/// The lengths in proofs of a layout.
struct Lengths {
    tables: usize,
    /// Elements of BabyBear in a challenge.
    degree: usize,
    queries: usize,
    /// Columns times their points.
    claims: usize,
    /// The commitments, in p3's order.
    rounds: Vec<Tree>,
    /// FRI's.
    layers: Vec<Tree>,
    /// Coefficients.
    final_poly: usize,
}

impl Lengths {
    fn new(packing: &Packing) -> Self {
        let parameters = packing.parameters();
        let degree = parameters.extension.degree();
        let rounds = packing.rounds();
        let tree = |round: &Round| Tree {
            log_height: round.top() + parameters.log_blowup,
            widths: { round.groups.iter() }
                .map(|group| packing.width(round.kind, group))
                .collect(),
        };
        let matrices = rounds.iter().flat_map(|round| &round.matrices);
        let levels: Vec<usize> = { packing.levels().iter() }
            .map(|level| level.log_height)
            .collect();
        Self {
            tables: packing.tables().len(),
            degree,
            queries: parameters.queries,
            claims: matrices
                .map(|matrix| matrix.columns * matrix.points())
                .sum(),
            rounds: rounds.iter().map(tree).collect(),
            layers: layers(parameters, &levels),
            final_poly: 1 << parameters.log_final_poly,
        }
    }

    /// Its trees, in the order of their rows in a proof.
    fn trees(&self) -> impl Iterator<Item = &Tree> {
        self.rounds.iter().chain(&self.layers)
    }

    /// Bytes before the roots: heights and numbers of digests.
    fn head(&self) -> usize {
        self.tables + COUNT * self.trees().count()
    }

    /// Bytes of a proof with so many digests in all.
    fn bytes(&self, digests: usize) -> usize {
        let layers = self.layers.len();
        let cells: usize = self.trees().map(Tree::cells).sum();
        let challenges = self.tables + self.claims + self.final_poly;
        let elements = NONCES + layers + self.degree * challenges + self.queries * cells;
        self.head() + DIGEST * (ROOTS + layers + digests) + ELEMENT * elements
    }

    /// The numbers of digests of each tree, if `bytes` are as many as they make a proof.
    fn digests(&self, bytes: &[u8]) -> Result<Vec<usize>, WireError> {
        let counts = bytes
            .get(self.tables..self.head())
            .ok_or(WireError::Length {
                expected: self.bytes(0),
                got: bytes.len(),
            })?;
        let counts = counts.as_chunks::<COUNT>().0.iter();
        let counts: Vec<usize> = counts
            .map(|&count| u16::from_le_bytes(count).into())
            .collect();
        for (tree, (of, &got)) in self.trees().zip(&counts).enumerate() {
            let most = most_digests(self.queries, of.log_height);
            if got > most {
                return Err(WireError::Digests { tree, most, got });
            }
        }
        let expected = self.bytes(counts.iter().sum());
        match bytes.len() {
            got if got != expected => Err(WireError::Length { expected, got }),
            _ => Ok(counts),
        }
    }
}

/// The trees of FRI's layers, whose words come in at `levels`, falling.
fn layers(parameters: &Parameters, levels: &[usize]) -> Vec<Tree> {
    let degree = parameters.extension.degree();
    let log_blowup = parameters.log_blowup;
    let domains: Vec<usize> = levels.iter().map(|level| level + log_blowup).collect();
    let last = parameters.log_final_poly + log_blowup;
    let folds = fold_schedule(&domains, last, parameters.max_log_arity);
    let top = domains.first().copied().unwrap_or(0);
    let layer = |log_height: &mut usize, log_arity: usize| {
        *log_height = log_height.saturating_sub(log_arity);
        Some(Tree {
            log_height: *log_height,
            // One of a query's values is known.
            widths: [degree * ((1 << log_arity) - 1)].into(),
        })
    };
    folds.into_iter().scan(top, layer).collect()
}

/// Digests that `queries` leaves of a tree of `2^log_height` need at most: one for each at every level,
/// as long as there are as many.
fn most_digests(queries: usize, log_height: usize) -> usize {
    (0..log_height).map(|level| queries.min(1 << level)).sum()
}

/// The heights, log2, of the `tables` tables of a proof, as it says. None of them is known to be one.
///
/// # Errors
/// There are not as many.
pub fn heights(proof: &[u8], tables: usize) -> Result<Vec<usize>, WireError> {
    let heights = proof.get(..tables).ok_or(WireError::Length {
        expected: tables,
        got: proof.len(),
    })?;
    Ok(heights.iter().copied().map(usize::from).collect())
}
