//! The compression function of BLAKE3 (<https://github.com/BLAKE3-team/BLAKE3-specs>, section 2.2),
//! as far as chaining values and hashes need it: the first 8 of its 16 words.
//!
//! A call is given a block where it lies, and a state of 12 words: the chaining value, which is
//! replaced, and what stays as it is: the counter in two words, the length of the block in bytes, and
//! the flags. All of these are any words: this is a function on numbers, and knows no chunks.

use super::{ARGUMENTS, Accelerates, Operand};

/// Words of a block.
pub const BLOCK_WORDS: usize = 16;
/// Words of a chaining value.
pub const CHAINING_WORDS: usize = 8;
/// Words of a state: a chaining value, the counter's low and high word, the length of the block and
/// the flags.
pub const STATE_WORDS: usize = CHAINING_WORDS + 4;
/// Rounds.
pub const ROUNDS: usize = 7;

/// The chaining value that hashes without a key begin with. The first four words are also the third
/// quarter of every matrix.
pub const IV: [u32; CHAINING_WORDS] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// Which word of a block stands at each place in the next round.
const PERMUTATION: [usize; BLOCK_WORDS] = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];

/// The accelerator: `a0` points to the block, `a1` to the state.
pub struct Blake3Compress;

impl Accelerates for Blake3Compress {
    const NUMBER: u32 = 0x1003;
    const NAME: &'static str = "blake3_compress";
    const OPERANDS: [Operand; ARGUMENTS] = [
        Operand::Read(BLOCK_WORDS as u32),
        Operand::Update(STATE_WORDS as u32),
        Operand::Unused,
        Operand::Unused,
        Operand::Unused,
    ];
    type Arguments<'a> = (&'a [u32; BLOCK_WORDS], &'a mut [u32; STATE_WORDS]);

    fn compute(words: &mut [u32]) {
        let Some((block, state)) = words.split_first_chunk_mut() else {
            return;
        };
        if let Ok(state) = state.try_into() {
            compress(block, state);
        }
    }
}

/// Replaces the chaining value at the front of a state.
pub fn compress(block: &[u32; BLOCK_WORDS], state: &mut [u32; STATE_WORDS]) {
    let output = output(block, state);
    for (word, after) in state.iter_mut().zip(&output[..CHAINING_WORDS]) {
        *word = *after;
    }
}

/// All 16 words: the new chaining value, and what extended output has behind it.
pub fn output(block: &[u32; BLOCK_WORDS], state: &[u32; STATE_WORDS]) -> [u32; 16] {
    let mut matrix = start(state);
    let mut message = *block;
    for _ in 0..ROUNDS {
        round(&mut matrix, &message);
        message = permuted(message);
    }
    core::array::from_fn(|i| match i {
        0..CHAINING_WORDS => matrix[i] ^ matrix[i + 8],
        _ => matrix[i] ^ state[i - 8],
    })
}

/// The matrix that the rounds begin with.
pub fn start(state: &[u32; STATE_WORDS]) -> [u32; 16] {
    core::array::from_fn(|i| match i {
        0..8 => state[i],
        8..12 => IV[i - 8],
        _ => state[i - 4],
    })
}

/// A round: the columns are mixed, then the diagonals.
pub fn round(matrix: &mut [u32; 16], message: &[u32; BLOCK_WORDS]) {
    for i in 0..4 {
        mix(
            matrix,
            [i, 4 + i, 8 + i, 12 + i],
            [message[2 * i], message[2 * i + 1]],
        );
    }
    for i in 0..4 {
        let diagonal = [i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4];
        mix(matrix, diagonal, [message[2 * i + 8], message[2 * i + 9]]);
    }
}

/// The words of a block in the order of the next round.
pub fn permuted<T: Clone>(message: [T; BLOCK_WORDS]) -> [T; BLOCK_WORDS] {
    PERMUTATION.map(|i| message[i].clone())
}

fn mix(matrix: &mut [u32; 16], [a, b, c, d]: [usize; 4], [x, y]: [u32; 2]) {
    matrix[a] = matrix[a].wrapping_add(matrix[b]).wrapping_add(x);
    matrix[d] = (matrix[d] ^ matrix[a]).rotate_right(16);
    matrix[c] = matrix[c].wrapping_add(matrix[d]);
    matrix[b] = (matrix[b] ^ matrix[c]).rotate_right(12);
    matrix[a] = matrix[a].wrapping_add(matrix[b]).wrapping_add(y);
    matrix[d] = (matrix[d] ^ matrix[a]).rotate_right(8);
    matrix[c] = matrix[c].wrapping_add(matrix[d]);
    matrix[b] = (matrix[b] ^ matrix[c]).rotate_right(7);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// BLAKE3 of nothing and of `abc`, as `b3sum` has them: one block that is the first and last of its
    /// chunk, which is the root.
    #[test]
    fn known_answers() {
        let hash = |block: &[u32; 16], length| {
            let mut state = [0; STATE_WORDS];
            state[..8].copy_from_slice(&IV);
            state[10..].copy_from_slice(&[length, 1 | 2 | 8]);
            compress(block, &mut state);
            assert_eq!(state[8..], [0, 0, length, 11], "the rest stays");
            let [a, b, c, d, e, f, g, h, ..] = state.map(u32::swap_bytes);
            [a, b, c, d, e, f, g, h]
        };
        let mut block = [0; 16];
        assert_eq!(
            hash(&block, 0),
            [
                0xaf13_49b9,
                0xf5f9_a1a6,
                0xa040_4dea,
                0x36dc_c949,
                0x9bcb_25c9,
                0xadc1_12b7,
                0xcc9a_93ca,
                0xe41f_3262
            ]
        );
        block[0] = u32::from_le_bytes(*b"abc\0");
        assert_eq!(
            hash(&block, 3),
            [
                0x6437_b3ac,
                0x3846_5133,
                0xffb6_3b75,
                0x273a_8db5,
                0x48c5_5846,
                0x5d79_db03,
                0xfd35_9c6c,
                0xd5bd_9d85
            ]
        );
    }
}
