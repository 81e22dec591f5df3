//! Quotients (`kernels/quotient.cuh`, `kernels/quotient.cu`).
use p3_field::{Field, PrimeCharacteristicRing, TwoAdicField};
use p3_util::reverse_bits_len;
use vouch_air::F;
use vouch_air::tables::{Instance, Table};
use vouch_verifier::config::ChallengeField;
use vouch_verifier::packing::COSET;

use super::table::{Stage, THREADS, TableArguments, launch};
use crate::arena::Gpu;
use crate::device::{Address, Arguments, Grid};
use crate::error::GpuError;
use crate::field::{challenge_words, word, words};
use crate::ir::TableProgram;
use crate::matrix::Matrix;

/// Points of a thread, log2.
const LOG_POINTS: usize = 3;

#[derive(Clone, Copy)]
#[repr(C)]
struct SelectorsArguments {
    result: Address,
    cosets: Address,
    log_height: u32,
    log_cosets: u32,
    generator: u32,
    last: u32,
    root: u32,
    unused: u32,
}

// SAFETY: `SelectorsArgs` has the same fields; no padding.
unsafe impl Arguments for SelectorsArguments {
    const KERNEL: &'static str = "selectors";
}

#[derive(Clone, Copy)]
#[repr(C)]
struct Chunks {
    u: Address,
    v: Address,
    count: u32,
    ratio: u32,
}

// SAFETY: `ChunksArgs` has the same fields; no padding.
unsafe impl Arguments for Chunks {
    const KERNEL: &'static str = "quotient_chunks";
}

/// A table on the domain that its columns are extended to.
pub struct Extended<'a, EF: ChallengeField> {
    /// The table.
    pub table: Table,
    /// Its public values.
    pub public_values: &'a [F],
    /// Main columns.
    pub main: &'a Matrix,
    /// LogUp columns.
    pub logup: &'a Matrix,
    /// Fixed columns, if the table has any.
    pub fixed: Option<&'a Matrix>,
    /// Periodic columns, if the table has any.
    pub periodic: Option<&'a Matrix>,
    /// [`selectors`] of the table's height and the cosets of its quotient.
    pub selectors: &'a Matrix,
    /// Two challenges for each LogUp column, as p3's transcript lays them out.
    pub challenges: &'a [EF],
    /// The sum of all fractions.
    pub terminal: EF,
}

/// Which row each point of the first cosets stands for: columns with multiples of the Lagrange
/// polynomials of the first and of the last row, and with a polynomial that vanishes on the last
/// row. The same for all tables of a height.
///
/// # Panics
/// If the height is below 8.
///
/// # Errors
/// Those of [`Gpu::buffer`] and [`Gpu::launch`].
pub fn selectors(gpu: &Gpu, log_height: usize, log_cosets: usize) -> Result<Matrix, GpuError> {
    assert!(log_height >= LOG_POINTS, "2^{log_height} rows");
    let selectors = Matrix::new(gpu, 3, log_height, log_cosets)?;
    let shifts = shifts(log_height, log_cosets);
    let cosets = shifts.flat_map(|shift| [shift, vanishing(shift, log_height)]);
    let cosets = gpu.upload(words(&cosets.collect::<Vec<F>>()))?;
    let generator = F::two_adic_generator(log_height);
    let arguments = SelectorsArguments {
        result: selectors.buffer.start(),
        cosets: cosets.start(),
        log_height: log_height as u32,
        log_cosets: log_cosets as u32,
        generator: word(generator),
        last: word(generator.inverse()),
        root: word(F::two_adic_generator(LOG_POINTS)),
        unused: 0,
    };
    let grid = Grid::line(selectors.rows() >> LOG_POINTS, THREADS);
    // SAFETY: it writes the three columns and reads two words a coset.
    unsafe {
        gpu.launch(grid, arguments)?;
    }
    Ok(selectors)
}

/// The shifts of the first cosets of the domain that commitments are on.
fn shifts(log_height: usize, log_cosets: usize) -> impl Iterator<Item = F> {
    let generator = F::two_adic_generator(log_height + log_cosets);
    let exponent = move |coset| reverse_bits_len(coset, log_cosets) as u64;
    (0..1 << log_cosets).map(move |coset| COSET * generator.exp_u64(exponent(coset)))
}

/// What the polynomial that vanishes on the rows is on a coset of them.
fn vanishing(shift: F, log_height: usize) -> F {
    shift.exp_power_of_2(log_height) - F::ONE
}

