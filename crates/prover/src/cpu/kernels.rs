//! The steps of a proof one by one, with challenges that no transcript has drawn: for benchmarks
//! each on what the step before left, and those of one table for tests of other provers.

use p3_field::extension::BinomiallyExtendable;
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_util::log2_strict_usize;
use vouch_air::F;
use vouch_air::tables::{Instance, Table};
use vouch_air::witness::{Trace, Traces};
use vouch_verifier::Profile;
use vouch_verifier::config::{Challenge, challenger};
use vouch_verifier::packing::{Kind, Packing, Round};

use super::emitted::combiners;
use super::engine::domain;
use super::logup::LogUp;
use super::openings::Opener;
use super::quotient::Extended;
use super::setup::{Committed, Input, Rows, Setup};
use crate::cost::columns;
use crate::engine::{OpenedRound, Place};
use crate::error::ProveError;
use crate::fri::low_degree;
use crate::plan::plan;

/// Degree of the challenges: that of the profile `fast` at 100 bits.
const D: usize = 4;

/// The steps of the proof of one segment.
pub struct CpuKernels {
    setup: Setup<D>,
    packing: Packing,
    traces: Traces,
    points: Vec<F>,
    challenge: Challenge<D>,
    extended: Vec<RowMajorMatrix<F>>,
    main: Committed,
    logup: Committed,
}

impl CpuKernels {
    /// Prepares them for the filled tables of a segment.
    pub fn new(traces: Traces) -> Self {
        let setup = Setup::new(Profile::Fast100.parameters());
        let heights = traces.tables.iter().map(|trace| trace.matrix.height());
        let largest = heights.fold(1, usize::max) << setup.parameters.log_blowup;
        // An element of the whole field: its coordinates are not 0.
        let challenge =
            Challenge::<D>::from_basis_coefficients_fn(|i| F::new(0x1234_5678 + i as u32));
        let points = domain(log2_strict_usize(largest));
        let table = |trace: &Trace| {
            let log_height = log2_strict_usize(trace.matrix.height());
            (columns(trace.instance.table), log_height)
        };
        let tables: Vec<_> = traces.tables.iter().map(table).collect();
        let packing = Packing::new(&setup.parameters, &tables);
        let inputs = inputs(&traces);
        let (_, main) = setup.commit_inputs(inputs, round(&packing, Kind::Main));
        let (_, columns) = logup(&setup, &traces, challenge);
        let (_, logup) = setup.commit_inputs(columns, round(&packing, Kind::LogUp));
        let mut kernels = Self {
            extended: Vec::new(),
            setup,
            packing,
            traces,
            points,
            challenge,
            main,
            logup,
        };
        kernels.extended = kernels.extend();
        kernels
    }

    /// Committed main cells.
    pub fn cells(&self) -> usize {
        self.traces
            .tables
            .iter()
            .map(|trace| trace.matrix.values.len())
            .sum()
    }

    /// The tables.
    pub fn tables(&self) -> impl Iterator<Item = Table> {
        self.traces.tables.iter().map(|trace| trace.instance.table)
    }

    /// Extends the main columns.
    pub fn extend(&self) -> Vec<RowMajorMatrix<F>> {
        self.setup.extend_inputs(inputs(&self.traces))
    }

    /// Copies of the extended main columns, for [`Self::hash`] to consume.
    pub fn extended(&self) -> Vec<RowMajorMatrix<F>> {
        self.extended.clone()
    }

    /// Hashes the packs of extended columns to a Merkle tree.
    pub fn hash(&self, extended: Vec<RowMajorMatrix<F>>) -> impl Sized + use<> {
        let log_blowup = self.setup.parameters.log_blowup;
        Committed::new(extended, round(&self.packing, Kind::Main), 1, log_blowup)
    }

    /// Commits to the main columns: extends and hashes them.
    pub fn commit(&self) -> impl Sized + use<> {
        let round = round(&self.packing, Kind::Main);
        self.setup.commit_inputs(inputs(&self.traces), round)
    }

    /// Computes the LogUp columns of all tables; their cells. The tables are copied first.
    pub fn logup_columns(&self) -> usize {
        let cells = |input: &Input<'_>| self.cells_of(input);
        logup(&self.setup, &self.traces, self.challenge)
            .1
            .iter()
            .map(cells)
            .sum()
    }

    /// What [`Self::quotient`] needs to know of each table.
    pub fn places(&self) -> Places {
        Places(logup(&self.setup, &self.traces, self.challenge).0)
    }

    /// Computes the quotient of the `i`-th table; its cells.
    pub fn quotient(&self, places: &Places, i: usize) -> usize {
        let [main, logup] = [&self.main, &self.logup].map(|committed| &committed.matrices[i]);
        let place = &places.0[i];
        let inputs =
            { &self.setup }.table_quotient(place, [main, logup], self.challenge, &self.points);
        inputs.iter().map(|input| self.cells_of(input)).sum()
    }

