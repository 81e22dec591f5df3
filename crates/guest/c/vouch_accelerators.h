/* The accelerators, for C and C++; vouch.h includes this. docs/isa.md says what each computes.
 *
 * Words of operands are read before any is written; `out` is read and written, the others are only
 * read. 0 if it is done. A machine that has no such call answers with the number of an error, and has
 * done nothing.
 *
 * Made of the list in vouch_isa::accelerators: tests/guests/accelerators.rs of vouch-sdk compares.
 */
#ifndef VOUCH_ACCELERATORS_H
#define VOUCH_ACCELERATORS_H

static inline uint32_t vouch_poseidon2_permute(uint32_t out[16])
{
    return vouch_accelerate(0x1000, out, 0, 0, 0, 0);
}

static inline uint32_t vouch_keccak_f1600(uint32_t out[50])
{
    return vouch_accelerate(0x1001, out, 0, 0, 0, 0);
}

static inline uint32_t vouch_sha256_compress(const uint32_t a[16], uint32_t out[8])
{
    return vouch_accelerate(0x1002, a, out, 0, 0, 0);
}

static inline uint32_t vouch_blake3_compress(const uint32_t a[16], uint32_t out[12])
{
    return vouch_accelerate(0x1003, a, out, 0, 0, 0);
}

static inline uint32_t vouch_mul_add_mod_256(const uint32_t a[8], const uint32_t b[8], const uint32_t c[8], const uint32_t d[8], uint32_t out[8])
{
    return vouch_accelerate(0x1004, a, b, c, d, out);
}

static inline uint32_t vouch_mul_add_mod_384(const uint32_t a[12], const uint32_t b[12], const uint32_t c[12], const uint32_t d[12], uint32_t out[12])
{
    return vouch_accelerate(0x1005, a, b, c, d, out);
}

static inline uint32_t vouch_matrix_product_i8(const uint32_t a[32], const uint32_t b[32], const uint32_t c[16], uint32_t out[16])
{
    return vouch_accelerate(0x1006, a, b, c, out, 0);
}

static inline uint32_t vouch_dot_i32(const uint32_t a[32], const uint32_t b[32], uint32_t out[2])
{
    return vouch_accelerate(0x1007, a, b, out, 0, 0);
}

static inline uint32_t vouch_extension4_mul_add(const uint32_t a[4], const uint32_t b[4], const uint32_t c[4], uint32_t out[4])
{
    return vouch_accelerate(0x1008, a, b, c, out, 0);
}

static inline uint32_t vouch_extension5_mul_add(const uint32_t a[5], const uint32_t b[5], const uint32_t c[5], uint32_t out[5])
{
    return vouch_accelerate(0x1009, a, b, c, out, 0);
}

#endif
