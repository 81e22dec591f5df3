//! Campaigns: what tests put a table through.

use alloc::format;
use alloc::vec::Vec;

use super::free::free_cells;
use super::mutate::{Mutation, Report};
use super::score::{Score, Spare, score};
use super::suite::Suite;
use crate::tables::Table;

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

impl Suite {
    /// Mutants of every kind of row.
    pub fn campaign(self) -> Campaign {
        Campaign {
            table: self.table,
            mutations: Vec::from([self.mutation()]),
            spare: self.spare.clone(),
            suite: Some(self),
        }
    }

    /// For unit tests: the table passes all.
    ///
    /// # Panics
    /// If it does not, with the name of what it does not pass.
    pub fn assert(self) {
        self.assert_rows();
        self.campaign().assert();
    }
}
