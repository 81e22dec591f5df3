//! The kernels' sources.

/// A file of C++.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name; `.cu` is compiled, `.cuh` and the shim's files are included.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// A file in `kernels/`.
const fn file(name: &'static str, text: &'static str) -> (&'static str, &'static str) {
    (name, text)
}

const FILES: &[(&str, &str)] = &[
    file("vouch.cuh", include_str!("../kernels/vouch.cuh")),
    file("field.cuh", include_str!("../kernels/field.cuh")),
    file("roots.cuh", include_str!("../kernels/roots.cuh")),
    file("unroll.cuh", include_str!("../kernels/unroll.cuh")),
    file("tile.cuh", include_str!("../kernels/tile.cuh")),
    file("ntt.cu", include_str!("../kernels/ntt.cu")),
    file("fold.cu", include_str!("../kernels/fold.cu")),
    file("challenge.cuh", include_str!("../kernels/challenge.cuh")),
    file("openings.cu", include_str!("../kernels/openings.cu")),
    file("part.cuh", include_str!("../kernels/part.cuh")),
    file("pack.cu", include_str!("../kernels/pack.cu")),
    file("reduce.cu", include_str!("../kernels/reduce.cu")),
    file("layout.cu", include_str!("../kernels/layout.cu")),
    file("arithmetic.cu", include_str!("../kernels/arithmetic.cu")),
    file("rates.cu", include_str!("../kernels/rates.cu")),
    file("digest.cuh", include_str!("../kernels/digest.cuh")),
    file("blake3.cuh", include_str!("../kernels/blake3.cuh")),
    file("keccak.cuh", include_str!("../kernels/keccak.cuh")),
    file("poseidon2.cuh", include_str!("../kernels/poseidon2.cuh")),
    file("tree.cu", include_str!("../kernels/tree.cu")),
    file("gather.cu", include_str!("../kernels/gather.cu")),
    file("grind.cu", include_str!("../kernels/grind.cu")),
    file(
        "constraints.cuh",
        include_str!("../kernels/constraints.cuh"),
    ),
    file("logup.cuh", include_str!("../kernels/logup.cuh")),
    file("logup.cu", include_str!("../kernels/logup.cu")),
    file("quotient.cuh", include_str!("../kernels/quotient.cuh")),
    file("quotient.cu", include_str!("../kernels/quotient.cu")),
    file("interpreted.cu", include_str!("../kernels/interpreted.cu")),
];

/// All sources: those that are written, and those that are generated from the tables.
pub fn sources() -> Vec<Source> {
    let written = FILES.iter().map(|&(name, text)| Source {
        name: name.into(),
        text: text.into(),
    });
    written.chain(crate::ir::sources()).collect()
}

/// What tells these sources from others: a hash of their names and texts, as hexadecimal digits.
/// Compiled kernels are kept under it.
pub fn digest<'a>(sources: impl IntoIterator<Item = &'a Source>) -> String {
    let mut hasher = blake3::Hasher::new();
    for Source { name, text } in sources {
        for part in [name, text] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
    }
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_sources_have_another_digest() {
        let source = |name: &str, text: &str| Source {
            name: name.into(),
            text: text.into(),
        };
        let all = [
            vec![source("a", "bc")],
            vec![source("ab", "c")],
            vec![source("a", "b"), source("c", "")],
            vec![source("c", ""), source("a", "b")],
            vec![],
        ];
        let digests: std::collections::BTreeSet<_> = all.iter().map(digest).collect();
        assert_eq!(digests.len(), all.len());
        assert_eq!(digest(&all[0]), digest(&all[0].clone()));
    }
}
