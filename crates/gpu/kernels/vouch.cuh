// What every kernel includes. A kernel is
//
//     struct NameArgs { ... };                 // as `Arguments` in Rust, field by field
//     KERNEL(name, NameArgs) { ... a.field ... }
//
// and compiles for a GPU (nvcc) or, with VOUCH_SHIM, as C++ for the CPU (shim.h). A kernel whose
// threads wait for one another is KERNEL_SYNC, calls sync() from all threads of a block alike, and
// keeps what they share in SHARED(type, name, count). No inline assembly, no intrinsics of warps.
// Memory is addressed by 64-bit integers, cast by at<T>().
#pragma once

#include <stdint.h>

#ifdef VOUCH_SHIM
#include "shim.h"
#else
#define DEVICE __device__ __forceinline__
#define CONSTANT static __constant__ const
#define KERNEL(name, Args) extern "C" __global__ void name(const __grid_constant__ Args a)
#define KERNEL_SYNC(name, Args) KERNEL(name, Args)
#define SHARED(type, name, count) __shared__ type name[count]
DEVICE void sync() { __syncthreads(); }
DEVICE uint32_t thread_x() { return threadIdx.x; }
DEVICE uint32_t thread_y() { return threadIdx.y; }
DEVICE uint32_t block_x() { return blockIdx.x; }
DEVICE uint32_t block_y() { return blockIdx.y; }
DEVICE uint32_t threads_x() { return blockDim.x; }
DEVICE uint32_t threads_y() { return blockDim.y; }
DEVICE uint32_t blocks_x() { return gridDim.x; }
DEVICE uint32_t blocks_y() { return gridDim.y; }
// The upper half of a product.
DEVICE uint32_t mul_hi(uint32_t x, uint32_t y) { return __umulhi(x, y); }
DEVICE uint32_t reverse_bits(uint32_t x) { return __brev(x); }
DEVICE uint32_t swap_bytes(uint32_t x) { return __byte_perm(x, 0, 0x0123); }
DEVICE uint32_t rotate_right(uint32_t x, uint32_t by) { return __funnelshift_r(x, x, by); }
// Stores the smaller of the two.
DEVICE void atomic_min(uint32_t *x, uint32_t y) { atomicMin(x, y); }
// Before a loop of a fixed number of steps over an array that is to stay in registers.
#define UNROLL _Pragma("unroll")
#endif

typedef uint64_t Address;

// What is at an address of the device's memory.
template <typename T> DEVICE T *at(Address address) { return reinterpret_cast<T *>(address); }

// The thread's number in its row of the grid.
DEVICE uint32_t line() { return block_x() * threads_x() + thread_x(); }

// The lowest `bits` bits in reverse; 0 bits are 0.
DEVICE uint32_t reverse_bits(uint32_t x, uint32_t bits) {
    return bits == 0 ? 0 : reverse_bits(x) >> (32 - bits);
}
