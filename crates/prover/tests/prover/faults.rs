//! Two engines of which one errs: the comparison that follows says at which operation.

use std::sync::{Arc, Mutex};

use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;
use vouch_air::F;
use vouch_air::witness::Trace;
use vouch_prover::conformance::{commitment_with_lookup_table, prove};
use vouch_prover::{
    Commitment, Coordinated, CpuEngine, Dual, Engine, Inspect, LayerOpening, OpenedRound, Opening,
    Openings, Place, ProveError,
};
use vouch_verifier::config::Challenge;
use vouch_verifier::packing::{Packing, Round};
use vouch_verifier::{Parameters, Profile};

type E = Challenge<4>;
type Cpu = CpuEngine<4>;

/// What is false of an operation's result.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    MainColumns,
    MainRoot,
    FixedColumns,
    FixedRoot,
    LogUpColumns,
    LogUpSum,
    ExtendedColumns,
    Root,
    QuotientColumns,
    OpenedValue,
    FewerSums,
    LengthOfSum,
    Sum,
    LayerRoot,
    Folded,
    Last,
    Row,
    PathOfRow,
    Group,
    PathOfGroup,
}

/// With the operation that is to be blamed.
const FAULTS: [(Fault, &str); 20] = [
    (Fault::MainColumns, "committing to main columns"),
    (Fault::MainRoot, "committing to main columns"),
    (Fault::FixedColumns, "committing to fixed columns"),
    (Fault::FixedRoot, "committing to fixed columns"),
    (Fault::LogUpColumns, "LogUp columns"),
    (Fault::LogUpSum, "sums of LogUp fractions"),
    (Fault::ExtendedColumns, "committing to columns"),
    (Fault::Root, "committing to columns"),
    (Fault::QuotientColumns, "quotients"),
    (Fault::OpenedValue, "opened values"),
    (Fault::FewerSums, "number of sums for FRI"),
    (Fault::LengthOfSum, "length of a sum for FRI"),
    (Fault::Sum, "sums for FRI"),
    (Fault::LayerRoot, "committing to a layer"),
    (Fault::Folded, "folding"),
    (Fault::Last, "the last numbers of FRI"),
    (Fault::Row, "opened rows"),
    (Fault::PathOfRow, "paths of opened rows"),
    (Fault::Group, "opened groups"),
    (Fault::PathOfGroup, "paths of opened groups"),
];

/// The CPU's engine with a fault.
struct Faulty {
    engine: Cpu,
    fault: Fault,
    /// What is false of the numbers that are looked at next, if that is the fault.
    looked_at: Mutex<Fault>,
}

impl Faulty {
    fn new(fault: Fault) -> Self {
        Self {
            engine: Cpu::new(Profile::Fast100.parameters()),
            fault,
            looked_at: Mutex::new(fault),
        }
    }

    /// The numbers of the result that is given out next may have this fault.
    fn next_is(&self, fault: Fault) {
        *self.looked_at.lock().expect("no thread failed") = fault;
    }

    /// Whether those looked at have it.
    fn is_false(&self) -> bool {
        *self.looked_at.lock().expect("no thread failed") == self.fault
    }

    /// Makes `value` false if that is the fault.
    fn err<T>(&self, fault: Fault, value: &mut T, make_false: impl FnOnce(&mut T)) {
        if self.fault == fault {
            make_false(value);
        }
    }

    fn matrices(&self, mut matrices: Vec<RowMajorMatrix<F>>) -> Vec<RowMajorMatrix<F>> {
        if self.is_false() {
            let last = matrices.last_mut().and_then(|m| m.values.last_mut());
            *last.expect("it has numbers") += F::ONE;
        }
        matrices
    }
}

fn other_root(root: &mut Commitment) {
    *root = Commitment::new(vec![[0; 32]]);
}

impl Engine<4> for Faulty {
    type Tables = <Cpu as Engine<4>>::Tables;
    type Columns = <Cpu as Engine<4>>::Columns;
    type Committed = <Cpu as Engine<4>>::Committed;
    type Point = <Cpu as Engine<4>>::Point;
    type Vector = <Cpu as Engine<4>>::Vector;
    type Layer = <Cpu as Engine<4>>::Layer;

