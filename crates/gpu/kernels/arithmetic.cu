// Arithmetic, element by element: what the field's operations are tested and measured by.
#include "field.cuh"

#define ADD 0
#define SUBTRACT 1
#define MULTIPLY 2
#define INVERT 3
#define HALVE 4

struct ArithmeticArgs {
    // `count` numbers of `degree` words each
    Address x;
    Address y;
    Address result;
    uint32_t count;
    // 1, 4 or 5
    uint32_t degree;
    uint32_t operation;
    // Times that the result takes the place of x.
    uint32_t repeat;
};

template <uint32_t D>
DEVICE Extension<D> apply(uint32_t operation, Extension<D> x, Extension<D> y) {
    switch (operation) {
    case ADD: return x + y;
    case SUBTRACT: return x - y;
    case MULTIPLY: return x * y;
    case INVERT: return inverse(x);
    default: return x;
    }
}

DEVICE Fp apply(uint32_t operation, Fp x, Fp y) {
    switch (operation) {
    case ADD: return x + y;
    case SUBTRACT: return x - y;
    case MULTIPLY: return x * y;
    case INVERT: return inverse(x);
    case HALVE: return half(x);
    default: return x;
    }
}

template <uint32_t D> DEVICE void extension(const ArithmeticArgs &a, uint32_t i) {
    Extension<D> x = load<D>(a.x + 4 * D * uint64_t(i));
    Extension<D> y = load<D>(a.y + 4 * D * uint64_t(i));
    for (uint32_t j = 0; j < a.repeat; j++) {
        x = apply(a.operation, x, y);
    }
    store(a.result + 4 * D * uint64_t(i), x);
}

// A thread for each number.
KERNEL(arithmetic, ArithmeticArgs) {
    uint32_t i = line();
    if (i >= a.count) {
        return;
    }
    if (a.degree == 4) {
        extension<4>(a, i);
    } else if (a.degree == 5) {
        extension<5>(a, i);
    } else {
        Fp x = at<Fp>(a.x)[i], y = at<Fp>(a.y)[i];
        for (uint32_t j = 0; j < a.repeat; j++) {
            x = apply(a.operation, x, y);
        }
        at<Fp>(a.result)[i] = x;
    }
}
