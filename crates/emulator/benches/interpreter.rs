//! Instructions a second, running, profiling and recording, in an arithmetic loop, a memory-bound one, one
//! that does little but call, and one that does little but make and drop frames of a stack that is checked.

use core::hint::black_box;
use core::ops::ControlFlow;

use criterion::{Criterion, Throughput};
use vouch_emulator::testing::{DATA, DATA_BYTES, ElfBuilder, LoadSegment, asm, program};
use vouch_emulator::{Limits, Program, SegmentLimits, execute, profile, record};
use vouch_isa::event::Segment;
use vouch_isa::{Instruction, Op};

const ROUNDS: u32 = 1 << 22;

/// Two Fibonacci numbers a round.
fn fibonacci() -> Vec<Instruction> {
    let mut list = asm::li(7, ROUNDS).to_vec();
    list.extend([
        asm::addi(6, 0, 1),
        asm::add(5, 5, 6),
        asm::add(6, 6, 5),
        asm::addi(7, 7, -1),
        asm::branch(Op::Bne, 7, 0, -12),
    ]);
    list.extend(asm::exit_with(5));
    list
}

/// Loads and stores of words, half-words and bytes, going around 32 KiB.
fn memory() -> Vec<Instruction> {
    let mut list = asm::li(7, ROUNDS).to_vec();
    list.extend(asm::li(8, DATA));
    list.extend(asm::li(9, 0x7ff8));
    list.extend([
        asm::addi(5, 5, 8),
        asm::r(Op::And, 5, 5, 9),
        asm::add(6, 5, 8),
        asm::lw(10, 0, 6),
        asm::add(10, 10, 7),
        asm::sw(10, 0, 6),
        asm::load(Op::Lbu, 11, 5, 6),
        asm::addi(11, 11, 3),
        asm::store(Op::Sb, 11, 5, 6),
        asm::load(Op::Lh, 12, 6, 6),
        asm::store(Op::Sh, 7, 6, 6),
        asm::addi(7, 7, -1),
        asm::branch(Op::Bne, 7, 0, -48),
    ]);
    list.extend(asm::exit_with(10));
    list
}

/// Two calls a round, one within the other.
fn calls() -> Vec<Instruction> {
    let mut list = asm::li(7, ROUNDS).to_vec();
    list.extend([
        asm::jal(1, 28),
        asm::addi(7, 7, -1),
        asm::branch(Op::Bne, 7, 0, -8),
    ]);
    list.extend(asm::exit_with(5));
    list.extend([
        asm::nop(),
        asm::addi(6, 1, 0),
        asm::jal(1, 12),
        asm::addi(1, 6, 0),
        asm::jalr(0, 0, 1),
        asm::addi(5, 5, 1),
        asm::jalr(0, 0, 1),
    ]);
    list
}

/// A call a round of a function with a frame.
fn frames() -> Program {
    const PT_GNU_STACK: u32 = 0x6474_e551;
    let mut list = asm::li(7, ROUNDS).to_vec();
    list.extend(asm::li(2, DATA + DATA_BYTES));
    list.extend([
        asm::jal(1, 28),
        asm::addi(7, 7, -1),
        asm::branch(Op::Bne, 7, 0, -8),
    ]);
    list.extend(asm::exit_with(5));
    list.extend([
        asm::nop(),
        asm::addi(2, 2, -16),
        asm::sw(1, 12, 2),
        asm::lw(1, 12, 2),
        asm::addi(2, 2, 16),
        asm::jalr(0, 0, 1),
    ]);
    let mut builder = ElfBuilder::program(&list);
    let stack = LoadSegment::zeros(DATA, DATA_BYTES, LoadSegment::WRITABLE);
    builder.segments.push(LoadSegment {
        kind: PT_GNU_STACK,
        ..stack
    });
    Program::from_elf(&builder.build()).expect("a good ELF")
}

fn run(program: &Program) -> u64 {
    let run = execute(program, &[], &Limits::default(), &mut |_, _| {});
    run.expect("the program exits").cycles
}

fn run_profiling(program: &Program) -> u64 {
    let (run, tree) = profile(program, &[], &Limits::default(), &mut |_, _| {});
    black_box(tree);
    run.expect("the program exits").cycles
}

fn run_recording(program: &Program, sink: &mut dyn FnMut(&mut Segment)) -> u64 {
    let (limits, segments) = (Limits::default(), SegmentLimits::default());
    let mut sink = |segment: &mut Segment| {
        sink(segment);
        ControlFlow::Continue(())
    };
    let run = record(program, &[], &limits, &segments, &mut |_, _| {}, &mut sink);
    run.expect("the program exits").cycles
}

/// The sink leaves segments to be used again.
fn leave(segment: &mut Segment) {
    black_box(segment);
}

/// The sink takes segments, so that each needs fresh memory.
fn take(segment: &mut Segment) {
    black_box(std::mem::take(segment));
}

fn interpreter(criterion: &mut Criterion) {
    let loops = [
        ("fibonacci", program(&fibonacci())),
        ("memory", program(&memory())),
        ("calls", program(&calls())),
        ("frames", frames()),
    ];
    for (name, program) in loops {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(run(&program)));
        group.sample_size(10);
        group.bench_function("execute", |b| b.iter(|| run(&program)));
        group.bench_function("profile", |b| b.iter(|| run_profiling(&program)));
        group.bench_function("record", |b| b.iter(|| run_recording(&program, &mut leave)));
        group.bench_function("record and take", |b| {
            b.iter(|| run_recording(&program, &mut take))
        });
        group.finish();
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    interpreter(&mut criterion);
    criterion.final_summary();
}
