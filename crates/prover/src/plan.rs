//! What of a table is known before its rows are: which message goes into which LogUp column,
//! and how its fields are combined.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::OnceLock;

use p3_air::symbolic::{AirLayout, BaseLeaf, SymbolicExpr, SymbolicExpression};
use p3_air::{Air, BaseAir};
use p3_lookup::{InteractionSymbolicBuilder, Kind, Lookups};
use vouch_air::F;
use vouch_air::tables::{Instance, Table};
use vouch_verifier::config::ChallengeField;

use crate::cost::{ByTable, layout};

/// What the prover knows of a table.
pub struct TablePlan {
    /// LogUp columns as p3's verifier sees them, the running sum aside.
    pub lookups: &'static Lookups<F>,
    /// The messages of each LogUp column, as a range of slots.
    pub columns: Vec<Range<usize>>,
    /// The messages in the order in which the table sends them.
    pub messages: Vec<MessagePlan>,
    /// Constraints, LogUp aside.
    pub constraints: usize,
    /// Chunks that the quotient is cut into, log2.
    pub log_chunks: usize,
    /// Constraints look at the next row.
    pub looks_ahead: bool,
}

/// A message of a table.
pub struct MessagePlan {
    /// LogUp column.
    pub column: usize,
    /// Place among the messages of all columns, column by column.
    pub slot: usize,
    /// Number of fields.
    width: usize,
    /// Fields that are not constant.
    pub varying: Vec<usize>,
    /// The other fields with their values.
    constant: Vec<(usize, F)>,
}

/// The plan of a table, computed once a process.
pub fn plan(table: Table) -> &'static TablePlan {
    static PLANS: ByTable<TablePlan> = [const { OnceLock::new() }; Table::ALL.len()];
    PLANS[table as usize].get_or_init(|| TablePlan::new(table))
}

impl TablePlan {
    fn new(table: Table) -> Self {
        let (shape, lookups) = layout(table);
        let instance = Instance::new(table, 0, &[]);
        let mut builder =
            InteractionSymbolicBuilder::<F, F>::new(AirLayout::from_air::<F>(&instance));
        Air::eval(&instance, &mut builder);
        let sent = Lookups::from_builder(&builder);

        // A column takes the next messages of its bus.
        let mut waiting: BTreeMap<&str, VecDeque<usize>> = BTreeMap::new();
        for (i, message) in sent.iter().enumerate() {
            waiting.entry(bus(&message.kind)).or_default().push_back(i);
        }
        let mut places = vec![(0, 0); sent.len()];
        let mut columns = Vec::with_capacity(lookups.len());
        let mut slot = 0;
        for (column, lookup) in lookups.iter().enumerate() {
            let first = slot;
            let waiting = waiting
                .get_mut(bus(&lookup.kind))
                .expect("a bus of the table");
            for message in waiting.drain(..lookup.elements.len()) {
                places[message] = (column, slot);
                slot += 1;
            }
            columns.push(first..slot);
        }
        let messages = sent
            .iter()
            .zip(places)
            .map(|(message, place)| MessagePlan::new(&message.elements[0], place))
            .collect();
        Self {
            lookups,
            columns,
            messages,
            constraints: shape.constraints,
            log_chunks: shape.quotient_chunks.ilog2() as usize,
            looks_ahead: !instance.main_next_row_columns().is_empty(),
        }
    }
}

fn bus(kind: &Kind) -> &str {
    match kind {
        Kind::Global(bus) => bus,
        // No table has local interactions.
        Kind::Local => "",
    }
}

impl MessagePlan {
    fn new(fields: &[SymbolicExpression<F>], (column, slot): (usize, usize)) -> Self {
        let mut message = Self {
            column,
            slot,
            width: fields.len(),
            varying: Vec::new(),
            constant: Vec::new(),
        };
        for (i, field) in fields.iter().enumerate() {
            match field {
                SymbolicExpr::Leaf(BaseLeaf::Constant(value)) => message.constant.push((i, *value)),
                _ => message.varying.push(i),
            }
        }
        message
    }

    /// How its fields are combined, given the challenges of each column as p3's transcript lays
    /// them out: the bus's constant and the base of the powers. The result is what the constant
    /// fields contribute, and the factor of each other field.
    ///
    /// p3 combines the fields `f` of a message as `prefix - sum of f[i] * beta^(width - 1 - i)`.
    pub fn combiner<EF: ChallengeField>(&self, challenges: &[EF]) -> (EF, Vec<EF>) {
        let [prefix, beta] = [0, 1].map(|i| challenges[2 * self.column + i]);
        let factor = |i: usize| -beta.exp_u64((self.width - 1 - i) as u64);
        let constants = self.constant.iter().map(|&(i, value)| factor(i) * value);
        let constant = prefix + constants.sum::<EF>();
        let factors = self.varying.iter().map(|&i| factor(i));
        (constant, factors.collect())
    }
}
