# No prover: exit(result mod 256) on Linux, so that build.sh can check the guests under qemu.
    .text
    .globl halt
halt:
    andi a0, a0, 0xff
    li a7, 93
    ecall
