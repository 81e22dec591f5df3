//! Ways to cheat once tables are filled.

use p3_field::Field;
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use vouch_air::F;
use vouch_verifier::packing::Kind;

use super::misplace::Misplaced;

/// How a prover cheats once its tables are filled. `table` is the place of the one that it lies
/// about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cheat {
    /// The place of a table in the proof.
    pub table: usize,
    /// The sums of messages are made to add up to 0.
    pub sums: Sums,
    /// The table's quotient is that of the honest table.
    pub quotient: bool,
    /// Opened values are made to meet all constraints.
    pub opened: Solve,
    /// The table's rows are committed to with a height that is not the one claimed.
    pub height: bool,
    /// Columns are packed otherwise than the layout has it.
    pub packs: Option<Misplaced>,
    /// The claim about the first column of this kind, at the point or at that of the next row, is false.
    pub claim: Option<(Kind, bool)>,
    /// The words that FRI is given are at other levels than they should be.
    pub levels: Levels,
    /// The rows opened are those of other leaves.
    pub leaves: Leaves,
}

/// What becomes of FRI's word at the lowest level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Levels {
    /// What should.
    #[default]
    Honest,
    /// It is left out.
    Missing,
    /// It is added to that of the highest level.
    Merged,
}

/// Which rows of commitments are opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leaves {
    /// Those at the queries.
    #[default]
    Honest,
    /// Their neighbours, with the paths of these.
    Neighbours,
    /// Each query has the rows of the one after it.
    Rotated,
}

/// How sums that are not 0 are made to add up to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sums {
    /// They are not.
    #[default]
    Honest,
    /// The table claims another sum than its column ends in.
    Claimed,
    /// The column jumps to the claimed sum in its last row.
    LastRow,
    /// A fraction of the last row is what the sum lacks.
    LastFraction,
}

/// How opened values are made to meet all constraints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Solve {
    /// They are not.
    #[default]
    Honest,
    /// FRI is given what follows from them, which is no polynomial of low degree.
    Solved,
    /// FRI is given what follows from the true values.
    SolvedBehindFri,
}

impl Levels {
    /// Rearranges words, the highest first.
    pub fn rearrange<C: Field>(self, words: &mut [(usize, Vec<C>)]) {
        let [(highest, first), .., (lowest, last)] = words else {
            return;
        };
        if self == Self::Merged {
            let below = *highest - *lowest;
            let of = |i: usize| last[i >> below];
            first
                .iter_mut()
                .enumerate()
                .for_each(|(i, word)| *word += of(i));
        }
        if self != Self::Honest {
            last.fill(C::ZERO);
        }
    }
}

/// A table twice as high, the new rows as its last.
pub fn doubled(matrix: &RowMajorMatrix<F>) -> RowMajorMatrix<F> {
    let (width, height) = (matrix.width(), matrix.height());
    let last = &matrix.values[(height - 1) * width..];
    let values = [&matrix.values[..], &last.repeat(height)].concat();
    RowMajorMatrix::new(values, width)
}
