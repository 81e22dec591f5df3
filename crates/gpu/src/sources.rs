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
    file("layout.cu", include_str!("../kernels/layout.cu")),
    file("arithmetic.cu", include_str!("../kernels/arithmetic.cu")),
    file(
        "constraints.cuh",
        include_str!("../kernels/constraints.cuh"),
    ),
    file("logup.cuh", include_str!("../kernels/logup.cuh")),
    file("logup.cu", include_str!("../kernels/logup.cu")),
    file("quotient.cuh", include_str!("../kernels/quotient.cuh")),
    file("quotient.cu", include_str!("../kernels/quotient.cu")),
];

/// All sources: those that are written, and those that are generated from the tables.
pub fn sources() -> Vec<Source> {
    let written = FILES.iter().map(|&(name, text)| Source {
        name: name.into(),
        text: text.into(),
    });
    written.chain(crate::ir::sources()).collect()
}