    /// Opens main and LogUp columns and adds them up for FRI: for each level, highest first, `D` cells a point.
    pub fn open(&self) -> Vec<(usize, Vec<F>)> {
        let rounds = self.opened();
        let log_blowup = self.setup.parameters.log_blowup;
        let points = &self.points[..self.points.len() >> log_blowup];
        let opener = Opener::new(self.challenge, points, log_blowup);
        let values = opener.evaluate(&rounds);
        let extender = &self.setup.extender;
        opener.reduce(&self.packing, &rounds, &values, self.challenge, extender)
    }

    /// Runs FRI on what was opened.
    ///
    /// # Errors
    /// None on the CPU.
    pub fn fri(&self, opened: Vec<(usize, Vec<F>)>) -> Result<impl Sized + use<>, ProveError> {
        let challenger = &mut challenger(Vec::new(), None);
        low_degree(&self.setup, opened, &self.opened(), F::ZERO, challenger)
    }

    /// Cells of columns before they are extended.
    fn cells_of(&self, input: &Input<'_>) -> usize {
        let log_blowup = self.setup.parameters.log_blowup;
        input.matrix(log_blowup).values.len()
    }

    fn opened(&self) -> [OpenedRound<'_, Committed>; 2] {
        [(Kind::Main, &self.main), (Kind::LogUp, &self.logup)].map(|(kind, committed)| {
            OpenedRound {
                committed,
                round: round(&self.packing, kind),
            }
        })
    }
}

/// The main columns.
fn inputs(traces: &Traces) -> Vec<Input<'_>> {
    let rows = |trace| Input::rows(Rows::Elsewhere(trace));
    { traces.tables.iter() }
        .map(|trace| rows(&trace.matrix))
        .collect()
}

/// The commitment to `kind`.
fn round(packing: &Packing, kind: Kind) -> &Round {
    packing.round(kind).expect("there are tables")
}

/// What the quotients need to know of the tables.
pub struct Places(Vec<Place<D>>);

/// The LogUp columns of all tables, which are copied first.
fn logup(
    setup: &Setup<D>,
    traces: &Traces,
    challenge: Challenge<D>,
) -> (Vec<Place<D>>, Vec<Input<'static>>) {
    // The challenges of every column as p3 lays them out, all the same.
    let pair = [challenge.exp_u64(0xabcd_ef01), challenge];
    let place = |trace: &Trace| Place {
        challenges: pair.repeat(plan(trace.instance.table).lookups.len()),
        ..Place::new(trace)
    };
    let mut places: Vec<_> = traces.tables.iter().map(place).collect();
    let (columns, terminals) = setup.logup_columns(traces.tables.clone(), &places);
    for (place, terminal) in places.iter_mut().zip(terminals) {
        place.terminal = terminal;
    }
    (places, columns)
}

/// The LogUp columns of one table and the sum of their fractions; `fixed` are the table's fixed
/// columns, if it has any.
pub fn logup_columns<const D: usize>(
    trace: &Trace,
    fixed: Option<&RowMajorMatrix<F>>,
    challenges: &[Challenge<D>],
) -> (RowMajorMatrix<F>, Challenge<D>)
where
    F: BinomiallyExtendable<D>,
{
    let plan = plan(trace.instance.table);
    let LogUp { matrix, terminal } =
        super::logup::logup(plan, trace, fixed, &combiners(plan, challenges), 0);
    (matrix, terminal)
}

/// What the quotient of one table is computed from: its columns on extended domains, in
/// bit-reversed order.
pub struct Columns<'a, const D: usize>
where
    F: BinomiallyExtendable<D>,
{
    /// The table.
    pub instance: &'a Instance,
    /// Its public values.
    pub public_values: &'a [F],
    /// Its rows, log2.
    pub log_height: usize,
    /// Main columns.
    pub main: &'a RowMajorMatrix<F>,
    /// LogUp columns.
    pub logup: &'a RowMajorMatrix<F>,
    /// Fixed columns, if it has any.
    pub fixed: Option<&'a RowMajorMatrix<F>>,
    /// Periodic columns, if it has any.
    pub periodic: Option<RowMajorMatrix<F>>,
    /// The sum of all fractions.
    pub terminal: Challenge<D>,
}

/// The quotient of one table on its domain, `D` cells a point, in bit-reversed order.
pub fn quotient<const D: usize>(
    columns: Columns<'_, D>,
    challenges: &[Challenge<D>],
    alpha: Challenge<D>,
) -> Vec<F>
where
    F: BinomiallyExtendable<D>,
{
    let plan = plan(columns.instance.table);
    let table = Extended {
        plan,
        instance: columns.instance,
        public_values: columns.public_values,
        log_height: columns.log_height,
        main: columns.main,
        logup: columns.logup,
        fixed: columns.fixed,
        periodic: columns.periodic,
        combiners: &combiners(plan, challenges),
        terminal: columns.terminal,
    };
    let points = domain(columns.log_height + plan.log_chunks);
    let mut cells = F::zero_vec(D * points.len());
    super::quotient::quotient(&table, alpha, &points, 0, &mut cells);
    cells
}
