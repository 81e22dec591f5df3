# Vouch: exit(0), call 93 (docs/guests.md of the repository). The journal stays empty.
    .text
    .globl halt
halt:
    li a0, 0
    li a7, 93
    ecall
    ebreak
