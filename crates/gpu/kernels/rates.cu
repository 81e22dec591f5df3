// How fast a GPU computes on registers: what other kernels are compared with.
#include "challenge.cuh"

// What a thread has at once: enough that no operation waits for the one before.
#define CHAINS 4

struct RatesArgs {
    // `count` numbers of the base field
    Address x;
    Address result;
    uint32_t count;
    // Operations of a chain.
    uint32_t repeat;
};

DEVICE void spread(Fp x, Fp &number) { number = x; }
template <uint32_t D> DEVICE void spread(Fp x, Extension<D> &number) {
    UNROLL
    for (uint32_t i = 0; i < D; i++) {
        number.at[i] = i == 0 ? x : number.at[i - 1] + x;
    }
}

DEVICE Fp first(Fp x) { return x; }
template <uint32_t D> DEVICE Fp first(Extension<D> x) { return x.at[0]; }

// A thread for each number, whose coordinates are x, 2 x and so on. Chain i begins with i + 1 times the
// number and goes on with `repeat` sums or products by it; the result is the sum of the chains, its
// first coordinate. A word read and written a thread; bound by integer operations.
template <typename Number, bool IS_PRODUCT> DEVICE void chains(const RatesArgs &a) {
    uint32_t i = line();
    if (i >= a.count) {
        return;
    }
    Number x, chain[CHAINS];
    spread(at<Fp>(a.x)[i], x);
    chain[0] = x;
    UNROLL
    for (uint32_t j = 1; j < CHAINS; j++) {
        chain[j] = chain[j - 1] + x;
    }
    for (uint32_t step = 0; step < a.repeat; step++) {
        UNROLL
        for (uint32_t j = 0; j < CHAINS; j++) {
            chain[j] = IS_PRODUCT ? chain[j] * x : chain[j] + x;
        }
    }
    UNROLL
    for (uint32_t j = 1; j < CHAINS; j++) {
        chain[0] += chain[j];
    }
    at<Fp>(a.result)[i] = first(chain[0]);
}

KERNEL(rate_add, RatesArgs) { chains<Fp, false>(a); }
KERNEL(rate_multiply, RatesArgs) { chains<Fp, true>(a); }
KERNEL(rate_multiply_4, RatesArgs) { chains<Extension<4>, true>(a); }
KERNEL(rate_multiply_5, RatesArgs) { chains<Extension<5>, true>(a); }
