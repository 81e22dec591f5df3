// FRI: folding of a codeword, and adding codewords.
//
// A codeword of degree-D numbers is D columns. Its points are those of the subgroup of
// 2^(log_height + log_cosets) elements: value k of coset c is at w^(rev(c) + k 2^log_cosets).
#include "challenge.cuh"
#include "roots.cuh"

// The greatest number of halvings at once.
#define MOST 3

struct FoldArgs {
    Address from;
    Address to;
    // Of the whole subgroup's generator.
    Powers powers;
    // The challenge and its square and the square of that, each divided by 2: of D words.
    uint32_t betas[MOST * MOST_DEGREE];
    // 1, w^-1, w^-2 and w^-3 of the root w of order 8
    uint32_t turns[1 << (MOST - 1)];
    // Of what is folded.
    uint32_t log_height;
    uint32_t log_cosets;
    // Halvings: 1 to MOST.
    uint32_t log_arity;
};

template <uint32_t D> DEVICE Extension<D> half(Extension<D> x) {
    UNROLL
    for (uint32_t i = 0; i < D; i++) {
        x.at[i] = half(x.at[i]);
    }
    return x;
}

// f(x^2) = (p(x) + p(-x)) / 2 + beta (p(x) - p(-x)) / 2x, LOG times, beta being squared each time:
// from the 2^LOG values at the products of a point and the roots of unity of that order. First
// the halves are folded, which are at opposite points.
template <uint32_t D, uint32_t LOG> DEVICE void fold_group(const FoldArgs &a, uint32_t i) {
    uint32_t log_folded = a.log_height - LOG;
    uint32_t height = 1u << (a.log_height + a.log_cosets), coset = i >> log_folded;
    uint32_t k = i & ((1u << log_folded) - 1);
    const Fp *from = at<const Fp>(a.from) + (coset << a.log_height) + k;
    Extension<D> values[1 << LOG];
    UNROLL
    for (uint32_t j = 0; j < 1u << LOG; j++) {
        values[j] = load_row<D>(from + (j << log_folded), height);
    }
    // 1 / x
    Fp inverse = inverse_power(a.powers, reverse_bits(coset, a.log_cosets) + (k << a.log_cosets));
    UNROLL
    for (uint32_t step = 0; step < LOG; step++) {
        Extension<D> beta = constant<D>(a.betas + D * step);
        uint32_t count = 1u << (LOG - 1 - step);
        UNROLL
        for (uint32_t j = 0; j < count; j++) {
            Fp factor = inverse * fp(a.turns[j << (MOST - LOG + step)]);
            Extension<D> low = values[j], high = values[j + count];
            values[j] = half(low + high) + (low - high) * factor * beta;
        }
        inverse *= inverse;
    }
    store_row<D>(at<Fp>(a.to) + i, height >> LOG, values[0]);
}

template <uint32_t D> DEVICE void fold(const FoldArgs &a) {
    uint32_t i = line();
    if (i >= 1u << (a.log_height + a.log_cosets - a.log_arity)) {
        return;
    }
    switch (a.log_arity) {
    case 1: fold_group<D, 1>(a, i); break;
    case 2: fold_group<D, 2>(a, i); break;
    default: fold_group<D, 3>(a, i);
    }
}

// A thread for each value of the result. Bound: D 2^log_arity words read and D written for
// 2^log_arity - 1 multiplications of the challenge field.
KERNEL(fold_4, FoldArgs) { fold<4>(a); }
KERNEL(fold_5, FoldArgs) { fold<5>(a); }

struct AddScaledArgs {
    // D columns of `rows` words
    Address sum;
    Address x;
    uint32_t factor[MOST_DEGREE];
    uint32_t rows;
};

template <uint32_t D> DEVICE void add_scaled(const AddScaledArgs &a) {
    uint32_t i = line();
    if (i >= a.rows) {
        return;
    }
    Fp *place = at<Fp>(a.sum) + i;
    Extension<D> sum = load_row<D>(place, a.rows);
    Extension<D> x = load_row<D>(at<const Fp>(a.x) + i, a.rows);
    store_row<D>(place, a.rows, sum + x * constant<D>(a.factor));
}

// sum += factor * x; a thread for each row. Bound: memory, 3 D words a row.
KERNEL(add_scaled_4, AddScaledArgs) { add_scaled<4>(a); }
KERNEL(add_scaled_5, AddScaledArgs) { add_scaled<5>(a); }
