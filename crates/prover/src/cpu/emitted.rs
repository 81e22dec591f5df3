//! What rows emit, pack by pack: the fractions of their messages and the values of their
//! constraints.

use std::ops::Range;

use p3_field::PrimeCharacteristicRing;
use p3_field::extension::BinomiallyExtendable;
use vouch_air::F;
use vouch_air::capture::Sink;
use vouch_verifier::config::Challenge;

use super::pack::{ChallengePack, Factors, Pack};
use crate::plan::TablePlan;

/// How to combine the messages' fields, given the challenges of each column as p3's transcript
/// lays them out.
pub(super) fn combiners<const D: usize>(
    plan: &TablePlan,
    challenges: &[Challenge<D>],
) -> Vec<Combiner<D>>
where
    F: BinomiallyExtendable<D>,
{
    let messages = plan.messages.iter();
    let combiner = messages.map(|message| {
        let (constant, factors) = message.combiner(challenges);
        Combiner {
            slot: message.slot,
            varying: message.varying.clone(),
            constant: constant.into(),
            factors: Factors::new(factors),
        }
    });
    combiner.collect()
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
    /// `varying` is overwritten.
    #[inline]
    fn combine(&self, fields: &[Pack], varying: &mut Vec<Pack>) -> ChallengePack<D> {
        varying.clear();
        varying.extend(self.varying.iter().map(|&field| fields[field]));
        self.constant + self.factors.combine(varying)
    }
}

/// What some rows of a table emit: the fractions of its messages, and its constraints.
pub(super) struct Emitted<'a, const D: usize>
where
    F: BinomiallyExtendable<D>,
{
    combiners: &'a [Combiner<D>],
    next: usize,
    /// The fields of a message that are not constant.
    varying: Vec<Pack>,
    /// The messages' multiplicities, by slot.
    pub counts: Vec<Pack>,
    /// The messages' combined fields, by slot.
    pub denominators: Vec<ChallengePack<D>>,
    /// The constraints' values.
    pub constraints: Vec<Pack>,
}

impl<'a, const D: usize> Emitted<'a, D>
where
    F: BinomiallyExtendable<D>,
{
    pub(super) fn new(combiners: &'a [Combiner<D>]) -> Self {
        Self {
            combiners,
            next: 0,
            varying: Vec::new(),
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

impl<const D: usize> Sink<Pack> for Emitted<'_, D>
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
        self.denominators[combiner.slot] = combiner.combine(fields, &mut self.varying);
    }
}
