/* What compilers and C programs expect of a library, over the heap of link.ld: memcpy and its kin,
 * malloc and its kin, atexit. A guest that needs none of it does without this file.
 *
 * One thread, so nothing is locked.
 */
#include "vouch.h"

#include <stdbool.h>

#ifndef __clang__
/* Loops that copy are not to become calls of what they are the body of. */
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

/* The exit code of a guest that cannot go on, as that of a panic in Rust. */
enum { PANIC_EXIT_CODE = 101 };

static void print(const char *text)
{
    size_t length = 0;
    while (text[length] != 0)
        length++;
    vouch_call(VOUCH_WRITE, VOUCH_STDERR, (uint32_t)text, length);
}

static void print_number(size_t number)
{
    char digits[11];
    char *first = digits + sizeof digits - 1;
    *first = 0;
    do
        *--first = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    print(first);
}

/* Prints a line to stderr and exits with 101. */
_Noreturn void vouch_panic(const char *message)
{
    print(message);
    print("\n");
    vouch_exit(PANIC_EXIT_CODE);
}

/* Memory of any alignment. */

static bool is_aligned(const void *a, const void *b)
{
    return (((uint32_t)a | (uint32_t)b) & 3) == 0;
}

void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
    unsigned char *t = to;
    const unsigned char *f = from;
    if (is_aligned(t, f))
        for (; length >= 4; length -= 4, t += 4, f += 4)
            *(uint32_t __attribute__((may_alias)) *)t = *(const uint32_t __attribute__((may_alias)) *)f;
    while (length-- > 0)
        *t++ = *f++;
    return to;
}

void *memmove(void *to, const void *from, size_t length)
{
    unsigned char *t = to;
    const unsigned char *f = from;
    if ((uint32_t)t - (uint32_t)f >= length)
        return memcpy(to, from, length);
    while (length-- > 0)
        t[length] = f[length];
    return to;
}

void *memset(void *to, int byte, size_t length)
{
    unsigned char *t = to;
    uint32_t word = (unsigned char)byte * 0x01010101u;
    if (is_aligned(t, t))
        for (; length >= 4; length -= 4, t += 4)
            *(uint32_t __attribute__((may_alias)) *)t = word;
    while (length-- > 0)
        *t++ = (unsigned char)byte;
    return to;
}

int memcmp(const void *a, const void *b, size_t length)
{
    const unsigned char *x = a, *y = b;
    for (; length > 0; length--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}

size_t strlen(const char *text)
{
    size_t length = 0;
    while (text[length] != 0)
        length++;
    return length;
}

/* The heap: blocks of whole units, the first of which is the block's header. Free blocks are in a
 * list by address, and none touches the next. What was never used is in no list, so that it is
 * never touched. */

struct block {
    size_t units;
    struct block *next;
    size_t padding[2];
};

enum { UNIT = sizeof(struct block) };

extern char __heap_start[], __heap_end[];
static struct block *freed;
static char *unused = __heap_start;

void *malloc(size_t size)
{
    if (size > (size_t)(__heap_end - __heap_start))
        return NULL;
    size_t units = (size + UNIT - 1) / UNIT + 1;
    for (struct block **link = &freed; *link != NULL; link = &(*link)->next) {
        struct block *found = *link;
        if (found->units < units)
            continue;
        if (found->units == units) {
            *link = found->next;
        } else {
            /* Its end: the list stays as it is. */
            found->units -= units;
            found += found->units;
            found->units = units;
        }
        return found + 1;
    }
    if (units > (size_t)(__heap_end - unused) / UNIT)
        return NULL;
    struct block *fresh = (struct block *)unused;
    unused += units * UNIT;
    fresh->units = units;
    return fresh + 1;
}

static void join(struct block *lower, struct block *upper)
{
    if (upper != NULL && lower + lower->units == upper) {
        lower->units += upper->units;
        lower->next = upper->next;
    }
}

void free(void *memory)
{
    if (memory == NULL)
        return;
    struct block *block = (struct block *)memory - 1, *before = NULL, *after = freed;
    while (after != NULL && after < block) {
        before = after;
        after = after->next;
    }
    block->next = after;
    join(block, after);
    if (before == NULL) {
        freed = block;
    } else {
        before->next = block;
        join(before, block);
    }
}

void *calloc(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    void *memory = malloc(bytes);
    return memory == NULL ? NULL : memset(memory, 0, bytes);
}

void *realloc(void *memory, size_t size)
{
    if (memory == NULL)
        return malloc(size);
    size_t room = (((struct block *)memory - 1)->units - 1) * UNIT;
    if (size <= room)
        return memory;
    void *larger = malloc(size);
    if (larger != NULL) {
        memcpy(larger, memory, room);
        free(memory);
    }
    return larger;
}

/* `alignment` is a power of two. */
void *aligned_alloc(size_t alignment, size_t size)
{
    size_t bytes;
    if (alignment <= UNIT)
        return malloc(size);
    if (__builtin_add_overflow(size, alignment, &bytes))
        return NULL;
    struct block *block = malloc(bytes);
    if (block == NULL || (uint32_t)block % alignment == 0)
        return block;
    /* What is before it becomes a block of its own, and is free. */
    struct block *aligned = (struct block *)(((uint32_t)block + alignment - 1) & -alignment);
    size_t before = (size_t)(aligned - block);
    aligned[-1].units = block[-1].units - before;
    block[-1].units = before;
    free(block);
    return aligned;
}

/* For C++, whose `new` has nothing else to return: memory, or the guest ends. */
void *vouch_new(size_t alignment, size_t size)
{
    void *memory = aligned_alloc(alignment, size);
    if (memory != NULL)
        return memory;
    print("heap exhausted: no room for ");
    print_number(size);
    print(" bytes in a heap of ");
    print_number((size_t)(__heap_end - __heap_start));
    vouch_panic(" bytes; --defsym=__heap_size=BYTES makes a larger one");
}

/* What is to run when main has returned, the last first. C++ registers destructors here. */

struct handler {
    void (*run)(void *);
    void *argument;
    struct handler *before;
};

static struct handler *last;

int __cxa_atexit(void (*run)(void *), void *argument, void *library)
{
    (void)library;
    struct handler *handler = vouch_new(sizeof(void *), sizeof *handler);
    *handler = (struct handler){run, argument, last};
    last = handler;
    return 0;
}

static void run_plain(void *function)
{
    ((void (*)(void))function)();
}

int atexit(void (*run)(void))
{
    return __cxa_atexit(run_plain, (void *)run, NULL);
}

static void run_handlers(void)
{
    while (last != NULL) {
        struct handler *handler = last;
        last = handler->before;
        handler->run(handler->argument);
    }
}

/* link.ld puts it where crt0.S comes first. */
__attribute__((section(".vouch.at_exit"), used)) static void (*const at_exit)(void) = run_handlers;