    fn name(&self) -> &'static str {
        "faulty"
    }

    fn parameters(&self) -> &Parameters {
        self.engine.parameters()
    }

    fn tables(&self, traces: Vec<Trace>) -> Result<Self::Tables, ProveError> {
        self.engine.tables(traces)
    }

    fn commit_tables(
        &self,
        tables: &Self::Tables,
        round: &Round,
    ) -> Result<(Commitment, Self::Committed), ProveError> {
        self.next_is(Fault::MainColumns);
        let (mut root, committed) = self.engine.commit_tables(tables, round)?;
        self.err(Fault::MainRoot, &mut root, other_root);
        Ok((root, committed))
    }

    fn fixed(&self) -> Result<(Commitment, Arc<Self::Committed>), ProveError> {
        self.next_is(Fault::FixedColumns);
        let (mut root, committed) = self.engine.fixed()?;
        self.err(Fault::FixedRoot, &mut root, other_root);
        Ok((root, committed))
    }

    fn logup(
        &self,
        tables: Self::Tables,
        places: &[Place<4>],
    ) -> Result<(Self::Columns, Vec<E>), ProveError> {
        self.next_is(Fault::LogUpColumns);
        let (columns, mut sums) = self.engine.logup(tables, places)?;
        self.err(Fault::LogUpSum, &mut sums, |sums| sums[0] += E::ONE);
        Ok((columns, sums))
    }

    fn commit(
        &self,
        columns: Self::Columns,
        round: &Round,
    ) -> Result<(Commitment, Self::Committed), ProveError> {
        self.next_is(Fault::ExtendedColumns);
        let (mut root, committed) = self.engine.commit(columns, round)?;
        self.err(Fault::Root, &mut root, other_root);
        Ok((root, committed))
    }

    fn quotients(
        &self,
        places: &[Place<4>],
        main: &Self::Committed,
        logup: &Self::Committed,
        alpha: E,
    ) -> Result<Self::Columns, ProveError> {
        self.next_is(Fault::QuotientColumns);
        self.engine.quotients(places, main, logup, alpha)
    }

    fn evaluate(
        &self,
        rounds: &[OpenedRound<'_, Self::Committed>],
        point: E,
    ) -> Result<(Openings<4>, Self::Point), ProveError> {
        let (mut values, point) = self.engine.evaluate(rounds, point)?;
        self.err(Fault::OpenedValue, &mut values, |values| {
            values[0][0][0][0] += E::ONE;
        });
        Ok((values, point))
    }

    fn reduce(
        &self,
        packing: &Packing,
        rounds: &[OpenedRound<'_, Self::Committed>],
        values: &Openings<4>,
        point: Self::Point,
        alpha: E,
    ) -> Result<Vec<(usize, Self::Vector)>, ProveError> {
        self.next_is(Fault::Sum);
        let mut sums = self.engine.reduce(packing, rounds, values, point, alpha)?;
        self.err(Fault::FewerSums, &mut sums, |sums| drop(sums.pop()));
        self.err(Fault::LengthOfSum, &mut sums, |sums| sums[0].0 += 1);
        Ok(sums)
    }

    fn commit_layer(
        &self,
        vector: Self::Vector,
        log_arity: usize,
    ) -> Result<(Commitment, Self::Layer), ProveError> {
        let (mut root, layer) = self.engine.commit_layer(vector, log_arity)?;
        self.err(Fault::LayerRoot, &mut root, other_root);
        Ok((root, layer))
    }

    fn fold(
        &self,
        layer: &Self::Layer,
        beta: E,
        other: Option<Self::Vector>,
    ) -> Result<Self::Vector, ProveError> {
        self.next_is(Fault::Folded);
        self.engine.fold(layer, beta, other)
    }

    fn first(&self, vector: Self::Vector, count: usize) -> Result<Vec<E>, ProveError> {
        let mut first = self.engine.first(vector, count)?;
        self.err(Fault::Last, &mut first, |first| first[0] += E::ONE);
        Ok(first)
    }

    fn open(&self, committed: &Self::Committed, indices: &[usize]) -> Result<Opening, ProveError> {
        let mut opening = self.engine.open(committed, indices)?;
        self.err(Fault::Row, &mut opening, |opening| {
            opening.opened_values[0][0][0] += F::ONE;
        });
        if self.fault == Fault::PathOfRow {
            let others = self.engine.open(committed, &neighbours(indices))?;
            opening.opening_proof = others.opening_proof;
        }
        Ok(opening)
    }

    fn open_layer(
        &self,
        layer: &Self::Layer,
        indices: &[usize],
    ) -> Result<LayerOpening<4>, ProveError> {
        let mut opening = self.engine.open_layer(layer, indices)?;
        self.err(Fault::Group, &mut opening, |opening| {
            opening.sibling_values[0][0] += E::ONE;
        });
        if self.fault == Fault::PathOfGroup {
            let others = self.engine.open_layer(layer, &neighbours(indices))?;
            opening.opening_proof = others.opening_proof;
        }
        Ok(opening)
    }

    fn log_max_height(&self, committed: &Self::Committed) -> usize {
        self.engine.log_max_height(committed)
    }
}

/// Other indices, in other groups.
fn neighbours(indices: &[usize]) -> Vec<usize> {
    indices.iter().map(|index| index ^ 1 << 6).collect()
}

impl Inspect<4> for Faulty {
    fn committed(&self, committed: &Self::Committed) -> Result<Vec<RowMajorMatrix<F>>, ProveError> {
        Ok(self.matrices(self.engine.committed(committed)?))
    }

    fn columns(&self, columns: &Self::Columns) -> Result<Vec<RowMajorMatrix<F>>, ProveError> {
        Ok(self.matrices(self.engine.columns(columns)?))
    }

    fn vector(&self, vector: &Self::Vector) -> Result<Vec<E>, ProveError> {
        let mut numbers = self.engine.vector(vector)?;
        if self.is_false() {
            *numbers.last_mut().expect("it has numbers") += E::ONE;
        }
        Ok(numbers)
    }
}

#[test]
fn every_fault_is_seen_where_it_is_made() {
    let case = commitment_with_lookup_table();
    for (fault, operation) in FAULTS {
        let honest = Cpu::new(Profile::Fast100.parameters());
        let dual = Coordinated::new(Profile::Fast100, Dual(honest, Faulty::new(fault)));
        let differ = ProveError::Differ {
            engines: "cpu and faulty".into(),
            operation,
        };
        assert_eq!(prove(&dual, &case), Err(differ), "{fault:?}");
    }
}
