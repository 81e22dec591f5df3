// Poseidon2 over BabyBear, width 16 (https://eprint.iacr.org/2023/323), as Plonky3 has it by default:
// 4 full rounds, 13 partial ones, 4 full ones, x^7. Leaves are hashed by a sponge without padding
// whose rate is 8 words, nodes by the permutation cut to 8 words. About 7500 integer operations a
// permutation.
#pragma once

#include "digest.cuh"
#include "field.cuh"

#define STATE_WORDS 16
#define SPONGE_WORDS 8
#define HALF_FULL_ROUNDS 4
#define PARTIAL_ROUNDS 13

struct Poseidon2 {};

// In Montgomery form, as everywhere.
CONSTANT uint32_t FULL_CONSTANTS[2 * HALF_FULL_ROUNDS][STATE_WORDS] = {
    {
        0x5e4d6938, 0x71385def, 0x61ddbd3a, 0x1b941180, 0x4d20d77d, 0x52478027, 0x732e57c3, 0x10e63112,
        0x3c99be27, 0x0221857a, 0x4bbe9ab7, 0x32c46133, 0x2f62cc76, 0x37682266, 0x1f3714e3, 0x5f01dd7d,
    },
    {
        0x35678506, 0x67da0d24, 0x36b3008a, 0x5a6765cc, 0x45c068bd, 0x2ed4b9ec, 0x249392d3, 0x150a571c,
        0x287549ea, 0x3bedb1b8, 0x659e048e, 0x46023d70, 0x1e55a92d, 0x1f9c528f, 0x4f1ad620, 0x547fa880,
    },
    {
        0x44c19b36, 0x22c2f11a, 0x17b67671, 0x55dddeb4, 0x1b18a7ed, 0x0a66840e, 0x0a3cd409, 0x771e5548,
        0x53aaba92, 0x6bbfe070, 0x1ad7c512, 0x56f4fbf9, 0x2ee93eac, 0x3f67bc14, 0x766f3f66, 0x1cb5555c,
    },
    {
        0x496b4856, 0x4ee52289, 0x0e351627, 0x77f2fa2b, 0x3d176ccc, 0x42103ad7, 0x4c8a5ba9, 0x242cfe16,
        0x3ce22e52, 0x2ae0610a, 0x2751c80b, 0x2ddefdb7, 0x3003796e, 0x234c77eb, 0x687881f7, 0x278ad903,
    },
    {
        0x3b98331a, 0x1225b500, 0x20f18724, 0x1add1ead, 0x27c8bae0, 0x67810938, 0x4f2405e1, 0x44bd103f,
        0x30ad7b47, 0x4025183a, 0x7222068f, 0x6376b2e5, 0x5165184a, 0x3a2811d0, 0x3d7d5b9c, 0x530c569d,
    },
    {
        0x5caada1c, 0x3d06627d, 0x5ffc6e6c, 0x14ba29f8, 0x71d1c1e9, 0x2c0fb8f7, 0x198b65e1, 0x25bcff06,
        0x07427c35, 0x059b1122, 0x519ea061, 0x4a81a536, 0x06cf9aa9, 0x1eb2ca04, 0x02ec7cac, 0x74f6c733,
    },
    {
        0x524ebfde, 0x6edd9d09, 0x03db6b21, 0x0094e6fc, 0x643ed13b, 0x2a5eb829, 0x3ccf7585, 0x544a7136,
        0x5b49128f, 0x0227bd55, 0x2a88bdad, 0x055c4d17, 0x6f822c4a, 0x179a43f2, 0x42ec1895, 0x68f3d82f,
    },
    {
        0x30dcf522, 0x0806ab72, 0x689d63db, 0x011943f8, 0x65709ccd, 0x6a3c56e1, 0x5871ed94, 0x395e47bd,
        0x6eb895c4, 0x0d422bd9, 0x03c4b679, 0x1eb56dde, 0x505e67b5, 0x3a05211e, 0x5ed5c104, 0x2a1275f1,
    },
};

CONSTANT uint32_t PARTIAL_CONSTANTS[PARTIAL_ROUNDS] = {
    0x0eee3c46, 0x1f803700, 0x57cbade6, 0x3a3d3472, 0x706866bd, 0x413da073, 0x08ca8f35,
    0x279652bb, 0x17c601da, 0x140a84a1, 0x6113337b, 0x34f6e216, 0x22f9b8b2,
};

DEVICE Fp power_7(Fp x) {
    Fp square = x * x;
    return square * square * (square * x);
}

// x / 2^K, for K up to 27: with x = high 2^K + low, and as p is 1 + 15 2^27,
// (x - low p) / 2^K = high - low 15 2^(27 - K).
template <uint32_t K> DEVICE Fp divide(Fp x) {
    uint32_t high = x.word >> K, low = x.word & ((1u << K) - 1);
    return fp(high) - fp(low * (15u << (27 - K)));
}

