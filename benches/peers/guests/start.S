# The beginning of every guest, whatever the prover: a stack, the number of turns, work(turns),
# then `halt` of the prover's own file with the result in a0.
    .file "start.S"

    .section .text._start, "ax"
    .globl _start
_start:
    la sp, __stack_top
    la a0, turns
    lw a0, 0(a0)
    call work
    j halt

# The host finds these sixteen bytes in the ELF and writes the number of turns behind them, so
# that no prover's way of reading input comes into the measurement.
    .section .data
    .balign 16
    .ascii "peers: turns at "
turns:
    .word TURNS
