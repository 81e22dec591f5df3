// The quotient of a table: table_quotient_<table>_<D>.
//
// Folds the constraints at each point, those of LogUp included, and divides by the polynomial that
// vanishes on the table's rows. Reads each column once, writes D words a point.
#pragma once

#include "constraints.cuh"

template <uint32_t D> struct Quotient {
    // The first power of LogUp's constraints among the numbers.
    uint32_t powers;
    Extension<D> folded;
    // Of the fractions.
    Extension<D> total;
};

template <uint32_t D> DEVICE Extension<D> less(Extension<D> x, Extension<D> y) { return x - y; }
template <uint32_t D> DEVICE Extension<D> less(Extension<D> x, Fp y) {
    x.at[0] -= y;
    return x;
}

// The constraint that a LogUp column is its fraction.
template <uint32_t D, typename Numerator>
DEVICE void push(const Row &r, Quotient<D> &q, uint32_t column, Numerator numerator,
                 Extension<D> denominator) {
    Extension<D> fraction = gather<D>(r.a.logup, r.a.logup_stride, D * (column + 1), r.at);
    Extension<D> difference = less(product(denominator, fraction), numerator);
    q.folded += product(difference, number<D>(r, q.powers + column));
    q.total += fraction;
}

// The constraints of the running sum, the first column.
template <uint32_t D> DEVICE void finish(const Row &r, const Quotient<D> &q, uint32_t columns) {
    uint32_t powers = q.powers + columns;
    Extension<D> running = gather<D>(r.a.logup, r.a.logup_stride, 0, r.at);
    Extension<D> after = gather<D>(r.a.logup, r.a.logup_stride, 0, r.next);
    Extension<D> sum = running + q.total;
    Extension<D> terminal = number<D>(r, powers + 3);
    Extension<D> folded = q.folded;
    folded += product(running * is_first(r), number<D>(r, powers));
    folded += product((after - sum) * is_transition(r), number<D>(r, powers + 1));
    folded += product((terminal - sum) * is_last(r), number<D>(r, powers + 2));
    Fp inverse_vanishing = at<const Fp>(r.a.inverse_vanishing)[r.at >> r.a.log_height];
    scatter<D>(r.a.result, r.a.points, 0, r.at, folded * inverse_vanishing);
}
