/* A frame that is larger than all memory around the stack, and an access that goes past it. */
#include "vouch.h"

uint32_t victim = 5;

__attribute__((noinline)) static void f(uint32_t k)
{
    volatile char a[0x1101000];
    a[k] = 7;
    __asm__ volatile("" ::"r"(a) : "memory");
}

int main(void)
{
    uint32_t sp;
    __asm__("mv %0,sp" : "=r"(sp));
    f((uint32_t)&victim - (sp - 0x1101000));
    vouch_commit(&victim, sizeof victim);
    return 0;
}
