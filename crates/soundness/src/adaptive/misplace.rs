//! Columns that are not where the layout has them (docs/packing.md, "What must be refused").

use p3_dft::{Radix2DitParallel, TwoAdicSubgroupDft};
use p3_field::extension::BinomiallyExtendable;
use p3_field::{Field, PrimeCharacteristicRing};
use p3_matrix::Matrix as _;
use p3_matrix::bitrev::BitReversibleMatrix;
use p3_matrix::dense::RowMajorMatrix;
use vouch_air::F;
use vouch_prover::parts;
use vouch_verifier::config::Challenge;
use vouch_verifier::packing::{COSET, Group, Kind, LOG_MOST_COLUMNS, Matrix, Round};

/// A commitment to columns that are packed otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misplaced {
    /// Whose.
    pub kind: Kind,
    /// Otherwise than the layout has it.
    pub how: How,
    /// What the prover goes on from.
    pub given: Given,
}

/// What differs from the layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Nothing: what is committed to a second time is what was.
    Nothing,
    /// Two columns of a pack are exchanged.
    Columns,
    /// Two packs are exchanged.
    Packs,
    /// A column is in the place of one of another group.
    Groups,
    /// There is a column where there is none.
    Pad,
    /// The packs of a group are at a higher level.
    Level,
    /// Both chunks of a quotient have the degree of their tables' heights, one more than they may; their quotient
    /// is what it was.
    Degree,
}

/// What a prover goes on from, once something else than the truth has been committed to. The values that it claims are
/// those of the true columns, which meet all constraints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// FRI is given what follows from the columns as they were committed to, and rows of these are opened.
    Shown,
    /// FRI is given what follows from the true columns; the rows are of the others.
    Hidden,
    /// FRI is given what would follow if the others' values were claimed; of columns that there are not, too.
    AsShown,
    /// FRI is given what follows from the true columns, and rows of these are opened.
    Elsewhere,
}

/// Columns that are packed otherwise: the rows of the matrices that make them, and the layout that does. `extended` are the
/// honest ones, extended, of `round`; `log_chunks` are the numbers of quotient chunks of the tables, log2.
/// `None` if there are no such columns.
pub fn misplace(
    how: How,
    extended: Vec<RowMajorMatrix<F>>,
    round: &Round,
    log_blowup: usize,
    log_chunks: &[usize],
) -> Option<(Vec<RowMajorMatrix<F>>, Round)> {
    let dft = Radix2DitParallel::<F>::default();
    let coefficients = extended.into_iter().map(|matrix| {
        let height = matrix.height() >> log_blowup;
        let natural = matrix.bit_reverse_rows().to_row_major_matrix();
        let mut coefficients = dft.coset_idft_batch(natural, COSET);
        coefficients.values.truncate(height * coefficients.width);
        coefficients
    });
    let mut columns: Vec<RowMajorMatrix<F>> = coefficients.collect();
    let cells = columns.first()?.width() / round.matrices.first()?.columns;
    let mut other = round.clone();
    match how {
        How::Nothing => {}
        How::Columns => {
            let group = how.group(round)?;
            exchange(&mut columns, round, group, cells, 0, group.packs);
        }
        How::Packs => {
            let group = how.group(round)?;
            for block in 0..group.columns.len() / group.packs {
                let first = block * group.packs;
                exchange(&mut columns, round, group, cells, first, first + 1);
            }
        }
        How::Groups => {
            let to = how.group(round)?;
            // Where it is, it must have no higher degree than the column in whose place it is.
            let lower = |group: &&Group| *group != to && group.log_height <= to.log_height;
            let from = round.groups.iter().find(lower)?;
            let [(to, a), (from, b)] = [member(round, to, 0)?, member(round, from, 0)?];
            let moved = columns[from].clone();
            let width = columns[to].width();
            for row in 0..columns[to].height() {
                let target = &mut columns[to].values[row * width + a * cells..][..cells];
                match moved.row_slice(row) {
                    Some(row) => target.copy_from_slice(&row[b * cells..][..cells]),
                    None => target.fill(F::ZERO),
                }
            }
        }
        How::Pad => {
            let padded = how.group(round)?;
            let group = other.groups.iter_mut().find(|group| *group == padded)?;
            group.columns.end += 1;
            let class = &mut other.classes[group.class];
            class.columns += 1;
            class.matrices.push(other.matrices.len());
            other.matrices.push(Matrix {
                log_height: group.log_height,
                columns: 1,
                at_next: group.at_next,
            });
            let numbers = (1..=(cells as u64) << group.log_height).map(F::from_u64);
            columns.push(RowMajorMatrix::new(numbers.collect(), cells));
        }
        How::Level => {
            let lower = how.group(round)?;
            let i = round.groups.iter().position(|group| group == lower)?;
            other.groups[i].log_size = round.groups[i - 1].level() - lower.log_height;
        }
        How::Degree => {
            let first = chunks_of_a_pair(log_chunks)?;
            for (chunk, sign) in [(first, F::ONE), (first + 1, F::NEG_ONE)] {
                let [constant, leading] = vanishing(columns[chunk].height());
                let chunk = &mut columns[chunk];
                let end = chunk.values.len();
                // Of the chunk's own height there is no room for it.
                chunk.values.resize(2 * end, F::ZERO);
                chunk.values[0] += constant * sign;
                chunk.values[end] += leading;
            }
        }
    }
    let rows = columns
        .into_iter()
        .map(|columns| dft.dft_batch(columns).to_row_major_matrix());
    Some((rows.collect(), other))
}

