// Keccak-256 with its original padding (https://keccak.team/files/Keccak-reference-3.0.pdf), of
// whole words: 34 words a block, about 7000 integer operations.
#pragma once

#include "digest.cuh"

// Words and lanes of a block.
#define RATE_WORDS 34
#define RATE_LANES 17

struct Keccak256 {};

CONSTANT uint64_t ROUND_CONSTANTS[24] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

DEVICE uint64_t rotate_left(uint64_t x, uint32_t by) { return x << by | x >> (64 - by); }

// Lane x + 5 y is row y, column x.
DEVICE void keccak_round(uint64_t (&a)[25], uint64_t constant) {
    uint64_t parity[5], moved[25];
    UNROLL for (uint32_t x = 0; x < 5; x++) {
        parity[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
    }
    UNROLL for (uint32_t x = 0; x < 5; x++) {
        uint64_t change = parity[(x + 4) % 5] ^ rotate_left(parity[(x + 1) % 5], 1);
        UNROLL for (uint32_t y = 0; y < 25; y += 5) {
            a[x + y] ^= change;
        }
    }
    // Lane (x, y) turns and moves to (y, 2 x + 3 y).
    moved[0] = a[0];
    moved[10] = rotate_left(a[1], 1);
    moved[20] = rotate_left(a[2], 62);
    moved[5] = rotate_left(a[3], 28);
    moved[15] = rotate_left(a[4], 27);
    moved[16] = rotate_left(a[5], 36);
    moved[1] = rotate_left(a[6], 44);
    moved[11] = rotate_left(a[7], 6);
    moved[21] = rotate_left(a[8], 55);
    moved[6] = rotate_left(a[9], 20);
    moved[7] = rotate_left(a[10], 3);
    moved[17] = rotate_left(a[11], 10);
    moved[2] = rotate_left(a[12], 43);
    moved[12] = rotate_left(a[13], 25);
    moved[22] = rotate_left(a[14], 39);
    moved[23] = rotate_left(a[15], 41);
    moved[8] = rotate_left(a[16], 45);
    moved[18] = rotate_left(a[17], 15);
    moved[3] = rotate_left(a[18], 21);
    moved[13] = rotate_left(a[19], 8);
    moved[14] = rotate_left(a[20], 18);
    moved[24] = rotate_left(a[21], 2);
    moved[9] = rotate_left(a[22], 61);
    moved[19] = rotate_left(a[23], 56);
    moved[4] = rotate_left(a[24], 14);
    UNROLL for (uint32_t y = 0; y < 25; y += 5) {
        UNROLL for (uint32_t x = 0; x < 5; x++) {
            a[x + y] = moved[x + y] ^ (~moved[(x + 1) % 5 + y] & moved[(x + 2) % 5 + y]);
        }
    }
    a[0] ^= constant;
}

// Adds a block of words to the state, and permutes it.
DEVICE void absorb(uint64_t (&state)[25], const uint32_t (&words)[RATE_WORDS]) {
    UNROLL for (uint32_t i = 0; i < RATE_LANES; i++) {
        state[i] ^= words[2 * i] | uint64_t(words[2 * i + 1]) << 32;
    }
    for (uint32_t i = 0; i < 24; i++) {
        keccak_round(state, ROUND_CONSTANTS[i]);
    }
}

DEVICE Digest squeeze(const uint64_t (&state)[25]) {
    Digest digest;
    UNROLL for (uint32_t i = 0; i < 4; i++) {
        digest.at[2 * i] = uint32_t(state[i]);
        digest.at[2 * i + 1] = uint32_t(state[i] >> 32);
    }
    return digest;
}

DEVICE Digest hash_row(Keccak256, const Row &row) {
    uint64_t state[25] = {};
    for (uint32_t first = 0;; first += RATE_WORDS) {
        uint32_t words[RATE_WORDS];
        load(row, first, row.width, words);
        // A row that ends with a block has its padding in one more.
        bool last = row.width - first < RATE_WORDS;
        if (last) {
            UNROLL for (uint32_t i = 0; i < RATE_WORDS; i++) {
                words[i] |= first + i == row.width ? 1 : 0;
            }
            words[RATE_WORDS - 1] |= 0x80000000;
        }
        absorb(state, words);
        if (last) {
            return squeeze(state);
        }
    }
}

// The hash of both digests' bytes.
DEVICE Digest compress(Keccak256, const Digest &left, const Digest &right) {
    uint64_t state[25] = {};
    uint32_t words[RATE_WORDS] = {};
    UNROLL for (uint32_t i = 0; i < 8; i++) {
        words[i] = left.at[i];
        words[8 + i] = right.at[i];
    }
    words[16] = 1;
    words[RATE_WORDS - 1] = 0x80000000;
    absorb(state, words);
    return squeeze(state);
}
