//! The operations of a proof on a device.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, OnceLock};

use p3_field::extension::BinomiallyExtendable;
use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, TwoAdicField};
use p3_matrix::Matrix as _;
use p3_matrix::bitrev::BitReversibleMatrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_merkle_tree::MerkleCap;
use p3_util::{log2_strict_usize, reverse_bits_len};
use vouch_air::F;
use vouch_air::tables::lookup;
use vouch_air::witness::Trace;
use vouch_prover::plan::plan;
use vouch_prover::{
    Commitment, Engine, Inspect, LayerOpening, Opening, Openings, Place, ProveError, Round,
};
use vouch_verifier::config::Challenge;
use vouch_verifier::{Grinder, Parameters};

use crate::arena::Gpu;
use crate::error::GpuError;
use crate::field::{elements, words};
use crate::kernels::{self, Extended, GpuGrinder, Hash, Opened, Opener, Roots};
use crate::matrix::Matrix;
use crate::merkle::{MerkleTree, answer, digest_bytes};

/// A device as an engine for challenges of degree `D`.
pub struct GpuEngine<const D: usize> {
    gpu: Gpu,
    parameters: Parameters,
    roots: Roots,
    fixed: OnceLock<Fixed>,
}

/// The lookup table's fixed columns.
struct Fixed {
    /// As high as the table.
    rows: Matrix,
    commitment: Commitment,
    committed: Arc<Committed>,
}

/// Extended columns with their Merkle tree.
pub struct Committed {
    matrices: Vec<Matrix>,
    tree: MerkleTree,
}

/// Columns on one coset, to be committed to.
pub struct Columns {
    matrix: Arc<Matrix>,
    /// Which coset of the matrix.
    coset: usize,
    /// What the subgroup is multiplied by.
    shift: F,
}

/// A vector that FRI has committed to.
pub struct Layer {
    vector: Matrix,
    tree: MerkleTree,
    log_arity: usize,
}

