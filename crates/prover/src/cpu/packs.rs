//! Packs (docs/packing.md): the columns of a group, wherever they lie, and what becomes of a row of them, the
//! values of the packs at as many points as a pack has columns.

use std::ops::Range;
use std::sync::OnceLock;

use p3_field::{Field, PackedValue, PrimeCharacteristicRing, TwoAdicField};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_util::reverse_slice_index_bits;
use vouch_air::F;
use vouch_verifier::packing::{Group, LOG_MOST_COLUMNS, Round, shift};

use super::layers::whole_layers;
use super::pack::{Pack, WIDTH, load, store};
use crate::engine::parts;

/// The extended columns of a group.
pub(super) struct Columns<'a> {
    /// Where their rows lie, part after part.
    parts: Vec<Part<'a>>,
    /// Columns of a pack, log2.
    pub log_size: usize,
    /// Cells of a row of the group's matrix: its packs, times the cells of a column.
    pub width: usize,
    /// Rows of the extended columns, log2.
    pub log_rows: usize,
    /// Points of which powers are the roots.
    points: Points,
}

/// Neighbouring cells in the rows of a matrix.
struct Part<'a> {
    matrix: &'a RowMajorMatrix<F>,
    cells: Range<usize>,
}

impl<'a> Columns<'a> {
    /// Those of `group`, given the extended matrices of `round`, whose columns are of `cells` cells each.
    pub(super) fn new(
        round: &Round,
        group: &Group,
        matrices: &'a [RowMajorMatrix<F>],
        cells: usize,
        log_blowup: usize,
    ) -> Self {
        let part = |(matrix, columns): (usize, Range<usize>)| Part {
            matrix: &matrices[matrix],
            cells: columns.start * cells..columns.end * cells,
        };
        let log_rows = group.log_height + log_blowup;
        Self {
            parts: parts(round, group).map(part).collect(),
            log_size: group.log_size,
            width: group.packs * cells,
            log_rows,
            points: Points::new(group.log_size),
        }
    }

    /// Rows of the group's matrix, log2.
    pub(super) fn log_height(&self) -> usize {
        self.log_rows + self.log_size
    }

    /// Cells of a row of the columns, absent ones included.
    fn row(&self) -> usize {
        self.width << self.log_size
    }

    /// `WIDTH` rows of the columns from `first` on.
    pub(super) fn load(&self, first: usize, out: &mut Vec<Pack>) {
        out.resize(self.row(), Pack::ZERO);
        let mut rest = out.as_mut_slice();
        for part in &self.parts {
            let width = part.matrix.width();
            let rows = &part.matrix.values[first * width..];
            let (here, after) = rest.split_at_mut(part.cells.len());
            load(rows, width, part.cells.clone(), here);
            rest = after;
        }
        rest.fill(Pack::ZERO);
    }

    /// Copies rows of columns that are packs of one, one after the other.
    fn copy(&self, rows: Range<usize>, out: &mut [F]) {
        for (row, out) in rows.zip(out.chunks_exact_mut(self.width)) {
            let mut rest = out;
            for part in &self.parts {
                let width = part.matrix.width();
                let (here, after) = core::mem::take(&mut rest).split_at_mut(part.cells.len());
                here.copy_from_slice(&part.matrix.values[row * width..][part.cells.clone()]);
                rest = after;
            }
            rest.fill(F::ZERO);
        }
    }

    /// The rows of the group's matrix that come of rows of its columns, whose number is one of whole vectors.
    pub(super) fn evaluate(&self, rows: Range<usize>, scratch: &mut Scratch, out: &mut [F]) {
        if self.log_size == 0 {
            return self.copy(rows, out);
        }
        let Scratch { cells, roots } = scratch;
        let size = self.row();
        for (first, out) in rows.step_by(WIDTH).zip(out.chunks_exact_mut(WIDTH * size)) {
            self.load(first, cells);
            self.points.roots(first, roots);
            values(cells, self.log_size, roots);
            store(cells, out, size, 0);
        }
    }

