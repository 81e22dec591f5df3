//! Tables with rows, for the kernels that are generated from their constraints.

#[path = "../../../prover/tests/prover/boundaries/everything.rs"]
mod everything;

use p3_air::BaseAir;
use p3_dft::{Radix2DitParallel, TwoAdicSubgroupDft};
use p3_matrix::Matrix as _;
use p3_matrix::bitrev::BitReversibleMatrix;
use p3_matrix::dense::RowMajorMatrix;
use vouch_air::F;
use vouch_air::memory_tree::MemoryTree;
use vouch_air::tables::{Instance, Table, lookup};
use vouch_air::testkit::answer::answer_from_lookup_table;
use vouch_air::witness::{Trace, generate};
use vouch_emulator::SegmentLimits;
use vouch_emulator::testing::{program, segments};
use vouch_gpu::{Gpu, Matrix};
use vouch_isa::event::Segment;
use vouch_verifier::config::ChallengeField;
use vouch_verifier::packing::COSET;

use crate::common::numbers;

/// The tables of a program that executes every instruction: with the lookup table as well as with
/// that of a short execution in its place.
pub fn executed() -> Vec<Trace> {
    let program = program(&everything::code());
    let run = segments(&program, everything::INPUT, &SegmentLimits::default());
    let (_, segments) = run.expect("it runs");
    let [segment] = <[Segment; 1]>::try_from(segments).expect("one segment");
    everything::assert_all_there(&segment);
    assert_eq!(segment.journal, everything::JOURNAL);
    assert_eq!(segment.exit_code, Some(everything::EXIT_CODE));
    let image = program.image();
    let mut traces = generate(&segment, &image.text, &mut MemoryTree::new(image));
    let mut all = traces.tables.clone();
    answer_from_lookup_table(&mut traces);
    let long = traces.tables.into_iter();
    all.extend(long.filter(|trace| trace.instance.table == Table::Lookup));
    all
}

/// Every table with rows that break all its rules.
pub fn random(log_height: usize) -> impl Iterator<Item = Trace> {
    Table::ALL.into_iter().map(move |table| {
        let mut instance = Instance::new(table, 0, &[]);
        let height = 1 << log_height;
        for (column, seed) in instance.periodic.iter_mut().zip(20..) {
            *column = numbers(height, seed);
        }
        let width = instance.width();
        let cells = numbers(width * height, table as u64);
        Trace {
            public_values: numbers(instance.num_public_values() + 6, 1).split_off(6),
            matrix: RowMajorMatrix::new(cells, width),
            instance,
        }
    })
}

/// The fixed columns of a table, as high as its rows.
pub fn fixed(trace: &Trace) -> Option<RowMajorMatrix<F>> {
    (trace.instance.table == Table::Lookup).then(|| {
        let mut fixed = lookup::fixed();
        fixed.values.truncate(fixed.width * trace.matrix.height());
        fixed
    })
}

/// A table's periodic columns.
pub fn periodic(trace: &Trace) -> Option<RowMajorMatrix<F>> {
    let columns = &trace.instance.periodic;
    let height = columns.first()?.len();
    Some(RowMajorMatrix::new(columns.concat(), height).transpose())
}

/// Challenges without a pattern.
pub fn challenges<EF: ChallengeField>(count: usize, seed: u64) -> Vec<EF> {
    let coordinates = numbers(EF::DEGREE * count + 6, seed).split_off(6);
    let challenge = |c: &[F]| EF::from_basis_coefficients_fn(|i| c[i]);
    coordinates
        .chunks_exact(EF::DEGREE)
        .map(challenge)
        .collect()
}

/// The values of columns on a domain `2^added_bits` times as large, in bit-reversed order.
pub fn extend(rows: &RowMajorMatrix<F>, added_bits: usize) -> RowMajorMatrix<F> {
    Radix2DitParallel::default()
        .coset_lde_batch(rows.clone(), added_bits, COSET)
        .bit_reverse_rows()
        .to_row_major_matrix()
}

/// A table's own rows on the device.
pub fn upload(gpu: &Gpu, rows: &RowMajorMatrix<F>) -> Matrix {
    let log_height = rows.height().ilog2() as usize;
    let matrix = Matrix::new(gpu, rows.width, log_height, 0).expect("there is room");
    let cells = rows.transpose().values;
    let written = matrix.buffer.write(0, vouch_gpu::field::words(&cells));
    written.expect("it is written");
    matrix
}

/// A table's own rows from the device.
pub fn download(matrix: &Matrix) -> RowMajorMatrix<F> {
    assert_eq!(matrix.log_cosets, 0);
    let words = matrix.buffer.read_all().expect("it is read");
    RowMajorMatrix::new(vouch_gpu::field::elements(words), matrix.rows()).transpose()
}
