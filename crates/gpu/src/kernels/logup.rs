//! LogUp columns (`kernels/logup.cuh`, `kernels/logup.cu`).
use vouch_air::F;
use vouch_air::tables::Table;
use vouch_verifier::config::ChallengeField;

use super::table::{Stage, TableArguments, launch};
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
pub fn logup<EF: ChallengeField>(
    gpu: &Gpu,
    table: Table,
    public_values: &[F],
    main: &Matrix,
    fixed: Option<&Matrix>,
    challenges: &[EF],
) -> Result<(Matrix, EF), GpuError> {
    let program = TableProgram::of(table);
    assert_eq!(main.log_cosets, 0, "a table's own rows");
    let width = EF::DEGREE * (program.plan.columns.len() + 1);
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
    // SAFETY: the kernel reads the columns that the table has, which `new` has checked, its numbers
    // and public values, and writes the LogUp columns.
    unsafe {
        launch(gpu, Stage::LogUp, program, EF::DEGREE, arguments)?;
    }
    let total = running_sum::<EF>(gpu, &columns.buffer, main.rows())?;
    let terminal = to_challenges::<EF>(total.read(0..EF::DEGREE)?)[0];
    Ok((columns, terminal))
}

/// Replaces `count` numbers, whose coordinates are in the first `EF::DEGREE` columns, by the sum of those
/// before each; the sum of all.
fn running_sum<EF: ChallengeField>(
    gpu: &Gpu,
    numbers: &Buffer,
    count: usize,
) -> Result<Buffer, GpuError> {
    assert!(numbers.len() >= EF::DEGREE * count);
    let tiles = count.div_ceil(TILE as usize);
    let totals = gpu.buffer(EF::DEGREE * tiles)?;
    let arguments = RunningSum {
        numbers: numbers.start(),
        totals: totals.start(),
        count: count as u32,
        stride: count as u32,
        tiles: tiles as u32,
        unused: 0,
    };
    let grid = Grid::line(count, TILE);
    // SAFETY: it touches `EF::DEGREE` columns of numbers and of tiles, which are there.
    unsafe {
        gpu.launch_variant(&EF::DEGREE.to_string(), grid, arguments)?;
    }
    if tiles == 1 {
        return Ok(totals);
    }
    let total = running_sum::<EF>(gpu, &totals, tiles)?;
    // SAFETY: as above.
    unsafe {
        gpu.launch_variant(&format!("tiles_{}", EF::DEGREE), grid, arguments)?;
    }
    Ok(total)
}
