/* The heap of runtime.c: what is freed is used again, what does not fit is refused. */
#include "vouch.h"

void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *memory, size_t size);
void *aligned_alloc(size_t alignment, size_t size);
void free(void *memory);
void *memset(void *to, int byte, size_t length);
void *memmove(void *to, const void *from, size_t length);
int memcmp(const void *a, const void *b, size_t length);

static uint32_t checks;
static void check(int holds) { checks = checks << 1 | (holds != 0); }

int main(void)
{
    unsigned char *a = malloc(100), *b = malloc(1), *c = malloc(100);
    check(((uint32_t)a | (uint32_t)b | (uint32_t)c) % 16 == 0);
    memset(a, 1, 100);
    memset(b, 2, 1);
    memset(c, 3, 100);
    check(a[99] == 1 && b[0] == 2 && c[0] == 3);
    /* Neighbours become one block, in whatever order they are freed. */
    free(a);
    free(c);
    free(b);
    unsigned char *joined = malloc(272);
    check(joined == a);
    for (uint32_t i = 0; i < 200; i++)
        joined[i] = (unsigned char)i;
    unsigned char *larger = realloc(joined, 5000);
    check(larger != joined && larger[0] == 0 && larger[199] == 199);
    memmove(larger + 1, larger, 199);
    check(larger[1] == 0 && larger[199] == 198);
    memmove(larger, larger + 1, 199);
    check(larger[0] == 0 && larger[198] == 198);
    check(memcmp(larger, larger + 1, 3) < 0 && memcmp(larger, larger, 100) == 0);
    unsigned char *zeros = calloc(10, 20);
    uint32_t sum = 0;
    for (uint32_t i = 0; i < 200; i++)
        sum += zeros[i];
    check(sum == 0);
    void *aligned = aligned_alloc(4096, 10);
    check((uint32_t)aligned % 4096 == 0);
    free(aligned);
    check(aligned_alloc(4096, 10) == aligned);
    check(calloc(0x10000, 0x10001) == NULL);
    check(malloc(~0u) == NULL && malloc(0x7fffffff) == NULL && malloc(64 << 20) == NULL);
    /* More than there is, if nothing were used again. */
    int all = 1;
    for (uint32_t i = 0; i < 200; i++) {
        void *megabyte = malloc(1 << 20);
        all &= megabyte != NULL;
        free(megabyte);
    }
    check(all);
    vouch_commit(&checks, sizeof checks);
    return 0;
}
