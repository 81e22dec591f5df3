// Low-degree extension: from the values on a coset of 2^log_height points to those on several.
//
// Columns are transformed one by one, along y of the grid. The inverse transform goes from values
// in natural order to coefficients in bit-reversed order, with layers of greatest stride first; the
// forward transform goes back the same way, so that nothing is ever permuted. A column of
// 2^log_height values is 2^r rows of s = 2^log_stride values:
//
//   ntt_inverse_rows  the layers between rows, then each value of row k by w^(-offset rev(k)),
//                     w being a root of order 2^r s; leaves transforms within the rows
//   ntt_blocks        a row or, of low columns, all of it: inverse transform, 1 / n, and for
//                     every coset a forward transform
//   ntt_forward_rows  the mirror image of ntt_inverse_rows, for every coset
//
// Rows that are too long for ntt_blocks are cut again. A kernel works on tiles (tile.cuh).
//
// Bound: memory is read and written once a kernel, in runs of at least 16 words; a value costs
// half a multiplication a layer, and 2 more to and from rows.
#include "tile.cuh"

struct NttBlocksArgs {
    Address from;
    Address to;
    // Words from a column to the next.
    uint64_t from_stride;
    uint64_t to_stride;
    // Roots of the inverse transform, and of the forward transform of each coset.
    Address inverse;
    Address forward;
    uint32_t log_height;
    uint32_t bits;
    uint32_t cosets;
    // 1 / 2^log_height
    uint32_t scale;
};

// Transforms within blocks of 2^bits values: from the only coset of `from` to the `cosets` of
// `to`, which may have its first one in the same place. A block of 2^(bits - 4) threads, at least
// one, for each of them; blocks of a column along x.
KERNEL_SYNC(ntt_blocks, NttBlocksArgs) {
    SHARED(Fp, values, 1 << LOG_TILE);
    Tile tile = {values, a.bits, 0};
    uint32_t first = block_x() << a.bits, count = held(tile);
    const Fp *from = at<const Fp>(a.from) + block_y() * a.from_stride + first;
    Fp *to = at<Fp>(a.to) + block_y() * a.to_stride + first;
    Hold high = top(tile);
    Fp coefficients[HELD];
    UNROLL
    for (uint32_t i = 0; i < HELD; i++) {
        coefficients[i] = i < count ? from[high.position | i << high.lowest] : zero();
    }
    invert(coefficients, tile, at<const Fp>(a.inverse));
    UNROLL
    for (uint32_t i = 0; i < HELD; i++) {
        coefficients[i] *= fp(a.scale);
    }
    for (uint32_t coset = 0; coset < a.cosets; coset++) {
        if (coset > 0) {
            // Others read the tile of the coset before.
            sync();
        }
        Fp x[HELD];
        UNROLL
        for (uint32_t i = 0; i < HELD; i++) {
            x[i] = coefficients[i];
        }
        evaluate(x, tile, at<const Fp>(a.forward) + (coset << a.bits));
        UNROLL
        for (uint32_t i = 0; i < HELD; i++) {
            if (i < count) {
                to[(coset << a.log_height) + (high.position | i << high.lowest)] = x[i];
            }
        }
    }
}

struct NttRowsArgs {
    Address from;
    Address to;
    // Words from a column to the next.
    uint64_t from_stride;
    uint64_t to_stride;
    // Roots of the layers between rows; of the forward transform, for each coset.
    Address roots;
    // Of the root of order 2^(rows + log_stride).
    Powers powers;
    // log2; at least LOG_HELD
    uint32_t rows;
    uint32_t log_stride;
    // Neighbouring values that a tile takes of a row, log2; at most log_stride
    uint32_t run;
    uint32_t log_height;
};

// What a block of ntt_*_rows works on; blocks of 2^(rows + run - 4) threads.
struct Rows {
    Tile tile;
    // Of its first value in the column, and in its row.
    uint32_t first;
    uint32_t offset;
};

DEVICE Rows rows_of(const NttRowsArgs &a, Fp *values) {
    uint32_t log_chunks = a.log_stride - a.run;
    uint32_t offset = (block_x() & ((1u << log_chunks) - 1)) << a.run;
    uint32_t group = block_x() >> log_chunks;
    return {{values, a.rows + a.run, a.run}, (group << (a.rows + a.log_stride)) + offset, offset};
}

// Where a value of the hold is in the column.
DEVICE uint32_t column_index(const NttRowsArgs &a, const Rows &rows, Hold hold, uint32_t i) {
    uint32_t position = hold.position | i << hold.lowest;
    uint32_t within = position & ((1u << a.run) - 1);
    return rows.first + (position >> a.run << a.log_stride) + within;
}

// Multiplies the values of the bottom hold, which are of HELD neighbouring rows, by
// w^(offset rev(row)), or divides them by it. The numbers rev(row) are HELD apart, so that
// the factors are a geometric sequence.
template <bool INVERSE>
DEVICE void twist(const NttRowsArgs &a, const Rows &rows, Hold low, Fp (&x)[HELD]) {
    uint32_t offset = rows.offset + (low.position & ((1u << a.run) - 1));
    uint32_t first = offset * reverse_bits(low.position >> a.run, a.rows);
    uint32_t step = offset << (a.rows - LOG_HELD);
    Fp factor = INVERSE ? inverse_power(a.powers, first) : power(a.powers, first);
    Fp ratio = INVERSE ? inverse_power(a.powers, step) : power(a.powers, step);
    UNROLL
    for (uint32_t i = 0; i < HELD; i++) {
        x[reverse_held(i)] *= factor;
        factor *= ratio;
    }
}

// The inverse layers between rows; `from` and `to` are one coset each.
KERNEL_SYNC(ntt_inverse_rows, NttRowsArgs) {
    SHARED(Fp, values, 1 << LOG_TILE);
    Rows rows = rows_of(a, values);
    const Fp *from = at<const Fp>(a.from) + block_y() * a.from_stride;
    Fp *to = at<Fp>(a.to) + block_y() * a.to_stride;
    Hold high = top(rows.tile), low = bottom(rows.tile);
    Fp x[HELD];
    UNROLL
    for (uint32_t i = 0; i < HELD; i++) {
        x[i] = from[column_index(a, rows, high, i)];
    }
    invert(x, rows.tile, at<const Fp>(a.roots));
    twist<true>(a, rows, low, x);
    UNROLL
    for (uint32_t i = 0; i < HELD; i++) {
        to[column_index(a, rows, low, i)] = x[i];
    }
}

// The forward layers between rows, of every coset.
KERNEL_SYNC(ntt_forward_rows, NttRowsArgs) {
    SHARED(Fp, values, 1 << LOG_TILE);
    Rows rows = rows_of(a, values);
    const Fp *from = at<const Fp>(a.from) + block_y() * a.from_stride;
    Fp *to = at<Fp>(a.to) + block_y() * a.to_stride;
    Hold high = top(rows.tile), low = bottom(rows.tile);
    Fp x[HELD];
    UNROLL
    for (uint32_t i = 0; i < HELD; i++) {
        x[i] = from[column_index(a, rows, low, i)];
    }
    twist<false>(a, rows, low, x);
    uint32_t coset = rows.first >> a.log_height;
    evaluate(x, rows.tile, at<const Fp>(a.roots) + (coset << a.rows));
    UNROLL
    for (uint32_t i = 0; i < HELD; i++) {
        to[column_index(a, rows, high, i)] = x[i];
    }
}
