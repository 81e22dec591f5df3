//! What of a table is known before its rows are: which message goes into which LogUp column,
//! and how its fields are combined.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::OnceLock;

use p3_air::symbolic::{AirLayout, BaseLeaf, SymbolicExpr, SymbolicExpression};
use p3_air::{Air, BaseAir};
use p3_field::PrimeCharacteristicRing;
use p3_field::extension::BinomiallyExtendable;
use p3_lookup::{InteractionSymbolicBuilder, Kind, Lookups};
use vouch_air::F;
use vouch_air::capture::{MAX_FIELDS, Sink};
use vouch_air::tables::{Instance, Table};
use vouch_verifier::config::Challenge;

use super::pack::{ChallengePack, Factors, Pack};
use crate::cost::layout;

/// What the prover knows of a table.
pub(crate) struct Plan {
    /// LogUp columns as p3's verifier sees them, the running sum aside.
    pub lookups: &'static Lookups<F>,
    /// The messages of each LogUp column, as a range of slots.
    pub columns: Vec<Range<usize>>,
    /// The messages in the order in which the table utters them.
    messages: Vec<Message>,
    /// Constraints, LogUp aside.
    pub constraints: usize,
    /// Chunks that the quotient is cut into, log2.
    pub log_chunks: usize,
    /// Constraints look at the next row.
    pub looks_ahead: bool,
}

/// A message of a table.
struct Message {
    /// LogUp column.
    column: usize,
    /// Place among the messages of all columns, column by column.
    slot: usize,
    /// Number of fields.
    width: usize,
    /// Fields that are not constant.
    varying: Vec<usize>,
    /// The other fields with their values.
    constant: Vec<(usize, F)>,
}

/// The plan of a table, computed once a process.
pub(crate) fn plan(table: Table) -> &'static Plan {
    static PLANS: OnceLock<Vec<Plan>> = OnceLock::new();
    &PLANS.get_or_init(|| Table::ALL.map(Plan::new).into())[table as usize]
}

impl Plan {
    fn new(table: Table) -> Self {
        let (shape, lookups) = layout(table);
        let instance = Instance::new(table, 0, &[]);
        let mut builder =
            InteractionSymbolicBuilder::<F, F>::new(AirLayout::from_air::<F>(&instance));
        instance.eval(&mut builder);
        let uttered = Lookups::from_builder(&builder);

        // A column takes the next messages of its bus.
        let mut waiting: BTreeMap<&str, VecDeque<usize>> = BTreeMap::new();
        for (i, message) in uttered.iter().enumerate() {
            waiting.entry(bus(&message.kind)).or_default().push_back(i);
        }
        let mut places = vec![(0, 0); uttered.len()];
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
        let messages = uttered
            .iter()
            .zip(places)
            .map(|(message, place)| Message::new(&message.elements[0], place))
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

    /// How to combine the messages' fields, given the challenges of each column as p3's
    /// transcript lays them out: the bus's constant and the base of the powers.
    pub(super) fn combiners<const D: usize>(&self, challenges: &[Challenge<D>]) -> Vec<Combiner<D>>
    where
        F: BinomiallyExtendable<D>,
    {
        let combiner = |message: &Message| {
            let [prefix, beta] = [0, 1].map(|i| challenges[2 * message.column + i]);
            message.combiner(prefix, beta)
        };
        self.messages.iter().map(combiner).collect()
    }
}

fn bus(kind: &Kind) -> &str {
    match kind {
        Kind::Global(bus) => bus,
        // No table has local interactions.
        Kind::Local => "",
    }
}

impl Message {
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

    /// p3 combines the fields `f` of a message as `prefix - sum of f[i] * beta^(width - 1 - i)`.
    fn combiner<const D: usize>(&self, prefix: Challenge<D>, beta: Challenge<D>) -> Combiner<D>
    where
        F: BinomiallyExtendable<D>,
    {
        let factor = |i: usize| -beta.exp_u64((self.width - 1 - i) as u64);
        let constants = self.constant.iter().map(|&(i, value)| factor(i) * value);
        let constant: Challenge<D> = prefix + constants.sum::<Challenge<D>>();
        Combiner {
            slot: self.slot,
            varying: self.varying.clone(),
            constant: constant.into(),
            factors: Factors::new(self.varying.iter().map(|&i| factor(i))),
        }
    }
}

/// Combines the fields of one message into the denominator of its fraction.
pub(super) struct Combiner<const D: usize>
where
    F: BinomiallyExtendable<D>,
{
    slot: usize,
    varying: Vec<usize>,
    constant: ChallengePack<D>,
    factors: Factors<D>,
}

impl<const D: usize> Combiner<D>
where
    F: BinomiallyExtendable<D>,
{
    #[inline]
    fn combine(&self, fields: &[Pack]) -> ChallengePack<D> {
        let mut varying = [Pack::ZERO; MAX_FIELDS];
        for (value, &field) in varying.iter_mut().zip(&self.varying) {
            *value = fields[field];
        }
        self.constant + self.factors.combine(&varying[..self.varying.len()])
    }
}

/// What some rows of a table say: the fractions of its messages, and its constraints.
pub(super) struct Said<'a, const D: usize>
where
    F: BinomiallyExtendable<D>,
{
    combiners: &'a [Combiner<D>],
    next: usize,
    /// The messages' multiplicities, by slot.
    pub counts: Vec<Pack>,
    /// The messages' combined fields, by slot.
    pub denominators: Vec<ChallengePack<D>>,
    /// The constraints' values.
    pub constraints: Vec<Pack>,
}

impl<'a, const D: usize> Said<'a, D>
where
    F: BinomiallyExtendable<D>,
{
    pub(super) fn new(combiners: &'a [Combiner<D>]) -> Self {
        Self {
            combiners,
            next: 0,
            counts: vec![Pack::ZERO; combiners.len()],
            denominators: vec![ChallengePack::<D>::ZERO; combiners.len()],
            constraints: Vec::new(),
        }
    }

    /// Forgets the rows before.
    pub(super) fn clear(&mut self) {
        self.next = 0;
        self.constraints.clear();
    }

    /// Numerator and denominator of the sum of the fractions in `slots`.
    #[inline]
    pub(super) fn sum(&self, slots: Range<usize>) -> (ChallengePack<D>, ChallengePack<D>) {
        let (counts, denominators) = (&self.counts[slots.clone()], &self.denominators[slots]);
        if let ([count], [denominator]) = (counts, denominators) {
            return ((*count).into(), *denominator);
        }
        let mut numerator = denominators[1] * counts[0] + denominators[0] * counts[1];
        let mut denominator = denominators[0] * denominators[1];
        for (&count, &factor) in counts.iter().zip(denominators).skip(2) {
            numerator = numerator * factor + denominator * count;
            denominator *= factor;
        }
        (numerator, denominator)
    }
}

impl<const D: usize> Sink<Pack> for Said<'_, D>
where
    F: BinomiallyExtendable<D>,
{
    #[inline]
    fn constraint(&mut self, value: Pack) {
        self.constraints.push(value);
    }

    #[inline]
    fn message(&mut self, _: &str, fields: &[Pack], count: Pack, _: u32) {
        let combiner = &self.combiners[self.next];
        self.next += 1;
        self.counts[combiner.slot] = count;
        self.denominators[combiner.slot] = combiner.combine(fields);
    }
}
