//! Openings: the values of columns at the out-of-domain point `z` and at that of the next row
//! (`kernels/openings.cu`).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use p3_field::extension::BinomiallyExtendable;
use p3_field::{Field, PrimeCharacteristicRing};
use vouch_air::F;
use vouch_verifier::config::Challenge;
use vouch_verifier::packing::COSET;

use super::degree::{self, MOST_DEGREE};
use super::roots::{Powers, Roots};
use crate::arena::Gpu;
use crate::device::{Address, Arguments, Grid};
use crate::error::GpuError;
use crate::field::{challenges, word};
use crate::matrix::Matrix;

/// Threads of a block.
const BLOCK: u32 = 128;
/// Rows of a thread of `inverse_distances`.
const POINTS: usize = 8;
/// Sums of a thread of `evaluate`: columns by points.
const SUMS: usize = 8;
/// Rows that a block of `evaluate` has at least, and blocks that a column has at most.
const LEAST_CHUNK: usize = 1 << 10;
const MOST_CHUNKS: usize = 1 << 7;

#[derive(Clone, Copy)]
#[repr(C)]
struct InverseDistances<const D: usize> {
    to: Address,
    powers: Powers,
    point: [u32; MOST_DEGREE],
    shift: u32,
    log_height: u32,
    log_cosets: u32,
}

// SAFETY: `InverseDistancesArgs` has the same fields; no padding.
unsafe impl<const D: usize> Arguments for InverseDistances<D> {
    const KERNEL: &'static str = degree::name(D, ["inverse_distances_4", "inverse_distances_5"]);
}

#[derive(Clone, Copy)]
#[repr(C)]
struct Evaluate<const D: usize, const AT_NEXT: bool> {
    columns: Address,
    inverses: Address,
    partials: Address,
    offset: [u32; MOST_DEGREE],
    log_height: u32,
    stride: u32,
    width: u32,
    chunk: u32,
    zero: u32,
}

// SAFETY: `EvaluateArgs` has the same fields; no padding.
unsafe impl<const D: usize, const AT_NEXT: bool> Arguments for Evaluate<D, AT_NEXT> {
    const KERNEL: &'static str = match AT_NEXT {
        false => degree::name(D, ["evaluate_4", "evaluate_5"]),
        true => degree::name(D, ["evaluate_both_4", "evaluate_both_5"]),
    };
}

#[derive(Clone, Copy)]
#[repr(C)]
struct AddChunks {
    from: Address,
    to: Address,
    count: u32,
    chunks: u32,
}

// SAFETY: `AddChunksArgs` has the same fields; no padding.
unsafe impl Arguments for AddChunks {
    const KERNEL: &'static str = "add_chunks";
}

/// `1 / (z - x)` for every point `x` of the domain that matrices of `2^log_height` rows on
/// `2^log_cosets` cosets are committed on: as `D` columns of the same rows.
///
/// # Errors
/// Those of [`Gpu::buffer`] and [`Gpu::launch`].
pub fn inverse_distances<const D: usize>(
    gpu: &Gpu,
    roots: &Roots,
    point: Challenge<D>,
    log_height: usize,
    log_cosets: usize,
) -> Result<Matrix, GpuError>
where
    F: BinomiallyExtendable<D>,
{
    let inverses = Matrix::new(gpu, D, log_height, log_cosets)?;
    let arguments = InverseDistances::<D> {
        to: inverses.buffer.start(),
        powers: roots.powers(log_height + log_cosets)?,
        point: degree::argument(point),
        shift: word(COSET),
        log_height: log_height as u32,
        log_cosets: log_cosets as u32,
    };
    let grid = Grid::line(inverses.rows().div_ceil(POINTS), BLOCK);
    // SAFETY: it writes to all rows of `inverses`, D columns.
    unsafe { gpu.launch(grid, arguments)? };
    Ok(inverses)
}

/// A committed matrix and where it is opened.
#[derive(Clone, Copy)]
pub struct OpenedMatrix<'a> {
    /// On as many cosets as all others.
    pub matrix: &'a Matrix,
    /// Opened at the point of the next row, too.
    pub at_next: bool,
}

impl OpenedMatrix<'_> {
    fn points(&self) -> usize {
        1 + usize::from(self.at_next)
    }
}

/// The values of a matrix at each of its points: of every column.
pub type Values<const D: usize> = Vec<Vec<Challenge<D>>>;

/// Opens matrices at one point.
pub struct Opener<const D: usize>
where
    F: BinomiallyExtendable<D>,
{
    gpu: Gpu,
    point: Challenge<D>,
    /// `1 / (z - x)` on the domains of matrices, by their `log_height`.
    inverses: BTreeMap<usize, Matrix>,
}

