//! An attacker in a crate: eleven ways of trying to make the verifier accept a lie.
//!
//! Each module `tN` is one of them: a function that takes an [`Effort`] and returns an
//! [`Outcome`]. `tests/tN.rs` runs it with little effort on every change;
//! `cargo xtask soundness --long` runs all with much. docs/soundness.md says what follows from
//! them and what does not: they find bugs, they prove nothing.
#![forbid(unsafe_code)]

pub mod cheat;
pub mod evaluate;
pub mod honest_receipt;
pub mod model;
mod outcome;
pub mod proof_map;
pub mod random;
pub mod rules;
pub mod step;
pub mod t0;
pub mod t1;
pub mod t11;
pub mod t2;
pub mod t3;
pub mod t4;
pub mod t5;
pub mod t6;
pub mod t7;
pub mod t8;
pub mod t9;
pub mod world;

pub use outcome::{Effort, Outcome};

/// One of the eleven.
#[derive(Clone, Copy, Debug)]
pub struct Attack {
    /// Its name, which is that of its test target.
    pub name: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    /// Does it.
    pub run: fn(Effort) -> Outcome,
}

/// All of them.
pub const ALL: &[Attack] = &[
    Attack {
        name: "t0_lint",
        about: "the machine as it is written down: degrees, widths, weights, padding, layout",
        run: t0::run,
    },
    Attack {
        name: "t1_cells",
        about: "one wrong cell, in every column of every table",
        run: t1::run,
    },
    Attack {
        name: "t2_compound",
        about: "wrong statements of single rows, every helper cell solved for",
        run: t2::run,
    },
    Attack {
        name: "t3_faults",
        about: "faults in the executor, all tables filled from the faulted run",
        run: t3::run,
    },
    Attack {
        name: "t4_score",
        about: "every rule weakened and known bugs put in: the others must notice",
        run: t4::run,
    },
    Attack {
        name: "t5_transcript",
        about: "every field of key, claim and proof flipped",
        run: t5::run,
    },
    Attack {
        name: "t6_hostile",
        about: "hostile receipts, programs and instruction words",
        run: t6::run,
    },
    Attack {
        name: "t7_segments",
        about: "segments dropped, repeated, reordered, spliced and relabelled",
        run: t7::run,
    },
    Attack {
        name: "t8_differential",
        about: "random programs, here and under qemu, instruction by instruction",
        run: t8::run,
    },
    Attack {
        name: "t9_replies",
        about: "hostile replies to every call",
        run: t9::run,
    },
    Attack {
        name: "t11_adaptive",
        about: "lies whose provers go on honestly, or cheat once more after the tables",
        run: t11::run,
    },
];
