// Between the rows of the host and the columns of the device.
#include "field.cuh"

// Edge of the square that a block turns, and its rows that a thread has.
#define EDGE 32
#define ROWS 4

struct TransposeArgs {
    // height x width, row after row
    Address from;
    // width x height, row after row
    Address to;
    uint32_t height;
    uint32_t width;
};

// Swaps rows and columns. Blocks of EDGE x EDGE / ROWS threads, a block for each square; squares
// are numbered along x by rows, along y by columns. Reads and writes rows of EDGE words.
KERNEL_SYNC(transpose, TransposeArgs) {
    // One word more a row, so that a column lies in as many banks.
    SHARED(uint32_t, square, EDGE * (EDGE + 1));
    uint32_t row = block_x() * EDGE, column = block_y() * EDGE;
    const uint32_t *from = at<uint32_t>(a.from);
    uint32_t *to = at<uint32_t>(a.to);
    uint32_t x = thread_x();
    for (uint32_t y = thread_y(); y < EDGE; y += EDGE / ROWS) {
        if (row + y < a.height && column + x < a.width) {
            square[y * (EDGE + 1) + x] = from[uint64_t(row + y) * a.width + column + x];
        }
    }
    sync();
    for (uint32_t y = thread_y(); y < EDGE; y += EDGE / ROWS) {
        if (row + x < a.height && column + y < a.width) {
            to[uint64_t(column + y) * a.height + row + x] = square[x * (EDGE + 1) + y];
        }
    }
}
