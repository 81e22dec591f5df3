//! The operations of a proof on a device.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, OnceLock};

use p3_field::extension::BinomiallyExtendable;
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};
use p3_matrix::Matrix as _;
use p3_matrix::dense::RowMajorMatrix;
use p3_merkle_tree::MerkleCap;
use p3_util::log2_strict_usize;
use vouch_air::F;
use vouch_air::tables::lookup;
use vouch_air::witness::Trace;
use vouch_prover::plan::plan;
use vouch_prover::{
    Commitment, Engine, Inspect, LayerOpening, Opened, Opening, Openings, Place, ProveError, parts,
};
use vouch_verifier::config::Challenge;
use vouch_verifier::packing::{COSET, Level, Packing, Round};
use vouch_verifier::{Grinder, Parameters};

use crate::arena::Gpu;
use crate::columns::{Columns, Committed};
use crate::error::GpuError;
use crate::field::words;
use crate::kernels::{self, Extended, GpuGrinder, Hash, Opener, Roots};
use crate::matrix::Matrix;
use crate::merkle::{MerkleTree, answer, digest_bytes};
use crate::opened::{claims, matrices, openings};
use crate::packs::Packs;

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

    /// The Merkle tree over extended columns, packed as `round` says.
    fn tree(
        &self,
        matrices: Vec<Matrix>,
        round: &Round,
    ) -> Result<(Commitment, Committed), GpuError> {
        let matrices: Vec<Arc<Matrix>> = matrices.into_iter().map(Arc::new).collect();
        let cells = if round.kind.is_extension() { D } else { 1 };
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
    fn extend(&self, rows: &Matrix) -> Result<Matrix, GpuError> {
        let added_bits = self.parameters.log_blowup;
        kernels::extend(&self.gpu, &self.roots, rows, added_bits, COSET)
    }

    fn fixed_columns(&self) -> Result<&Fixed, GpuError> {
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

    fn commit_tables(
        &self,
        tables: &Vec<Matrix>,
        round: &Round,
    ) -> Result<(Commitment, Committed), ProveError> {
        let extended: Result<Vec<Matrix>, _> = tables.iter().map(|t| self.extend(t)).collect();
        extended
            .and_then(|extended| self.tree(extended, round))
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
            Ok((Columns::Rows(matrix), terminal))
        };
        let both: Result<Vec<_>, _> = tables.into_iter().zip(places).map(columns).collect();
        Ok(both.map_err(self.device())?.into_iter().unzip())
    }

    fn commit(
        &self,
        columns: Vec<Columns>,
        round: &Round,
    ) -> Result<(Commitment, Committed), ProveError> {
        let (gpu, roots, added_bits) = (&self.gpu, &self.roots, self.parameters.log_blowup);
        let extend = |columns: Columns| columns.extend(gpu, roots, added_bits);
        let extended: Result<Vec<_>, _> = columns.into_iter().map(extend).collect();
        extended
            .and_then(|extended| self.tree(extended.into_iter().flatten().collect(), round))
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
        let mut quotients = Vec::with_capacity(places.len());
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
            quotients.push(Columns::Quotient(quotient.map_err(self.device())?));
        }
        Ok(quotients)
    }

    fn evaluate(
        &self,
        rounds: &[Opened<'_, Committed>],
        point: Challenge<D>,
    ) -> Result<(Openings<D>, Opener<D>), ProveError> {
        let opened = matrices(rounds);
        let heights = opened.iter().map(|opened| opened.matrix.log_height);
        let log_cosets = self.parameters.log_blowup;
        let opener = Opener::new(&self.gpu, &self.roots, point, heights, log_cosets)
            .map_err(self.device())?;
        let values = opener.evaluate(&opened).map_err(self.device())?;
        Ok((openings(rounds, values), opener))
    }

    fn reduce(
        &self,
        packing: &Packing,
        rounds: &[Opened<'_, Committed>],
        values: &Openings<D>,
        point: Opener<D>,
        alpha: Challenge<D>,
    ) -> Result<Vec<(usize, Matrix)>, ProveError> {
        let sum = |level: &Level| {
            let claims = claims(rounds, values, level.log_height);
            let sum = point.reduce(&self.roots, &claims, level.terms, alpha)?;
            Ok((sum.log_height + sum.log_cosets, sum))
        };
        let sums: Result<_, GpuError> = packing.levels().iter().map(sum).collect();
        sums.map_err(self.device())
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

    fn first(&self, vector: Matrix, count: usize) -> Result<Vec<Challenge<D>>, ProveError> {
        let mut numbers = self.vector(&vector)?;
        numbers.truncate(count);
        Ok(numbers)
    }

    fn open(&self, committed: &Committed, indices: &[usize]) -> Result<Opening, ProveError> {
        let Committed { tree, packs, .. } = committed;
        let opened = tree.open(&self.gpu, &self.roots, packs, indices);
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

impl<const D: usize> Inspect<D> for GpuEngine<D>
where
    F: BinomiallyExtendable<D>,
{
    fn committed(&self, committed: &Committed) -> Result<Vec<RowMajorMatrix<F>>, ProveError> {
        let rows = committed.matrices.iter().map(|matrix| matrix.to_plonky3());
        let rows: Result<_, _> = rows.collect();
        rows.map_err(self.device())
    }

    fn columns(&self, columns: &Vec<Columns>) -> Result<Vec<RowMajorMatrix<F>>, ProveError> {
        let rows: Result<Vec<_>, _> = columns.iter().map(Columns::rows).collect();
        Ok(rows.map_err(self.device())?.concat())
    }

    fn vector(&self, vector: &Matrix) -> Result<Vec<Challenge<D>>, ProveError> {
        let rows = vector.to_plonky3().map_err(self.device())?;
        let number = |c: &[F]| Challenge::<D>::from_basis_coefficients_fn(|i| c[i]);
        Ok(rows.values.chunks_exact(D).map(number).collect())
    }
}
