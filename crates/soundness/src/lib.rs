//! An attacker in a crate: eleven ways of trying to make the verifier accept a lie.
//!
//! Each has a module, which [`ALL`] lists: a function that takes an [`Effort`] and returns an
//! [`Outcome`]. The test target of its name runs it with little effort on every change;
//! `cargo xtask soundness --long` runs all with much. docs/soundness.md says what follows from
//! them and what does not: they find bugs, they prove nothing.
#![forbid(unsafe_code)]

pub mod adaptive;
pub mod cells;
pub mod cheat;
pub mod compound;
pub mod differential;
pub mod evaluate;
pub mod faults;
pub mod honest_receipt;
pub mod hostile;
pub mod lint;
pub mod model;
mod outcome;
pub mod proof_map;
pub mod random;
pub mod replies;
pub mod rules;
pub mod score;
pub mod segments;
pub mod step;
pub mod transcript;
pub mod world;

pub use outcome::{Effort, Outcome};

/// One of the eleven.
#[derive(Clone, Copy, Debug)]
pub struct Attack {
    /// Its name: that of its module and of its test target.
    pub name: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    /// Does it.
    pub run: fn(Effort) -> Outcome,
}

/// All of them.
pub const ALL: &[Attack] = &[
    Attack {
        name: "lint",
        about: "the machine as it is written down: degrees, widths, weights, padding, layout",
        run: lint::run,
    },
    Attack {
        name: "cells",
        about: "one wrong cell, in every column of every table",
        run: cells::run,
    },
    Attack {
        name: "compound",
        about: "wrong statements of single rows, every helper cell solved for",
        run: compound::run,
    },
    Attack {
        name: "faults",
        about: "faults in the executor, all tables filled from the faulted run",
        run: faults::run,
    },
    Attack {
        name: "score",
        about: "every rule weakened and known bugs put in: the others must notice",
        run: score::run,
    },
    Attack {
        name: "transcript",
        about: "every field of key, claim and proof flipped",
        run: transcript::run,
    },
    Attack {
        name: "hostile",
        about: "hostile receipts, programs and instruction words",
        run: hostile::run,
    },
    Attack {
        name: "segments",
        about: "segments dropped, repeated, reordered, spliced and relabelled",
        run: segments::run,
    },
    Attack {
        name: "differential",
        about: "random programs, here and under qemu, instruction by instruction",
        run: differential::run,
    },
    Attack {
        name: "replies",
        about: "hostile replies to every call",
        run: replies::run,
    },
    Attack {
        name: "adaptive",
        about: "lies whose provers go on honestly, or cheat once more after the tables",
        run: adaptive::run,
    },
];