    /// Row `index` of the group's matrix.
    pub(super) fn open(&self, index: usize) -> Vec<F> {
        let (row, place) = (index >> self.log_size, index & ((1 << self.log_size) - 1));
        let reversed = p3_util::reverse_bits_len(place, self.log_size);
        let root = F::two_adic_generator(self.log_size).exp_u64(reversed as u64);
        let point = self.points.at(row) * root;
        let mut cells = Vec::with_capacity(self.row());
        for part in &self.parts {
            let width = part.matrix.width();
            cells.extend_from_slice(&part.matrix.values[row * width..][part.cells.clone()]);
        }
        cells.resize(self.row(), F::ZERO);
        let mut value = F::zero_vec(self.width);
        for coefficients in cells.chunks_exact(self.width).rev() {
            for (value, &coefficient) in value.iter_mut().zip(coefficients) {
                *value = *value * point + coefficient;
            }
        }
        value
    }
}

/// What [`Columns::evaluate`] works on.
#[derive(Default)]
pub(super) struct Scratch {
    cells: Vec<Pack>,
    roots: Vec<Pack>,
}

/// From `2^log_size` coefficients, each of some numbers in a row, to the values at as many points.
pub(super) fn values(cells: &mut [Pack], log_size: usize, roots: &[Pack]) {
    let root = |layer: usize, block: usize| roots[(1 << layer) - 1 + block];
    whole_layers::<false>(cells, log_size, &root);
}

/// Points of bit-reversed domains that have `2^log_size` neighbours each in one as many times as large: those
/// that packs over a row of columns are evaluated at, or that FRI folds to one. Of each row the first one.
pub(super) struct Points {
    log_size: usize,
    shift: F,
    /// What each bit of a row's number contributes.
    steps: Vec<F>,
    /// What the bits that differ within a vector of rows contribute.
    lanes: Pack,
    /// How the other points of a row, or powers of them, differ from the first.
    roots: &'static [F],
}

impl Points {
    /// Those of packs of `2^log_size` columns.
    pub(super) fn new(log_size: usize) -> Self {
        let steps = (log_size + 1..=F::TWO_ADICITY).map(F::two_adic_generator);
        Self::of(
            log_size,
            shift(log_size),
            steps.collect(),
            &small_roots()[0],
        )
    }

    /// The inverses of those of a subgroup of which `2^log_size` are neighbours.
    pub(super) fn inverses(log_size: usize) -> Self {
        let generator = |bits| F::two_adic_generator(bits).inverse();
        let steps = (log_size + 1..=F::TWO_ADICITY).map(generator);
        Self::of(log_size, F::ONE, steps.collect(), &small_roots()[1])
    }

    fn of(log_size: usize, shift: F, steps: Vec<F>, roots: &'static [F]) -> Self {
        let mut points = Self {
            log_size,
            shift: F::ONE,
            steps,
            lanes: Pack::ONE,
            roots,
        };
        points.lanes = Pack::from_fn(|lane| points.at(lane));
        points.shift = shift;
        points
    }

    /// The first point of a row.
    fn at(&self, row: usize) -> F {
        let steps = self.steps.iter().enumerate();
        let steps = steps.filter(|(bit, _)| row >> bit & 1 == 1);
        steps.fold(self.shift, |point, (_, &step)| point * step)
    }

    /// The first points of `WIDTH` rows from `first` on.
    pub(super) fn of_rows(&self, first: usize) -> Pack {
        self.lanes * self.at(first)
    }

    /// The roots that the halves of blocks differ by, layer by layer, for `WIDTH` rows from `first` on.
    pub(super) fn roots(&self, first: usize, out: &mut Vec<Pack>) {
        out.clear();
        out.resize((1 << self.log_size) - 1, Pack::ZERO);
        let mut root = self.of_rows(first);
        for layer in (0..self.log_size).rev() {
            let blocks = 1 << layer;
            for (out, &small) in out[blocks - 1..].iter_mut().zip(&self.roots[..blocks]) {
                *out = root * small;
            }
            root *= root;
        }
    }
}

/// Roots of unity in bit-reversed order, and their inverses: as many as a pack has blocks in its last layer.
fn small_roots() -> &'static [Vec<F>; 2] {
    static ROOTS: OnceLock<[Vec<F>; 2]> = OnceLock::new();
    ROOTS.get_or_init(|| {
        let root = F::two_adic_generator(LOG_MOST_COLUMNS);
        [root, root.inverse()].map(|root| {
            let mut powers = root.powers().collect_n(1 << (LOG_MOST_COLUMNS - 1));
            reverse_slice_index_bits(&mut powers);
            powers
        })
    })
}
