// Merkle trees. Digests lie in Plonky3's order, columns in ours: the thread at a place of the
// columns writes the digest of Plonky3's row there, 32 bytes, a sector of memory. Layers follow
// one another: the leaves, then each half as long.
#include "blake3.cuh"
#include "keccak.cuh"
#include "part.cuh"
#include "poseidon2.cuh"

struct RowsArgs {
    // `width` addresses, where columns begin.
    Address columns;
    // 2 `count` digests below, or 0 for leaves.
    Address children;
    // `count` digests.
    Address nodes;
    uint32_t width;
    // Columns that have all rows of the layer; the others, which come after them, have those that are
    // hashed alone.
    uint32_t direct;
    // Rows that are hashed.
    uint32_t count;
    // Rows of a coset, log2; the cosets of a column are 2^log_gap times as far apart.
    uint32_t log_block;
    uint32_t log_gap;
    // Which rows they are.
    Part part;
};

// Layer of digests from rows: leaves are hashes of rows, other nodes those of two children,
// compressed with the hash of a row. A thread for each row. Reads 4 `width` bytes a row, coalesced,
// and writes 32; bound by the hash's integer operations.
template <typename Hash> DEVICE void rows(const RowsArgs &a) {
    uint32_t i = line();
    if (i >= a.count) {
        return;
    }
    uint32_t row = row_at(a.part, i);
    uint32_t within = row & ((1u << a.log_block) - 1), coset = row - within;
    uint64_t place = (uint64_t(coset) << a.log_gap) + within;
    Row columns = {at<Address>(a.columns), 4 * place, 4 * uint64_t(i), a.direct, a.width};
    Digest node = hash_row(Hash(), columns);
    uint32_t number = coset + reverse_bits(within, a.log_block);
    if (a.children != 0) {
        const Digest *children = at<Digest>(a.children) + 2 * uint64_t(number);
        node = compress(Hash(), compress(Hash(), children[0], children[1]), node);
    }
    at<Digest>(a.nodes)[number] = node;
}

KERNEL(rows_blake3, RowsArgs) { rows<Blake3>(a); }
KERNEL(rows_blake3_wide, RowsArgs) { rows<Blake3Wide>(a); }
KERNEL(rows_keccak256, RowsArgs) { rows<Keccak256>(a); }
KERNEL(rows_poseidon2, RowsArgs) { rows<Poseidon2>(a); }

struct LayersArgs {
    // 2^log_children digests; the layers above follow.
    Address children;
    uint32_t log_children;
    // Layers to make: no more than bring the children of a block down to one node.
    uint32_t layers;
};

// Layers without rows of their own. A thread for two children, as many children for each block:
// it makes what lies above them, each layer with half the threads of the one before. Reads 64
// bytes a node and writes 32; bound by the hash's integer operations, high up by their latency.
template <typename Hash> DEVICE void layers(const LayersArgs &a) {
    Digest *children = at<Digest>(a.children);
    uint64_t length = uint64_t(1) << a.log_children;
    uint32_t thread = thread_x();
    // Of this block, in the layer that is made.
    uint32_t count = length / 2 < threads_x() ? length / 2 : threads_x();
    for (uint32_t i = 0; i < a.layers; i++) {
        Digest *nodes = children + length;
        if (thread < count) {
            uint64_t number = uint64_t(block_x()) * count + thread;
            nodes[number] = compress(Hash(), children[2 * number], children[2 * number + 1]);
        }
        // The block's own digests are what it reads next.
        sync();
        children = nodes;
        length /= 2;
        count /= 2;
    }
}

KERNEL_SYNC(layers_blake3, LayersArgs) { layers<Blake3>(a); }
KERNEL_SYNC(layers_keccak256, LayersArgs) { layers<Keccak256>(a); }
KERNEL_SYNC(layers_poseidon2, LayersArgs) { layers<Poseidon2>(a); }