// The product by [2 3 1 1; 1 2 3 1; 1 1 2 3; 3 1 1 2].
DEVICE void multiply_four(Fp &a, Fp &b, Fp &c, Fp &d) {
    Fp ab = a + b, cd = c + d, sum = ab + cd;
    Fp with_b = sum + b, with_d = sum + d;
    d = with_d + twice(a);
    b = with_b + twice(c);
    a = with_b + ab;
    c = with_d + cd;
}

// Each four by the matrix above, then to each the sum of those in its place in all fours.
DEVICE void full_layer(Fp (&s)[STATE_WORDS]) {
    UNROLL for (uint32_t i = 0; i < STATE_WORDS; i += 4) {
        multiply_four(s[i], s[i + 1], s[i + 2], s[i + 3]);
    }
    UNROLL for (uint32_t i = 0; i < 4; i++) {
        Fp sum = (s[i] + s[i + 4]) + (s[i + 8] + s[i + 12]);
        UNROLL for (uint32_t j = i; j < STATE_WORDS; j += 4) {
            s[j] += sum;
        }
    }
}

DEVICE void full_round(Fp (&s)[STATE_WORDS], uint32_t number) {
    UNROLL for (uint32_t i = 0; i < STATE_WORDS; i++) {
        s[i] = power_7(s[i] + fp(FULL_CONSTANTS[number][i]));
    }
    full_layer(s);
}

// To each its product by the diagonal's entry is added the sum of all; the diagonal is [-2, 1, 2,
// 1/2, 3, 4, -1/2, -3, -4, 2^-8, 1/4, 1/8, 2^-27, -2^-8, -1/16, -2^-27].
DEVICE void partial_round(Fp (&s)[STATE_WORDS], uint32_t number) {
    Fp first = power_7(s[0] + fp(PARTIAL_CONSTANTS[number]));
    Fp others = ((s[1] + s[2]) + (s[3] + s[4])) + ((s[5] + s[6]) + (s[7] + s[8]));
    others += ((s[9] + s[10]) + (s[11] + s[12])) + ((s[13] + s[14]) + s[15]);
    Fp sum = others + first;
    s[0] = others - first;
    s[1] += sum;
    s[2] = twice(s[2]) + sum;
    s[3] = half(s[3]) + sum;
    s[4] = twice(s[4]) + s[4] + sum;
    s[5] = twice(twice(s[5])) + sum;
    s[6] = sum - half(s[6]);
    s[7] = sum - (twice(s[7]) + s[7]);
    s[8] = sum - twice(twice(s[8]));
    s[9] = divide<8>(s[9]) + sum;
    s[10] = divide<2>(s[10]) + sum;
    s[11] = divide<3>(s[11]) + sum;
    s[12] = divide<27>(s[12]) + sum;
    s[13] = sum - divide<8>(s[13]);
    s[14] = sum - divide<4>(s[14]);
    s[15] = sum - divide<27>(s[15]);
}

DEVICE void permute(Fp (&s)[STATE_WORDS]) {
    full_layer(s);
    for (uint32_t i = 0; i < HALF_FULL_ROUNDS; i++) {
        full_round(s, i);
    }
    for (uint32_t i = 0; i < PARTIAL_ROUNDS; i++) {
        partial_round(s, i);
    }
    for (uint32_t i = HALF_FULL_ROUNDS; i < 2 * HALF_FULL_ROUNDS; i++) {
        full_round(s, i);
    }
}

DEVICE Digest squeeze(const Fp (&s)[STATE_WORDS]) {
    Digest digest;
    UNROLL for (uint32_t i = 0; i < SPONGE_WORDS; i++) {
        digest.at[i] = s[i].word;
    }
    return digest;
}

DEVICE Digest hash_row(Poseidon2, const Row &row) {
    Fp state[STATE_WORDS] = {};
    for (uint32_t first = 0; first < row.width; first += SPONGE_WORDS) {
        uint32_t words[SPONGE_WORDS];
        load(row, first, row.width, words);
        // Where a row has ended, the state stays.
        UNROLL for (uint32_t i = 0; i < SPONGE_WORDS; i++) {
            state[i] = first + i < row.width ? fp(words[i]) : state[i];
        }
        permute(state);
    }
    return squeeze(state);
}

DEVICE Digest compress(Poseidon2, const Digest &left, const Digest &right) {
    Fp state[STATE_WORDS];
    UNROLL for (uint32_t i = 0; i < 8; i++) {
        state[i] = fp(left.at[i]);
        state[8 + i] = fp(right.at[i]);
    }
    permute(state);
    return squeeze(state);
}
