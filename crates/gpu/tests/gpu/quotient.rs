//! Quotients against those of the prover on the CPU.

use p3_field::extension::BinomiallyExtendable;
use p3_matrix::Matrix as _;
use p3_matrix::dense::RowMajorMatrix;
use vouch_air::F;
use vouch_air::witness::Trace;
use vouch_gpu::ir::Program;
use vouch_gpu::kernels::{Extended, quotient, selectors};
use vouch_gpu::{Gpu, Matrix};
use vouch_prover::{Columns, logup_columns, table_quotient};
use vouch_verifier::config::Challenge;

use crate::common::{numbers, on_devices};
use crate::tables::{challenges, executed, extend, fixed, periodic, random};

/// A table on the domain that it is extended to, and the challenges.
struct Case<const D: usize>
where
    F: BinomiallyExtendable<D>,
{
    trace: Trace,
    log_height: usize,
    log_blowup: usize,
    log_chunks: usize,
    main: RowMajorMatrix<F>,
    logup: RowMajorMatrix<F>,
    fixed: Option<RowMajorMatrix<F>>,
    periodic: Option<RowMajorMatrix<F>>,
    terminal: Challenge<D>,
    challenges: Vec<Challenge<D>>,
    alpha: Challenge<D>,
}

impl<const D: usize> Case<D>
where
    F: BinomiallyExtendable<D>,
{
    /// With the table's LogUp columns, or with some that break all their rules.
    fn new(trace: Trace, honest: bool) -> Self {
        let plan = Program::of(trace.instance.table).plan;
        let columns = plan.columns.len();
        let all = challenges::<D>(2 * columns + 2, 4);
        let (challenges, rest) = all.split_at(2 * columns);
        let (logup, terminal) = match honest {
            true => logup_columns(&trace, fixed(&trace).as_ref(), challenges),
            false => {
                let width = D * (columns + 1);
                let cells = numbers(width * trace.matrix.height(), 5);
                (RowMajorMatrix::new(cells, width), rest[1])
            }
        };
        // A column is longer than the quotient's.
        let log_blowup = plan.log_chunks + 1;
        Self {
            log_height: trace.matrix.height().ilog2() as usize,
            log_blowup,
            log_chunks: plan.log_chunks,
            main: extend(&trace.matrix, log_blowup),
            logup: extend(&logup, log_blowup),
            fixed: fixed(&trace).map(|rows| extend(&rows, log_blowup)),
            periodic: periodic(&trace).map(|rows| extend(&rows, plan.log_chunks)),
            terminal,
            challenges: challenges.into(),
            alpha: rest[0],
            trace,
        }
    }

    fn expected(&self) -> RowMajorMatrix<F> {
        let columns = Columns {
            instance: &self.trace.instance,
            public_values: &self.trace.public_values,
            log_height: self.log_height,
            main: &self.main,
            logup: &self.logup,
            fixed: self.fixed.as_ref(),
            periodic: self.periodic.clone(),
            terminal: self.terminal,
        };
        RowMajorMatrix::new(table_quotient(columns, &self.challenges, self.alpha), D)
    }

    fn on(&self, gpu: &Gpu) -> RowMajorMatrix<F> {
        let upload = |rows: &RowMajorMatrix<F>, log_cosets| {
            let columns = Matrix::from_plonky3(gpu, rows, self.log_height, log_cosets);
            columns.expect("there is room")
        };
        let [main, logup] = [&self.main, &self.logup].map(|rows| upload(rows, self.log_blowup));
        let fixed = self
            .fixed
            .as_ref()
            .map(|rows| upload(rows, self.log_blowup));
        let periodic = { self.periodic.as_ref() }.map(|rows| upload(rows, self.log_chunks));
        let extended = Extended {
            table: self.trace.instance.table,
            public_values: &self.trace.public_values,
            main: &main,
            logup: &logup,
            fixed: fixed.as_ref(),
            periodic: periodic.as_ref(),
            selectors: &selectors(gpu, self.log_height, self.log_chunks).expect("it runs"),
            challenges: &self.challenges,
            terminal: self.terminal,
        };
        let quotient = quotient(gpu, &extended, self.alpha).expect("it runs");
        quotient.to_plonky3().expect("it is read")
    }
}

fn all<const D: usize>()
where
    F: BinomiallyExtendable<D>,
{
    let honest = executed()
        .into_iter()
        .map(|trace| Case::<D>::new(trace, true));
    let cases = honest.chain(random(6).map(|trace| Case::new(trace, false)));
    let cases: Vec<_> = cases.map(|case| (case.expected(), case)).collect();
    on_devices(|gpu| {
        for (expected, case) in &cases {
            let name = case.trace.instance.table.name();
            assert!(case.on(gpu) == *expected, "{name}");
        }
    });
}

#[test]
fn quotients_of_degree_4() {
    all::<4>();
}

#[test]
fn quotients_of_degree_5() {
    all::<5>();
}
