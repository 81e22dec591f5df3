//! Machines that lack rules, with a prover and a verifier of their own: Plonky3's, as the product's
//! know no machine but one.

use core::ops::Range;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use p3_air::symbolic::AirLayout;
use p3_air::{Air, AirBuilder, BaseAir};
use p3_batch_stark::symbolic::get_log_num_quotient_chunks;
use p3_batch_stark::{ProverData, StarkInstance, prove_batch, verify_batch};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::logup::LogUpGadget;
use p3_lookup::{Count, InteractionBuilder, Lookups};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_util::log2_strict_usize;
use vouch_air::machine::MIN_LOG_HEIGHT;
use vouch_air::tables::{Instance, Table};
use vouch_air::witness::Trace;
use vouch_air::{Builder, F};
use vouch_verifier::config::{ChallengeField, Config, config};
use vouch_verifier::packing::{Packing, TableColumns};
use vouch_verifier::{Parameters, Profile, ProofError, TableShape, layout, with_challenge_field};

use crate::rules::{Broken, Rule, bus_index, bus_parts};
use crate::step::VerifierStep;

/// The rules that a machine lacks.
#[derive(Clone, Debug, Default)]
pub struct Without {
    rules: BTreeSet<Rule>,
    /// Of a bus that it lacks, the part of messages without which it would balance; the whole bus
    /// if there is none.
    parts: BTreeMap<usize, Range<usize>>,
}

impl Without {
    /// A machine without some of the rules that are broken.
    pub fn new(broken: &Broken, rules: impl IntoIterator<Item = Rule>) -> Self {
        let part = |(&bus, imbalance): (&usize, &crate::rules::Imbalance)| {
            let first = imbalance.but_for.trailing_zeros() as usize;
            let part = bus_parts(bus).get(first).cloned();
            part.map(|part| (bus, part))
        };
        Self {
            rules: rules.into_iter().collect(),
            parts: broken.buses.iter().filter_map(part).collect(),
        }
    }

    /// Whether a message of a table, by its place, is one of this machine's questions.
    pub fn asks(&self, table: Table, place: usize) -> bool {
        !self.rules.contains(&Rule::Question(table, place))
    }
}

/// What the machine's own verifier makes of a proof by its own prover: `Ok(None)` if it accepts it.
///
/// # Errors
/// What either says, if it is none of the steps that look at what the proof says.
pub fn verdict(
    profile: Profile,
    traces: &[Trace],
    without: &Arc<Without>,
) -> Result<Option<VerifierStep>, String> {
    let parameters = profile.parameters();
    with_challenge_field!(parameters.extension, EF => {
        verdict_of::<EF>(&parameters, traces, without)
    })
}

fn verdict_of<EF: ChallengeField>(
    parameters: &Parameters,
    traces: &[Trace],
    without: &Arc<Without>,
) -> Result<Option<VerifierStep>, String> {
    let air = |trace: &Trace| Weak {
        instance: trace.instance.clone(),
        without: Arc::clone(without),
    };
    let airs: Vec<Weak> = traces.iter().map(air).collect();
    let heights = traces.iter().map(|trace| trace.matrix.height());
    let heights: Vec<usize> = heights.map(log2_strict_usize).collect();
    let shapes = airs.iter().map(|air| layout(air.instance.table));
    let (shapes, _): (Vec<TableShape>, Vec<_>) = shapes.unzip();
    let columns = { airs.iter().zip(&shapes) }
        .map(|(air, shape)| TableColumns::new(air.instance.table, shape));
    let mut columns: Vec<TableColumns> = columns.collect();
    // Which LogUp columns there are is known with the fixed columns, whose place does not depend on the others.
    let data = setup::<EF>(parameters, &airs, &columns, &heights, &shapes)?.1;
    for ((columns, air), lookups) in columns.iter_mut().zip(&airs).zip(&data.common.lookups) {
        // A table without messages has no running sum either.
        columns.logup = match lookups.len() {
            0 => 0,
            fractions => fractions + 1,
        };
        columns.chunks = chunks::<EF>(air, lookups);
    }
    let (config, data) = &setup::<EF>(parameters, &airs, &columns, &heights, &shapes)?;
    let instances = airs.iter().zip(traces).map(|(air, trace)| StarkInstance {
        air,
        trace: &trace.matrix,
        public_values: trace.public_values.clone(),
    });
    let instances: Vec<StarkInstance<'_, Config<EF>, Weak>> = instances.collect();
    let proof = prove_batch(config, &instances, data).map_err(|error| error.to_string())?;
    let values = traces.iter().map(|trace| trace.public_values.clone());
    let values: Vec<Vec<F>> = values.collect();
    let tables: Vec<Table> = { traces.iter() }
        .map(|trace| trace.instance.table)
        .collect();
    match verify_batch(config, &airs, &proof, &values, &data.common) {
        Ok(()) => Ok(None),
        Err(error) => {
            let error = ProofError::of(&error, &tables);
            let step = VerifierStep::of_proof(&error);
            step.map(Some).ok_or_else(|| error.to_string())
        }
    }
}

