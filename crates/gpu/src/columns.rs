//! Columns between the operations of a proof.

use std::sync::Arc;

use p3_field::{Field, PrimeCharacteristicRing, TwoAdicField};
use p3_matrix::Matrix as _;
use p3_matrix::bitrev::BitReversibleMatrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_util::reverse_bits_len;
use vouch_air::F;
use vouch_verifier::packing::COSET;

use crate::arena::Gpu;
use crate::error::GpuError;
use crate::field::elements;
use crate::kernels::{Roots, extend, extend_coset, quotient_chunks};
use crate::matrix::Matrix;
use crate::merkle::MerkleTree;
use crate::packs::Packs;

/// Extended columns with the Merkle tree over their packs.
pub struct Committed {
    /// In the order of the round's matrices.
    pub(crate) matrices: Vec<Arc<Matrix>>,
    /// In the order of its groups.
    pub(crate) packs: Vec<Packs>,
    pub(crate) tree: MerkleTree,
}

/// Columns, to be committed to.
pub enum Columns {
    /// By their values at a table's rows.
    Rows(Matrix),
    /// A quotient by its values on the first cosets of the domain that columns are extended to, as many
    /// as it has chunks: one or two.
    Quotient(Matrix),
}

impl Columns {
    /// Columns on the domain that those of this height are committed on, matrix by matrix: a quotient
    /// as its chunks.
    ///
    /// # Errors
    /// Those of [`Gpu::buffer`] and [`Gpu::launch`].
    pub(crate) fn extend(
        self,
        gpu: &Gpu,
        roots: &Roots,
        added_bits: usize,
    ) -> Result<Vec<Matrix>, GpuError> {
        match self {
            Self::Rows(rows) => Ok(vec![extend(gpu, roots, &rows, added_bits, COSET)?]),
            Self::Quotient(quotient) => {
                let generator = F::two_adic_generator(quotient.log_height + quotient.log_cosets);
                // The parts are on the first coset, and on that times the generator.
                let part = |i: usize| {
                    let back = generator.exp_u64(coset(&quotient, i) as u64).inverse();
                    extend_coset(gpu, roots, &quotient, i, added_bits, back)
                };
                let mut parts: Vec<Matrix> = (0..1 << quotient.log_cosets)
                    .map(part)
                    .collect::<Result<_, _>>()?;
                match parts.as_mut_slice() {
                    [_] => {}
                    [u, v] => quotient_chunks(gpu, u, v)?,
                    parts => unreachable!("a quotient of {} chunks", parts.len()),
                }
                Ok(parts)
            }
        }
    }

    /// The rows of a table in their order, those of a quotient's parts in bit-reversed order.
    ///
    /// # Errors
    /// [`GpuError::Failed`].
    pub(crate) fn rows(&self) -> Result<Vec<RowMajorMatrix<F>>, GpuError> {
        match self {
            Self::Rows(rows) => Ok(vec![natural(rows, 0)?]),
            Self::Quotient(quotient) => (0..1 << quotient.log_cosets)
                .map(|i| {
                    Ok(natural(quotient, coset(quotient, i))?
                        .bit_reverse_rows()
                        .to_row_major_matrix())
                })
                .collect(),
        }
    }
}

/// Which coset of a matrix part `i` of a quotient is on: that of the `i`-th power of the generator. And
/// the other way round.
fn coset(quotient: &Matrix, i: usize) -> usize {
    reverse_bits_len(i, quotient.log_cosets)
}

/// The rows of a coset, in the order of the powers of its generator.
fn natural(matrix: &Matrix, coset: usize) -> Result<RowMajorMatrix<F>, GpuError> {
    let (rows, height) = (matrix.rows(), 1 << matrix.log_height);
    let mut columns = Vec::with_capacity(matrix.width * height);
    for column in 0..matrix.width {
        let first = column * rows + coset * height;
        columns.extend(elements(matrix.buffer.read(first..first + height)?));
    }
    Ok(RowMajorMatrix::new(columns, height).transpose())
}
