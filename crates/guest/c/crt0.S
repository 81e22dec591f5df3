# First and last instructions of a guest, in Rust, C or C++: the stack and the thread-local
# variables of link.ld, constructors, main, destructors; then the guest exits with what main
# returned. Vouch starts with all registers 0, qemu with a stack of its own.
    .file "crt0.S"
    .section .text._start, "ax"
    .globl _start
    .type _start, @function
_start:
    lui sp, %hi(__stack_top)        # page-aligned
    lui tp, %hi(__tls_start)
    addi tp, tp, %lo(__tls_start)

    lui s0, %hi(__init_start)
    addi s0, s0, %lo(__init_start)
    lui s1, %hi(__init_end)
    addi s1, s1, %lo(__init_end)
    beq s0, s1, 2f
1:  lw t1, 0(s0)
    addi s0, s0, 4
    jalr t1
    bne s0, s1, 1b

2:
    .ifdef VOUCH_RUST
    call __vouch_main
    .else
    call main
    .endif

    mv s2, a0
    lui s0, %hi(__fini_start)
    addi s0, s0, %lo(__fini_start)
    lui s1, %hi(__fini_end)
    addi s1, s1, %lo(__fini_end)
    beq s0, s1, 4f
3:  addi s1, s1, -4
    lw t1, 0(s1)
    jalr t1
    bne s0, s1, 3b

4:  mv a0, s2
    li a7, 93
    ecall
    ebreak                          # not reached: exit halts
    .size _start, . - _start

# So that each of link.ld's sections is there, writable, and .tdata not without contents: by that
# linkers decide where other sections go, and whether thread-local variables get addresses.
    .section .vouch.tls, "awT", @progbits
    .balign 4
    .word 0
    .section .vouch.data, "aw", @progbits
    .section .vouch.stack, "aw", @nobits
    .section .vouch.heap, "aw", @nobits
