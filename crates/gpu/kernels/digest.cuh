// Digests, and the rows that they are made of. Each hash is a type without members, by which
//     Digest hash_row(Hash, row)              a leaf
//     Digest compress(Hash, left, right)      a node
// are chosen.
#pragma once

#include "vouch.cuh"

// 32 bytes: eight words, which are little-endian bytes or field elements.
struct alignas(16) Digest {
    uint32_t at[8];
};

// A row: a word at the same place of each of some columns, and at another one of the others.
struct Row {
    // Where the columns begin, `width` of them.
    const Address *columns;
    // In bytes: of the first `direct` columns, and of the others, which are packed.
    uint64_t place;
    uint64_t packed;
    uint32_t direct;
    uint32_t width;
};

DEVICE uint32_t word(const Row &row, uint32_t column) {
    uint64_t place = column < row.direct ? row.place : row.packed;
    return *at<uint32_t>(row.columns[column] + place);
}

// N words from column `first` on; 0 from column `end` on.
template <uint32_t N>
DEVICE void load(const Row &row, uint32_t first, uint32_t end, uint32_t (&words)[N]) {
    if (end - first >= N) {
        UNROLL for (uint32_t i = 0; i < N; i++) {
            words[i] = word(row, first + i);
        }
    } else {
        UNROLL for (uint32_t i = 0; i < N; i++) {
            words[i] = first + i < end ? word(row, first + i) : 0;
        }
    }
}
