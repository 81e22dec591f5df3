//! Low-degree extension (`kernels/ntt.cu`).

use p3_field::{PrimeCharacteristicRing, TwoAdicField};
use p3_util::reverse_bits_len;
use vouch_air::F;

use super::roots::{Powers, Roots};
use crate::arena::Gpu;
use crate::device::{Address, Arguments, Grid};
use crate::error::GpuError;
use crate::field::word;
use crate::matrix::Matrix;

/// Values that a thread has, log2.
pub(super) const LOG_HELD: usize = 4;
/// Values that a block of threads may have, log2.
pub(super) const LOG_TILE: usize = 13;

#[derive(Clone, Copy)]
#[repr(C)]
struct Blocks {
    from: Address,
    to: Address,
    from_stride: u64,
    to_stride: u64,
    inverse: Address,
    forward: Address,
    log_height: u32,
    bits: u32,
    cosets: u32,
    scale: u32,
}

// SAFETY: `NttBlocksArgs` has the same fields; no padding.
unsafe impl Arguments for Blocks {
    const KERNEL: &'static str = "ntt_blocks";
}

#[derive(Clone, Copy)]
#[repr(C)]
struct Rows {
    from: Address,
    to: Address,
    from_stride: u64,
    to_stride: u64,
    roots: Address,
    powers: Powers,
    rows: u32,
    log_stride: u32,
    run: u32,
    log_height: u32,
}

#[derive(Clone, Copy)]
#[repr(transparent)]
struct InverseRows(Rows);

// SAFETY: `NttRowsArgs` has the same fields as `Rows`; no padding.
unsafe impl Arguments for InverseRows {
    const KERNEL: &'static str = "ntt_inverse_rows";
}

#[derive(Clone, Copy)]
#[repr(transparent)]
struct ForwardRows(Rows);

// SAFETY: as above.
unsafe impl Arguments for ForwardRows {
    const KERNEL: &'static str = "ntt_forward_rows";
}

/// The polynomials of degree below `2^log_height` whose values on a subgroup times any `from` are
/// the columns of `matrix`, on `2^added_bits` cosets: `from * shift` times the subgroup that
/// is `2^added_bits` as large.
///
/// # Panics
/// If the matrix has more than one coset, or the field no such subgroup.
///
/// # Errors
/// Those of [`Gpu::buffer`] and [`Gpu::launch`].
pub fn extend(
    gpu: &Gpu,
    roots: &Roots,
    matrix: &Matrix,
    added_bits: usize,
    shift: F,
) -> Result<Matrix, GpuError> {
    assert_eq!(matrix.log_cosets, 0);
    extend_coset(gpu, roots, matrix, 0, added_bits, shift)
}

/// As [`extend`], given the values on one of the cosets of `matrix`.
///
/// # Panics
/// If the matrix has no such coset, or the field no such subgroup.
///
/// # Errors
/// Those of [`Gpu::buffer`] and [`Gpu::launch`].
pub fn extend_coset(
    gpu: &Gpu,
    roots: &Roots,
    matrix: &Matrix,
    coset: usize,
    added_bits: usize,
    shift: F,
) -> Result<Matrix, GpuError> {
    extend_by_tiles(gpu, roots, matrix, coset, added_bits, shift, LOG_TILE)
}

/// As [`extend_coset`], by tiles of `2^log_tile` values: how low columns are taken through all
/// passes of high ones.
///
/// # Panics
/// As [`extend_coset`], or if tiles are not of `2^8` to `2^13` values.
///
/// # Errors
/// Those of [`Gpu::buffer`] and [`Gpu::launch`].
pub fn extend_by_tiles(
    gpu: &Gpu,
    roots: &Roots,
    matrix: &Matrix,
    coset: usize,
    added_bits: usize,
    shift: F,
    log_tile: usize,
) -> Result<Matrix, GpuError> {
    assert!(coset < 1 << matrix.log_cosets);
    assert!((2 * LOG_HELD..=LOG_TILE).contains(&log_tile));
    let extended = Matrix::new(gpu, matrix.width, matrix.log_height, added_bits)?;
    if matrix.width == 0 {
        return Ok(extended);
    }
    let transform = Transform {
        gpu,
        roots,
        from: Columns {
            address: matrix.buffer.at(coset << matrix.log_height),
            stride: matrix.rows() as u64,
        },
        to: Columns {
            address: extended.buffer.start(),
            stride: extended.rows() as u64,
        },
        width: matrix.width,
        log_height: matrix.log_height,
        shifts: shifts(matrix.log_height, added_bits, shift),
    };
    transform.run(&Passes::new(matrix.log_height, log_tile))?;
    Ok(extended)
}

/// The shift of each coset of the extended domain.
fn shifts(log_height: usize, added_bits: usize, shift: F) -> Vec<F> {
    let generator = F::two_adic_generator(log_height + added_bits);
    (0..1usize << added_bits)
        .map(|coset| shift * generator.exp_u64(reverse_bits_len(coset, added_bits) as u64))
        .collect()
}

/// How a transform's layers are divided among kernels.
#[derive(Debug, PartialEq, Eq)]
struct Passes {
    /// Layers within blocks of neighbouring values.
    block: usize,
    /// Layers between rows, of longer and longer rows.
    between: Vec<Between>,
}

