//! Calls of accelerators.

use vouch_emulator::testing::{
    CheckError, DATA, DATA_BYTES, TEXT, asm, check, check_run, program, segments,
};
use vouch_emulator::{FaultKind, SegmentLimits};
use vouch_isa::Instruction;
use vouch_isa::abi::PRECOMPILE_BASE;
use vouch_isa::accelerators::{ARGUMENTS, Accelerator, poseidon2_permute};
use vouch_isa::event::{Access, Counts, Segment};
use vouch_isa::memory::{ECALL_TICKS, MEMORY_END};

use crate::common::{fault_kind, run, then};

const PERMUTE: Accelerator = Accelerator::Poseidon2Permute;

fn permute(address: u32) -> Vec<Instruction> {
    asm::accelerate(PERMUTE, [address, 1, 2, 3, 4])
}

/// Stores a number into the first word, permutes twice at places that overlap, and exits.
fn code() -> Vec<Instruction> {
    let mut list = then(asm::li(5, u32::MAX), asm::li(6, DATA));
    list.push(asm::sw(5, 0, 6));
    list.extend(permute(DATA));
    list.extend(permute(DATA + 8));
    list.extend(asm::exit_with(10));
    list
}

fn recorded(limits: &SegmentLimits) -> Vec<Segment> {
    let program = program(&code());
    let (run, segments) = segments(&program, &[], limits).expect("it runs");
    assert_eq!(run.exit_code, 0, "an accelerator answers 0");
    check_run(&program, &segments).expect("consistent");
    segments
}

#[test]
fn words_are_replaced() {
    let [segment] = <[Segment; 1]>::try_from(recorded(&SegmentLimits::default())).expect("one");
    let mut memory = [0; 18];
    memory[0] = u32::MAX;
    let mut ts = Vec::new();
    let mut expected: Vec<Access> = Vec::new();
    for (first, (call, accesses)) in [0, 2].into_iter().zip(segment.invocations(PERMUTE)) {
        let ecall = segment
            .ecalls
            .iter()
            .find(|e| e.ts + ECALL_TICKS == call.ts);
        let ecall = ecall.expect("each has its ECALL");
        assert_eq!(call.next_pc, ecall.pc + 1);
        assert_eq!(call.arguments, [DATA + 4 * first, 1, 2, 3, 4]);
        let state = memory[first as usize..]
            .first_chunk_mut()
            .expect("16 words");
        let before = *state;
        poseidon2_permute::permute(state);
        for (access, (before, after)) in accesses.iter().zip(before.into_iter().zip(*state)) {
            assert_eq!((access.prev, access.next), (before, after));
        }
        ts.push(call.ts);
        expected.extend(accesses);
    }
    // The second call's words were accessed by the first, but for the last two.
    for i in 2..16 {
        assert_eq!(expected[16 + i - 2].prev_ts, ts[0] + i as u32);
    }
    assert_eq!((expected[30].prev_ts, expected[31].prev_ts), (0, 0));
    assert_eq!(segment.counts().accelerated[PERMUTE as usize], 2);
}

/// A call is never cut in two, and counts against what a segment may hold.
#[test]
fn calls_fit_into_segments() {
    for cycles in 1..20 {
        let limits = SegmentLimits {
            cycles,
            ..SegmentLimits::default()
        };
        recorded(&limits);
    }
    let goes_on = |_: &Counts, then: &Counts| then.accelerated[PERMUTE as usize] <= 1;
    let one_each = recorded(&SegmentLimits {
        goes_on: &goes_on,
        ..SegmentLimits::default()
    });
    let calls = one_each
        .iter()
        .map(|segment| segment.counts().accelerated[0]);
    assert_eq!(calls.max(), Some(1));
    let in_time = recorded(&SegmentLimits {
        timestamp: 40,
        ..SegmentLimits::default()
    });
    assert!(in_time.iter().all(|segment| segment.end_ts <= 40));
}

#[test]
fn pointers_lead_to_writable_words() {
    for address in [DATA + 1, DATA + 2, DATA + 3, u32::MAX] {
        let kind = FaultKind::MisalignedBuffer { address };
        assert_eq!(fault_kind(&permute(address)), kind);
    }
    let last = DATA + DATA_BYTES - 64;
    run(&then(permute(last), asm::exit(0))).expect("the last words of the memory");
    let text = TEXT;
    for address in [
        0,
        DATA - 4,
        last + 4,
        text,
        MEMORY_END - 32,
        0xffff_ffc0,
        0xffff_fffc,
    ] {
        let kind = FaultKind::BadBuffer {
            address,
            length: 64,
            writable: true,
        };
        assert_eq!(fault_kind(&permute(address)), kind);
    }
}

