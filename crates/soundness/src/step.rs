//! Which step of a proof's verification refuses it, and which one should.

use core::fmt;

use vouch_air::bus::{self, Fact};
use vouch_air::tables::Table;
use vouch_air::witness::Trace;
use vouch_verifier::{ProofError, VerifyError};

use crate::rules::{Broken, Untrue, bus_index};

/// A step of a proof's verification, in the order in which they are taken. Reading the proof, its
/// shape, its heights and its proofs of work come before and are none: a proof that fails there
/// has not been tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VerifierStep {
    /// The values at the out-of-domain point are those of the committed polynomials.
    Opening(Opening),
    /// The constraints of a table, LogUp's among them, are its quotient's multiple at that point.
    Constraints(Table),
    /// What all tables send adds up to 0.
    Sums,
}

/// Parts of opening: FRI and the Merkle trees under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Opening {
    /// Rows are those that were committed to.
    Rows,
    /// What the rows make of the opened values is what FRI committed to.
    Layers,
    /// Folding ends in the final polynomial.
    Polynomial,
}

impl fmt::Display for VerifierStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opening(Opening::Rows) => write!(f, "the rows opened"),
            Self::Opening(Opening::Layers) => write!(f, "the layers of FRI"),
            Self::Opening(Opening::Polynomial) => write!(f, "the final polynomial of FRI"),
            Self::Constraints(table) => write!(f, "the constraints of {}", table.name()),
            Self::Sums => write!(f, "the sums of messages"),
        }
    }
}

impl VerifierStep {
    /// The step that refused a proof; `None` if it was none of these.
    pub const fn of(error: &VerifyError) -> Option<Self> {
        match error {
            VerifyError::Proof { reason, .. } => Self::of_proof(reason),
            _ => None,
        }
    }

    /// As [`Self::of`], of a proof alone.
    pub const fn of_proof(error: &ProofError) -> Option<Self> {
        match error {
            ProofError::Rows => Some(Self::Opening(Opening::Rows)),
            ProofError::Layers => Some(Self::Opening(Opening::Layers)),
            ProofError::Polynomial => Some(Self::Opening(Opening::Polynomial)),
            ProofError::Constraints { table } => Some(Self::Constraints(*table)),
            ProofError::Sums => Some(Self::Sums),
            _ => None,
        }
    }

    /// The step at which a proof of `tables`, which break these rules, must fail if everything after
    /// the tables is as the tables have it; `None` if they break none.
    pub fn expected(broken: &Broken, tables: &[Trace]) -> Option<Self> {
        let is_broken = |table: &Table| {
            let mut constraints = broken.constraints.iter();
            let lies = *table == Table::Facts && answers_falsely(broken);
            lies || constraints.any(|(of, _)| of == table)
        };
        let mut places = tables.iter().map(|trace| trace.instance.table);
        match places.find(is_broken) {
            Some(table) => Some(Self::Constraints(table)),
            None if broken.is_empty() => None,
            None => Some(Self::Sums),
        }
    }

    /// As [`Self::expected`], if the tables that answer questions are those of other tables, and
    /// honest: whatever is asked otherwise has no answer.
    pub fn expected_unanswered(broken: &Broken, tables: &[Trace]) -> Option<Self> {
        let constraints = Broken {
            constraints: broken.constraints.clone(),
            ..Broken::default()
        };
        Self::expected(&constraints, tables).or(Some(Self::Sums))
    }
}

/// A prover that answers all it can has a row for a number of 15 or 16 bits that is said to have 14:
/// the facts table's own constraint is then broken, too.
fn answers_falsely(broken: &Broken) -> bool {
    let lookup = bus_index(bus::LOOKUP);
    let has_a_row = |asked: &Untrue| {
        let [fact, x, y, _] = core::array::from_fn(|i| asked.fields[i]);
        let number = x.wrapping_add(y << 8);
        asked.bus == lookup && fact == Fact::Range14 as u32 && number < 1 << 16
    };
    broken.questions.values().flatten().any(has_a_row)
}
