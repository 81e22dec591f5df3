/* Thread-local variables that all start as zeros, beside others that do. */
#include "vouch.h"

_Thread_local volatile uint32_t mine[4];
volatile uint32_t others[4];

int main(void)
{
    static uint32_t sums[2];
    for (uint32_t i = 0; i < 4; i++) {
        mine[i] += i + 1;
        others[i] += 16 * (i + 1);
    }
    for (uint32_t i = 0; i < 4; i++) {
        sums[0] += mine[i];
        sums[1] += others[i];
    }
    vouch_commit(sums, sizeof sums);
    return 0;
}
