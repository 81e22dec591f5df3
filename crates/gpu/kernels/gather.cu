// What queries open: rows and digests, from wherever they lie.
#include "digest.cuh"

struct GatherColumn {
    // Where it begins.
    Address start;
    // Rows of a coset, log2.
    uint32_t log_block;
    // The row of a query is its number without this many bits.
    uint32_t shift;
};

struct GatherRowsArgs {
    // `width` GatherColumns
    Address columns;
    // Of each query, in Plonky3's order.
    Address rows;
    // A row of `width` words for each query.
    Address result;
    uint32_t width;
    // The cosets of a column are 2^log_gap times as far apart.
    uint32_t log_gap;
};

// A thread for each word of a row, a row of the grid for each query. Reads a sector of 32 bytes a
// word: a few megabytes, for all queries of a proof.
KERNEL(gather_rows, GatherRowsArgs) {
    uint32_t i = line();
    if (i >= a.width) {
        return;
    }
    GatherColumn column = at<GatherColumn>(a.columns)[i];
    uint32_t row = at<uint32_t>(a.rows)[block_y()] >> column.shift;
    uint32_t within = row & ((1u << column.log_block) - 1);
    uint64_t place = (uint64_t(row - within) << a.log_gap) + reverse_bits(within, column.log_block);
    at<uint32_t>(a.result)[uint64_t(block_y()) * a.width + i] = at<uint32_t>(column.start)[place];
}

struct GatherDigestsArgs {
    Address digests;
    // `count` numbers of digests
    Address numbers;
    // `count` digests
    Address result;
    uint32_t count;
    // 0
    uint32_t unused;
};

// A thread for each digest.
KERNEL(gather_digests, GatherDigestsArgs) {
    uint32_t i = line();
    if (i < a.count) {
        at<Digest>(a.result)[i] = at<Digest>(a.digests)[at<uint32_t>(a.numbers)[i]];
    }
}
