//! Quotients against those of the prover on the CPU.

use p3_field::extension::BinomiallyExtendable;
use p3_field::{Field, PrimeCharacteristicRing, TwoAdicField};
use p3_matrix::Matrix as _;
use p3_matrix::dense::RowMajorMatrix;
use p3_matrix::interpolation::Interpolate;
use p3_util::reverse_bits_len;
use vouch_air::F;
use vouch_air::witness::Trace;
use vouch_gpu::field::words;
use vouch_gpu::ir::TableProgram;
use vouch_gpu::kernels::{Extended, Roots, extend_coset, quotient, quotient_chunks, selectors};
use vouch_gpu::{Gpu, Matrix};
use vouch_prover::{Columns, logup_columns, table_quotient};
use vouch_verifier::config::Challenge;
use vouch_verifier::packing::COSET;

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
        let plan = TableProgram::of(trace.instance.table).plan;
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

/// Values of polynomials of these coefficients, column by column, at points.
fn values(coefficients: &[Vec<F>], points: &[F]) -> RowMajorMatrix<F> {
    let value = |column: &Vec<F>, x: F| column.iter().rev().fold(F::ZERO, |sum, &c| sum * x + c);
    let row = |&x: &F| coefficients.iter().map(move |column| value(column, x));
    RowMajorMatrix::new(points.iter().flat_map(row).collect(), coefficients.len())
}

/// `shift` times a subgroup, its powers in their order.
fn coset(shift: F, log_size: usize) -> Vec<F> {
    let generator = F::two_adic_generator(log_size);
    generator.shifted_powers(shift).collect_n(1 << log_size)
}

/// Chunk `i` of two is the polynomial of degree below `n` that has the quotient's values on the rows'
/// domain times `G w^i`, as p3 has it.
#[test]
fn quotients_are_cut_into_the_verifiers_chunks() {
    let (width, added_bits) = (3, 2);
    on_devices(|gpu| {
        let roots = Roots::new(gpu);
        for log_height in [0, 1, 3, 6] {
            let coefficients = numbers((2 * width) << log_height, 7);
            let columns: Vec<Vec<F>> = { coefficients.chunks(2 << log_height) }
                .map(|column| column.to_vec())
                .collect();
            let generator = F::two_adic_generator(log_height + 1);
            let parts =
                [F::ONE, generator].map(|w| values(&columns, &coset(COSET * w, log_height)));
            // The blocks of a matrix are its cosets.
            let cells = parts.map(|part| part.transpose());
            let both = (0..width).flat_map(|column| {
                let of = |part: &RowMajorMatrix<F>| part.row_slice(column).expect("it is").to_vec();
                cells.iter().flat_map(of).collect::<Vec<F>>()
            });
            let quotient = Matrix::new(gpu, width, log_height, 1).expect("there is room");
            let written = quotient.buffer.write(0, words(&both.collect::<Vec<F>>()));
            written.expect("it is written");
            let part = |i: usize| {
                let back = generator.exp_u64(i as u64).inverse();
                extend_coset(gpu, &roots, &quotient, i, added_bits, back).expect("it runs")
            };
            let [mut u, mut v] = [part(0), part(1)];
            quotient_chunks(gpu, &mut u, &mut v).expect("it runs");
            let points = coset(COSET, log_height + added_bits);
            for (i, chunk) in [u, v].iter().enumerate() {
                let shift = F::GENERATOR * generator.exp_u64(i as u64);
                let known = values(&columns, &coset(shift, log_height));
                let got = chunk.to_plonky3().expect("it is read");
                for (row, &x) in points.iter().enumerate() {
                    let expected: Vec<F> = known.interpolate_coset(shift, x);
                    let row = reverse_bits_len(row, log_height + added_bits);
                    let got = got.row_slice(row).expect("it is").to_vec();
                    assert_eq!(got, expected, "chunk {i} of 2^{log_height}, row {row}");
                }
            }
        }
    });
}
