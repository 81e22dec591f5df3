//! What openings of Merkle trees of arity 2 share, whoever keeps the trees.

/// The nodes, by layer and index, that make the root of the leaves at `indices`: layer by layer,
/// the sibling of each node below which there is such a leaf, unless there is one below it, too. In the order of
/// p3-merkle-tree's pruned paths.
pub fn frontier(indices: &[usize], log_leaves: usize) -> Vec<(usize, usize)> {
    let mut known = indices.to_vec();
    known.sort_unstable();
    let mut siblings = Vec::new();
    for layer in 0..log_leaves {
        known.dedup();
        // The two children of a node are next to each other.
        for pair in known.chunk_by(|a, b| a / 2 == b / 2) {
            if let [only] = pair {
                siblings.push((layer, only ^ 1));
            }
        }
        known.iter_mut().for_each(|index| *index /= 2);
    }
    siblings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn siblings_are_sent_once() {
        let expected = [(0, 0), (0, 3), (0, 4), (1, 3)];
        assert_eq!(frontier(&[5, 1, 2, 1], 3), expected);
        assert_eq!(frontier(&[0], 0), []);
        assert_eq!(frontier(&[], 3), []);
        let all: Vec<usize> = (0..8).collect();
        assert_eq!(frontier(&all, 3), []);
    }
}
