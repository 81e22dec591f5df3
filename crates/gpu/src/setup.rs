//! What operations of a proof share: a device, and what is kept for all proofs.

use p3_matrix::Matrix as _;
use p3_matrix::dense::RowMajorMatrix;
use p3_merkle_tree::MerkleCap;
use p3_util::log2_strict_usize;
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};
use vouch_air::F;
use vouch_air::tables::lookup;
use vouch_prover::plan::plan;
use vouch_prover::{Commitment, Place, ProveError, parts};
use vouch_verifier::Parameters;
use vouch_verifier::config::ChallengeField;
use vouch_verifier::packing::{COSET, Packing, Round};

use crate::arena::Gpu;
use crate::columns::Committed;
use crate::error::GpuError;
use crate::field::words;
use crate::kernels::{self, Extended, Hash, Roots};
use crate::matrix::Matrix;
use crate::merkle::{MerkleTree, digest_bytes};
use crate::packs::Packs;

/// A device as an engine for challenges of the field `EF`.
pub struct GpuEngine<EF> {
    field: PhantomData<EF>,
    pub(super) gpu: Gpu,
    pub(super) parameters: Parameters,
    pub(super) roots: Roots,
    fixed: OnceLock<Fixed>,
}

/// The lookup table's fixed columns.
pub(super) struct Fixed {
    /// As high as the table.
    pub(super) rows: Matrix,
    pub(super) commitment: Commitment,
    pub(super) committed: Arc<Committed>,
}

impl<EF: ChallengeField> GpuEngine<EF> {
    /// A device, for proofs with `parameters`.
    pub fn new(gpu: &Gpu, parameters: Parameters) -> Self {
        Self {
            field: PhantomData,
            gpu: gpu.clone(),
            parameters,
            roots: Roots::new(gpu),
            fixed: OnceLock::new(),
        }
    }

    /// Columns given by rows in their order.
    pub(super) fn upload(&self, rows: &RowMajorMatrix<F>) -> Result<Matrix, GpuError> {
        let (height, width) = (rows.height(), rows.width());
        let uploaded = self.gpu.upload(words(&rows.values))?;
        Ok(Matrix {
            buffer: kernels::to_columns(&self.gpu, &uploaded, height, width)?,
            width,
            log_height: log2_strict_usize(height),
            log_cosets: 0,
        })
    }

    /// The Merkle tree over extended columns, packed as `round` says.
    pub(super) fn tree(
        &self,
        matrices: Vec<Matrix>,
        round: &Round,
    ) -> Result<(Commitment, Committed), GpuError> {
        let matrices: Vec<Arc<Matrix>> = matrices.into_iter().map(Arc::new).collect();
        let cells = if round.kind.is_extension() {
            EF::DEGREE
        } else {
            1
        };
        let packs = round.groups.iter().map(|group| {
            let of = |(i, columns): (usize, _)| (Arc::clone(&matrices[i]), columns);
            let parts = parts(round, group).map(of).collect();
            Packs::new(&self.gpu, parts, group.clone(), cells)
        });
        let packs: Vec<Packs> = packs.collect::<Result<_, _>>()?;
        let tree = MerkleTree::commit(&self.gpu, &self.roots, Hash::Blake3, &packs)?;
        let committed = Committed {
            matrices,
            packs,
            tree,
        };
        Ok((commitment(&committed.tree)?, committed))
    }

    /// The rows of a table, extended to the domain that all columns of the height are on.
    pub(super) fn extend(&self, rows: &Matrix) -> Result<Matrix, GpuError> {
        let added_bits = self.parameters.log_blowup;
        kernels::extend(&self.gpu, &self.roots, rows, added_bits, COSET)
    }

    /// The lookup table's fixed columns, committed to when they are first wanted.
    pub(super) fn fixed_columns(&self) -> Result<&Fixed, GpuError> {
        if let Some(fixed) = self.fixed.get() {
            return Ok(fixed);
        }
        let rows = self.upload(&lookup::fixed())?;
        let packing = Packing::fixed(&self.parameters, rows.width);
        let round = packing.rounds().first().expect("fixed columns are a round");
        let (commitment, committed) = self.tree(vec![self.extend(&rows)?], round)?;
        let fixed = Fixed {
            rows,
            commitment,
            committed: Arc::new(committed),
        };
        Ok(self.fixed.get_or_init(|| fixed))
    }

    /// What goes wrong on the device, as the coordinator says it.
    pub(super) fn device(&self) -> impl Fn(GpuError) -> ProveError {
        let gpu = self.gpu.clone();
        move |error| match error {
            GpuError::Memory {
                needed,
                free,
                total,
            } => ProveError::DeviceMemory {
                needed,
                free,
                total,
            },
            error => ProveError::Device {
                device: gpu.name(),
                reason: error.to_string(),
            },
        }
    }

    /// A table's quotient on its domain, given its extended main and LogUp columns.
    pub(super) fn quotient(
        &self,
        place: &Place<EF>,
        [main, logup, selectors]: [&Matrix; 3],
        alpha: EF,
    ) -> Result<Matrix, GpuError> {
        let fixed = match place.is_fixed() {
            true => self.fixed_columns()?.committed.matrices.first(),
            false => None,
        };
        let columns = &place.instance.periodic;
        let periodic = match columns.is_empty() {
            true => None,
            false => {
                let log_chunks = plan(place.instance.table).log_chunks;
                let rows = RowMajorMatrix::new(columns.concat(), 1 << place.log_height);
                let rows = self.upload(&rows.transpose())?;
                let (gpu, roots) = (&self.gpu, &self.roots);
                Some(kernels::extend(gpu, roots, &rows, log_chunks, COSET)?)
            }
        };
        let extended = Extended {
            table: place.instance.table,
            public_values: &place.public_values,
            main,
            logup,
            fixed: fixed.map(|fixed| &**fixed),
            periodic: periodic.as_ref(),
            selectors,
            challenges: &place.challenges,
            terminal: place.terminal,
        };
        kernels::quotient(&self.gpu, &extended, alpha)
    }
}

/// The root of a tree.
pub(super) fn commitment(tree: &MerkleTree) -> Result<Commitment, GpuError> {
    Ok(MerkleCap::new(vec![digest_bytes(&tree.root()?)]))
}