impl<const D: usize> GpuEngine<D>
where
    F: BinomiallyExtendable<D>,
{
    /// A device, for proofs with `parameters`.
    pub fn new(gpu: &Gpu, parameters: Parameters) -> Self {
        Self {
            gpu: gpu.clone(),
            parameters,
            roots: Roots::new(gpu),
            fixed: OnceLock::new(),
        }
    }

    /// Columns given by rows in their order.
    fn upload(&self, rows: &RowMajorMatrix<F>) -> Result<Matrix, GpuError> {
        let (height, width) = (rows.height(), rows.width());
        let uploaded = self.gpu.upload(words(&rows.values))?;
        Ok(Matrix {
            buffer: kernels::to_columns(&self.gpu, &uploaded, height, width)?,
            width,
            log_height: log2_strict_usize(height),
            log_cosets: 0,
        })
    }

    /// The Merkle tree of extended columns.
    fn tree(&self, matrices: Vec<Matrix>) -> Result<(Commitment, Committed), GpuError> {
        let all: Vec<&Matrix> = matrices.iter().collect();
        let tree = MerkleTree::commit(&self.gpu, Hash::Blake3, &all)?;
        Ok((commitment(&tree)?, Committed { matrices, tree }))
    }

    /// Columns on a coset of `shift` times the subgroup, extended to the domain that all
    /// commitments are on.
    fn extend(&self, matrix: &Matrix, coset: usize, shift: F) -> Result<Matrix, GpuError> {
        let added_bits = self.parameters.log_blowup;
        let shift = F::GENERATOR / shift;
        kernels::extend_coset(&self.gpu, &self.roots, matrix, coset, added_bits, shift)
    }

    fn fixed_columns(&self) -> Result<&Fixed, GpuError> {
        if let Some(fixed) = self.fixed.get() {
            return Ok(fixed);
        }
        let rows = self.upload(&lookup::fixed())?;
        let extended = self.extend(&rows, 0, F::ONE)?;
        let (commitment, committed) = self.tree(vec![extended])?;
        let fixed = Fixed {
            rows,
            commitment,
            committed: Arc::new(committed),
        };
        Ok(self.fixed.get_or_init(|| fixed))
    }

    /// What goes wrong on the device, as the coordinator says it.
    fn device(&self) -> impl Fn(GpuError) -> ProveError {
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
}

fn commitment(tree: &MerkleTree) -> Result<Commitment, GpuError> {
    Ok(MerkleCap::new(vec![digest_bytes(&tree.root()?)]))
}

impl<const D: usize> Engine<D> for GpuEngine<D>
where
    F: BinomiallyExtendable<D>,
{
    type Tables = Vec<Matrix>;
    type Columns = Vec<Columns>;
    type Committed = Committed;
    type Point = Opener<D>;
    type Vector = Matrix;
    type Layer = Layer;

    fn name(&self) -> &'static str {
        self.gpu.kind()
    }

    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn tables(&self, traces: Vec<Trace>) -> Result<Vec<Matrix>, ProveError> {
        let upload = |trace: Trace| self.upload(&trace.matrix);
        let tables: Result<_, _> = traces.into_iter().map(upload).collect();
        tables.map_err(self.device())
    }

    fn commit_tables(&self, tables: &Vec<Matrix>) -> Result<(Commitment, Committed), ProveError> {
        let extend = |table: &Matrix| self.extend(table, 0, F::ONE);
        let extended: Result<Vec<Matrix>, _> = tables.iter().map(extend).collect();
        extended
            .and_then(|extended| self.tree(extended))
            .map_err(self.device())
    }

    fn fixed(&self) -> Result<(Commitment, Arc<Committed>), ProveError> {
        let fixed = self.fixed_columns().map_err(self.device())?;
        Ok((fixed.commitment.clone(), Arc::clone(&fixed.committed)))
    }

    fn logup(
        &self,
        tables: Vec<Matrix>,
        places: &[Place<D>],
    ) -> Result<(Vec<Columns>, Vec<Challenge<D>>), ProveError> {
        let columns = |(rows, place): (Matrix, &Place<D>)| {
            let fixed = match place.is_fixed() {
                true => Some(&self.fixed_columns()?.rows),
                false => None,
            };
            let (matrix, terminal) = kernels::logup(
                &self.gpu,
                place.instance.table,
                &place.public_values,
                &rows,
                fixed,
                &place.challenges,
            )?;
            let columns = Columns {
                matrix: Arc::new(matrix),
                coset: 0,
                shift: F::ONE,
            };
            Ok((columns, terminal))
        };
        let both: Result<Vec<_>, _> = tables.into_iter().zip(places).map(columns).collect();
        Ok(both.map_err(self.device())?.into_iter().unzip())
    }

    fn commit(&self, columns: Vec<Columns>) -> Result<(Commitment, Committed), ProveError> {
        let extend = |c: Columns| self.extend(&c.matrix, c.coset, c.shift);
        let extended: Result<Vec<Matrix>, _> = columns.into_iter().map(extend).collect();
        extended
            .and_then(|extended| self.tree(extended))
            .map_err(self.device())
    }

    fn quotients(
        &self,
        places: &[Place<D>],
        main: &Committed,
        logup: &Committed,
        alpha: Challenge<D>,
    ) -> Result<Vec<Columns>, ProveError> {
        let tables = places.iter().zip(&main.matrices).zip(&logup.matrices);
        // By height and number of chunks.
        let mut selectors: BTreeMap<(usize, usize), Matrix> = BTreeMap::new();
        let mut chunks = Vec::new();
        for ((place, main), logup) in tables {
            let shape = (place.log_height, plan(place.instance.table).log_chunks);
            let selectors = match selectors.entry(shape) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => {
                    let new = kernels::selectors(&self.gpu, shape.0, shape.1);
                    entry.insert(new.map_err(self.device())?)
                }
            };
            let quotient = self.quotient(place, [main, logup, selectors], alpha);
            chunks.extend(self.chunks(quotient.map_err(self.device())?));
        }
        Ok(chunks)
    }

    fn evaluate(
        &self,
        rounds: &[Round<'_, Committed>],
        point: Challenge<D>,
    ) -> Result<(Openings<D>, Opener<D>), ProveError> {
        let opened = opened(rounds);
        let heights = opened.iter().map(|opened| opened.matrix.log_height);
        let log_cosets = self.parameters.log_blowup;
        let opener = Opener::new(&self.gpu, &self.roots, point, heights, log_cosets)
            .map_err(self.device())?;
        let mut values = opener.evaluate(&opened).map_err(self.device())?.into_iter();
        let of = |round: &Round<'_, Committed>| values.by_ref().take(round.at_next.len()).collect();
        Ok((rounds.iter().map(of).collect(), opener))
    }

    fn reduce(
        &self,
        rounds: &[Round<'_, Committed>],
        values: &Openings<D>,
        point: Opener<D>,
        alpha: Challenge<D>,
    ) -> Result<Vec<(usize, Matrix)>, ProveError> {
        let values: Vec<_> = values.iter().flatten().cloned().collect();
        let sums = point.reduce(&opened(rounds), &values, alpha);
        let with_length = |sum: Matrix| (sum.log_height + sum.log_cosets, sum);
        Ok(sums
            .map_err(self.device())?
            .into_iter()
            .map(with_length)
            .collect())
    }

    fn commit_layer(
        &self,
        vector: Matrix,
        log_arity: usize,
    ) -> Result<(Commitment, Layer), ProveError> {
        let tree = MerkleTree::commit_groups(&self.gpu, Hash::Blake3, &vector, log_arity)
            .map_err(self.device())?;
        let commitment = commitment(&tree).map_err(self.device())?;
        let layer = Layer {
            vector,
            tree,
            log_arity,
        };
        Ok((commitment, layer))
    }

    fn fold(
        &self,
        layer: &Layer,
        beta: Challenge<D>,
        other: Option<Matrix>,
    ) -> Result<Matrix, ProveError> {
        let (gpu, log_arity) = (&self.gpu, layer.log_arity);
        let folded = kernels::fold(gpu, &self.roots, &layer.vector, log_arity, beta);
        let mut folded = folded.map_err(self.device())?;
        if let Some(other) = other {
            let factor = beta.exp_power_of_2(log_arity);
            kernels::add_scaled(gpu, &mut folded, factor, &other).map_err(self.device())?;
        }
        Ok(folded)
    }

    fn first(&self, vector: Matrix) -> Result<Challenge<D>, ProveError> {
        let numbers = self.vector(&vector)?;
        Ok(numbers.first().copied().unwrap_or_default())
    }

    fn open(&self, committed: &Committed, indices: &[usize]) -> Result<Opening, ProveError> {
        let matrices: Vec<&Matrix> = committed.matrices.iter().collect();
        let opened = committed.tree.open(&self.gpu, &matrices, indices);
        let (opened_values, opening_proof) = opened.map_err(self.device())?;
        Ok(Opening {
            opened_values,
            opening_proof,
        })
    }

    fn open_layer(&self, layer: &Layer, indices: &[usize]) -> Result<LayerOpening<D>, ProveError> {
        let groups: Vec<usize> = indices
            .iter()
            .map(|index| index >> layer.log_arity)
            .collect();
        let query = layer
            .tree
            .query_groups(&layer.vector, layer.log_arity, &groups);
        let mut opened = answer(&self.gpu, &[query]).map_err(self.device())?;
        let opened = opened.pop().expect("one was asked for");
        let within = |index: &usize| index & ((1 << layer.log_arity) - 1);
        let members: Vec<usize> = indices.iter().map(within).collect();
        Ok(LayerOpening {
            sibling_values: opened.siblings::<D>(&members),
            opening_proof: opened.paths,
        })
    }

    fn grinder(&self) -> Option<Arc<dyn Grinder>> {
        Some(Arc::new(GpuGrinder::new(self.gpu.clone())))
    }

    fn log_max_height(&self, committed: &Committed) -> usize {
        committed.tree.log_leaves()
    }
}

impl<const D: usize> GpuEngine<D>
where
    F: BinomiallyExtendable<D>,
{
    /// A table's quotient on its domain, given its extended main and LogUp columns.
    fn quotient(
        &self,
        place: &Place<D>,
        [main, logup, selectors]: [&Matrix; 3],
        alpha: Challenge<D>,
    ) -> Result<Matrix, GpuError> {
        let fixed = match place.is_fixed() {
            true => Some(&self.fixed_columns()?.committed.matrices[0]),
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
                Some(kernels::extend(
                    gpu,
                    roots,
                    &rows,
                    log_chunks,
                    F::GENERATOR,
                )?)
            }
        };
        let extended = Extended {
            table: place.instance.table,
            public_values: &place.public_values,
            main,
            logup,
            fixed,
            periodic: periodic.as_ref(),
            selectors,
            challenges: &place.challenges,
            terminal: place.terminal,
        };
        kernels::quotient(&self.gpu, &extended, alpha)
    }

    /// The chunks of a quotient: chunk `i` of `n` holds the values at every `n`-th point of the
    /// domain from the `i`-th on.
    fn chunks(&self, quotient: Matrix) -> impl Iterator<Item = Columns> + use<D> {
        let log_chunks = quotient.log_cosets;
        let generator = F::two_adic_generator(quotient.log_height + log_chunks);
        let matrix = Arc::new(quotient);
        (0..1usize << log_chunks).map(move |i| Columns {
            matrix: Arc::clone(&matrix),
            coset: reverse_bits_len(i, log_chunks),
            shift: F::GENERATOR * generator.exp_u64(i as u64),
        })
    }
}

