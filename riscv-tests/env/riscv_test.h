/* The environment that riscv-tests asks for, on Vouch's ABI: a test ends with exit(0) if it passed,
 * or with exit(2 * number + 1), where the number is that of the check that failed. */

#ifndef VOUCH_RISCV_TEST_H
#define VOUCH_RISCV_TEST_H

/* Where the tests keep the number of the check that is running. */
#define TESTNUM gp

/* User mode is all there is. */
#define RVTEST_RV32U
#define RVTEST_RV64U

#define RVTEST_CODE_BEGIN                                                                          \
        .section .text.init;                                                                       \
        .globl _start;                                                                             \
_start:

/* Whoever runs on past the end of a test has not passed it. */
#define RVTEST_CODE_END                                                                            \
        ebreak

#define VOUCH_EXIT                                                                                 \
        li a7, 93;                                                                                 \
        ecall

#define RVTEST_PASS                                                                                \
        li a0, 0;                                                                                  \
        VOUCH_EXIT

/* Odd, so never 0, whatever the number is. */
#define RVTEST_FAIL                                                                                \
        slli a0, TESTNUM, 1;                                                                       \
        ori a0, a0, 1;                                                                             \
        VOUCH_EXIT

#define RVTEST_DATA_BEGIN
#define RVTEST_DATA_END

#endif