const MULTIPLY: Accelerator = Accelerator::MulAddMod256;

/// Words that are only read may lie in the code, and operands may be the same.
#[test]
fn operands_are_read_and_then_written() {
    let mut code = then(asm::li(5, 3), asm::li(6, DATA));
    code.push(asm::sw(5, 0, 6));
    // The code squared, plus 3, modulo 3: the result takes the modulus's place.
    code.extend(asm::accelerate(MULTIPLY, [TEXT, TEXT, DATA, DATA, DATA]));
    code.extend(asm::exit_with(10));
    let program = program(&code);
    let (run, segments) = segments(&program, &[], &SegmentLimits::default()).expect("it runs");
    assert_eq!(run.exit_code, 0);
    check_run(&program, &segments).expect("consistent");
    let accesses = segments[0]
        .invocations(MULTIPLY)
        .flat_map(|(_, accesses)| accesses);
    let accesses: Vec<&Access> = accesses.collect();
    let words = accesses.iter().map(|access| access.word);
    let first = [TEXT, TEXT, DATA, DATA, DATA].map(|address| address / 4);
    assert!(words.eq(first.into_iter().flat_map(|word| word..word + 8)));
    let digits = accesses[..8].iter().map(|access| access.prev);
    // `2^32` is 1 modulo 3.
    let code = digits.fold(0, |sum, word| (sum + word % 3) % 3);
    let (read, written) = accesses.split_at(32);
    assert!(read.iter().all(|access| access.next == access.prev));
    assert_eq!(written[0].next, code * code % 3);
    assert!(written[1..].iter().all(|access| access.next == 0));
}

#[test]
fn pointers_that_are_read_lead_to_words() {
    let call = |operand: usize, address: u32| {
        let mut arguments = [DATA; ARGUMENTS];
        arguments[operand] = address;
        asm::accelerate(MULTIPLY, arguments)
    };
    for operand in 0..ARGUMENTS {
        let address = DATA + 2;
        let kind = FaultKind::MisalignedBuffer { address };
        assert_eq!(fault_kind(&call(operand, address)), kind);
        let last = DATA + DATA_BYTES - 32;
        run(&then(call(operand, last), asm::exit(0))).expect("the last words of the memory");
        for address in [0, last + 4, MEMORY_END - 28, 0xffff_fffc] {
            let kind = FaultKind::BadBuffer {
                address,
                length: 32,
                writable: operand == 4,
            };
            assert_eq!(fault_kind(&call(operand, address)), kind);
        }
    }
    let kind = FaultKind::BadBuffer {
        address: TEXT,
        length: 32,
        writable: true,
    };
    assert_eq!(fault_kind(&call(4, TEXT)), kind);
}

#[test]
fn numbers_without_an_accelerator_are_unknown() {
    let most = Accelerator::ALL.map(|accelerator| accelerator.info().number);
    let most = most.into_iter().max().expect("there are some");
    for number in [PRECOMPILE_BASE - 1, most + 1, u32::MAX] {
        let kind = FaultKind::UnknownCall { number };
        assert_eq!(fault_kind(&asm::call(number, DATA, 0, 0)), kind);
    }
}

/// The checker of segments finds what is wrong with accelerators.
#[test]
fn the_checker_knows_them() {
    let edited = |edit: fn(&mut Segment)| {
        let mut segments = recorded(&SegmentLimits::default());
        edit(&mut segments[0]);
        check(&segments[0]).expect_err("the edit is to be found")
    };
    let call = |edit| assert!(matches!(edited(edit), CheckError::Call { .. }));
    call(|s| s.accelerated[0].calls[1].arguments[1] += 1);
    call(|s| s.accelerated[0].calls[0].arguments[0] += 4);
    let chain = |edit| assert!(matches!(edited(edit), CheckError::Chain { .. }));
    chain(|s| s.accelerated[0].accesses[3].next ^= 1);
    chain(|s| s.accelerated[0].accesses[20].prev ^= 1);
    chain(|s| s.accelerated[0].accesses[20].prev_ts += 1);
    chain(|s| s.accelerated[0].accesses[5].word += 1);
    let state = |edit| assert!(matches!(edited(edit), CheckError::State { .. }));
    state(|s| s.accelerated[0].calls[1].next_pc += 1);
    // Consistent, but not what the accelerator computes: the last word that is accessed once.
    let wrong = edited(|s| {
        s.accelerated[0].accesses[31].next ^= 1;
        let word = s.accelerated[0].accesses[31].word;
        let leaf = s.leaves.iter_mut().find(|leaf| leaf.index == word / 8);
        leaf.expect("it is touched").last[word as usize % 8] ^= 1;
    });
    assert!(matches!(wrong, CheckError::Call { .. }), "{wrong}");
}
