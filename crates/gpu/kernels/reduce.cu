// What FRI is given of packs, before their transform (pack.cu): at row y of the columns of one height,
// for each coefficient j, the sum over packs and points z of
//     power * (f(y) - f(z)) / (y - z), times 1 + correction * y.
//
// Value r of coset c is at y = shift W^(rev(c) + r 2^log_cosets), W being the root of the order of all
// rows. The point before y, y / w, is the neighbour in the same coset.
#include "challenge.cuh"
#include "part.cuh"
#include "roots.cuh"

// Rows of a thread, and coefficients at most.
#define ROWS 2
#define COEFFICIENTS 8

// Packs of a round.
struct Term {
    // `count` addresses, where columns begin: those of coefficient j from j * width on. Columns that are
    // not there are zeros.
    Address columns;
    // `width` numbers of D words, what the columns of a coefficient are multiplied by; zeros up to a
    // multiple of 4.
    Address factors;
    // By how much those for the next row's point are greater.
    uint32_t next[MOST_DEGREE];
    uint32_t width;
    uint32_t count;
    uint32_t at_next;
};

struct ReduceArgs {
    // `count` of them
    Address terms;
    // 1 / (z - y), D columns
    Address inverses;
    // For each coefficient the columns' values at z, and at w z, by their factors: D words each.
    Address values;
    // D columns for each coefficient, of the rows that are worked on
    Address to;
    Powers powers;
    uint32_t correction[MOST_DEGREE];
    uint32_t count;
    uint32_t log_height;
    uint32_t log_cosets;
    uint32_t log_size;
    // Rows of a coset that are worked on, log2, and which they are.
    uint32_t log_rows;
    Part part;
    // If any column is opened at w z.
    uint32_t next;
    // 1 / w
    uint32_t back;
    uint32_t shift;
};

// The columns of coefficient `j`, by their factors, at ROWS rows.
template <uint32_t D>
DEVICE void combine(const Term &term, uint32_t j, const uint32_t (&rows)[ROWS],
                    Extension<D> (&sums)[ROWS]) {
    const Address *columns = at<const Address>(term.columns) + j * term.width;
    // Of this coefficient.
    uint32_t first = j * term.width, left = term.count > first ? term.count - first : 0;
    uint32_t count = left < term.width ? left : term.width;
    for (uint32_t column = 0; column < count; column += 4) {
        const Fp *powers = at<const Fp>(term.factors) + column * D;
        Fp values[ROWS][4];
        UNROLL
        for (uint32_t i = 0; i < 4; i++) {
            bool within = column + i < count;
            const Fp *cells = at<const Fp>(within ? columns[column + i] : 0);
            UNROLL
            for (uint32_t r = 0; r < ROWS; r++) {
                values[r][i] = within ? cells[rows[r]] : zero();
            }
        }
        UNROLL
        for (uint32_t d = 0; d < D; d++) {
            Fp factors[4];
            UNROLL
            for (uint32_t i = 0; i < 4; i++) {
                factors[i] = powers[i * D + d];
            }
            UNROLL
            for (uint32_t r = 0; r < ROWS; r++) {
                sums[r].at[d] += dot(values[r], factors);
            }
        }
    }
}

// What the sums of a row are multiplied by: 1 + correction * y, over z - y and over w z - y.
template <uint32_t D> struct Weights {
    Extension<D> at_point;
    Extension<D> at_next;
};

template <uint32_t D> DEVICE Weights<D> weights(const ReduceArgs &a, uint32_t row) {
    uint32_t all = 1u << (a.log_height + a.log_cosets), mask = (1u << a.log_height) - 1;
    uint32_t coset = reverse_bits(row >> a.log_height, a.log_cosets);
    Fp y = fp(a.shift) * power(a.powers, coset + ((row & mask) << a.log_cosets));
    Extension<D> corrected = constant<D>(a.correction) * y;
    corrected.at[0] += one();
    const Fp *inverses = at<const Fp>(a.inverses);
    // 1 / (w z - y) = (1 / w) / (z - y / w)
    uint32_t before = (row & ~mask) | ((row - 1) & mask);
    return {corrected * load_row<D>(inverses + row, all),
            corrected * (load_row<D>(inverses + before, all) * fp(a.back))};
}

template <uint32_t D> DEVICE void reduce_rows(const ReduceArgs &a) {
    uint32_t stride = 1u << (a.log_rows + a.log_cosets);
    uint32_t first = block_x() * threads_x() * ROWS + thread_x(), rows[ROWS];
    Weights<D> by[ROWS];
    UNROLL
    for (uint32_t r = 0; r < ROWS; r++) {
        // Rows that there are not: any other.
        rows[r] = row_at(a.part, (first + r * threads_x()) & (stride - 1));
        by[r] = weights<D>(a, rows[r]);
    }
    for (uint32_t i = 0; i < COEFFICIENTS; i++) {
        uint32_t j = block_y() * COEFFICIENTS + i;
        if (j >> a.log_size) {
            break;
        }
        Address values = a.values + uint64_t(8) * D * j;
        Extension<D> at_point[ROWS], at_next[ROWS];
        UNROLL
        for (uint32_t r = 0; r < ROWS; r++) {
            at_point[r] = load<D>(values);
            at_next[r] = load<D>(values + 4 * D);
        }
        for (uint32_t t = 0; t < a.count; t++) {
            const Term &term = at<const Term>(a.terms)[t];
            Extension<D> sums[ROWS] = {};
            combine(term, j, rows, sums);
            UNROLL
            for (uint32_t r = 0; r < ROWS; r++) {
                at_point[r] -= sums[r];
                if (term.at_next) {
                    at_next[r] -= sums[r] * constant<D>(term.next);
                }
            }
        }
        UNROLL
        for (uint32_t r = 0; r < ROWS; r++) {
            uint32_t number = first + r * threads_x();
            if (number >= stride) {
                break;
            }
            Extension<D> sum = at_point[r] * by[r].at_point;
            if (a.next) {
                sum += at_next[r] * by[r].at_next;
            }
            store_row<D>(at<Fp>(a.to) + uint64_t(j) * D * stride + number, stride, sum);
        }
    }
}

// A thread for ROWS rows, COEFFICIENTS of them along y. Bound: bytes, a word for D products, as long as
// packs are many; else integer operations, two products of the challenge field a coefficient and row.
KERNEL(reduce_4, ReduceArgs) { reduce_rows<4>(a); }
KERNEL(reduce_5, ReduceArgs) { reduce_rows<5>(a); }
