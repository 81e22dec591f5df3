// LogUp columns of a table: table_logup_<table>_<D>.
//
// Writes of each row the sum of its fractions to the first D columns, of which kernels in logup.cu
// make the running sum, and then each LogUp column's fraction. The row's denominators are inverted
// together: on the way up, column i holds its numerator times the denominators before it; on the
// way down that is multiplied by the inverse of all denominators up to its own. Writes each column
// twice and reads it once, as other threads do theirs: caches hold it.
#pragma once

#include "constraints.cuh"

template <uint32_t D, uint32_t COLUMNS> struct LogUp {
    // Of the columns before.
    Extension<D> product;
    Extension<D> denominators[COLUMNS];
};

template <uint32_t D> DEVICE Extension<D> scaled(Extension<D> x, Extension<D> by) {
    return product(by, x);
}
template <uint32_t D> DEVICE Extension<D> scaled(Fp x, Extension<D> by) { return by * x; }

// The fraction of the next column; its numerator may be in the base field.
template <uint32_t D, uint32_t COLUMNS, typename Numerator>
DEVICE void push(const Row &r, LogUp<D, COLUMNS> &logup, uint32_t column, Numerator numerator,
                 Extension<D> denominator) {
    Extension<D> above = scaled<D>(numerator, logup.product);
    scatter<D>(r.a.logup, r.a.logup_stride, D * (column + 1), r.at, above);
    logup.denominators[column] = denominator;
    logup.product = product(logup.product, denominator);
}

template <uint32_t D, uint32_t COLUMNS>
DEVICE void finish(const Row &r, const LogUp<D, COLUMNS> &logup) {
    Extension<D> below = inverse(logup.product);
    Extension<D> total = {};
    for (uint32_t column = COLUMNS; column-- > 0;) {
        uint32_t first = D * (column + 1);
        Extension<D> above = gather<D>(r.a.logup, r.a.logup_stride, first, r.at);
        Extension<D> fraction = product(above, below);
        scatter<D>(r.a.logup, r.a.logup_stride, first, r.at, fraction);
        total += fraction;
        below = product(below, logup.denominators[column]);
    }
    scatter<D>(r.a.logup, r.a.logup_stride, 0, r.at, total);
}
