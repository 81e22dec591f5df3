// Runs kernels on the CPU: blocks one after the other; threads of a kernel that never waits one
// after the other, those of one that does as fibers, which take turns at each sync(). Threads run
// in ascending or descending order as the caller wants: a kernel whose result depends on it
// has a race.
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define DEVICE static inline
#define CONSTANT static const

namespace shim {

struct Point {
    uint32_t x, y;
};

struct Launch {
    Point blocks, threads;
    uint32_t descending;
};

// Of the thread that runs.
struct Thread {
    Point block, thread;
    Launch launch;
};
extern thread_local Thread current;

typedef void (*Body)(const void *arguments);

// Return 0, or 1 if some threads of a block ended while others waited.
uint32_t run(Body body, const void *arguments, const Launch *launch);
uint32_t run_fibers(Body body, const void *arguments, const Launch *launch);
void wait();

} // namespace shim

// What a library of kernels exports: name_size() and name_launch().
#define SHIM_KERNEL(name, Args, runner)                                                            \
    static void name##_body(const Args &a);                                                        \
    extern "C" uint32_t name##_size() { return sizeof(Args); }                                     \
    extern "C" uint32_t name##_launch(const void *arguments, const shim::Launch *launch) {         \
        return shim::runner(                                                                       \
            [](const void *a) { name##_body(*static_cast<const Args *>(a)); }, arguments, launch); \
    }                                                                                              \
    static void name##_body(const Args &a)
#define KERNEL(name, Args) SHIM_KERNEL(name, Args, run)
#define KERNEL_SYNC(name, Args) SHIM_KERNEL(name, Args, run_fibers)
// One block runs at a time on each thread of the CPU.
#define SHARED(type, name, count) static thread_local type name[count]

DEVICE void sync() { shim::wait(); }
DEVICE uint32_t thread_x() { return shim::current.thread.x; }
DEVICE uint32_t thread_y() { return shim::current.thread.y; }
DEVICE uint32_t block_x() { return shim::current.block.x; }
DEVICE uint32_t block_y() { return shim::current.block.y; }
DEVICE uint32_t threads_x() { return shim::current.launch.threads.x; }
DEVICE uint32_t threads_y() { return shim::current.launch.threads.y; }
DEVICE uint32_t blocks_x() { return shim::current.launch.blocks.x; }
DEVICE uint32_t blocks_y() { return shim::current.launch.blocks.y; }
DEVICE uint32_t mul_hi(uint32_t x, uint32_t y) { return (uint64_t(x) * y) >> 32; }
DEVICE uint32_t rotate_right(uint32_t x, uint32_t by) { return by == 0 ? x : x >> by | x << (32 - by); }
// Blocks and threads run one after the other.
DEVICE void atomic_min(uint32_t *x, uint32_t y) { *x = y < *x ? y : *x; }
DEVICE uint32_t swap_bytes(uint32_t x) { return __builtin_bswap32(x); }
#define UNROLL
DEVICE uint32_t reverse_bits(uint32_t x) {
    x = (x >> 1 & 0x55555555) | (x & 0x55555555) << 1;
    x = (x >> 2 & 0x33333333) | (x & 0x33333333) << 2;
    x = (x >> 4 & 0x0f0f0f0f) | (x & 0x0f0f0f0f) << 4;
    return __builtin_bswap32(x);
}