/// Layers between rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Between {
    /// Number of rows, log2: at least [`LOG_HELD`].
    rows: usize,
    /// Their length, log2.
    log_stride: usize,
    /// Values that a tile takes of each, log2: at least 4, as memory is read by 64 bytes.
    run: usize,
}

impl Passes {
    fn new(log_height: usize, log_tile: usize) -> Self {
        if log_height <= log_tile {
            return Self {
                block: log_height,
                between: Vec::new(),
            };
        }
        let most = log_tile - LOG_HELD;
        let count = (log_height - log_tile).div_ceil(most);
        // Smaller blocks than tiles may be: more of them run at once.
        let layers = (log_height - (log_tile - 1)).clamp(LOG_HELD * count, most * count);
        let block = log_height - layers;
        let mut log_stride = block;
        let between = (0..count).map(|i| {
            let rows = layers / count + usize::from(i < layers % count);
            let run = (log_tile - rows).min(log_stride);
            let pass = Between {
                rows,
                log_stride,
                run,
            };
            log_stride += rows;
            pass
        });
        Self {
            between: between.collect(),
            block,
        }
    }
}

/// Where columns are.
#[derive(Clone, Copy)]
struct Columns {
    address: Address,
    /// Words from one to the next.
    stride: u64,
}

struct Transform<'a> {
    gpu: &'a Gpu,
    roots: &'a Roots,
    /// One coset.
    from: Columns,
    /// As many as there are shifts.
    to: Columns,
    width: usize,
    log_height: usize,
    shifts: Vec<F>,
}

impl Transform<'_> {
    fn run(&self, passes: &Passes) -> Result<(), GpuError> {
        // The first kernel takes the values to where the first coset will be.
        let mut from = self.from;
        for &pass in passes.between.iter().rev() {
            let roots = self.roots.inverse(pass.rows)?;
            let arguments = InverseRows(self.rows(pass, from, roots)?);
            // SAFETY: it reads one coset of the columns of `from` and writes one of those of `to`.
            unsafe { self.gpu.launch(self.grid(pass, 1), arguments)? };
            from = self.to;
        }
        self.blocks(passes.block, from)?;
        for &pass in &passes.between {
            let shifts = self.shifts_of(pass.rows + pass.log_stride);
            let roots = self.roots.forward(pass.rows, shifts)?;
            let arguments = ForwardRows(self.rows(pass, self.to, roots)?);
            // SAFETY: it reads and writes all cosets of the columns of `to`.
            unsafe {
                self.gpu
                    .launch(self.grid(pass, self.shifts.len()), arguments)?;
            }
        }
        Ok(())
    }

    /// Of what the transform within `2^bits` neighbours is on: those of the polynomial's parts
    /// in `x^(2^(log_height - bits))`.
    fn shifts_of(&self, bits: usize) -> Vec<F> {
        let power = |shift: &F| shift.exp_power_of_2(self.log_height - bits);
        self.shifts.iter().map(power).collect()
    }

    fn grid(&self, pass: Between, cosets: usize) -> Grid {
        let tile = pass.rows + pass.run;
        Grid {
            blocks: [
                (cosets << (self.log_height - tile)) as u32,
                self.width as u32,
            ],
            threads: [1 << (tile - LOG_HELD), 1],
        }
    }

    fn rows(&self, pass: Between, from: Columns, roots: Address) -> Result<Rows, GpuError> {
        Ok(Rows {
            from: from.address,
            to: self.to.address,
            from_stride: from.stride,
            to_stride: self.to.stride,
            roots,
            powers: self.roots.powers(pass.rows + pass.log_stride)?,
            rows: pass.rows as u32,
            log_stride: pass.log_stride as u32,
            run: pass.run as u32,
            log_height: self.log_height as u32,
        })
    }

    fn blocks(&self, bits: usize, from: Columns) -> Result<(), GpuError> {
        let arguments = Blocks {
            from: from.address,
            to: self.to.address,
            from_stride: from.stride,
            to_stride: self.to.stride,
            inverse: self.roots.inverse(bits)?,
            forward: self.roots.forward(bits, self.shifts_of(bits))?,
            log_height: self.log_height as u32,
            bits: bits as u32,
            cosets: self.shifts.len() as u32,
            scale: word(F::ONE.div_2exp_u64(self.log_height as u64)),
        };
        let grid = Grid {
            blocks: [1 << (self.log_height - bits), self.width as u32],
            threads: [1 << bits.saturating_sub(LOG_HELD), 1],
        };
        // SAFETY: it reads one coset of the columns of `from` and writes all of those of `to`.
        unsafe { self.gpu.launch(grid, arguments) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_are_few_and_read_whole_sectors() {
        for log_height in 0..=27 {
            let Passes { block, between } = Passes::new(log_height, LOG_TILE);
            assert!(block <= LOG_TILE);
            let kernels = 1 + 2 * between.len();
            let most = match log_height {
                0..=13 => 1,
                14..=22 => 3,
                _ => 5,
            };
            assert_eq!(kernels, most, "{log_height}");
            let mut done = block;
            for pass in between {
                assert_eq!(pass.log_stride, done);
                assert!(pass.run >= 4 && pass.run <= pass.log_stride);
                assert!(pass.rows >= LOG_HELD && pass.rows + pass.run <= LOG_TILE);
                done += pass.rows;
            }
            assert_eq!(done, log_height);
        }
    }
}
