// Numbers of the challenge field among a kernel's arguments, and in columns: one a coordinate.
#pragma once

#include "field.cuh"
#include "unroll.cuh"

// Words of a number that is an argument, whatever the degree.
#define MOST_DEGREE 5

template <uint32_t D> DEVICE Extension<D> constant(const uint32_t *words) {
    Extension<D> x;
    UNROLL
    for (uint32_t i = 0; i < D; i++) {
        x.at[i] = fp(words[i]);
    }
    return x;
}

// The number in a row of D columns, which are `stride` words apart.
template <uint32_t D> DEVICE Extension<D> load_row(const Fp *row, uint32_t stride) {
    Extension<D> x;
    UNROLL
    for (uint32_t i = 0; i < D; i++) {
        x.at[i] = row[uint64_t(i) * stride];
    }
    return x;
}

template <uint32_t D> DEVICE void store_row(Fp *row, uint32_t stride, Extension<D> x) {
    UNROLL
    for (uint32_t i = 0; i < D; i++) {
        row[uint64_t(i) * stride] = x.at[i];
    }
}

// A sum of products: four of words below p are less than 2^64, and than twice 2^32 p.
DEVICE Fp dot(const Fp (&x)[4], const Fp (&y)[4]) {
    uint64_t sum = uint64_t(x[0].word) * y[0].word;
    UNROLL
    for (uint32_t i = 1; i < 4; i++) {
        sum += uint64_t(x[i].word) * y[i].word;
    }
    const uint64_t bound = uint64_t(P) << 32;
    return reduce(sum < bound ? sum : sum - bound);
}
