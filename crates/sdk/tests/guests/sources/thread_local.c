/* Thread-local variables, of which those that start as zeros are aligned more than the others. */
#include "vouch.h"

_Thread_local volatile uint32_t t = 0x1234;
_Thread_local volatile uint32_t z;
_Thread_local volatile uint32_t wide[16] __attribute__((aligned(64)));
uint32_t after[4];

int main(void)
{
    static uint32_t words[4];
    z += 1;
    for (uint32_t i = 0; i < 16; i++)
        wide[i] = ~0u;
    words[0] = t;
    words[1] = z;
    words[2] = (uint32_t)wide % 64;
    words[3] = after[0] | after[1] | after[2] | after[3];
    vouch_commit(words, sizeof words);
    return 0;
}