impl How {
    /// The first group of a commitment that has something to be otherwise.
    pub fn group(self, round: &Round) -> Option<&Group> {
        let is_one = |(i, group): &(usize, &Group)| match self {
            Self::Nothing | Self::Degree => true,
            Self::Columns => group.columns.len() > group.packs,
            Self::Packs => group.packs > 1,
            Self::Groups => { round.groups.iter().enumerate() }
                .any(|(j, other)| *i != j && other.log_height <= group.log_height),
            Self::Pad => group.columns.len() < group.packs << group.log_size,
            Self::Level => { round.groups[..*i].last() }.is_some_and(|above| {
                let level = above.level();
                level > group.level() && level - group.log_height <= LOG_MOST_COLUMNS
            }),
        };
        let mut groups = round.groups.iter().enumerate();
        groups.find(is_one).map(|(_, group)| group)
    }

    /// Adds what the chunks' values have more. `chunks` are the heights of tables and the numbers of chunks of their quotients,
    /// log2; `values` are those of the chunks.
    pub fn claim<const D: usize>(
        self,
        point: Challenge<D>,
        chunks: &[(usize, usize)],
        values: &mut [Vec<Vec<Challenge<D>>>],
    ) where
        F: BinomiallyExtendable<D>,
    {
        let log_chunks: Vec<usize> = chunks.iter().map(|(_, log_chunks)| *log_chunks).collect();
        let Some(first) = chunks_of_a_pair(&log_chunks).filter(|_| self == Self::Degree) else {
            return;
        };
        let pair = chunks.iter().find(|(_, log_chunks)| *log_chunks == 1);
        let log_height = pair.map_or(0, |(log_height, _)| *log_height);
        let [constant, leading] = vanishing(1 << log_height);
        let power = point.exp_power_of_2(log_height) * leading;
        values[first][0][0] += power + constant;
        values[first + 1][0][0] += power - constant;
    }
}

/// `q_0 + 1/2 - X^n / (2 G^n)` and `q_1 - 1/2 - X^n / (2 G^n)` have the quotient of `q_0` and `q_1`: p3 puts that together as `q_0 (1 +
/// X^n / G^n) / 2 + q_1 (1 - X^n / G^n) / 2`.
fn vanishing(height: usize) -> [F; 2] {
    let half = F::ONE.halve();
    [half, -half / F::GENERATOR.exp_u64(height as u64)]
}

/// The first chunk of the first quotient that has two.
fn chunks_of_a_pair(log_chunks: &[usize]) -> Option<usize> {
    let table = log_chunks.iter().position(|&log_chunks| log_chunks == 1)?;
    Some(
        log_chunks[..table]
            .iter()
            .map(|log_chunks| 1 << log_chunks)
            .sum(),
    )
}

/// Where column number `c` of a group is: its matrix, and its number there.
fn member(round: &Round, group: &Group, c: usize) -> Option<(usize, usize)> {
    let members = parts(round, group);
    let mut members = members.flat_map(|(matrix, columns)| columns.map(move |j| (matrix, j)));
    members.nth(c)
}

/// Exchanges two columns of a group, by number.
fn exchange(
    columns: &mut [RowMajorMatrix<F>],
    round: &Round,
    group: &Group,
    cells: usize,
    a: usize,
    b: usize,
) {
    let (Some((a, i)), Some((b, j))) = (member(round, group, a), member(round, group, b)) else {
        return;
    };
    for row in 0..1 << group.log_height {
        for cell in 0..cells {
            let one = row * columns[a].width() + i * cells + cell;
            let other = row * columns[b].width() + j * cells + cell;
            let value = columns[a].values[one];
            columns[a].values[one] = columns[b].values[other];
            columns[b].values[other] = value;
        }
    }
}
