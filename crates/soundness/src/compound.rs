//! Compound witnesses.
//!
//! A row keeps its instruction, its operands and its time, and sends something untrue: a wrong
//! result, next pc, word in memory or address. Then every helper cell is at the prover's
//! disposal: the search starts from the row that the table's own filling makes of the wrong
//! event, and from the honest row with the lie put in, and makes one rule after the other hold.
//! No such row may be accepted. That the search can find something is shown on honest rows whose
//! helper cells are wiped out.
//!
//! Tables that hold no instructions are treated the same way, their lies made of honest rows by
//! changing what these send: an ECALL's result, exit code or machine register, a word that is
//! moved, a hash, a decoded field.

mod forge;
mod forged;
mod instructions;
mod others;

use rayon::prelude::*;
use vouch_air::campaigns::campaign;
use vouch_air::tables::Table;
use vouch_isa::Op;

use crate::{Effort, Outcome};
pub use forged::forged;

/// What is counted.
const LIES: &str = "wrong statements";
const SEARCHES: &str = "rows to start from";
const STEPS: &str = "rows tried";
const WIPED: &str = "honest rows, helper cells wiped out";
const REBUILT: &str = "honest rows, helper cells wiped out: found again";
/// Share of those that must be found, in percent.
const SKILL: u64 = 70;

/// Runs it.
pub fn run(effort: Effort) -> Outcome {
    let ops = Op::TABLE
        .par_iter()
        .map(|info| instructions::of_op(info, effort));
    let tables = Table::ALL
        .into_par_iter()
        .filter(|table| campaign(*table).suite.is_none());
    let others = tables.map(|table| others::of_table(table, effort));
    let all: Vec<Outcome> = ops.chain(others).collect();
    let mut outcome = Outcome::default();
    all.into_iter().for_each(|one| outcome.add(one));
    let percent = 100 * outcome.counted(REBUILT) / outcome.counted(WIPED).max(1);
    outcome.count("percent found again", percent);
    outcome.expect_at_least("percent found again", SKILL);
    outcome.expect_at_least("instructions", 46);
    outcome.expect_at_least("tables of other events", 10);
    outcome.expect_at_least(LIES, effort.pick(20_000, 1_000_000) as u64);
    outcome
}
