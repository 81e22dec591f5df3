// Openings: the values of columns at a point z and at that of the next row, w z.
//
// All matrices are on the same number of cosets; value k of coset c is at
// x = shift W^(rev(c) + k 2^log_cosets), W being the root of the order of all rows. The point
// before x, x / w, is the neighbour in the same coset.
#include "challenge.cuh"
#include "roots.cuh"

// Points of a thread of inverse_distances.
#define POINTS 8

struct InverseDistancesArgs {
    // D columns
    Address to;
    Powers powers;
    uint32_t point[MOST_DEGREE];
    uint32_t shift;
    uint32_t log_height;
    uint32_t log_cosets;
};

// All distances of a thread are inverted together, so that one inversion and 3 multiplications a
// point are enough.
template <uint32_t D> DEVICE void inverse_distances(const InverseDistancesArgs &a) {
    uint32_t rows = 1u << (a.log_height + a.log_cosets), mask = (1u << a.log_height) - 1;
    uint32_t first = block_x() * threads_x() * POINTS + thread_x();
    Extension<D> distance = constant<D>(a.point), product = lift<D>(one()), before[POINTS];
    Fp differences[POINTS];
    UNROLL
    for (uint32_t j = 0; j < POINTS; j++) {
        // Rows that there are not: any other.
        uint32_t row = (first + j * threads_x()) & (rows - 1);
        uint32_t coset = reverse_bits(row >> a.log_height, a.log_cosets);
        Fp x = fp(a.shift) * power(a.powers, coset + ((row & mask) << a.log_cosets));
        differences[j] = fp(a.point[0]) - x;
        before[j] = product;
        distance.at[0] = differences[j];
        product = product * distance;
    }
    Extension<D> inverted = inverse(product);
    UNROLL
    for (uint32_t j = POINTS; j-- > 0;) {
        uint32_t row = first + j * threads_x();
        if (row < rows) {
            store_row<D>(at<Fp>(a.to) + row, rows, before[j] * inverted);
        }
        distance.at[0] = differences[j];
        inverted = inverted * distance;
    }
}

// 1 / (z - x) at every row; a thread for POINTS rows. Bound: D words written for about 5
// multiplications of the challenge field and an eighth of an inversion.
KERNEL(inverse_distances_4, InverseDistancesArgs) { inverse_distances<4>(a); }
KERNEL(inverse_distances_5, InverseDistancesArgs) { inverse_distances<5>(a); }

// Threads of a block of evaluate_*, and a thread's sums of challenge numbers.
#define LOG_THREADS 7
#define THREADS (1 << LOG_THREADS)
#define SUMS 8

struct EvaluateArgs {
    Address columns;
    // 1 / (z - x), D columns
    Address inverses;
    // width * points * D words for each chunk
    Address partials;
    // 1 / z
    uint32_t offset[MOST_DEGREE];
    uint32_t log_height;
    // Words from a column to the next, also of the inverses.
    uint32_t stride;
    uint32_t width;
    // Rows of a chunk, a power of two.
    uint32_t chunk;
    uint32_t zero;
};

// Adds up, over the rows of a chunk on the first coset, the values of SUMS / ARE columns times
// 1 / (z - x) - 1 / z and, if ARE is 2, times that of the row before: the values at z and w z
// but for a factor.
template <uint32_t D, uint32_t ARE> DEVICE void evaluate(const EvaluateArgs &a, Fp *shared) {
    const uint32_t columns = SUMS / ARE, numbers = ARE * D;
    uint32_t height = 1u << a.log_height, first_column = block_y() * columns;
    uint32_t first = block_x() * a.chunk;
    Extension<D> offset = constant<D>(a.offset);
    Fp sums[columns][numbers];
    UNROLL
    for (uint32_t c = 0; c < columns; c++) {
        UNROLL
        for (uint32_t n = 0; n < numbers; n++) {
            sums[c][n] = zero();
        }
    }
    for (uint32_t row = thread_x(); row < a.chunk; row += 4 * THREADS) {
        Fp weights[numbers][4];
        UNROLL
        for (uint32_t i = 0; i < 4; i++) {
            UNROLL
            for (uint32_t p = 0; p < ARE; p++) {
                uint32_t place = (first + row + i * THREADS - p) & (height - 1);
                Extension<D> inverse = load_row<D>(at<const Fp>(a.inverses) + place, a.stride);
                UNROLL
                for (uint32_t d = 0; d < D; d++) {
                    weights[p * D + d][i] = inverse.at[d] - offset.at[d];
                }
            }
        }
        UNROLL
        for (uint32_t c = 0; c < columns; c++) {
            if (first_column + c >= a.width) {
                break;
            }
            const Fp *column = at<const Fp>(a.columns) + uint64_t(first_column + c) * a.stride;
            Fp values[4];
            UNROLL
            for (uint32_t i = 0; i < 4; i++) {
                uint32_t place = row + i * THREADS;
                values[i] = place < a.chunk ? column[first + place] : zero();
            }
            UNROLL
            for (uint32_t n = 0; n < numbers; n++) {
                sums[c][n] += dot(values, weights[n]);
            }
        }
    }
    UNROLL
    for (uint32_t c = 0; c < columns; c++) {
        UNROLL
        for (uint32_t n = 0; n < numbers; n++) {
            shared[(c * numbers + n) << LOG_THREADS | thread_x()] = sums[c][n];
        }
    }
    // Halves are added, of all sums at once.
    for (uint32_t log_half = LOG_THREADS; log_half-- > 0;) {
        sync();
        uint32_t mask = (1u << log_half) - 1;
        for (uint32_t i = thread_x(); i < columns * numbers << log_half; i += THREADS) {
            uint32_t place = i >> log_half << LOG_THREADS | (i & mask);
            shared[place] += shared[place + mask + 1];
        }
    }
    sync();
    uint32_t outputs = a.width * numbers, output = first_column * numbers + thread_x();
    if (thread_x() < columns * numbers && output < outputs) {
        at<Fp>(a.partials)[block_x() * outputs + output] = shared[thread_x() << LOG_THREADS];
    }
}

// A block of THREADS for each chunk, along x, and each SUMS columns, or half as many at two
// points, along y. Bound: memory, a word for D or 2 D products; the inverses are read again for
// each block along y, from the cache.
KERNEL_SYNC(evaluate_4, EvaluateArgs) {
    SHARED(Fp, shared, THREADS * SUMS * 4);
    evaluate<4, 1>(a, shared);
}
KERNEL_SYNC(evaluate_5, EvaluateArgs) {
    SHARED(Fp, shared, THREADS * SUMS * 5);
    evaluate<5, 1>(a, shared);
}
KERNEL_SYNC(evaluate_both_4, EvaluateArgs) {
    SHARED(Fp, shared, THREADS * SUMS * 4);
    evaluate<4, 2>(a, shared);
}
KERNEL_SYNC(evaluate_both_5, EvaluateArgs) {
    SHARED(Fp, shared, THREADS * SUMS * 5);
    evaluate<5, 2>(a, shared);
}

struct AddChunksArgs {
    // `count` words for each chunk
    Address from;
    Address to;
    uint32_t count;
    uint32_t chunks;
};

// Adds up chunks; a thread for each sum.
KERNEL(add_chunks, AddChunksArgs) {
    uint32_t i = line();
    if (i >= a.count) {
        return;
    }
    Fp sum = zero();
    for (uint32_t chunk = 0; chunk < a.chunks; chunk++) {
        sum += at<const Fp>(a.from)[chunk * a.count + i];
    }
    at<Fp>(a.to)[i] = sum;
}
