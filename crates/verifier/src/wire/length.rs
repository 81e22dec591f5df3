//! How long a proof will be, before it is made.

use super::{Lengths, most_digests};
use crate::packing::Packing;

/// Length of a proof, in bytes.
///
/// All of it follows from the layout but for the digests that authenticate rows: paths of queries that meet share
/// digests, and where the queries are is decided by hashes of the proof itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProofBytes {
    /// On average over all places that the queries may be at.
    pub expected: usize,
    /// If no paths meet before they must.
    pub most: usize,
}

/// The length of proofs of a layout.
pub fn proof_bytes(packing: &Packing) -> ProofBytes {
    let lengths = Lengths::new(packing);
    let heights = || lengths.trees().map(|tree| tree.log_height);
    let expected = heights().map(|height| expected_digests(lengths.queries, height));
    let most = heights().map(|height| most_digests(lengths.queries, height));
    ProofBytes {
        // Rounded: there is no `f64::round` without a library.
        expected: lengths.bytes((expected.sum::<f64>() + 0.5) as usize),
        most: lengths.bytes(most.sum()),
    }
}

/// Digests that `queries` leaves of a tree of `2^log_height`, each anywhere, need on average.
///
/// A node is sent if no query is below it and one is below its sibling. A query is below a node of `2^n` at its layer
/// with probability `p = 2^-n`, so none is below it with `(1 - p)^queries`, and none below it nor its sibling
/// with `(1 - 2p)^queries`.
fn expected_digests(queries: usize, log_height: usize) -> f64 {
    let layer = |n: usize| {
        let nodes = (1u64 << n) as f64;
        let missed = |by: f64| power(1.0 - by / nodes, queries);
        nodes * (missed(1.0) - missed(2.0))
    };
    (1..=log_height).map(layer).sum()
}

fn power(base: f64, exponent: usize) -> f64 {
    (0..exponent).fold(1.0, |power, _| power * base)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All places that queries may be at, and the digests that they need, counted node by node.
    fn average(queries: u32, log_height: usize) -> f64 {
        let leaves = 1usize << log_height;
        let places = leaves.pow(queries);
        let digests = |place: usize| {
            let indices: alloc::vec::Vec<usize> = (0..queries)
                .map(|query| place / leaves.pow(query) % leaves)
                .collect();
            let below = |node: usize, layer: usize| indices.iter().any(|i| i >> layer == node);
            let sent = |layer: usize| {
                let nodes = 0..leaves >> layer;
                nodes
                    .filter(|&node| !below(node, layer) && below(node ^ 1, layer))
                    .count()
            };
            (0..log_height).map(sent).sum::<usize>()
        };
        (0..places).map(digests).sum::<usize>() as f64 / places as f64
    }

    #[test]
    fn digests_are_expected_as_they_are_on_average() {
        for (queries, log_height) in [(0, 3), (1, 0), (1, 5), (2, 4), (3, 3), (4, 2), (6, 1)] {
            let expected = expected_digests(queries as usize, log_height);
            let counted = average(queries, log_height);
            assert!(
                (expected - counted).abs() < 1e-9,
                "{expected} and {counted}"
            );
            assert!(counted <= most_digests(queries as usize, log_height) as f64);
        }
    }
}
