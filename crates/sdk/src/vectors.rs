//! Vector instructions: those that this build uses, and those that the processor has.
//!
//! Which ones the prover's field arithmetic uses is decided when it is compiled (p3-monty-31 chooses its
//! packings by `target_feature`), and the compiler's default is what every processor of an architecture has. On
//! x86-64 that is a third of the speed.

use core::fmt;
use std::sync::Once;

use tracing::warn;

/// Vector instructions that there is field arithmetic for, the slowest first. Each goes with those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum VectorSet {
    /// Those that every processor of the architecture has: on ARM they are all that is used.
    Baseline,
    /// AVX2, of x86-64: 8 field elements at once.
    Avx2,
    /// AVX-512F, of x86-64: 16 field elements at once.
    Avx512,
}

impl VectorSet {
    /// Its name in JSON; the compiler's, where it has one.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512f",
        }
    }

    /// The best of those that there are, as Plonky3 chooses: AVX-512F is taken whether or not there is AVX2.
    const fn best(avx2: bool, avx512f: bool) -> Self {
        match (avx512f, avx2) {
            (true, _) => Self::Avx512,
            (false, true) => Self::Avx2,
            (false, false) => Self::Baseline,
        }
    }
}

impl fmt::Display for VectorSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Baseline => "only the oldest vector instructions",
            Self::Avx2 => "AVX2",
            Self::Avx512 => "AVX-512",
        })
    }
}

/// Vector instructions of a build and of a processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vectors {
    /// What the build uses.
    pub compiled: VectorSet,
    /// What the processor has.
    pub detected: VectorSet,
}

impl Vectors {
    /// Those of this program, on the processor that it runs on.
    pub fn of_this_build() -> Self {
        Self {
            compiled: VectorSet::best(
                cfg!(all(target_arch = "x86_64", target_feature = "avx2")),
                cfg!(all(target_arch = "x86_64", target_feature = "avx512f")),
            ),
            detected: detected(),
        }
    }

    /// What the processor has and the build does not use, if that would prove faster.
    pub fn unused(self) -> Option<SlowBuild> {
        (self.detected > self.compiled).then_some(SlowBuild(self))
    }
}

#[cfg(target_arch = "x86_64")]
fn detected() -> VectorSet {
    VectorSet::best(
        std::is_x86_feature_detected!("avx2"),
        std::is_x86_feature_detected!("avx512f"),
    )
}

#[cfg(not(target_arch = "x86_64"))]
fn detected() -> VectorSet {
    VectorSet::Baseline
}

/// A build that leaves vector instructions of the processor unused. It says so, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlowBuild(Vectors);

impl SlowBuild {
    /// What the processor has.
    pub const fn unused(self) -> VectorSet {
        self.0.detected
    }
}

impl fmt::Display for SlowBuild {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Vectors { compiled, detected } = self.0;
        write!(
            f,
            "this program was built to use {compiled}, but the processor has {detected}: proofs take up to \
             three times as long as they could; build it with `rustflags = [\"-Ctarget-cpu=native\"]` under \
             `[build]` in .cargo/config.toml"
        )
    }
}

/// Warns of a slow build, once in a process.
pub(crate) fn warn_once() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if let Some(slow) = Vectors::of_this_build().unused() {
            warn!(target: "vouch::build", "{slow}");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use VectorSet::{Avx2, Avx512, Baseline};

    #[test]
    fn the_best_is_taken() {
        assert_eq!(VectorSet::best(false, false), Baseline);
        assert_eq!(VectorSet::best(true, false), Avx2);
        assert_eq!(VectorSet::best(true, true), Avx512);
        assert_eq!(VectorSet::best(false, true), Avx512);
    }

    #[test]
    fn only_better_instructions_of_the_processor_are_missed() {
        let unused = |compiled, detected| {
            let slow = Vectors { compiled, detected }.unused();
            slow.map(SlowBuild::unused)
        };
        let all = [Baseline, Avx2, Avx512];
        for (i, compiled) in all.into_iter().enumerate() {
            for (j, detected) in all.into_iter().enumerate() {
                let expected = (j > i).then_some(detected);
                assert_eq!(
                    unused(compiled, detected),
                    expected,
                    "{compiled:?} {detected:?}"
                );
            }
        }
    }

    #[test]
    fn the_warning_names_both_and_what_to_do() {
        let vectors = Vectors {
            compiled: Avx2,
            detected: Avx512,
        };
        let text = vectors.unused().expect("AVX-512 is unused").to_string();
        for part in [
            "to use AVX2,",
            "has AVX-512:",
            "-Ctarget-cpu=native",
            ".cargo/config.toml",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }

    /// The tests of this repository are built with its `.cargo/config.toml`.
    #[test]
    fn what_is_compiled_in_is_what_packs_the_field() {
        let Vectors { compiled, detected } = Vectors::of_this_build();
        assert!(compiled <= detected, "this test runs");
        #[cfg(target_arch = "x86_64")]
        {
            use p3_field::{Field, PackedValue};
            let width = match compiled {
                Baseline => 1,
                Avx2 => 8,
                Avx512 => 16,
            };
            type Packing = <p3_baby_bear::BabyBear as Field>::Packing;
            assert_eq!(Packing::WIDTH, width);
        }
    }
}
