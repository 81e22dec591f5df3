/* CRC-32 (IEEE 802.3, as in zip and Ethernet) of the input, in C.
 *
 * Input: any bytes. Journal: the checksum, four bytes, little-endian.
 */
#include "vouch.h"

#define CHUNK_BYTES 4096u

/* Remainders of the 16 half-bytes by the reflected polynomial 0xedb88320. */
static const uint32_t remainders[16] = {
    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
    0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
    0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

static uint32_t update(uint32_t crc, uint8_t byte)
{
    crc ^= byte;
    crc = crc >> 4 ^ remainders[crc & 15];
    return crc >> 4 ^ remainders[crc & 15];
}

int main(void)
{
    VOUCH_ALIGNED static uint8_t chunk[CHUNK_BYTES];
    uint32_t crc = ~0u;
    size_t got;

    do {
        got = vouch_read(chunk, CHUNK_BYTES);
        for (size_t i = 0; i < got; i++)
            crc = update(crc, chunk[i]);
    } while (got == CHUNK_BYTES);

    uint32_t journal = ~crc;
    vouch_commit(&journal, sizeof journal);
    return 0;
}
