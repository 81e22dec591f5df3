/* Reads to, and commits from, an odd address. */
#include "vouch.h"

int main(void)
{
    VOUCH_ALIGNED static unsigned char room[1001];
    size_t got = vouch_read(room + 1, 1000);
    vouch_commit(room + 1, got);
    return 0;
}
