// Transforms of a tile of values by a block of threads.
//
// A tile is up to 2^LOG_TILE values in shared memory; a thread has HELD of them in registers, on
// which it computes up to LOG_HELD layers between two exchanges.
//
// A polynomial of degree 2m on the points c w^j: f(x) = even(x^2) + x odd(x^2), so the layer of
// half m multiplies by c w^j where p3's would multiply by w^j; coefficients need no scaling.
// These roots are tables of 2^bits words: that of half m and number j < m is at m + j.
#pragma once

#include "roots.cuh"
#include "unroll.cuh"

#define LOG_HELD 4
#define HELD (1 << LOG_HELD)
#define LOG_TILE 13

// A tile of 2^bits values with layers on all bits of a value's position but the lowest `run`.
struct Tile {
    Fp *values;
    uint32_t bits;
    uint32_t run;
};

// The bits of positions that a thread's HELD values differ by: `lowest` and those above.
struct Hold {
    uint32_t lowest;
    // Of the first value.
    uint32_t position;
};

DEVICE Hold hold(uint32_t lowest) {
    uint32_t mask = (1u << lowest) - 1, thread = thread_x();
    return {lowest, (thread & ~mask) << LOG_HELD | (thread & mask)};
}

// The layers of the highest bits are those that are left when the others are done by LOG_HELD.
DEVICE uint32_t top_layers(Tile tile) {
    return tile.bits == tile.run ? 0 : ((tile.bits - tile.run - 1) & (LOG_HELD - 1)) + 1;
}
DEVICE Hold top(Tile tile) { return hold(tile.bits > LOG_HELD ? tile.bits - LOG_HELD : 0); }
DEVICE Hold bottom(Tile tile) { return hold(tile.run); }
// Values of a thread: fewer than HELD of a tiny tile only.
DEVICE uint32_t held(Tile tile) { return tile.bits < LOG_HELD ? 1u << tile.bits : HELD; }

// Where a value is in shared memory: such that values at consecutive positions, or at those that
// consecutive threads have in any hold, are in different banks.
DEVICE uint32_t place(uint32_t position) { return position ^ (position >> 4 & 31); }

// From one hold to another. A thread writes where it read before, so that one sync() is enough.
DEVICE void exchange(Fp (&x)[HELD], Tile tile, Hold from, Hold to) {
    UNROLL
    for (uint32_t i = 0; i < HELD; i++) {
        tile.values[place(from.position | i << from.lowest)] = x[i];
    }
    sync();
    UNROLL
    for (uint32_t i = 0; i < HELD; i++) {
        x[i] = tile.values[place(to.position | i << to.lowest)];
    }
}

// The layer of the bit `BIT` among those of the hold.
template <bool INVERSE, uint32_t BIT>
DEVICE void layer(Fp (&x)[HELD], Tile tile, Hold hold, const Fp *roots) {
    uint32_t first = (hold.position & ((1u << hold.lowest) - 1)) >> tile.run;
    uint32_t shift = hold.lowest - tile.run;
    roots += (1u << (shift + BIT)) + first;
    UNROLL
    for (uint32_t j = 0; j < 1u << BIT; j++) {
        Fp root = roots[j << shift];
        UNROLL
        for (uint32_t i = j; i < HELD; i += 2u << BIT) {
            Fp a = x[i], b = x[i + (1u << BIT)];
            if (INVERSE) {
                x[i] = a + b;
                x[i + (1u << BIT)] = (a - b) * root;
            } else {
                b *= root;
                x[i] = a + b;
                x[i + (1u << BIT)] = a - b;
            }
        }
    }
}

// The layers of the hold's bits from `first` to before `end`.
template <bool INVERSE>
DEVICE void layers(Fp (&x)[HELD], Tile tile, Hold hold, const Fp *roots, uint32_t first,
                   uint32_t end) {
    if (INVERSE) {
        if (3 < end) layer<INVERSE, 3>(x, tile, hold, roots);
        if (first <= 2 && 2 < end) layer<INVERSE, 2>(x, tile, hold, roots);
        if (first <= 1 && 1 < end) layer<INVERSE, 1>(x, tile, hold, roots);
        if (first <= 0 && 0 < end) layer<INVERSE, 0>(x, tile, hold, roots);
    } else {
        if (first <= 0 && 0 < end) layer<INVERSE, 0>(x, tile, hold, roots);
        if (first <= 1 && 1 < end) layer<INVERSE, 1>(x, tile, hold, roots);
        if (first <= 2 && 2 < end) layer<INVERSE, 2>(x, tile, hold, roots);
        if (3 < end) layer<INVERSE, 3>(x, tile, hold, roots);
    }
}

// From values in the top hold to coefficients in the bottom one.
DEVICE void invert(Fp (&x)[HELD], Tile tile, const Fp *roots) {
    uint32_t end = tile.bits < LOG_HELD ? tile.bits : LOG_HELD, count = top_layers(tile);
    Hold now = top(tile);
    layers<true>(x, tile, now, roots, end - count, end);
    for (uint32_t lowest = tile.bits - count; lowest > tile.run;) {
        lowest -= LOG_HELD;
        Hold next = hold(lowest);
        exchange(x, tile, now, next);
        now = next;
        layers<true>(x, tile, now, roots, 0, LOG_HELD);
    }
}

// From coefficients in the bottom hold to values in the top one.
DEVICE void evaluate(Fp (&x)[HELD], Tile tile, const Fp *roots) {
    uint32_t end = tile.bits < LOG_HELD ? tile.bits : LOG_HELD, count = top_layers(tile);
    uint32_t last = tile.bits - count;
    Hold now = bottom(tile);
    for (uint32_t lowest = tile.run; lowest < last; lowest += LOG_HELD) {
        layers<false>(x, tile, now, roots, 0, LOG_HELD);
        Hold next = lowest + LOG_HELD < last ? hold(lowest + LOG_HELD) : top(tile);
        exchange(x, tile, now, next);
        now = next;
    }
    layers<false>(x, tile, now, roots, end - count, end);
}

// The four bits of a number among a thread's values, in reverse.
DEVICE uint32_t reverse_held(uint32_t i) {
    return (i & 1) << 3 | (i & 2) << 1 | (i & 4) >> 1 | i >> 3;
}