/// What proofs of these tables have in common, if their columns are these.
fn setup<EF: ChallengeField>(
    parameters: &Parameters,
    airs: &[Weak],
    columns: &[TableColumns],
    heights: &[usize],
    shapes: &[TableShape],
) -> Result<(Config<EF>, ProverData<Config<EF>>), String> {
    let tables = columns.iter().copied().zip(heights.iter().copied());
    let packing = Packing::new(parameters, &tables.collect::<Vec<_>>());
    let config: Config<EF> = config(parameters, packing, b"a weaker machine".to_vec());
    let budgets = shapes.iter().map(|shape| shape.lookup_budget);
    let data = ProverData::from_airs_and_degrees_with_lookup_budgets(
        &config,
        airs,
        heights,
        &budgets.collect::<Vec<_>>(),
        parameters.log_blowup,
    );
    Ok((config, data.map_err(|error| error.to_string())?))
}

/// Chunks of a table's quotient.
fn chunks<EF: ChallengeField>(air: &Weak, lookups: &Lookups<F>) -> usize {
    1 << get_log_num_quotient_chunks::<F, EF, _, _>(
        air,
        AirLayout::from_air::<F>(air),
        1 << MIN_LOG_HEIGHT,
        lookups,
        0,
        &LogUpGadget::new(),
    )
}

/// A table of a machine that lacks rules.
#[derive(Clone, Debug)]
struct Weak {
    instance: Instance,
    without: Arc<Without>,
}

impl BaseAir<F> for Weak {
    fn width(&self) -> usize {
        self.instance.width()
    }

    fn preprocessed_trace(&self) -> Option<RowMajorMatrix<F>> {
        self.instance.preprocessed_trace()
    }

    fn preprocessed_width(&self) -> usize {
        self.instance.preprocessed_width()
    }

    fn num_periodic_columns(&self) -> usize {
        self.instance.num_periodic_columns()
    }

    fn periodic_columns(&self) -> Cow<'_, [Vec<F>]> {
        self.instance.periodic_columns()
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        self.instance.main_next_row_columns()
    }

    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        self.instance.preprocessed_next_row_columns()
    }

    fn num_public_values(&self) -> usize {
        self.instance.num_public_values()
    }
}

impl<B: AirBuilder<F = F> + InteractionBuilder> Air<B> for Weak {
    fn eval(&self, b: &mut B) {
        self.instance.eval(&mut Forgiving {
            inner: b,
            table: self.instance.table,
            without: &self.without,
            constraints: 0,
            messages: 0,
        });
    }
}

/// Passes on all rules but those that the machine lacks.
struct Forgiving<'a, B> {
    inner: &'a mut B,
    table: Table,
    without: &'a Without,
    constraints: usize,
    messages: usize,
}

impl<B: AirBuilder<F = F> + InteractionBuilder> Builder for Forgiving<'_, B> {}

impl<B: AirBuilder<F = F>> AirBuilder for Forgiving<'_, B> {
    type F = F;
    type Expr = B::Expr;
    type Var = B::Var;
    type PreprocessedWindow = B::PreprocessedWindow;
    type MainWindow = B::MainWindow;
    type PublicVar = B::PublicVar;
    type PeriodicVar = B::PeriodicVar;

    fn main(&self) -> Self::MainWindow {
        self.inner.main()
    }

    fn preprocessed(&self) -> &Self::PreprocessedWindow {
        self.inner.preprocessed()
    }

    fn is_first_row(&self) -> Self::Expr {
        self.inner.is_first_row()
    }

    fn is_last_row(&self) -> Self::Expr {
        self.inner.is_last_row()
    }

    fn is_transition(&self) -> Self::Expr {
        self.inner.is_transition()
    }

    fn assert_zero<I: Into<Self::Expr>>(&mut self, x: I) {
        let rule = Rule::Constraint(self.table, self.constraints);
        self.constraints += 1;
        if !self.without.rules.contains(&rule) {
            self.inner.assert_zero(x);
        }
    }

    fn public_values(&self) -> &[Self::PublicVar] {
        self.inner.public_values()
    }

    fn periodic_values(&self) -> &[Self::PeriodicVar] {
        self.inner.periodic_values()
    }
}

impl<B: AirBuilder<F = F> + InteractionBuilder> InteractionBuilder for Forgiving<'_, B> {
    fn push_interaction<E: Into<Self::Expr>>(
        &mut self,
        name: &str,
        fields: impl IntoIterator<Item = E>,
        count: impl Into<Count<Self::Expr>>,
    ) {
        let place = self.messages;
        self.messages += 1;
        let bus = bus_index(name);
        let lacks_bus = self.without.rules.contains(&Rule::Bus(bus));
        let part = self.without.parts.get(&bus).filter(|_| lacks_bus);
        let lacks_all = lacks_bus && part.is_none();
        if lacks_all || !self.without.asks(self.table, place) {
            return;
        }
        let is_looked_at = |i: usize| part.is_none_or(|part| !part.contains(&i));
        let field = |(i, field): (usize, E)| match is_looked_at(i) {
            true => field.into(),
            false => Self::Expr::ZERO,
        };
        let fields: Vec<Self::Expr> = fields.into_iter().enumerate().map(field).collect();
        self.inner.push_interaction(name, fields, count);
    }

    fn push_local_interaction(
        &mut self,
        tuples: impl IntoIterator<Item = (Vec<Self::Expr>, Count<Self::Expr>)>,
    ) {
        // No table has local interactions.
        tuples.into_iter().for_each(drop);
    }
}
