// Powers of a root of unity, from two short tables.
#pragma once

#include "field.cuh"

// Of a root w of order 2^log_order: w^i for i < 2^low_bits, then w^(i 2^low_bits).
struct Powers {
    Address table;
    uint32_t log_order;
    uint32_t low_bits;
};

// w^exponent, of an exponent below the order.
DEVICE Fp power(const Powers &powers, uint32_t exponent) {
    const Fp *low = at<const Fp>(powers.table);
    const Fp *high = low + (1u << powers.low_bits);
    uint32_t mask = (1u << powers.low_bits) - 1;
    return low[exponent & mask] * high[exponent >> powers.low_bits];
}

// w^-exponent
DEVICE Fp inverse_power(const Powers &powers, uint32_t exponent) {
    return power(powers, (0u - exponent) & ((1u << powers.log_order) - 1));
}
