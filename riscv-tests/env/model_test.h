/* The model that riscv-arch-test asks for, on Vouch's ABI: a test writes its signature to the journal
 * (file descriptor 3) and ends with exit(0). */

#ifndef VOUCH_MODEL_TEST_H
#define VOUCH_MODEL_TEST_H

/* Comes right after the label where a test starts. */
#define RVMODEL_BOOT                                                                               \
        .globl _start;                                                                             \
_start:

/* What `write` returns is not looked at: the length of the journal says it. */
#define RVMODEL_HALT                                                                               \
        li a0, 3;                                                                                  \
        la a1, vouch_signature_begin;                                                              \
        la a2, vouch_signature_end;                                                                \
        sub a2, a2, a1;                                                                            \
        li a7, 64;                                                                                 \
        ecall;                                                                                     \
        li a0, 0;                                                                                  \
        li a7, 93;                                                                                 \
        ecall

/* A journal write takes whole words, from a multiple of 4 on. */
#define RVMODEL_DATA_BEGIN                                                                         \
        .data;                                                                                     \
        .balign 16;                                                                                \
vouch_signature_begin:

#define RVMODEL_DATA_END                                                                           \
        .balign 4;                                                                                 \
vouch_signature_end:

/* Nothing is checked or printed on the way: the signature says it all. */
#define RVMODEL_IO_INIT
#define RVMODEL_IO_WRITE_STR(_SP, _STR)
#define RVMODEL_IO_CHECK()
#define RVMODEL_IO_ASSERT_GPR_EQ(_SP, _R, _I)

#endif
