/* The guest ABI for C and C++: private input, the public journal, a console.
 *
 * Call numbers and file descriptors are those of vouch_isa::abi, a subset of RISC-V Linux
 * user mode. Build with crt0.S and link.ld; docs/guests.md gives the command.
 */
#ifndef VOUCH_H
#define VOUCH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define VOUCH_NORETURN [[noreturn]]
#define VOUCH_ALIGNED alignas(4)
extern "C" {
#else
#define VOUCH_NORETURN _Noreturn
#define VOUCH_ALIGNED _Alignas(4)
#endif

enum { VOUCH_READ = 63, VOUCH_WRITE = 64, VOUCH_EXIT = 93 };
enum { VOUCH_INPUT = 0, VOUCH_STDOUT = 1, VOUCH_STDERR = 2, VOUCH_JOURNAL = 3 };

/* Most bytes that one call moves. A call is never cut in two by segments of a proof, whose
 * memory it therefore bounds from below; more is moved by several. */
#define VOUCH_CALL_BYTES ((size_t)1 << 16)

/* Bytes that are moved at a time to and from memory that is not word-aligned. What is marked
 * VOUCH_ALIGNED is, and is moved in place. */
#define VOUCH_BOUNCE_BYTES ((size_t)256)

static inline uint32_t vouch_call(uint32_t number, uint32_t a, uint32_t b, uint32_t c)
{
    register uint32_t a0 __asm__("a0") = a;
    register uint32_t a1 __asm__("a1") = b;
    register uint32_t a2 __asm__("a2") = c;
    register uint32_t a7 __asm__("a7") = number;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a7) : "memory");
    return a0;
}

/* Calls an accelerator with pointers to words, which are aligned; vouch_accelerators.h has a function
 * for each. */
static inline uint32_t vouch_accelerate(uint32_t number, const void *a, const void *b, const void *c,
                                        const void *d, const void *e)
{
    register uint32_t a0 __asm__("a0") = (uint32_t)a;
    register uint32_t a1 __asm__("a1") = (uint32_t)b;
    register uint32_t a2 __asm__("a2") = (uint32_t)c;
    register uint32_t a3 __asm__("a3") = (uint32_t)d;
    register uint32_t a4 __asm__("a4") = (uint32_t)e;
    register uint32_t a7 __asm__("a7") = number;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a7) : "memory");
    return a0;
}

/* Halts with `code`, which is part of the claim, at once: no destructor runs. */
VOUCH_NORETURN static inline void vouch_exit(uint32_t code)
{
    vouch_call(VOUCH_EXIT, code, 0, 0);
    __builtin_unreachable();
}

/* Moves words between aligned memory and the input or journal, by calls of at most
 * VOUCH_CALL_BYTES; returns the bytes moved. */
static inline size_t vouch_move(uint32_t number, uint32_t file, uint32_t address, size_t length)
{
    size_t moved = 0;
    while (length - moved > VOUCH_CALL_BYTES) {
        size_t got = vouch_call(number, file, address + moved, VOUCH_CALL_BYTES);
        moved += got;
        if (got < VOUCH_CALL_BYTES)
            return moved;
    }
    return moved + vouch_call(number, file, address + moved, length - moved);
}

static inline void vouch_copy(unsigned char *to, const unsigned char *from, size_t length)
{
    for (size_t i = 0; i < length; i++)
        to[i] = from[i];
}

__attribute__((noinline, cold, unused)) static size_t vouch_read_bounced(unsigned char *room, size_t length)
{
    VOUCH_ALIGNED unsigned char bounce[VOUCH_BOUNCE_BYTES];
    size_t filled = 0;
    while (filled < length) {
        size_t rest = length - filled;
        size_t asked = rest < VOUCH_BOUNCE_BYTES ? rest : VOUCH_BOUNCE_BYTES;
        size_t got = vouch_call(VOUCH_READ, VOUCH_INPUT, (uint32_t)bounce, asked);
        vouch_copy(room + filled, bounce, got);
        filled += got;
        if (got < asked)
            break;
    }
    return filled;
}

__attribute__((noinline, cold, unused)) static void vouch_commit_bounced(const unsigned char *bytes, size_t length)
{
    VOUCH_ALIGNED unsigned char bounce[VOUCH_BOUNCE_BYTES];
    for (size_t done = 0; done < length; done += VOUCH_BOUNCE_BYTES) {
        size_t rest = length - done;
        size_t part = rest < VOUCH_BOUNCE_BYTES ? rest : VOUCH_BOUNCE_BYTES;
        vouch_copy(bounce, bytes + done, part);
        vouch_call(VOUCH_WRITE, VOUCH_JOURNAL, (uint32_t)bounce, part);
    }
}

/* Reads min(length, bytes left) bytes of input into `room`; returns how many. */
static inline size_t vouch_read(void *room, size_t length)
{
    if ((uint32_t)room % 4 != 0)
        return vouch_read_bounced((unsigned char *)room, length);
    return vouch_move(VOUCH_READ, VOUCH_INPUT, (uint32_t)room, length);
}

/* Appends `length` bytes to the journal. */
static inline void vouch_commit(const void *bytes, size_t length)
{
    if ((uint32_t)bytes % 4 != 0)
        vouch_commit_bounced((const unsigned char *)bytes, length);
    else
        vouch_move(VOUCH_WRITE, VOUCH_JOURNAL, (uint32_t)bytes, length);
}

/* Prints a string to the console's standard output, which is not proven. */
static inline void vouch_print(const char *text)
{
    size_t length = 0;
    while (text[length] != 0)
        length++;
    vouch_call(VOUCH_WRITE, VOUCH_STDOUT, (uint32_t)text, length);
}

#include "vouch_accelerators.h"

#ifdef __cplusplus
}
#endif

#endif