impl<const D: usize> Opener<D>
where
    F: BinomiallyExtendable<D>,
{
    /// Opens matrices of these heights, log2, on `2^log_cosets` cosets, at `point`.
    ///
    /// # Errors
    /// Those of [`inverse_distances`].
    pub fn new(
        gpu: &Gpu,
        roots: &Roots,
        point: Challenge<D>,
        log_heights: impl IntoIterator<Item = usize>,
        log_cosets: usize,
    ) -> Result<Self, GpuError> {
        let mut inverses = BTreeMap::new();
        for log_height in log_heights {
            if let Entry::Vacant(entry) = inverses.entry(log_height) {
                entry.insert(inverse_distances(
                    gpu, roots, point, log_height, log_cosets,
                )?);
            }
        }
        Ok(Self {
            gpu: gpu.clone(),
            point,
            inverses,
        })
    }

    /// The values of the columns of each matrix at each of its points.
    ///
    /// # Panics
    /// If a matrix has a height or cosets that were not named.
    ///
    /// # Errors
    /// Those of [`Gpu::buffer`], [`Gpu::launch`] and `Buffer::read`.
    pub fn evaluate(&self, opened: &[OpenedMatrix<'_>]) -> Result<Vec<Values<D>>, GpuError> {
        let numbers = |opened: &OpenedMatrix<'_>| opened.matrix.width * opened.points();
        let sums = self
            .gpu
            .buffer(D * opened.iter().map(numbers).sum::<usize>())?;
        let mut first = 0;
        for opened in opened {
            match opened.at_next {
                true => self.sum_columns::<true>(opened, sums.at(first))?,
                false => self.sum_columns::<false>(opened, sums.at(first))?,
            }
            first += D * numbers(opened);
        }
        let sums = challenges::<D>(sums.read_all()?);
        let mut rest = sums.as_slice();
        let mut values = |opened: &OpenedMatrix<'_>| -> Values<D> {
            let (sums, others) = rest.split_at(numbers(opened));
            rest = others;
            let (points, scale) = (opened.points(), scale(self.point, opened.matrix.log_height));
            let at = |point| {
                sums.iter()
                    .skip(point)
                    .step_by(points)
                    .map(|&sum| sum * scale)
            };
            (0..points).map(|point| at(point).collect()).collect()
        };
        Ok(opened.iter().map(&mut values).collect())
    }

    /// The sums of a matrix's columns, by column, then point.
    fn sum_columns<const AT_NEXT: bool>(
        &self,
        opened: &OpenedMatrix<'_>,
        to: Address,
    ) -> Result<(), GpuError> {
        let matrix = opened.matrix;
        if matrix.width == 0 {
            return Ok(());
        }
        let height = 1usize << matrix.log_height;
        let chunk = (height / MOST_CHUNKS).max(LEAST_CHUNK).min(height);
        let (chunks, count) = (height / chunk, D * matrix.width * opened.points());
        let partials = self.gpu.buffer(chunks * count)?;
        let inverses = self.inverses(matrix.log_height, matrix.log_cosets);
        let arguments = Evaluate::<D, AT_NEXT> {
            columns: matrix.buffer.start(),
            inverses: inverses.buffer.start(),
            partials: partials.start(),
            offset: degree::argument(self.point.inverse()),
            log_height: matrix.log_height as u32,
            stride: matrix.rows() as u32,
            width: matrix.width as u32,
            chunk: chunk as u32,
            zero: 0,
        };
        let grid = Grid {
            blocks: [
                chunks as u32,
                matrix.width.div_ceil(SUMS / opened.points()) as u32,
            ],
            threads: [BLOCK, 1],
        };
        // SAFETY: it reads the first coset of the matrix and of the inverses of its domain, and
        // writes the sums of every chunk.
        unsafe { self.gpu.launch(grid, arguments)? };
        let arguments = AddChunks {
            from: partials.start(),
            to,
            count: count as u32,
            chunks: chunks as u32,
        };
        // SAFETY: it reads these, and writes the sums of this matrix.
        unsafe { self.gpu.launch(Grid::line(count, BLOCK), arguments) }
    }

    /// The device.
    pub(super) fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    /// `1 / (z - x)` on the domain of columns of this height.
    pub(super) fn inverses(&self, log_height: usize, log_cosets: usize) -> &Matrix {
        let inverses = self.inverses.get(&log_height);
        let inverses = inverses.expect("a caller names the heights of all matrices");
        assert_eq!(inverses.log_cosets, log_cosets);
        inverses
    }
}

/// The factor that the weights `1 / (z - x) - 1 / z` lack on the coset of `2^log_height` points:
/// `z (z^n - g^n) / (n g^n)`. For the point of the next row, `w z`, those are
/// `(1 / (z - x / w) - 1 / z) / w`, and lack `w` times the factor.
fn scale<const D: usize>(point: Challenge<D>, log_height: usize) -> Challenge<D>
where
    F: BinomiallyExtendable<D>,
{
    let shift = COSET.exp_power_of_2(log_height);
    let denominator = shift.mul_2exp_u64(log_height as u64);
    point * (point.exp_power_of_2(log_height) - shift) * denominator.inverse()
}
