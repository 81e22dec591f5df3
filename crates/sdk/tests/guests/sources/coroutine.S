# Calls a function on a stack of its own, in the heap, and comes back.
    .text
    .globl main
main:
    lui t0, %hi(__heap_start)
    addi t0, t0, 2000
    mv s3, sp
    mv s4, ra
    mv sp, t0
    call on_the_heap
    mv sp, s3
    mv ra, s4
    ret
on_the_heap:
    addi sp, sp, -32
    sw a0, 0(sp)
    li a0, 5
    addi sp, sp, 32
    ret
