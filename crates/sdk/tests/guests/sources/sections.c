/* Variables and functions in sections that link.ld does not know. */
#include "vouch.h"

uint32_t variable __attribute__((section("my_data"))) = 9;
const uint32_t constant __attribute__((section("my_constants"))) = 7;
__attribute__((section("my_code"), noinline)) uint32_t triple(uint32_t x) { return 3 * x; }

int main(void)
{
    uint32_t words[2] = {++variable, triple(constant)};
    vouch_commit(words, sizeof words);
    return 0;
}
