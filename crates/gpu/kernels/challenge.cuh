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
