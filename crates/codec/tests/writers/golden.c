#include <stdio.h>
#include <stdlib.h>

static void hex(const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        printf("%02x", bytes[i]);
}

static unsigned char room[256];
static struct writer w;

static struct writer *start(void)
{
    writer_init(&w, room, sizeof room);
    return &w;
}

static void show(const char *name)
{
    size_t length = put_end(&w);
    if (w.full)
        exit(1);
    printf("%s ", name);
    hex(room, length);
    printf("\n");
}

int main(void)
{
    start();
    put_u8(&w, 0x01);
    put_u16(&w, 0x0203);
    put_u32(&w, 0x04050607);
    put_u64(&w, 0x08090a0b0c0d0e0f);
    show("unsigned");
    start();
    put_u8(&w, (uint8_t)-1);
    put_u16(&w, (uint16_t)-2);
    put_u32(&w, (uint32_t)-3);
    put_u64(&w, (uint64_t)-4);
    show("signed");
    start();
    put_u8(&w, 1);
    put_u64(&w, 0x090a0b0c0d0e0f10);
    put_u64(&w, 0x0102030405060708);
    show("wide");
    start();
    put_f32(&w, 1.5F);
    put_f64(&w, -0.1);
    show("floats");
    start();
    put_bool(&w, true);
    put_bool(&w, false);
    put_some(&w);
    put_u16(&w, 7);
    put_none(&w);
    put_char(&w, 0xe9);
    show("flags");
    start();
    show("nothing");
    start();
    put_text(&w, "vouch");
    put_text(&w, "");
    put_text(&w, "caf\xc3\xa9");
    show("text");
    start();
    put_bytes(&w, "\1\2\3", 3);
    show("bytes");
    start();
    put_count(&w, 3);
    for (uint8_t i = 1; i <= 3; i++)
        put_u8(&w, i);
    show("octets");
    start();
    put_count(&w, 3);
    for (uint16_t i = 1; i <= 3; i++)
        put_u16(&w, i);
    show("halves");
    start();
    for (uint8_t i = 1; i <= 3; i++)
        put_u8(&w, i);
    put_u32(&w, 4);
    show("array");
    start();
    put_count(&w, 2);
    put_text(&w, "a");
    put_u32(&w, 1);
    put_text(&w, "bc");
    put_u32(&w, 2);
    show("map");
    start();
    put_variant(&w, 0);
    put_variant(&w, 1);
    put_u32(&w, 9);
    put_variant(&w, 2);
    put_u16(&w, 2);
    put_u16(&w, 3);
    show("shapes");
    start();
    put_count(&w, 2);
    put_text(&w, "ann");
    put_u64(&w, 150);
    put_u16(&w, 2);
    put_bool(&w, true);
    put_some(&w);
    put_text(&w, "gift");
    put_text(&w, "bob");
    put_u64(&w, (uint64_t)1 << 40);
    put_u16(&w, 1);
    put_bool(&w, false);
    put_none(&w);
    show("orders");
    unsigned char value[16], length[4];
    start();
    put_text(&w, "vouch");
    put_u16(&w, 7);
    size_t size = put_end(&w);
    memcpy(value, room, size);
    printf("input ");
    frame_length(length, size);
    hex(length, 4);
    hex(value, size);
    frame_length(length, 3);
    hex(length, 4);
    hex((const unsigned char *)"raw", 3);
    printf("\n");
    /* Too much for its room. */
    writer_init(&w, room, 4);
    put_u64(&w, 1);
    return put_end(&w) == 0 && w.full ? 0 : 1;
}
