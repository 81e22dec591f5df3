//! The campaigns: for every table, what its tests put it through.

use alloc::format;
use alloc::vec::Vec;

use super::free::free_cells;
use super::mutate::{Mutation, Report};
use super::score::{Score, Spare, score};
use super::suite::Suite;
use crate::tables::{self, Table};

/// What the tests of a table put it through.
pub struct Campaign {
    /// The table.
    pub table: Table,
    /// Mutants, of one or more fillings of the table.
    pub mutations: Vec<Mutation>,
    /// Rules that the mutants do not need.
    pub spare: Vec<Spare>,
    /// What a table of instructions has to pass besides.
    pub suite: Option<Suite>,
}

impl Campaign {
    /// The campaign of a table that holds no instructions.
    pub fn new(table: Table, mutations: Vec<Mutation>, spare: Vec<Spare>) -> Self {
        Self {
            table,
            mutations,
            spare,
            suite: None,
        }
    }

    /// Runs all mutants and scores them.
    pub fn run(&mut self) -> (Report, Score) {
        let mut report = Report::default();
        for mutation in &mut self.mutations {
            report.merge(mutation.run());
        }
        let lines = free_cells().iter().filter(|free| free.table == self.table);
        let unused = lines.filter(|free| !report.used.contains(&free.line));
        let unused = unused.map(|free| format!("free-cells.txt: no cell needs line {}", free.line));
        report.complaints.extend(unused.collect::<Vec<_>>());
        let (score, complaints) = score(self.table, &report.kills, &self.spare);
        report.complaints.extend(complaints);
        (report, score)
    }

    /// For unit tests: nobody complains.
    ///
    /// # Panics
    /// If somebody does.
    pub fn assert(mut self) {
        let (report, _) = self.run();
        let (all, shown) = (report.complaints.len(), report.complaints.iter().take(40));
        let shown: Vec<_> = shown.map(|complaint| &complaint[..]).collect();
        assert!(all == 0, "{all} complaints\n{}", shown.join("\n"));
        assert!(report.count.rejected > 0 || self.table == Table::Lookup);
    }
}

/// The campaign of a table.
pub fn campaign(table: Table) -> Campaign {
    match table {
        Table::Claim => tables::claim::campaign::campaign(),
        Table::Lookup => tables::lookup::campaign::campaign(),
        Table::Program => tables::program::campaign::campaign(),
        Table::AddSub => tables::add_sub::campaign::suite().campaign(),
        Table::AddImm => tables::add_imm::campaign::suite().campaign(),
        Table::Bitwise => tables::bitwise::campaign::suite().campaign(),
        Table::Compare => tables::compare::campaign::suite().campaign(),
        Table::Shift => tables::shift::campaign::suite().campaign(),
        Table::BranchEq => tables::branch_eq::campaign::suite().campaign(),
        Table::BranchLt => tables::branch_lt::campaign::suite().campaign(),
        Table::Jal => tables::jal::campaign::suite().campaign(),
        Table::Jalr => tables::jalr::campaign::suite().campaign(),
        Table::Word => tables::word::campaign::suite().campaign(),
        Table::LoadSub => tables::load_sub::campaign::suite().campaign(),
        Table::StoreSub => tables::store_sub::campaign::suite().campaign(),
        Table::Mul => tables::mul::campaign::suite().campaign(),
        Table::MulHigh => tables::mul_high::campaign::suite().campaign(),
        Table::DivRem => tables::div_rem::campaign::suite().campaign(),
        Table::Ecall => tables::ecall::campaign::campaign(),
        Table::Moves => tables::moves::campaign::campaign(),
        Table::Refresh => tables::refresh::campaign::campaign(),
        Table::Leaf => tables::leaf::campaign::campaign(),
        Table::Merkle => tables::merkle::campaign::campaign(),
        Table::Poseidon2 => tables::poseidon2::campaign::campaign(),
        Table::Journal => tables::journal::campaign::campaign(),
        Table::Facts => tables::facts::campaign::campaign(),
    }
}

/// The campaigns of all tables, in the order of [`Table::ALL`].
pub fn campaigns() -> Vec<Campaign> {
    Table::ALL.map(campaign).into()
}
