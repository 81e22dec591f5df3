//! LogUp columns (`kernels/logup.cuh`, `kernels/logup.cu`).

use p3_field::extension::BinomiallyExtendable;
use vouch_air::F;
use vouch_air::tables::Table;
use vouch_verifier::config::Challenge;

use super::table::{THREADS, TableArguments, variant};
use crate::arena::{Buffer, Gpu};
use crate::device::{Address, Arguments, Grid};
use crate::error::GpuError;
use crate::field::{challenge_words, challenges as to_challenges, words};
use crate::ir::TableProgram;
use crate::matrix::Matrix;

/// Numbers whose running sum a block computes, a thread each.
const TILE: u32 = 256;

#[derive(Clone, Copy)]
#[repr(C)]
struct RunningSum {
    numbers: Address,
    totals: Address,
    count: u32,
    stride: u32,
    tiles: u32,
    unused: u32,
}

// SAFETY: `RunningSumArgs` has the same fields; no padding.
unsafe impl Arguments for RunningSum {
    const KERNEL: &'static str = "running_sum";
}

/// The LogUp columns of a table and the sum of all its fractions. The first number of a row is the
/// sum of the rows before, the others are the fractions of the groups of messages.
///
/// `main` are the table's columns on its own rows, `fixed` its fixed columns if it has any;
/// `challenges` are two for each group, as p3's transcript lays them out.
///
/// # Panics
/// If `main` or `fixed` have another shape than the table's, or are not on one coset.
///
/// # Errors
/// Those of [`Gpu::buffer`] and [`Gpu::launch`].
pub fn logup<const D: usize>(
    gpu: &Gpu,
    table: Table,
    public_values: &[F],
    main: &Matrix,
    fixed: Option<&Matrix>,
    challenges: &[Challenge<D>],
) -> Result<(Matrix, Challenge<D>), GpuError>
where
    F: BinomiallyExtendable<D>,
{
    let program = TableProgram::of(table);
    assert_eq!(main.log_cosets, 0, "a table's own rows");
    let width = D * (program.plan.columns.len() + 1);
    let columns = Matrix::new(gpu, width, main.log_height, 0)?;
    let combiners = program.combiner_numbers(challenges);
    let numbers = gpu.upload(&challenge_words(&combiners))?;
    let public = gpu.upload(words(public_values))?;
    let arguments = TableArguments {
        logup: columns.buffer.start(),
        logup_stride: columns.rows() as u32,
        numbers: numbers.start(),
        public_values: public.start(),
        ..TableArguments::new(table, public_values, main, fixed, main.rows())
    };
    let variant = variant("logup", table, D);
    // SAFETY: the kernel reads the columns that the table has, which `new` has checked, its numbers
    // and public values, and writes the LogUp columns.
    unsafe {
        gpu.launch_variant(&variant, Grid::line(main.rows(), THREADS), arguments)?;
    }
    let total = running_sum::<D>(gpu, &columns.buffer, main.rows())?;
    let terminal = to_challenges::<D>(total.read(0..D)?)[0];
    Ok((columns, terminal))
}

/// Replaces `count` numbers, whose coordinates are in the first `D` columns, by the sum of those
/// before each; the sum of all.
fn running_sum<const D: usize>(
    gpu: &Gpu,
    numbers: &Buffer,
    count: usize,
) -> Result<Buffer, GpuError> {
    assert!(numbers.len() >= D * count);
    let tiles = count.div_ceil(TILE as usize);
    let totals = gpu.buffer(D * tiles)?;
    let arguments = RunningSum {
        numbers: numbers.start(),
        totals: totals.start(),
        count: count as u32,
        stride: count as u32,
        tiles: tiles as u32,
        unused: 0,
    };
    let grid = Grid::line(count, TILE);
    // SAFETY: it touches `D` columns of numbers and of tiles, which are there.
    unsafe {
        gpu.launch_variant(&D.to_string(), grid, arguments)?;
    }
    if tiles == 1 {
        return Ok(totals);
    }
    let total = running_sum::<D>(gpu, &totals, tiles)?;
    // SAFETY: as above.
    unsafe {
        gpu.launch_variant(&format!("tiles_{D}"), grid, arguments)?;
    }
    Ok(total)
}
