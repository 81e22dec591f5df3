# First instructions of a C guest: the stack of link.ld, then main, whose result is the
# exit code.
    .file "crt0.S"
    .section .text._start, "ax"
    .globl _start
_start:
    lui sp, %hi(__stack_top)
    call main
    li a7, 93
    ecall
    ebreak              # not reached: exit halts
