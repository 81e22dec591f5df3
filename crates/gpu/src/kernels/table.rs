//! What the kernels of the tables take (`kernels/constraints.cuh`): those that are generated for each, and those that
//! interpret the longest programs (`kernels/interpreted.cu`).

use p3_air::BaseAir;
use vouch_air::F;
use vouch_air::tables::{Instance, Table};
use vouch_verifier::config::ChallengeField;

use crate::arena::Gpu;
use crate::device::{Address, Arguments, Grid};
use crate::error::GpuError;
use crate::ir::TableProgram;
use crate::matrix::Matrix;

/// Threads of a block.
pub(super) const THREADS: u32 = 128;

#[derive(Clone, Copy, Default)]
#[repr(C)]
pub(super) struct TableArguments {
    pub main: Address,
    pub logup: Address,
    pub fixed: Address,
    pub periodic: Address,
    pub selectors: Address,
    pub result: Address,
    pub numbers: Address,
    pub public_values: Address,
    pub inverse_vanishing: Address,
    pub main_stride: u32,
    pub logup_stride: u32,
    pub fixed_stride: u32,
    pub periodic_stride: u32,
    pub log_height: u32,
    pub points: u32,
}

// SAFETY: `TableArgs` has the same fields; no padding.
unsafe impl Arguments for TableArguments {
    const KERNEL: &'static str = "table";
}

#[derive(Clone, Copy)]
#[repr(C)]
struct Interpreted {
    table: TableArguments,
    program: Address,
    instructions: u32,
    columns: u32,
    powers: u32,
    unused: u32,
}

// SAFETY: `InterpretedArgs` has the same fields; no padding.
unsafe impl Arguments for Interpreted {
    const KERNEL: &'static str = "interpreted";
}

/// What is made of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// LogUp columns, of the messages.
    LogUp,
    /// A quotient, of the constraints and the messages.
    Quotient,
}

/// Runs the table's kernel of this stage, or the one that interprets its program, a thread a point.
///
/// # Safety
/// As of [`Gpu::launch`].
///
/// # Errors
/// Those of [`Gpu::buffer`] and [`Gpu::launch`].
pub(super) unsafe fn launch(
    gpu: &Gpu,
    stage: Stage,
    program: &TableProgram,
    degree: usize,
    arguments: TableArguments,
) -> Result<(), GpuError> {
    let grid = Grid::line(arguments.points as usize, THREADS);
    let name = match stage {
        Stage::LogUp => "logup",
        Stage::Quotient => "quotient",
    };
    let Some(encoded) = &program.encoded else {
        let variant = format!("{name}_{}_{degree}", program.table.name());
        // SAFETY: the caller says so.
        return unsafe { gpu.launch_variant(&variant, grid, arguments) };
    };
    let words = match stage {
        Stage::LogUp => &encoded.words[encoded.constraints..],
        Stage::Quotient => &encoded.words,
    };
    let instructions = gpu.upload(words)?;
    let arguments = Interpreted {
        table: arguments,
        program: instructions.start(),
        instructions: (words.len() / 2) as u32,
        columns: program.plan.columns.len() as u32,
        powers: (program.combiners() + program.constraints.len()) as u32,
        unused: 0,
    };
    // SAFETY: the caller says so of the table's arguments; the instructions, which name no column, number or value that
    // the table's own kernel would not, are read where they were put.
    unsafe { gpu.launch_variant(&format!("{name}_{degree}"), grid, arguments) }
}

impl TableArguments {
    /// Of the first `points` rows of the table's columns; the rest is nowhere.
    ///
    /// # Panics
    /// If they are not as many columns and values as the table has, or have fewer rows.
    pub fn new(
        table: Table,
        public_values: &[F],
        main: &Matrix,
        fixed: Option<&Matrix>,
        points: usize,
    ) -> Self {
        let instance = Instance::new(table, 0, &[]);
        let name = table.name();
        assert_eq!(main.width, instance.width(), "{name}: columns");
        let fixed_width = fixed.map_or(0, |fixed| fixed.width);
        assert_eq!(
            fixed_width,
            instance.preprocessed_width(),
            "{name}: fixed columns"
        );
        let values = public_values.len();
        assert_eq!(
            values,
            instance.num_public_values(),
            "{name}: public values"
        );
        for matrix in [Some(main), fixed].into_iter().flatten() {
            assert_eq!(matrix.log_height, main.log_height, "{name}: rows");
            assert!(matrix.rows() >= points, "{name}: points");
        }
        Self {
            main: main.buffer.start(),
            fixed: fixed.map_or(0, |fixed| fixed.buffer.start()),
            main_stride: main.rows() as u32,
            fixed_stride: fixed.map_or(0, |fixed| fixed.rows() as u32),
            log_height: main.log_height as u32,
            points: points as u32,
            ..Self::default()
        }
    }
}

impl TableProgram {
    /// The messages' constants and factors, in the kernels' order.
    pub(super) fn combiner_numbers<EF: ChallengeField>(&self, challenges: &[EF]) -> Vec<EF> {
        let plan = self.plan;
        assert_eq!(
            challenges.len(),
            2 * plan.columns.len(),
            "two for each column"
        );
        let mut by_slot: Vec<_> = plan.messages.iter().collect();
        by_slot.sort_by_key(|message| message.slot);
        let mut numbers = Vec::with_capacity(self.combiners());
        for message in by_slot {
            let (constant, factors) = message.combiner(challenges);
            numbers.push(constant);
            numbers.extend(factors);
        }
        numbers
    }
}