/// The quotient on the first cosets, as many as it is cut into chunks: all constraints of a table,
/// those of its LogUp columns included, folded by powers of `alpha` and divided by the polynomial
/// that vanishes on the rows. One number of the challenge field wide.
///
/// # Panics
/// If one of the matrices has not the shape that the table needs.
///
/// # Errors
/// Those of [`Gpu::buffer`] and [`Gpu::launch`].
pub fn quotient<EF: ChallengeField>(
    gpu: &Gpu,
    extended: &Extended<'_, EF>,
    alpha: EF,
) -> Result<Matrix, GpuError> {
    let program = TableProgram::of(extended.table);
    let (log_height, log_chunks) = (extended.main.log_height, program.plan.log_chunks);
    let result = Matrix::new(gpu, EF::DEGREE, log_height, log_chunks)?;
    check(extended, &result);
    let numbers = gpu.upload(&challenge_words(&numbers(program, extended, alpha)))?;
    let public = gpu.upload(words(extended.public_values))?;
    let inverses =
        shifts(log_height, log_chunks).map(|shift| vanishing(shift, log_height).inverse());
    let inverses = gpu.upload(words(&inverses.collect::<Vec<F>>()))?;
    let (main, fixed) = (extended.main, extended.fixed);
    let arguments = TableArguments {
        logup: extended.logup.buffer.start(),
        logup_stride: extended.logup.rows() as u32,
        periodic: extended
            .periodic
            .map_or(0, |columns| columns.buffer.start()),
        periodic_stride: extended.periodic.map_or(0, |columns| columns.rows() as u32),
        selectors: extended.selectors.buffer.start(),
        result: result.buffer.start(),
        numbers: numbers.start(),
        public_values: public.start(),
        inverse_vanishing: inverses.start(),
        ..TableArguments::new(
            extended.table,
            extended.public_values,
            main,
            fixed,
            result.rows(),
        )
    };
    // SAFETY: `new` and `check` have seen that all columns that the table looks at are there for
    // all points; it also reads the numbers and values made here, and writes the result.
    unsafe {
        launch(gpu, Stage::Quotient, program, EF::DEGREE, arguments)?;
    }
    Ok(result)
}

/// That the columns besides those of [`TableArguments::new`] are there.
fn check<EF: ChallengeField>(extended: &Extended<'_, EF>, result: &Matrix) {
    let name = extended.table.name();
    let width = |columns: usize| EF::DEGREE * (columns + 1);
    let columns = TableProgram::of(extended.table).plan.columns.len();
    assert_eq!(
        extended.logup.width,
        width(columns),
        "{name}: LogUp columns"
    );
    let periodic = Instance::new(extended.table, 0, &[]).periodic.len();
    let periodic_width = extended.periodic.map_or(0, |columns| columns.width);
    assert_eq!(periodic_width, periodic, "{name}: periodic columns");
    assert_eq!(
        extended.selectors.rows(),
        result.rows(),
        "{name}: selectors"
    );
    let matrices = [
        Some(extended.logup),
        extended.periodic,
        Some(extended.selectors),
    ];
    for matrix in matrices.into_iter().flatten() {
        assert_eq!(matrix.log_height, result.log_height, "{name}: rows");
        assert!(matrix.rows() >= result.rows(), "{name}: points");
    }
}

/// The numbers that are the same for all points, in the kernel's order.
fn numbers<EF: ChallengeField>(
    program: &TableProgram,
    extended: &Extended<'_, EF>,
    alpha: EF,
) -> Vec<EF> {
    let mut numbers = program.combiner_numbers(extended.challenges);
    // p3 gives the first constraint the highest power and the last the power 0.
    let constraints = program.constraints.len() + program.plan.columns.len() + 3;
    let mut powers = alpha.powers().collect_n(constraints);
    powers.reverse();
    numbers.extend(powers);
    numbers.push(extended.terminal);
    numbers
}

/// Makes chunks of a quotient, as p3's verifier knows them, of its two parts, in their places: those parts
/// are the polynomials that have the values of the quotient `q` on [`COSET`] times the rows' subgroup, and on
/// `COSET w` times it, `w` being the generator of the subgroup twice as large, extended to whatever points.
/// With `G` in place of `COSET` that would be the chunks: `q = lo + X^n hi`, and they are
/// `lo + G^n hi` and `lo - G^n hi`.
///
/// # Panics
/// If both have not the same shape.
///
/// # Errors
/// Those of [`Gpu::launch`].
pub fn quotient_chunks(gpu: &Gpu, u: &mut Matrix, v: &mut Matrix) -> Result<(), GpuError> {
    let shape = |m: &Matrix| (m.width, m.log_height, m.log_cosets);
    assert_eq!(shape(u), shape(v));
    let ratio = (F::GENERATOR / COSET).exp_power_of_2(u.log_height);
    let count = u.width * u.rows();
    let arguments = Chunks {
        u: u.buffer.start(),
        v: v.buffer.start(),
        count: count as u32,
        ratio: word(ratio),
    };
    // SAFETY: both have so many words, which are what it reads and writes.
    unsafe { gpu.launch(Grid::line(count, THREADS), arguments) }
}
