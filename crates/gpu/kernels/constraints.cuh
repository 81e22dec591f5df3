// What the kernels of the tables are made of: those are generated from the tables' constraints, two
// for each table and degree D of the challenge field (logup.cuh, quotient.cuh).
//
// Layout: columns of words (`Matrix`), so that neighbouring threads read neighbouring words; what
// is the same for all rows (public values, powers of challenges) is read from the same address by
// all threads. Launch shape: a thread a row, blocks of 128. Bound: integer operations; a row of a
// table of 50 columns takes some 1000 multiplications of the base field.
#pragma once

#include "field.cuh"

// A piece of a long kernel, compiled on its own so that its values do not crowd out those of the
// other pieces.
#ifdef VOUCH_SHIM
#define PART static __attribute__((noinline))
#else
#define PART static __device__ __noinline__
#endif

struct TableArgs {
    // Columns and the words from one to the next; `fixed` and `periodic` are nowhere in tables
    // without. The LogUp columns are written by table_logup and read by table_quotient.
    Address main;
    Address logup;
    Address fixed;
    Address periodic;
    // Of table_quotient: columns of `points` words, see selectors in quotient.cu; and the result,
    // D such columns.
    Address selectors;
    Address result;
    // Numbers of D words: each message's constant and factors, message after message; powers of
    // the challenge that folds constraints, for each constraint, for each LogUp column, for the
    // running sum on the first row, on all but the last, on the last; the terminal. Of table_logup:
    // those of the messages.
    Address numbers;
    Address public_values;
    // Of table_quotient: 1 / (x^(2^log_height) - 1) for each coset.
    Address inverse_vanishing;
    uint32_t main_stride;
    uint32_t logup_stride;
    uint32_t fixed_stride;
    uint32_t periodic_stride;
    // Rows of a coset, log2.
    uint32_t log_height;
    // Rows of all cosets that there is a thread for.
    uint32_t points;
};

// Where a thread is, and where the row after is.
struct Row {
    const TableArgs &a;
    uint32_t at;
    uint32_t next;
};

DEVICE Row row(const TableArgs &a, uint32_t at) {
    uint32_t within = (1u << a.log_height) - 1;
    return {a, at, (at & ~within) | ((at + 1) & within)};
}

DEVICE Fp cell(Address columns, uint32_t stride, uint32_t column, uint32_t row) {
    return at<const Fp>(columns)[uint64_t(column) * stride + row];
}
DEVICE Fp current(const Row &r, uint32_t column) { return cell(r.a.main, r.a.main_stride, column, r.at); }
DEVICE Fp next(const Row &r, uint32_t column) { return cell(r.a.main, r.a.main_stride, column, r.next); }
DEVICE Fp fixed(const Row &r, uint32_t column) {
    return cell(r.a.fixed, r.a.fixed_stride, column, r.at);
}
DEVICE Fp periodic(const Row &r, uint32_t column) {
    return cell(r.a.periodic, r.a.periodic_stride, column, r.at);
}
DEVICE Fp public_value(const Row &r, uint32_t i) { return at<const Fp>(r.a.public_values)[i]; }
DEVICE Fp is_first(const Row &r) { return cell(r.a.selectors, r.a.points, 0, r.at); }
DEVICE Fp is_last(const Row &r) { return cell(r.a.selectors, r.a.points, 1, r.at); }
DEVICE Fp is_transition(const Row &r) { return cell(r.a.selectors, r.a.points, 2, r.at); }

// The i-th number that is the same for all rows.
template <uint32_t D> DEVICE Extension<D> number(const Row &r, uint32_t i) {
    return load<D>(r.a.numbers + 4 * D * i);
}

// A number whose coordinates are in columns, `first` being that of the first coordinate.
template <uint32_t D>
DEVICE Extension<D> gather(Address columns, uint32_t stride, uint32_t first, uint32_t row) {
    Extension<D> x;
    for (uint32_t i = 0; i < D; i++) {
        x.at[i] = cell(columns, stride, first + i, row);
    }
    return x;
}

template <uint32_t D>
DEVICE void scatter(Address columns, uint32_t stride, uint32_t first, uint32_t row, Extension<D> x) {
    for (uint32_t i = 0; i < D; i++) {
        at<Fp>(columns)[uint64_t(first + i) * stride + row] = x.at[i];
    }
}

// A sum of base-field numbers times constants: 2^32 times what it stands for, so that products
// are reduced once.
template <uint32_t D> struct Sum {
    uint64_t at[D];
};

template <uint32_t D> DEVICE Sum<D> sum(Extension<D> x) {
    Sum<D> sum;
    for (uint32_t i = 0; i < D; i++) {
        sum.at[i] = uint64_t(x.at[i].word) << 32;
    }
    return sum;
}

template <uint32_t D> DEVICE void add(Sum<D> &sum, Fp x, Extension<D> factor) {
    for (uint32_t i = 0; i < D; i++) {
        sum.at[i] = add_product(sum.at[i], x, factor.at[i]);
    }
}

template <uint32_t D> DEVICE Extension<D> value(const Sum<D> &sum) {
    Extension<D> x;
    for (uint32_t i = 0; i < D; i++) {
        x.at[i] = reduce(sum.at[i]);
    }
    return x;
}

// A multiplication of the challenge field. A kernel has dozens: as a function of its own they are
// half of its code or less, which its multiprocessor's cache for instructions holds.
template <uint32_t D> PART Extension<D> product(Extension<D> x, Extension<D> y) { return x * y; }

// The sum of the fractions of a LogUp column's messages: counts over combined fields.
template <uint32_t D> struct Fraction {
    Extension<D> numerator;
    Extension<D> denominator;
};

template <uint32_t D>
DEVICE Fraction<D> join(Fp x_count, Extension<D> x, Fp y_count, Extension<D> y) {
    return {y * x_count + x * y_count, product(x, y)};
}

template <uint32_t D> DEVICE Fraction<D> join(Fraction<D> x, Fp y_count, Extension<D> y) {
    return {product(x.numerator, y) + x.denominator * y_count, product(x.denominator, y)};
}
