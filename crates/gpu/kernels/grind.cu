// The search for proofs of work.
#include "blake3.cuh"
#include "field.cuh"

struct GrindArgs {
    // What candidates are hashed with.
    uint32_t state[8];
    // One word: all ones, then the smallest candidate that was found.
    Address found;
    uint32_t first;
    uint32_t count;
    uint32_t bits;
    // 0
    uint32_t unused;
};

// 2^64 mod p: a number times it is its Montgomery form.
#define SQUARED_RADIX 0x45dddde3u

// The word that a transcript samples after the hash of the state and of candidate i: the last
// word of the digest, its bytes from the last to the first.
DEVICE uint32_t sampled(const uint32_t (&state)[8], uint32_t i) {
    uint32_t m[BLOCK_WORDS] = {};
    UNROLL for (uint32_t j = 0; j < 8; j++) {
        m[j] = state[j];
    }
    m[8] = (fp(i) * fp(SQUARED_RADIX)).word;
    return swap_bytes(block(initial(), m, 0, 36, CHUNK_START | CHUNK_END | ROOT).at[7]);
}

// Candidates first .. first + count, below p: the smallest whose sampled word ends in `bits` zero
// bits. Threads take them in turn and stop at those beyond one that was found. No memory; bound by
// 750 integer operations a candidate.
KERNEL(grind, GrindArgs) {
    const volatile uint32_t *found = at<uint32_t>(a.found);
    uint32_t mask = (1u << a.bits) - 1, step = blocks_x() * threads_x();
    for (uint32_t i = line(); i < a.count && a.first + i < *found; i += step) {
        if ((sampled(a.state, a.first + i) & mask) == 0) {
            atomic_min(at<uint32_t>(a.found), a.first + i);
            return;
        }
    }
}
