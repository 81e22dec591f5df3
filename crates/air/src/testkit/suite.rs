//! The tests that every table of instructions passes.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use vouch_isa::event::Step;
use vouch_isa::memory::{MEMORY_SLOT, RD_SLOT, RS1_SLOT, RS2_SLOT};
use vouch_isa::{Family, Op, OpInfo};

use super::cases::{ALIASES, aliased, cases, fitting, wrong};
use super::judge::judge;
use super::mutate::Mutation;
use super::numbers::{EDGES, P, TEXT};
use super::rows::{cells, padding, table_of};
use super::score::Spare;
use super::steps::{Case, messages};
use super::subject::{Subject, verdict};
use super::verdict::Verdict;
use crate::F;
use crate::columns::Block;
use crate::instruction::Instruction;
use crate::tables::Table;

/// A table of instructions.
pub struct Suite {
    /// The table.
    pub table: Table,
    /// Its instructions.
    pub family: Family,
    /// The row of an event.
    pub row: fn(&Step) -> Vec<F>,
    padding: Vec<F>,
    attacks: Vec<Vec<F>>,
    pub(super) spare: Vec<Spare>,
}

impl Suite {
    /// The suite of a table.
    pub fn of<T: Instruction>() -> Self {
        Self {
            table: table_of::<T>(),
            family: T::FAMILY,
            row: |e| cells(&T::row(e, &TEXT)),
            padding: padding::<T>(),
            attacks: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// Adds rows that would do harm.
    pub fn attacks<C: Block<F>>(mut self, rows: impl IntoIterator<Item = C>) -> Self {
        self.attacks.extend(rows.into_iter().map(|row| cells(&row)));
        self
    }

    /// Adds rules that the mutants do not need.
    pub fn spare(mut self, spare: Spare) -> Self {
        self.spare.push(spare);
        self
    }

    /// The instructions.
    pub fn ops(&self) -> impl Iterator<Item = &'static OpInfo> {
        Op::TABLE.iter().filter(|info| info.family == self.family)
    }

    /// What the event's row does.
    pub fn verdict(&self, e: &Step) -> Verdict {
        verdict(self.table, &(self.row)(e))
    }

    /// The table passes all but the campaign.
    ///
    /// # Panics
    /// If it does not, with the name of what it does not pass.
    pub(super) fn assert_rows(&self) {
        let name = self.table.name();
        type Check = fn(&Suite) -> Result<(), String>;
        let all: [(&str, Check); 4] = [
            ("honest rows", Self::honest),
            ("random operands", Self::random),
            ("accesses out of order", Self::order),
            ("wrong results", Self::wrong_results),
        ];
        for (what, check) in all {
            if let Err(error) = check(self) {
                panic!("{name}: {what}: {error}");
            }
        }
    }

    /// The row is accepted and sends what the model sends.
    fn accepts(&self, e: &Step) -> Result<(), String> {
        let verdict = self.verdict(e);
        let is_clean = verdict.accepted() && verdict.unbounded.is_empty();
        let expected = messages(e);
        match is_clean && verdict.sent_sorted() == expected {
            true => Ok(()),
            false => Err(format!("{e:?}: expected {expected:?}, got {verdict:?}")),
        }
    }

    /// Known answers, edge values, aliased registers: all that is honest is accepted.
    ///
    /// # Errors
    /// The first row that is not.
    pub fn honest(&self) -> Result<(), String> {
        for info in self.ops() {
            for case in cases(info, &EDGES) {
                self.accepts(&case.step())?;
            }
        }
        let padding = verdict(self.table, &self.padding);
        match padding.accepted() && padding.is_silent() {
            true => Ok(()),
            false => Err(format!("padding: {padding:?}")),
        }
    }

    /// Random operands are accepted.
    ///
    /// # Errors
    /// The first row that is not.
    pub fn random(&self) -> Result<(), String> {
        let ops: Vec<&OpInfo> = self.ops().collect();
        let word = || prop_oneof![select(EDGES.as_slice()), any::<u32>()];
        let register = || 0u8..32;
        let strategy = (
            select(ops),
            word(),
            word(),
            any::<u32>(),
            (register(), register(), register()),
        )
            .prop_map(|(info, a, b, other, (rd, rs1, rs2))| {
                aliased(fitting(info, a, b, other), [rd, rs1, rs2])
            });
        let config = Config {
            cases: 300,
            failure_persistence: None,
            ..Config::default()
        };
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let result = TestRunner::new_with_rng(config, rng).run(&strategy, |case| {
            // A taken branch or a jump to nowhere faults.
            let step = case.try_step();
            let accepted = step.map_or(Ok(()), |step| self.accepts(&step));
            accepted.map_err(proptest::test_runner::TestCaseError::fail)
        });
        result.map_err(|error| format!("{error}"))
    }

    /// The samples whose rows are mutated.
    fn samples(&self) -> Vec<Step> {
        const FEW: [u32; 5] = [0x8000_0000, u32::MAX, P, 0x1_0003, 5];
        let mut samples = Vec::new();
        for info in self.ops() {
            let all: Vec<Case> = cases(info, &FEW).collect();
            // Aliased registers come last.
            let aliased = all.len() - ALIASES.len();
            let few = all[..aliased]
                .iter()
                .step_by(aliased.div_ceil(5))
                .chain(&all[aliased..]);
            samples.extend(few.map(Case::step));
        }
        samples
    }

    /// Mutants of every kind of row.
    pub(super) fn mutation(&self) -> Mutation {
        let samples = self.samples();
        let rows = (0..samples.len()).step_by(samples.len().div_ceil(6));
        let rows: Vec<usize> = rows.collect();
        let subject = Subject::of_rows(self.table, samples.iter().map(self.row), &self.padding);
        let mut mutation = Mutation::new(subject, judge, &rows);
        mutation.attacks = self.attacks.iter().map(|row| (1, row.clone())).collect();
        mutation
    }

    /// Rows of events that are untrue: a wrong result, next pc, address or word in memory,
    /// with every helper column derived from it as an honest row would.
    ///
    /// # Errors
    /// The first row that is accepted and untrue.
    pub fn wrong_results(&self) -> Result<(), String> {
        let honest = self.ops().flat_map(|info| cases(info, &EDGES));
        for wrong in honest.flat_map(|case| wrong(&case.step())) {
            let verdict = self.verdict(&wrong);
            if verdict.accepted() {
                judge(&verdict).map_err(|error| format!("{wrong:?}: {error}"))?;
            }
        }
        Ok(())
    }

    /// Time runs forward: a cell's last access is neither now nor later, nor so long ago that
    /// a register should have been refreshed.
    ///
    /// # Errors
    /// The first row for which it does not.
    pub fn order(&self) -> Result<(), String> {
        for honest in self.samples() {
            let e = &honest;
            let far = |ts: u32| [ts, ts + 1, ts + (1 << 29), ts.wrapping_sub(1 << 16) - 1];
            let reads = far(e.ts + RS1_SLOT).map(|rs1_ts| Step { rs1_ts, ..*e });
            let seconds = far(e.ts + RS2_SLOT).map(|rs2_ts| Step { rs2_ts, ..*e });
            let writes = far(e.ts + RD_SLOT).map(|rd_ts| Step { rd_ts, ..*e });
            let now = e.ts + MEMORY_SLOT;
            let memory = [now, now + 1, now + (1 << 29)].map(|mem_ts| Step { mem_ts, ..*e });
            let sent = self.verdict(e).sent;
            for late in reads.iter().chain(&seconds).chain(&writes).chain(&memory) {
                let verdict = self.verdict(late);
                // An instruction has no use for all of them.
                let is_refused = verdict.broken.is_empty() && verdict.untrue.len() == 1;
                if !is_refused && verdict.sent != sent {
                    return Err(format!("{late:?}: {verdict:?}"));
                }
            }
        }
        Ok(())
    }
}
