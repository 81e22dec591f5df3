/* A constructor runs before main. */
#include "vouch.h"

static uint32_t x = 1;

__attribute__((constructor)) static void init(void) { x = 42; }

int main(void)
{
    vouch_commit(&x, sizeof x);
    return 0;
}
