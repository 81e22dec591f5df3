// Packs: k = 2^log_size columns as the polynomial sum of X^j f_j(X^k), by its values.
//
// A level is 2^log_cosets cosets of 2^(log_height + log_size) values, log_height being that of the
// columns. Value q of coset c is at x = s W^(rev(c) + q 2^log_cosets), s being the shift of such packs
// and W the root of the order of all. So the values q = p 2^log_height + r for all p are, with x_0 that
// of p = 0, at x_0 w_k^p, and x^k is where row r of the columns is: a transform of the numbers
// x_0^j f_j of a row. Coefficients are taken in bit-reversed order, and results are in natural order.
//
// A row of all packs is `width` words: `packs` numbers of the base field, or of D words each. Word n of
// coefficient j is column j * width + n; those that are not there are zeros.
//
// Both kernels read and write 2^log_rows rows of each coset, which are some rows of all: the columns are
// read where `from` says, and results written where `to` says, of which one keeps all numbers.
#include "part.cuh"
#include "tile.cuh"

struct PackArgs {
    // `count` addresses, where columns begin
    Address columns;
    // `width` columns
    Address result;
    // Powers of s, 2^log_size of them; and the roots of the transform's layers.
    Address shifts;
    Address roots;
    // Of W.
    Powers powers;
    // Words from a column of the result to the next.
    uint64_t stride;
    uint32_t width;
    uint32_t count;
    uint32_t log_size;
    uint32_t log_cosets;
    uint32_t log_rows;
    // Neighbouring rows of a tile, log2: at most log_rows.
    uint32_t run;
    // The results are added to what is there.
    uint32_t add;
    uint32_t zero;
    Part from;
    Part to;
};

// Coefficient `j` of the word that the block is for, at a place of its column.
DEVICE Fp coefficient(const PackArgs &a, uint32_t j, uint32_t place) {
    uint32_t column = j * a.width + block_y();
    return column < a.count ? at<const Fp>(at<const Address>(a.columns)[column])[place] : zero();
}

// x_0^j of a row, of whatever coset it is.
DEVICE Fp point_power(const PackArgs &a, uint32_t row, uint32_t j) {
    uint32_t coset = row >> a.log_rows, within = row & ((1u << a.log_rows) - 1);
    uint32_t place = row_at(a.to, row_at(a.from, within));
    uint32_t exponent = (place << a.log_cosets) + reverse_bits(coset, a.log_cosets);
    return at<const Fp>(a.shifts)[j] * power(a.powers, exponent * j);
}

// Result `p` of a row.
DEVICE void store(const PackArgs &a, uint32_t row, uint32_t p, Fp x) {
    uint32_t coset = row >> a.log_rows, within = row & ((1u << a.log_rows) - 1);
    uint32_t number = (coset << a.log_size | p) << a.log_rows | within;
    Fp *place = at<Fp>(a.result) + block_y() * a.stride + row_at(a.to, number);
    *place = a.add ? *place + x : x;
}

template <uint32_t LOG> DEVICE void pack_row(const PackArgs &a, uint32_t row) {
    const uint32_t size = 1u << LOG;
    uint32_t place = row_at(a.from, row);
    Fp x[size];
    UNROLL
    for (uint32_t j = 0; j < size; j++) {
        x[reverse_bits(j, LOG)] = coefficient(a, j, place);
    }
    if (LOG > 0) {
        Fp point = point_power(a, row, 1), factor = point;
        UNROLL
        for (uint32_t j = 1; j < size; j++) {
            x[reverse_bits(j, LOG)] *= factor;
            factor *= point;
        }
    }
    const Fp *roots = at<const Fp>(a.roots);
    UNROLL
    for (uint32_t half = 1; half < size; half *= 2) {
        UNROLL
        for (uint32_t i = 0; i < size; i++) {
            if ((i & half) == 0) {
                Fp low = x[i], high = x[i + half] * roots[half + (i & (half - 1))];
                x[i] = low + high;
                x[i + half] = low - high;
            }
        }
    }
    UNROLL
    for (uint32_t p = 0; p < size; p++) {
        store(a, row, p, x[p]);
    }
}

// Packs of up to 8 columns. A thread for each row, words along y. Bound: 8 bytes a word.
KERNEL(pack_rows, PackArgs) {
    uint32_t row = line();
    if (row >> (a.log_cosets + a.log_rows)) {
        return;
    }
    switch (a.log_size) {
    case 0: pack_row<0>(a, row); break;
    case 1: pack_row<1>(a, row); break;
    case 2: pack_row<2>(a, row); break;
    default: pack_row<3>(a, row);
    }
}

// Packs of at least 16 columns. A block of 2^(log_size + run - 4) threads for each 2^run rows, words
// along y. Bound: 8 bytes a word; half a multiplication a word and layer, and 2 more.
KERNEL_SYNC(pack_tiles, PackArgs) {
    SHARED(Fp, values, 1 << LOG_TILE);
    Tile tile = {values, a.log_size + a.run, a.run};
    Hold low = bottom(tile), high = top(tile);
    uint32_t first = block_x() << a.run, mask = (1u << a.run) - 1;
    uint32_t row = first + (low.position & mask), place = row_at(a.from, row);
    // The coefficients of a thread are `step` apart.
    uint32_t number = reverse_bits(low.position >> a.run, a.log_size);
    uint32_t step = 1u << (a.log_size - LOG_HELD);
    Fp factor = point_power(a, row, number), ratio = point_power(a, row, step);
    Fp x[HELD];
    UNROLL
    for (uint32_t i = 0; i < HELD; i++) {
        x[reverse_held(i)] = coefficient(a, number + i * step, place) * factor;
        factor *= ratio;
    }
    evaluate(x, tile, at<const Fp>(a.roots));
    UNROLL
    for (uint32_t i = 0; i < HELD; i++) {
        uint32_t position = high.position | i << high.lowest;
        store(a, first + (position & mask), position >> a.run, x[i]);
    }
}
