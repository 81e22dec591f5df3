// BLAKE3 (https://github.com/BLAKE3-team/BLAKE3-specs): the plain hash, of whole words, its
// digest 32 bytes. A block is 16 words, a chunk 256 words, and the chunks of a longer message are
// the leaves of a binary tree. About 800 integer operations a block.
#pragma once

#include "digest.cuh"

#define BLOCK_WORDS 16
#define CHUNK_WORDS 256

#define CHUNK_START 1
#define CHUNK_END 2
#define PARENT 4
#define ROOT 8

// Of rows of one chunk, and of longer ones: these need a stack.
struct Blake3 {};
struct Blake3Wide {};
// Subtrees that wait to be joined, at most: enough for 2^DEPTH chunks.
#define DEPTH 7

DEVICE Digest initial() {
    return {{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab,
             0x5be0cd19}};
}

DEVICE void mix(uint32_t &a, uint32_t &b, uint32_t &c, uint32_t &d, uint32_t x, uint32_t y) {
    a = a + b + x;
    d = rotate_right(d ^ a, 16);
    c = c + d;
    b = rotate_right(b ^ c, 12);
    a = a + b + y;
    d = rotate_right(d ^ a, 8);
    c = c + d;
    b = rotate_right(b ^ c, 7);
}

DEVICE void round(uint32_t (&v)[16], const uint32_t (&m)[BLOCK_WORDS]) {
    mix(v[0], v[4], v[8], v[12], m[0], m[1]);
    mix(v[1], v[5], v[9], v[13], m[2], m[3]);
    mix(v[2], v[6], v[10], v[14], m[4], m[5]);
    mix(v[3], v[7], v[11], v[15], m[6], m[7]);
    mix(v[0], v[5], v[10], v[15], m[8], m[9]);
    mix(v[1], v[6], v[11], v[12], m[10], m[11]);
    mix(v[2], v[7], v[8], v[13], m[12], m[13]);
    mix(v[3], v[4], v[9], v[14], m[14], m[15]);
}

// The order of the words in the next round. Once the rounds are unrolled it costs nothing.
DEVICE void permute(uint32_t (&m)[BLOCK_WORDS]) {
    uint32_t from[BLOCK_WORDS];
    UNROLL for (uint32_t i = 0; i < BLOCK_WORDS; i++) {
        from[i] = m[i];
    }
    m[0] = from[2], m[1] = from[6], m[2] = from[3], m[3] = from[10];
    m[4] = from[7], m[5] = from[0], m[6] = from[4], m[7] = from[13];
    m[8] = from[1], m[9] = from[11], m[10] = from[12], m[11] = from[5];
    m[12] = from[9], m[13] = from[14], m[14] = from[15], m[15] = from[8];
}

// The chaining value after a block of `bytes` bytes, whose words are permuted. No message here is
// so long that the counter of its chunks would need a second word.
DEVICE Digest block(const Digest &chain, uint32_t (&m)[BLOCK_WORDS], uint32_t counter,
                    uint32_t bytes, uint32_t flags) {
    const Digest iv = initial();
    uint32_t v[16] = {chain.at[0], chain.at[1], chain.at[2], chain.at[3], chain.at[4], chain.at[5],
                      chain.at[6], chain.at[7], iv.at[0],    iv.at[1],    iv.at[2],    iv.at[3],
                      counter,     0,           bytes,       flags};
    UNROLL for (uint32_t i = 0; i < 7; i++) {
        round(v, m);
        permute(m);
    }
    Digest next;
    UNROLL for (uint32_t i = 0; i < 8; i++) {
        next.at[i] = v[i] ^ v[i + 8];
    }
    return next;
}

DEVICE Digest pair(const Digest &left, const Digest &right, uint32_t flags) {
    uint32_t m[BLOCK_WORDS];
    UNROLL for (uint32_t i = 0; i < 8; i++) {
        m[i] = left.at[i];
        m[8 + i] = right.at[i];
    }
    return block(initial(), m, 0, 4 * BLOCK_WORDS, flags);
}

// The columns from `first` to `end`: chunk `counter` of a row.
DEVICE Digest chunk(const Row &row, uint32_t first, uint32_t end, uint32_t counter,
                    uint32_t flags) {
    Digest chain = initial();
    flags |= CHUNK_START;
    for (;;) {
        uint32_t m[BLOCK_WORDS];
        load(row, first, end, m);
        bool last = end - first <= BLOCK_WORDS;
        // Only the last block of a chunk can be the root.
        uint32_t now = last ? flags | CHUNK_END : flags & ~ROOT;
        uint32_t bytes = last ? 4 * (end - first) : 4 * BLOCK_WORDS;
        chain = block(chain, m, counter, bytes, now);
        if (last) {
            return chain;
        }
        first += BLOCK_WORDS;
        flags &= ~CHUNK_START;
    }
}

DEVICE Digest hash_row(Blake3, const Row &row) { return chunk(row, 0, row.width, 0, ROOT); }

DEVICE Digest hash_row(Blake3Wide, const Row &row) {
    Digest stack[DEPTH];
    uint32_t depth = 0, first = 0;
    for (uint32_t count = 1;; count++, first += CHUNK_WORDS) {
        bool last = row.width - first <= CHUNK_WORDS;
        uint32_t end = last ? row.width : first + CHUNK_WORDS;
        Digest value = chunk(row, first, end, count - 1, 0);
        // Subtrees as large as this one are to its left, one for each power of two in the count
        // of chunks; at the end all are joined, from the right to the left.
        for (uint32_t rest = count; depth > 0 && (last || rest % 2 == 0); rest /= 2) {
            depth--;
            value = pair(stack[depth], value, last && depth == 0 ? PARENT | ROOT : PARENT);
        }
        if (last) {
            return value;
        }
        stack[depth++] = value;
    }
}

// The hash of both digests' bytes.
DEVICE Digest compress(Blake3, const Digest &left, const Digest &right) {
    return pair(left, right, CHUNK_START | CHUNK_END | ROOT);
}

DEVICE Digest compress(Blake3Wide, const Digest &left, const Digest &right) {
    return compress(Blake3(), left, right);
}
