// The part of the shim that all kernels share.
#include "shim.h"

#include <memory>
#include <vector>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace shim {

thread_local Thread current;

namespace {

// Calls f(thread) for each of them in the order of the launch.
template <typename Function> void each(const Launch &launch, Function f) {
    uint32_t threads = launch.threads.x * launch.threads.y;
    for (uint32_t i = 0; i < threads; i++) {
        uint32_t thread = launch.descending ? threads - 1 - i : i;
        current.thread = {thread % launch.threads.x, thread / launch.threads.x};
        f(thread);
    }
}

template <typename Function> uint32_t each_block(const Launch &launch, Function f) {
    current.launch = launch;
    uint32_t blocks = launch.blocks.x * launch.blocks.y;
    for (uint32_t i = 0; i < blocks; i++) {
        uint32_t block = launch.descending ? blocks - 1 - i : i;
        current.block = {block % launch.blocks.x, block / launch.blocks.x};
        if (uint32_t error = f()) {
            return error;
        }
    }
    return 0;
}

const size_t STACK_BYTES = 1 << 16;

#if defined(__x86_64__)

// Saves what a called function must keep (System V ABI) and the stack, and goes on elsewhere.
extern "C" void vouch_shim_switch(void **from, void *to);
asm(R"(
.text
.globl vouch_shim_switch
.hidden vouch_shim_switch
.type vouch_shim_switch, @function
vouch_shim_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
)");

struct Context {
    void *stack = nullptr;

    void start(char *memory, void (*entry)()) {
        void **top = reinterpret_cast<void **>(memory + STACK_BYTES);
        // As after a call, the stack is 8 bytes off a multiple of 16.
        *--top = nullptr;
        *--top = reinterpret_cast<void *>(entry);
        for (int i = 0; i < 6; i++) {
            *--top = nullptr;
        }
        stack = top;
    }
};

void go(Context &from, Context &to) { vouch_shim_switch(&from.stack, to.stack); }

#else

struct Context {
    ucontext_t context;

    void start(char *memory, void (*entry)()) {
        getcontext(&context);
        context.uc_stack.ss_sp = memory;
        context.uc_stack.ss_size = STACK_BYTES;
        context.uc_link = nullptr;
        makecontext(&context, entry, 0);
    }
};

void go(Context &from, Context &to) { swapcontext(&from.context, &to.context); }

#endif

struct Fiber {
    std::unique_ptr<char[]> stack{new char[STACK_BYTES]};
    Context context;
    bool ended = false;
};

// Of this thread of the CPU.
thread_local std::vector<Fiber> fibers;
thread_local Context scheduler;
thread_local Fiber *running;
thread_local Body body;
thread_local const void *arguments;

void enter() {
    body(arguments);
    running->ended = true;
    go(running->context, scheduler);
}

uint32_t run_block() {
    const Launch &launch = current.launch;
    uint32_t threads = launch.threads.x * launch.threads.y;
    while (fibers.size() < threads) {
        fibers.emplace_back();
    }
    for (uint32_t i = 0; i < threads; i++) {
        fibers[i].ended = false;
        fibers[i].context.start(fibers[i].stack.get(), enter);
    }
    for (;;) {
        uint32_t ended = 0;
        each(launch, [&](uint32_t thread) {
            running = &fibers[thread];
            go(scheduler, running->context);
            ended += running->ended;
        });
        if (ended == threads) {
            return 0;
        }
        if (ended > 0) {
            return 1;
        }
    }
}

} // namespace

uint32_t run(Body body, const void *arguments, const Launch *launch) {
    return each_block(*launch, [&] {
        each(*launch, [&](uint32_t) { body(arguments); });
        return 0;
    });
}

uint32_t run_fibers(Body the_body, const void *the_arguments, const Launch *launch) {
    body = the_body;
    arguments = the_arguments;
    return each_block(*launch, run_block);
}

void wait() {
    if (!running) {
        fprintf(stderr, "sync() in a kernel that is not KERNEL_SYNC\n");
        __builtin_trap();
    }
    go(running->context, scheduler);
}

} // namespace shim
