// Running sums of numbers in D columns: within tiles, then over the tiles' sums, then both together.
// Bound: bytes; 2 D words read and written for each number.
#include "constraints.cuh"

// Numbers of a tile: threads of a block.
#define TILE 256

struct RunningSumArgs {
    // D columns of `count` words, `stride` apart; each number is replaced by the sum of those of
    // its tile before it.
    Address numbers;
    // D columns, `tiles` apart: the sum of each tile.
    Address totals;
    uint32_t count;
    uint32_t stride;
    uint32_t tiles;
    uint32_t unused;
};

// A block a tile.
template <uint32_t D> DEVICE void running_sum(const RunningSumArgs &a, Extension<D> *sums) {
    uint32_t i = line(), thread = thread_x();
    Extension<D> own = {};
    if (i < a.count) {
        own = gather<D>(a.numbers, a.stride, 0, i);
    }
    // Each step doubles the numbers that a sum is of; two buffers take turns.
    Extension<D> *from = sums, *to = sums + TILE;
    Extension<D> sum = own;
    from[thread] = sum;
    for (uint32_t distance = 1; distance < TILE; distance *= 2) {
        sync();
        if (thread >= distance) {
            sum += from[thread - distance];
        }
        to[thread] = sum;
        Extension<D> *swapped = from;
        from = to;
        to = swapped;
    }
    if (i < a.count) {
        scatter<D>(a.numbers, a.stride, 0, i, sum - own);
    }
    if (thread == TILE - 1) {
        scatter<D>(a.totals, a.tiles, 0, block_x(), sum);
    }
}

KERNEL_SYNC(running_sum_4, RunningSumArgs) {
    SHARED(Extension<4>, sums, 2 * TILE);
    running_sum<4>(a, sums);
}

KERNEL_SYNC(running_sum_5, RunningSumArgs) {
    SHARED(Extension<5>, sums, 2 * TILE);
    running_sum<5>(a, sums);
}

// Adds to each number what its tile begins with. A thread a number, any blocks.
template <uint32_t D> DEVICE void add_tiles(const RunningSumArgs &a) {
    uint32_t i = line();
    if (i < a.count) {
        Extension<D> before = gather<D>(a.totals, a.tiles, 0, i / TILE);
        scatter<D>(a.numbers, a.stride, 0, i, gather<D>(a.numbers, a.stride, 0, i) + before);
    }
}

KERNEL(running_sum_tiles_4, RunningSumArgs) { add_tiles<4>(a); }
KERNEL(running_sum_tiles_5, RunningSumArgs) { add_tiles<5>(a); }
