//! Whether traces satisfy the specification, rule by rule: the slow and obvious way, for tests. Proofs are
//! checked by the verifier.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use p3_air::BaseAir;
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_matrix::Matrix;

use super::rows::evaluate;
use crate::F;
use crate::capture::Sink;
use crate::rules::RuleNames;
use crate::tables::Table;
use crate::witness::Trace;

/// A rule that traces break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// A constraint is not 0.
    Constraint {
        /// The table.
        table: Table,
        /// The row.
        row: usize,
        /// The constraint, in the order in which the table states them.
        index: usize,
    },
    /// A message is not received as often as it is sent.
    Bus {
        /// The bus.
        bus: String,
        /// The message.
        fields: Vec<u32>,
        /// Sent less received, modulo `p`.
        excess: u32,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constraint { table, row, index } => {
                let names = RuleNames::of(*table);
                let (table, rule) = (table.name(), names.constraint(*index));
                write!(f, "{table}: row {row} breaks `{rule}`")
            }
            Self::Bus {
                bus,
                fields,
                excess,
            } => {
                write!(
                    f,
                    "bus {bus}: message {fields:?} sent {excess} times too often"
                )
            }
        }
    }
}

/// All messages, by bus and fields, with how often they are sent less received.
type Balance = BTreeMap<(String, Vec<u32>), F>;

struct Checker<'a> {
    table: Table,
    row: usize,
    index: usize,
    violations: &'a mut Vec<Violation>,
    balance: &'a mut Balance,
}

impl Sink for Checker<'_> {
    fn constraint(&mut self, value: F) {
        if value != F::ZERO {
            self.violations.push(Violation::Constraint {
                table: self.table,
                row: self.row,
                index: self.index,
            });
        }
        self.index += 1;
    }

    fn message(&mut self, bus: &str, fields: &[F], count: F, _: u32) {
        if count == F::ZERO {
            return;
        }
        let fields = fields.iter().map(PrimeField32::as_canonical_u32).collect();
        *self.balance.entry((bus.into(), fields)).or_default() += count;
    }
}

/// Every rule that `traces` break: none, if a proof of them would verify.
pub fn violations(traces: &[Trace]) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut balance = Balance::new();
    for trace in traces {
        let fixed = trace.instance.preprocessed_trace();
        for row in 0..trace.matrix.height() {
            let mut checker = Checker {
                table: trace.instance.table,
                row,
                index: 0,
                violations: &mut violations,
                balance: &mut balance,
            };
            evaluate(trace, fixed.as_ref(), row, &mut checker);
        }
    }
    let unbalanced = balance.into_iter().filter(|(_, excess)| *excess != F::ZERO);
    violations.extend(unbalanced.map(|((bus, fields), excess)| Violation::Bus {
        bus,
        fields,
        excess: excess.as_canonical_u32(),
    }));
    violations
}
