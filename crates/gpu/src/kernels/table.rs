//! What the kernels generated for each table take (`kernels/constraints.cuh`).

use p3_air::BaseAir;
use p3_field::extension::BinomiallyExtendable;
use vouch_air::F;
use vouch_air::tables::{Instance, Table};
use vouch_verifier::config::Challenge;

use crate::device::{Address, Arguments};
use crate::ir::TableProgram;
use crate::matrix::Matrix;

/// Threads of a block.
pub(super) const THREADS: u32 = 128;

#[derive(Clone, Copy, Default)]
#[repr(C)]
pub(super) struct TableArguments {
    pub main: Address,
    pub logup: Address,
    pub fixed: Address,
    pub periodic: Address,
    pub selectors: Address,
    pub result: Address,
    pub numbers: Address,
    pub public_values: Address,
    pub inverse_vanishing: Address,
    pub main_stride: u32,
    pub logup_stride: u32,
    pub fixed_stride: u32,
    pub periodic_stride: u32,
    pub log_height: u32,
    pub points: u32,
}

// SAFETY: `TableArgs` has the same fields; no padding.
unsafe impl Arguments for TableArguments {
    const KERNEL: &'static str = "table";
}

/// The table's kernel of this stage.
pub(super) fn variant(stage: &str, table: Table, degree: usize) -> String {
    format!("{stage}_{}_{degree}", table.name())
}

impl TableArguments {
    /// Of the first `points` rows of the table's columns; the rest is nowhere.
    ///
    /// # Panics
    /// If they are not as many columns and values as the table has, or have fewer rows.
    pub fn new(
        table: Table,
        public_values: &[F],
        main: &Matrix,
        fixed: Option<&Matrix>,
        points: usize,
    ) -> Self {
        let instance = Instance::new(table, 0, &[]);
        let name = table.name();
        assert_eq!(main.width, instance.width(), "{name}: columns");
        let fixed_width = fixed.map_or(0, |fixed| fixed.width);
        assert_eq!(
            fixed_width,
            instance.preprocessed_width(),
            "{name}: fixed columns"
        );
        let values = public_values.len();
        assert_eq!(
            values,
            instance.num_public_values(),
            "{name}: public values"
        );
        for matrix in [Some(main), fixed].into_iter().flatten() {
            assert_eq!(matrix.log_height, main.log_height, "{name}: rows");
            assert!(matrix.rows() >= points, "{name}: points");
        }
        Self {
            main: main.buffer.start(),
            fixed: fixed.map_or(0, |fixed| fixed.buffer.start()),
            main_stride: main.rows() as u32,
            fixed_stride: fixed.map_or(0, |fixed| fixed.rows() as u32),
            log_height: main.log_height as u32,
            points: points as u32,
            ..Self::default()
        }
    }
}

impl TableProgram {
    /// The messages' constants and factors, in the kernels' order.
    pub(super) fn combiner_numbers<const D: usize>(
        &self,
        challenges: &[Challenge<D>],
    ) -> Vec<Challenge<D>>
    where
        F: BinomiallyExtendable<D>,
    {
        let plan = self.plan;
        assert_eq!(
            challenges.len(),
            2 * plan.columns.len(),
            "two for each column"
        );
        let mut by_slot: Vec<_> = plan.messages.iter().collect();
        by_slot.sort_by_key(|message| message.slot);
        let mut numbers = Vec::with_capacity(self.combiners());
        for message in by_slot {
            let (constant, factors) = message.combiner(challenges);
            numbers.push(constant);
            numbers.extend(factors);
        }
        numbers
    }
}
