// What queries open: rows and digests, from wherever they lie.
#include "digest.cuh"
#include "roots.cuh"

// A word of the rows: of packs of `count` columns or more, of which the others are zeros.
struct GatherWord {
    // The first of them among the addresses, and how many are from it to the next.
    uint32_t first;
    uint32_t step;
    uint32_t count;
    // Rows of a coset, log2.
    uint32_t log_block;
    // Numbers of a pack, log2.
    uint32_t log_size;
    // The row of a query is its number without this many bits.
    uint32_t shift;
    // That of the packs' coset.
    uint32_t coset;
    uint32_t zero;
};

struct GatherRowsArgs {
    // Where columns begin.
    Address columns;
    // `width` GatherWords
    Address words;
    // Of each query, in Plonky3's order.
    Address rows;
    // A row of `width` words for each query.
    Address result;
    // Of the root of the order of all rows; nowhere if no word is of two columns.
    Powers powers;
    uint32_t width;
    // The cosets of a column are 2^log_gap times as far apart.
    uint32_t log_gap;
};

// Where a row is.
DEVICE Fp point(const GatherRowsArgs &a, const GatherWord &word, uint32_t row) {
    uint32_t order = a.powers.log_order;
    uint32_t exponent = reverse_bits(row, order) << word.shift & ((1u << order) - 1);
    return fp(word.coset) * power(a.powers, exponent);
}

// A thread for each word of a row, a row of the grid for each query: the polynomial of the columns'
// numbers, at the row's point. Reads a sector of 32 bytes a column: some ten megabytes, for all queries
// of a proof.
KERNEL(gather_rows, GatherRowsArgs) {
    uint32_t i = line();
    if (i >= a.width) {
        return;
    }
    GatherWord word = at<GatherWord>(a.words)[i];
    uint32_t query = at<uint32_t>(a.rows)[block_y()];
    uint32_t row = query >> (word.shift + word.log_size);
    uint32_t within = row & ((1u << word.log_block) - 1);
    uint64_t place = (uint64_t(row - within) << a.log_gap) + reverse_bits(within, word.log_block);
    const Address *columns = at<const Address>(a.columns) + word.first;
    Fp x = word.count > 1 ? point(a, word, query) : zero(), sum = zero();
    for (uint32_t j = word.count; j-- > 0;) {
        sum = sum * x + at<const Fp>(columns[uint64_t(j) * word.step])[place];
    }
    at<Fp>(a.result)[uint64_t(block_y()) * a.width + i] = sum;
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
