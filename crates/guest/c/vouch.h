/* The guest ABI for C: private input, the public journal, a console.
 *
 * Call numbers and file descriptors are those of vouch_isa::abi, a subset of RISC-V Linux
 * user mode. Build with crt0.S and link.ld; docs/guests.md gives the command.
 */
#ifndef VOUCH_H
#define VOUCH_H

#include <stddef.h>
#include <stdint.h>

enum { VOUCH_READ = 63, VOUCH_WRITE = 64, VOUCH_EXIT = 93 };
enum { VOUCH_INPUT = 0, VOUCH_STDOUT = 1, VOUCH_STDERR = 2, VOUCH_JOURNAL = 3 };

/* Most bytes that one call moves. A call is never cut in two by segments of a proof, whose
 * memory it therefore bounds from below; more is moved by several. */
#define VOUCH_CALL_BYTES ((size_t)1 << 16)

/* Memory that vouch_read and vouch_commit take without faulting: word-aligned. */
#define VOUCH_ALIGNED _Alignas(4)

static inline uint32_t vouch_call(uint32_t number, uint32_t a, uint32_t b, uint32_t c)
{
    register uint32_t a0 __asm__("a0") = a;
    register uint32_t a1 __asm__("a1") = b;
    register uint32_t a2 __asm__("a2") = c;
    register uint32_t a7 __asm__("a7") = number;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a7) : "memory");
    return a0;
}

/* Halts with `code`, which is part of the claim. */
static inline _Noreturn void vouch_exit(uint32_t code)
{
    vouch_call(VOUCH_EXIT, code, 0, 0);
    __builtin_unreachable();
}

/* Reads min(length, bytes left) bytes of input into `room`, which must be word-aligned;
 * returns how many. */
static inline size_t vouch_read(void *room, size_t length)
{
    size_t filled = 0;
    while (length - filled > VOUCH_CALL_BYTES) {
        size_t got = vouch_call(VOUCH_READ, VOUCH_INPUT, (uint32_t)room + filled, VOUCH_CALL_BYTES);
        filled += got;
        if (got < VOUCH_CALL_BYTES)
            return filled;
    }
    return filled + vouch_call(VOUCH_READ, VOUCH_INPUT, (uint32_t)room + filled, length - filled);
}

/* Appends `length` bytes to the journal from `bytes`, which must be word-aligned. */
static inline void vouch_commit(const void *bytes, size_t length)
{
    size_t written = 0;
    for (; length - written > VOUCH_CALL_BYTES; written += VOUCH_CALL_BYTES)
        vouch_call(VOUCH_WRITE, VOUCH_JOURNAL, (uint32_t)bytes + written, VOUCH_CALL_BYTES);
    vouch_call(VOUCH_WRITE, VOUCH_JOURNAL, (uint32_t)bytes + written, length - written);
}

/* Prints a string to the console's standard output, which is not proven. */
static inline void vouch_print(const char *text)
{
    size_t length = 0;
    while (text[length] != 0)
        length++;
    vouch_call(VOUCH_WRITE, VOUCH_STDOUT, (uint32_t)text, length);
}

#endif
