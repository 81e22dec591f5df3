// Which row a point stands for; and the chunks of quotients.
#include "field.cuh"

// Points of a thread.
#define POINTS 8

struct SelectorsArgs {
    // Three columns of 2^(log_height + log_cosets) words: multiples of the Lagrange polynomials of
    // the first and of the last row, and a polynomial that vanishes on the last row.
    Address result;
    // For each coset its shift, and x^(2^log_height) - 1 of its points.
    Address cosets;
    uint32_t log_height;
    uint32_t log_cosets;
    // Generator of the rows' subgroup, its inverse (the last row), and a POINTS-th root of unity.
    uint32_t generator;
    uint32_t last;
    uint32_t root;
    uint32_t unused;
};

// A thread has POINTS points of a coset, as far from each other as can be, and inverts what they
// need together. Blocks of 128 threads. Bound: bytes; 3 words written a point.
KERNEL(selectors, SelectorsArgs) {
    uint32_t log_stride = a.log_height - 3;
    uint32_t coset = line() >> log_stride, first = line() & ((1u << log_stride) - 1);
    if (coset >> a.log_cosets) {
        return;
    }
    Fp shift = at<const Fp>(a.cosets)[2 * coset], vanishing = at<const Fp>(a.cosets)[2 * coset + 1];
    Fp point = shift * power(fp(a.generator), first);
    Fp differences[2 * POINTS], before[2 * POINTS];
    Fp product = one();
    for (uint32_t i = 0; i < 2 * POINTS; i++) {
        differences[i] = point - (i % 2 ? fp(a.last) : one());
        before[i] = product;
        product *= differences[i];
        if (i % 2) {
            point *= fp(a.root);
        }
    }
    Fp after = inverse(product) * vanishing;
    uint64_t column = uint64_t(1) << (a.log_height + a.log_cosets);
    for (uint32_t i = 2 * POINTS; i-- > 0;) {
        Fp *cell = at<Fp>(a.result) + (uint64_t(coset) << a.log_height) + first +
                   (uint64_t(i / 2) << log_stride);
        cell[(i % 2) * column] = before[i] * after;
        if (i % 2) {
            cell[2 * column] = differences[i];
        }
        after *= differences[i];
    }
}

struct ChunksArgs {
    // `count` words each: the parts of a quotient q = lo + X^n hi, u = lo + c^n hi and v = lo - c^n hi,
    // whose places the chunks lo + g^n hi and lo - g^n hi take.
    Address u;
    Address v;
    uint32_t count;
    // (g / c)^n
    uint32_t ratio;
};

// The chunks of a quotient that p3's verifier knows, which are on cosets of g, from its values on
// cosets of c. A thread for each pair of words. Bound: bytes; 16 a pair.
KERNEL(quotient_chunks, ChunksArgs) {
    uint32_t i = line();
    if (i >= a.count) {
        return;
    }
    Fp u = at<Fp>(a.u)[i], v = at<Fp>(a.v)[i];
    Fp sum = u + v, difference = (u - v) * fp(a.ratio);
    at<Fp>(a.u)[i] = half(sum + difference);
    at<Fp>(a.v)[i] = half(sum - difference);
}
