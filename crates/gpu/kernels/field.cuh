// BabyBear, p = 2^31 - 2^27 + 1, as Plonky3 keeps it: a number x is the word x * 2^32 mod p
// (Montgomery form), always less than p. And its extensions of degree D = 4 and 5 by
// X^4 = 11 and X^5 = 2.
#pragma once

#include "vouch.cuh"

#define P 0x78000001u
// 1 / p mod 2^32
#define P_INVERSE 0x88000001u

struct Fp {
    // In Montgomery form.
    uint32_t word;
};

DEVICE Fp fp(uint32_t word) { return Fp{word}; }
// 0 and 1.
DEVICE Fp zero() { return fp(0); }
DEVICE Fp one() { return fp(0x0ffffffeu); }

DEVICE Fp operator+(Fp x, Fp y) {
    uint32_t sum = x.word + y.word;
    // Below p the difference wraps around and is the greater one.
    uint32_t reduced = sum - P;
    return fp(reduced < sum ? reduced : sum);
}

DEVICE Fp operator-(Fp x, Fp y) {
    uint32_t difference = x.word - y.word;
    uint32_t corrected = difference + P;
    return fp(corrected < difference ? corrected : difference);
}

DEVICE Fp operator-(Fp x) { return zero() - x; }

// x / 2^32 mod p of a number below 2^32 p.
DEVICE Fp reduce(uint64_t x) {
    uint32_t quotient = uint32_t(x) * P_INVERSE;
    uint32_t high = uint32_t(x >> 32);
    uint32_t correction = mul_hi(quotient, P);
    uint32_t difference = high - correction;
    return fp(high < correction ? difference + P : difference);
}

DEVICE Fp operator*(Fp x, Fp y) { return reduce(uint64_t(x.word) * y.word); }

DEVICE Fp &operator+=(Fp &x, Fp y) { return x = x + y; }
DEVICE Fp &operator-=(Fp &x, Fp y) { return x = x - y; }
DEVICE Fp &operator*=(Fp &x, Fp y) { return x = x * y; }
DEVICE bool operator==(Fp x, Fp y) { return x.word == y.word; }

DEVICE Fp twice(Fp x) { return x + x; }
DEVICE Fp half(Fp x) {
    uint32_t odd = 0u - (x.word & 1);
    return fp((x.word >> 1) + (odd & (P + 1) / 2));
}

DEVICE Fp power(Fp x, uint32_t exponent) {
    Fp result = one();
    for (; exponent != 0; exponent >>= 1) {
        if (exponent & 1) {
            result *= x;
        }
        x *= x;
    }
    return result;
}

// 0 for 0.
DEVICE Fp inverse(Fp x) { return power(x, P - 2); }

template <uint32_t D> struct Extension {
    Fp at[D];
};

// X^D: 11 and 2 in Montgomery form.
template <uint32_t D> DEVICE Fp reduced() {
    static_assert(D == 4 || D == 5, "the challenge field's degree");
    return fp(D == 4 ? 0x37ffffe9u : 0x1ffffffcu);
}

template <uint32_t D> DEVICE Extension<D> lift(Fp x) {
    Extension<D> result = {};
    result.at[0] = x;
    return result;
}

template <uint32_t D> DEVICE Extension<D> operator+(Extension<D> x, Extension<D> y) {
    for (uint32_t i = 0; i < D; i++) {
        x.at[i] += y.at[i];
    }
    return x;
}

template <uint32_t D> DEVICE Extension<D> operator-(Extension<D> x, Extension<D> y) {
    for (uint32_t i = 0; i < D; i++) {
        x.at[i] -= y.at[i];
    }
    return x;
}

template <uint32_t D> DEVICE Extension<D> operator*(Extension<D> x, Fp y) {
    for (uint32_t i = 0; i < D; i++) {
        x.at[i] *= y;
    }
    return x;
}

// A sum of D products of two words below p is below 5 * 2^62: reduced once it exceeds 2^32 p by
// subtracting that where needed.
DEVICE uint64_t add_product(uint64_t sum, Fp x, Fp y) {
    const uint64_t bound = uint64_t(P) << 32;
    sum += uint64_t(x.word) * y.word;
    return sum < bound ? sum : sum - bound;
}

template <uint32_t D> DEVICE Extension<D> operator*(Extension<D> x, Extension<D> y) {
    Extension<D> result;
    for (uint32_t k = 0; k < D; k++) {
        // Coefficients of X^k and of X^(k + D).
        uint64_t low = 0, high = 0;
        for (uint32_t i = 0; i < D; i++) {
            if (i <= k) {
                low = add_product(low, x.at[i], y.at[k - i]);
            } else {
                high = add_product(high, x.at[i], y.at[k + D - i]);
            }
        }
        result.at[k] = reduce(low);
        if (k + 1 < D) {
            result.at[k] += reduce(high) * reduced<D>();
        }
    }
    return result;
}

template <uint32_t D> DEVICE Extension<D> &operator+=(Extension<D> &x, Extension<D> y) {
    return x = x + y;
}
template <uint32_t D> DEVICE Extension<D> &operator-=(Extension<D> &x, Extension<D> y) {
    return x = x - y;
}
template <uint32_t D> DEVICE Extension<D> &operator*=(Extension<D> &x, Extension<D> y) {
    return x = x * y;
}

// The D words from an address on.
template <uint32_t D> DEVICE Extension<D> load(Address address) {
    Extension<D> result;
    for (uint32_t i = 0; i < D; i++) {
        result.at[i] = at<Fp>(address)[i];
    }
    return result;
}

template <uint32_t D> DEVICE void store(Address address, Extension<D> x) {
    for (uint32_t i = 0; i < D; i++) {
        at<Fp>(address)[i] = x.at[i];
    }
}

// x^p: the coefficient of X^i is multiplied by X^(i (p - 1)), that is (X^D)^(i (p - 1) / D), since D
// divides p - 1.
DEVICE Extension<4> frobenius(Extension<4> x) {
    return {{x.at[0], x.at[1] * fp(0x1c38d511u), x.at[2] * fp(0x68000003u),
             x.at[3] * fp(0x5bc72af0u)}};
}
DEVICE Extension<5> frobenius(Extension<5> x) {
    return {{x.at[0], x.at[1] * fp(0x405ce03bu), x.at[2] * fp(0x327d6570u),
             x.at[3] * fp(0x5f3cbd45u), x.at[4] * fp(0x0de8fd14u)}};
}

// 0 for 0: the product of the other conjugates over the norm, which is in the base field.
template <uint32_t D> DEVICE Extension<D> inverse(Extension<D> x) {
    Extension<D> conjugate = frobenius(x);
    Extension<D> others = conjugate;
    for (uint32_t i = 2; i < D; i++) {
        conjugate = frobenius(conjugate);
        others = others * conjugate;
    }
    Fp norm = (others * x).at[0];
    return others * inverse(norm);
}
