//! The compression function of SHA-512 (FIPS 180-4), in software.

/// Words that hashes with so many bytes begin with.
pub const fn initial(output_size: usize) -> Option<[u64; 8]> {
    match output_size {
        28 => Some([
            0x8c3d_37c8_1954_4da2,
            0x73e1_9966_89dc_d4d6,
            0x1dfa_b7ae_32ff_9c82,
            0x679d_d514_582f_9fcf,
            0x0f6d_2b69_7bd4_4da8,
            0x77e3_6f73_04c4_8942,
            0x3f9d_85a8_6a1d_36c8,
            0x1112_e6ad_91d6_92a1,
        ]),
        32 => Some([
            0x2231_2194_fc2b_f72c,
            0x9f55_5fa3_c84c_64c2,
            0x2393_b86b_6f53_b151,
            0x9638_7719_5940_eabd,
            0x9628_3ee2_a88e_ffe3,
            0xbe5e_1e25_5386_3992,
            0x2b01_99fc_2c85_b8aa,
            0x0eb7_2ddc_81c5_2ca2,
        ]),
        48 => Some([
            0xcbbb_9d5d_c105_9ed8,
            0x629a_292a_367c_d507,
            0x9159_015a_3070_dd17,
            0x152f_ecd8_f70e_5939,
            0x6733_2667_ffc0_0b31,
            0x8eb4_4a87_6858_1511,
            0xdb0c_2e0d_64f9_8fa7,
            0x47b5_481d_befa_4fa4,
        ]),
        64 => Some([
            0x6a09_e667_f3bc_c908,
            0xbb67_ae85_84ca_a73b,
            0x3c6e_f372_fe94_f82b,
            0xa54f_f53a_5f1d_36f1,
            0x510e_527f_ade6_82d1,
            0x9b05_688c_2b3e_6c1f,
            0x1f83_d9ab_fb41_bd6b,
            0x5be0_cd19_137e_2179,
        ]),
        _ => None,
    }
}

/// Compresses blocks into a state, one after the other.
pub fn compress512(state: &mut [u64; 8], blocks: &[[u8; 128]]) {
    for block in blocks {
        let (words, _) = block.as_chunks();
        compress(
            core::array::from_fn(|i| u64::from_be_bytes(words[i])),
            state,
        );
    }
}

/// `words` are those of the message schedule that the next rounds need.
fn compress(mut words: [u64; 16], state: &mut [u64; 8]) {
    let mut mixed = *state;
    for (i, constants) in ROUND_CONSTANTS.chunks_exact(16).enumerate() {
        if i > 0 {
            extend(&mut words);
        }
        for (&constant, &word) in constants.iter().zip(&words) {
            mixed = round(mixed, constant.wrapping_add(word));
        }
    }
    for (word, mixed) in state.iter_mut().zip(mixed) {
        *word = word.wrapping_add(mixed);
    }
}

/// The 16 words of the message schedule that follow 16 others.
fn extend(words: &mut [u64; 16]) {
    for i in 0..16 {
        let [x, y] = [words[(i + 1) % 16], words[(i + 14) % 16]];
        let x = x.rotate_right(1) ^ x.rotate_right(8) ^ x >> 7;
        let y = y.rotate_right(19) ^ y.rotate_right(61) ^ y >> 6;
        let sum = words[i].wrapping_add(x).wrapping_add(y);
        words[i] = sum.wrapping_add(words[(i + 9) % 16]);
    }
}

/// A round, given the sum of its constant and its word of the message.
#[inline(always)]
fn round([a, b, c, d, e, f, g, h]: [u64; 8], added: u64) -> [u64; 8] {
    let turned_e = e.rotate_right(14) ^ e.rotate_right(18) ^ e.rotate_right(41);
    let turned_a = a.rotate_right(28) ^ a.rotate_right(34) ^ a.rotate_right(39);
    let chosen = g ^ e & (f ^ g);
    let most = a & b | c & (a | b);
    let sum = h.wrapping_add(turned_e).wrapping_add(chosen);
    let sum = sum.wrapping_add(added);
    let new_a = sum.wrapping_add(turned_a).wrapping_add(most);
    [new_a, a, b, c, d.wrapping_add(sum), e, f, g]
}

/// The first 64 bits of the fractional parts of the cube roots of the first 80 primes (FIPS 180-4, 4.2.3).
const ROUND_CONSTANTS: [u64; 80] = {
    let (mut constants, mut found, mut number) = ([0; 80], 0, 2);
    while found < constants.len() {
        if is_prime(number) {
            constants[found] = cube_root_fraction(number);
            found += 1;
        }
        number += 1;
    }
    constants
};

const fn is_prime(number: u128) -> bool {
    let mut divisor = 2;
    while divisor < number {
        if number.is_multiple_of(divisor) {
            return false;
        }
        divisor += 1;
    }
    true
}

/// The first 64 bits of the fractional part of the cube root of a number below 512: the root of
/// `number * 2^192`, bit by bit.
const fn cube_root_fraction(number: u128) -> u64 {
    let (mut root, mut bit) = (0u128, 1 << 67);
    while bit > 0 {
        if cube_is_at_most(root | bit, number) {
            root |= bit;
        }
        bit >>= 1;
    }
    root as u64
}

/// Whether `root^3 <= number * 2^192`, for a root below `2^68`.
const fn cube_is_at_most(root: u128, number: u128) -> bool {
    // Limbs of 32 bits, least significant first: the root has three, its cube nine.
    let root = [
        root & 0xffff_ffff,
        root >> 32 & 0xffff_ffff,
        root >> 64 & 0xffff_ffff,
    ];
    let mut cube = [0u128; 9];
    let mut i = 0;
    while i < 27 {
        let [x, y, z] = [i % 3, i / 3 % 3, i / 9];
        // Each product has 96 bits: what lies above the lowest 32 goes into the next limb.
        let product = root[x] * root[y] * root[z];
        cube[x + y + z] += product & 0xffff_ffff;
        cube[x + y + z + 1] += product >> 32;
        i += 1;
    }
    let mut limb = 0;
    while limb < 8 {
        cube[limb + 1] += cube[limb] >> 32;
        cube[limb] &= 0xffff_ffff;
        limb += 1;
    }
    let above = cube[6] | cube[7] << 32 | cube[8] << 64;
    let is_whole = cube[0] | cube[1] | cube[2] | cube[3] | cube[4] | cube[5] == 0;
    above < number || above == number && is_whole
}
