//! Sums of products of signed bytes: each of four rows with each of four columns, 32 bytes of both, each sum added
//! to a word that it starts from.
//!
//! That is a tile of a matrix product. The same tile adds up one long product as well: of a vector of 128
//! bytes as four rows with another as four columns, the sums on the diagonal are those of its quarters.

use super::{ARGUMENTS, Accelerates, Arguments, Operand};

/// Rows of the left matrix, and columns of the right one.
pub const SIDE: usize = 4;
/// Bytes of a row or column.
pub const DEPTH: usize = 32;
/// Bytes of a word.
const BYTES: usize = size_of::<u32>();
/// Words of a row or column.
const DEPTH_WORDS: usize = DEPTH / BYTES;
/// Words of each matrix.
pub const MATRIX_WORDS: usize = SIDE * DEPTH_WORDS;
/// Sums, a word each.
pub const SUMS: usize = SIDE * SIDE;

/// The accelerator: `a0` points to the rows of the left matrix, one after another, `a1` to the columns of the
/// right one, `a2` to what the sums start from, `a3` to the sums.
pub struct MatrixProductI8;

/// Four rows of a left matrix, or four columns of a right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(4))]
pub struct Tile(pub [[i8; DEPTH]; SIDE]);

impl Tile {
    /// All zeros: they add nothing to any sum.
    pub const ZERO: Self = Self([[0; DEPTH]; SIDE]);
}

/// The sums of each row of the left matrix, one after another.
pub type Sums = [i32; SUMS];

impl Accelerates for MatrixProductI8 {
    const NUMBER: u32 = 0x1006;
    const NAME: &'static str = "matrix_product_i8";
    const OPERANDS: [Operand; ARGUMENTS] = [
        Operand::Read(MATRIX_WORDS as u32),
        Operand::Read(MATRIX_WORDS as u32),
        Operand::Read(SUMS as u32),
        Operand::Update(SUMS as u32),
        Operand::Unused,
    ];
    type Arguments<'a> = (&'a Tile, &'a Tile, Option<&'a Sums>, &'a mut Sums);

    fn compute(words: &mut [u32]) {
        let Some((left, rest)) = words.split_first_chunk_mut::<MATRIX_WORDS>() else {
            return;
        };
        let Some((right, rest)) = rest.split_first_chunk_mut::<MATRIX_WORDS>() else {
            return;
        };
        let Some((start, rest)) = rest.split_first_chunk_mut::<SUMS>() else {
            return;
        };
        let Some(sums) = rest.first_chunk_mut::<SUMS>() else {
            return;
        };
        let rows = left.chunks_exact(DEPTH_WORDS);
        let pairs =
            rows.flat_map(|row| { right.chunks_exact(DEPTH_WORDS) }.map(move |it| (row, it)));
        for ((sum, start), (row, column)) in sums.iter_mut().zip(start).zip(pairs) {
            *sum = start.wrapping_add(product(row, column).cast_unsigned());
        }
    }
}

/// The sum of the products of the bytes of words. It is `2^19` at most.
fn product(row: &[u32], column: &[u32]) -> i32 {
    let bytes = |word: u32| word.to_le_bytes().map(|byte| i32::from(byte.cast_signed()));
    let words = row.iter().zip(column);
    words
        .flat_map(|(&x, &y)| bytes(x).into_iter().zip(bytes(y)))
        .map(|(x, y)| x * y)
        .sum()
}

/// If nothing is given to start from, the sums start from what they are.
impl Arguments for (&Tile, &Tile, Option<&Sums>, &mut Sums) {
    fn pointers(self) -> [*mut u32; ARGUMENTS] {
        let nothing = core::ptr::null_mut();
        let tile = |tile: &Tile| core::ptr::from_ref(tile).cast_mut().cast();
        let (left, right, start, sums) = self;
        let sums = sums.as_mut_ptr().cast();
        let start = start.map_or(sums, |start| start.as_ptr().cast_mut().cast());
        [tile(left), tile(right), start, sums, nothing]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sums wrap, and are those of rows with columns.
    #[test]
    fn known_sums() {
        const START: usize = 2 * MATRIX_WORDS;
        let mut words = [0; START + 2 * SUMS];
        // The second row is -128 throughout, the third column alternates between 127 and -128.
        words[DEPTH_WORDS..2 * DEPTH_WORDS].fill(0x8080_8080);
        words[MATRIX_WORDS + 2 * DEPTH_WORDS..MATRIX_WORDS + 3 * DEPTH_WORDS].fill(0x807f_807f);
        words[START..].fill(7);
        words[START..START + SUMS].fill(i32::MAX.cast_unsigned());
        MatrixProductI8::compute(&mut words);
        let sum = 16 * (-128 * 127 + 128 * 128);
        for (i, after) in words[START + SUMS..].iter().enumerate() {
            let added = if i == SIDE + 2 { sum } else { 0 };
            assert_eq!(after.cast_signed(), i32::MAX.wrapping_add(added), "{i}");
        }
    }
}
