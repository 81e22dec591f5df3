//! How many columns a table gets besides its main ones: for LogUp and for the quotient.
//!
//! Two messages of a bus can share a LogUp column if the constraint that pins their fractions
//! may have degree 3; a quotient of constraints of degree 3 is cut into two chunks, one of
//! degree 2 is not cut. A table takes whatever commits to fewer cells a row.

use p3_air::symbolic::AirLayout;
use p3_air::{Air, BaseAir};
use p3_lookup::logup::LogUpGadget;
use p3_lookup::{InteractionSymbolicBuilder, LookupProtocol, Lookups};
use serde::Serialize;
use vouch_air::F;
use vouch_air::tables::{Instance, Table};

use crate::config::Quartic;

/// Degree of the machine's constraints, at most.
pub const CONSTRAINT_DEGREE: usize = 3;

/// The shape of one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TableShape {
    /// Main columns.
    pub width: usize,
    /// Fixed columns.
    pub fixed: usize,
    /// Constraints, LogUp aside.
    pub constraints: usize,
    /// Messages a row.
    pub messages: usize,
    /// LogUp columns of challenges, the running sum aside.
    pub logup_columns: usize,
    /// Quotient chunks of challenges.
    pub quotient_chunks: usize,
    /// The degree up to which p3 is to pack messages into LogUp columns; 0 if only as far as
    /// the constraints' own degree leaves room.
    pub lookup_budget: usize,
}

/// The shape of `table`, and its LogUp columns but for the running sum, as p3's verifier takes
/// them. Computing it takes up to some milliseconds, for tables of thousands of columns 20.
pub fn layout(table: Table) -> (TableShape, Lookups<F>) {
    let instance = Instance::new(table, 0, &[]);
    let layout = AirLayout::from_air::<F>(&instance);
    let mut builder = InteractionSymbolicBuilder::<F, Quartic>::new(layout);
    Air::eval(&instance, &mut builder);
    let lookups = Lookups::from_builder(&builder);
    let gadget = LogUpGadget::new();
    let constraints = builder.base_constraints();
    let degree = { constraints.iter() }.map(|constraint| constraint.degree_multiple());
    let degree = degree.max().unwrap_or(0);
    // As `get_log_num_quotient_chunks` of p3-batch-stark, which evaluates all constraints once more and those of LogUp
    // besides: that the two agree is tested.
    let chunks = |lookups: &Lookups<F>| {
        let of_lookups = lookups
            .iter()
            .map(|lookup| gadget.constraint_degree(lookup));
        let degree = of_lookups.max().unwrap_or(0).max(degree);
        (degree.max(2) - 1).next_power_of_two()
    };
    let shape = |lookups: &Lookups<F>, quotient_chunks, lookup_budget| TableShape {
        width: table.width(),
        fixed: instance.preprocessed_width(),
        constraints: constraints.len(),
        messages: builder.global_interactions().len(),
        logup_columns: lookups.len(),
        quotient_chunks,
        lookup_budget,
    };
    // As far as the constraints' own degree leaves room, packing does not change the chunks.
    let fewest = chunks(&lookups);
    let as_is = lookups.clone().pack_same_bus(&gadget, fewest + 1);
    let packed = lookups.pack_same_bus(&gadget, CONSTRAINT_DEGREE);
    let as_is = (shape(&as_is, fewest, 0), as_is);
    let packed = (shape(&packed, chunks(&packed), CONSTRAINT_DEGREE), packed);
    match packed.0.committed_columns(4) < as_is.0.committed_columns(4) {
        true => packed,
        false => as_is,
    }
}

impl TableShape {
    /// The shape of `table`, as [`layout`] computes it.
    pub fn of(table: Table) -> Self {
        layout(table).0
    }

    /// Base-field cells a row that a proof commits to, with challenges of degree `degree`.
    pub const fn committed_columns(&self, degree: usize) -> usize {
        self.width + degree * (self.logup_columns + 1 + self.quotient_chunks)
    }
}
