//! The exercises of the guest runtime.

use std::ops::ControlFlow;
use std::os::unix::process::ExitStatusExt;

use vouch_emulator::{FaultKind, SegmentLimits, record};
use vouch_sdk::{Error, ExecuteError, Program};

use crate::run::{Run, elf, limits, noise, run, run_here, run_in_qemu};

const MIB: usize = 1 << 20;
const SIGSEGV: i32 = 11;

/// Runs one exercise on its data.
fn exercise(letter: u8, data: &[u8]) -> Run {
    run("runtime", &[&[letter], data].concat())
}

fn commits(journal: &[u8]) -> Run {
    Run {
        journal: journal.into(),
        ..Run::default()
    }
}

#[test]
fn input_is_read_to_its_end() {
    for length in [0, 1, 3, 4, 4095, 4096, 4097, 12_288, 70_001] {
        let data = noise(length);
        assert_eq!(exercise(b'a', &data), commits(&data), "{length} bytes");
    }
}

#[test]
fn odd_addresses_are_served() {
    for length in [0, 1, 3, 4, 255, 256, 257, 511, 512, 513, 999, 1000, 1001] {
        let data = noise(length);
        let read = &data[..length.min(1000)];
        assert_eq!(exercise(b'u', &data), commits(read), "{length} bytes");
    }
}

/// Lengths around those of calls and of the journal that is usually allowed.
const LARGE: [usize; 8] = [
    65_535,
    65_536,
    65_537,
    65_540,
    131_072,
    131_073,
    MIB,
    MIB + 70_001,
];

#[test]
fn much_is_read_and_committed() {
    for length in LARGE {
        let data = noise(length);
        for letter in *b"aAU" {
            let run = exercise(letter, &data);
            // Too long to be shown.
            let is_whole = run == commits(&data);
            assert!(is_whole, "{}: {length} bytes", letter as char);
        }
    }
}

/// No call moves more than 64 KiB, so that runs which move much can be cut into small segments.
#[test]
fn much_is_moved_by_many_calls() {
    let cut = SegmentLimits {
        timestamp: 1 << 15,
        ..SegmentLimits::default()
    };
    for letter in *b"aA" {
        let input = [&[letter], noise(MIB).as_slice()].concat();
        let program = Program::from_elf(elf("runtime")).expect("a guest");
        let mut ends = Vec::new();
        record(
            &program,
            &input,
            &limits(),
            &cut,
            &mut |_, _| {},
            &mut |segment| {
                ends.push(segment.end_ts);
                ControlFlow::Continue(())
            },
        )
        .expect("it runs");
        assert!(ends.len() > 2 * MIB / (4 << 15), "{}", ends.len());
        let most = ends.into_iter().max().expect("a segment");
        assert!(most <= 1 << 15, "{}: {most}", letter as char);
    }
}

#[test]
fn the_console_has_two_streams() {
    let printed = Run {
        stdout: "hello\n".into(),
        stderr: "6 bytes\n".into(),
        ..Run::default()
    };
    assert_eq!(exercise(b'p', b"hello\n"), printed);
}

#[test]
fn exit_codes_arrive() {
    for code in [0, 1, 7, 255] {
        let exited = Run {
            exit_code: u32::from(code),
            ..Run::default()
        };
        assert_eq!(exercise(b'x', &[code]), exited);
    }
}

#[test]
fn a_full_heap_says_so() {
    let run = exercise(b'h', b"");
    assert_eq!((run.exit_code, run.journal.len()), (101, 0));
    let message = "\nheap exhausted: no room for 1048576 bytes in a heap of 67108864 bytes; \
                   --defsym=__heap_size=BYTES makes a larger one\n";
    assert!(run.stderr.ends_with(message), "{}", run.stderr);
}

#[test]
fn freed_memory_is_used_again() {
    assert_eq!(exercise(b'r', b""), commits(b"reused"));
}

#[test]
fn what_is_tried_is_refused() {
    assert_eq!(exercise(b't', b""), commits(b"refused"));
}

#[test]
fn a_stack_that_overflows_faults() {
    // Frame by frame, and by one frame that is larger than all memory around the stack.
    for (letter, function) in [(b's', "exhaust_stack+0x"), (b'f', "step_over+0x")] {
        let error = run_here("runtime", &[letter]).expect_err("a fault");
        let Error::Execute(ExecuteError::Fault(fault)) = &error else {
            panic!("{error}");
        };
        assert!(
            matches!(
                fault.kind,
                FaultKind::StackOverflow {
                    size: 0x10_0000,
                    ..
                }
            ),
            "{fault}"
        );
        let symbol = fault.symbol.as_deref().expect("a function");
        let place = format!("guest_runtime::{function}");
        assert!(symbol.starts_with(&place), "{symbol}");
        assert!(
            fault
                .to_string()
                .contains("stack overflow: the stack has 1048576 bytes")
        );
    }
    // Without the emulator's check it is a store to what cannot be stored to.
    if let Some((status, run)) = run_in_qemu("runtime", b"s") {
        assert_eq!(status.signal(), Some(SIGSEGV), "{status}");
        assert!(run.journal.is_empty());
    }
}

#[test]
fn other_inputs_are_refused() {
    let refused = |stderr: &str| Run {
        exit_code: 1,
        stderr: stderr.into(),
        ..Run::default()
    };
    let empty = refused("refused: expected 1 bytes of input, got 0\n");
    assert_eq!(run("runtime", b""), empty);
    assert_eq!(
        exercise(b'?', b""),
        refused("refused: no such exercise: 63\n")
    );
}