impl Columns {
    /// The rows of a table in their order, those of a quotient's chunk in bit-reversed order.
    fn rows(&self) -> Result<RowMajorMatrix<F>, GpuError> {
        let Matrix {
            buffer,
            width,
            log_height,
            ..
        } = &*self.matrix;
        let mut columns = Vec::with_capacity(width << log_height);
        for column in 0..*width {
            let first = column * self.matrix.rows() + (self.coset << log_height);
            columns.extend(elements(buffer.read(first..first + (1 << log_height))?));
        }
        let rows = RowMajorMatrix::new(columns, 1 << log_height).transpose();
        // A subgroup is a table's, other cosets are those of a quotient.
        Ok(match self.shift == F::ONE {
            true => rows,
            false => rows.bit_reverse_rows().to_row_major_matrix(),
        })
    }
}

/// All matrices and where they are opened.
fn opened<'a>(rounds: &[Round<'a, Committed>]) -> Vec<Opened<'a>> {
    let of = |round: &Round<'a, Committed>| {
        let matrices = round.committed.matrices.iter();
        let opened = matrices.zip(round.at_next.clone());
        opened.map(|(matrix, at_next)| Opened { matrix, at_next })
    };
    rounds.iter().flat_map(of).collect()
}

impl<const D: usize> Inspect<D> for GpuEngine<D>
where
    F: BinomiallyExtendable<D>,
{
    fn committed(&self, committed: &Committed) -> Result<Vec<RowMajorMatrix<F>>, ProveError> {
        let matrices: Result<_, _> = committed.matrices.iter().map(Matrix::to_plonky3).collect();
        matrices.map_err(self.device())
    }

    fn columns(&self, columns: &Vec<Columns>) -> Result<Vec<RowMajorMatrix<F>>, ProveError> {
        let rows: Result<_, _> = columns.iter().map(Columns::rows).collect();
        rows.map_err(self.device())
    }

    fn vector(&self, vector: &Matrix) -> Result<Vec<Challenge<D>>, ProveError> {
        let rows = vector.to_plonky3().map_err(self.device())?;
        let number = |c: &[F]| Challenge::<D>::from_basis_coefficients_fn(|i| c[i]);
        Ok(rows.values.chunks_exact(D).map(number).collect())
    }
}
