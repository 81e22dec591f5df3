# OpenVM 2: TERMINATE with exit code 0, the custom-0 opcode with funct3 0. Nothing is revealed.
    .text
    .globl halt
halt:
    .insn i 0x0b, 0, x0, x0, 0
