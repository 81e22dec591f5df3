//! System calls and limits.

use vouch_emulator::testing::{DATA, DATA_BYTES, TEXT, asm, program};
use vouch_emulator::{ExecuteError, LimitKind, LimitReached, Limits, Stream, execute};
use vouch_isa::{Instruction, Op};

use crate::common::{run, run_with, then};

fn limits() -> Limits {
    Limits::default()
}

/// Runs with an input and exits with the value of a register.
fn with_input(input: &[u8], register: u8, list: Vec<Instruction>) -> (u32, Vec<u8>, usize) {
    let list = then(list, asm::exit_with(register));
    let run = run_with(&list, input, &limits()).expect("the program exits");
    (run.exit_code, run.journal, run.input_read)
}

fn limit(limit: LimitKind, value: u64) -> Result<(), ExecuteError> {
    Err(ExecuteError::Limit(LimitReached { limit, value }))
}

#[test]
fn exit_gives_its_code() {
    for code in [0, 1, 255, 256, u32::MAX] {
        let run = run(&asm::exit(code)).expect("the program exits");
        assert_eq!((run.exit_code, run.cycles), (code, 4));
        assert_eq!(
            (run.journal.len(), run.input_read, run.touched_memory_bytes),
            (0, 0, 0)
        );
    }
}

#[test]
fn read_returns_what_is_left() {
    for (available, asked, read) in [(10, 4, 4), (10, 10, 10), (10, 11, 10), (0, 4, 0), (3, 0, 0)] {
        let input = vec![1; available];
        let (code, _, input_read) = with_input(&input, 10, asm::read(DATA, asked));
        assert_eq!((code, input_read), (read, read as usize));
    }
}

#[test]
fn reads_continue_where_the_last_one_ended() {
    let input: Vec<u8> = (1..=10).collect();
    let mut list = asm::read(DATA, 5);
    list.extend(asm::read(DATA + 8, 4));
    list.extend(asm::read(DATA + 16, 4));
    // Ended: there is no more, however often one asks.
    list.extend(asm::read(DATA + 20, 4));
    list.extend(asm::journal(DATA, 24));
    let (_, journal, _) = with_input(&input, 0, list);
    let mut expected = [0; 24];
    expected[..5].copy_from_slice(&[1, 2, 3, 4, 5]);
    expected[8..12].copy_from_slice(&[6, 7, 8, 9]);
    expected[16] = 10;
    assert_eq!(journal, expected);
}

#[test]
fn a_read_keeps_the_bytes_after_it() {
    for length in 0..9u32 {
        let mut list = then(asm::li(6, DATA), [asm::addi(7, 0, -1)]);
        list.extend((0..3).map(|i| asm::sw(7, 4 * i, 6)));
        list.extend(asm::read(DATA, 12));
        list.extend(asm::journal(DATA, 12));
        let (_, journal, _) = with_input(&vec![0x55; length as usize], 0, list);
        let mut expected = [0xff; 12];
        expected[..length as usize].fill(0x55);
        assert_eq!(journal, expected);
    }
}

#[test]
fn a_read_may_end_at_the_last_byte() {
    let last = DATA + DATA_BYTES - 4;
    let (code, _, _) = with_input(&[9; 4], 10, asm::read(last, 4));
    assert_eq!(code, 4);
    let (code, _, _) = with_input(&[9; 4], 10, asm::read(last + 4, 0));
    assert_eq!(code, 0);
}

#[test]
fn journal_writes_are_concatenated() {
    let mut list = then(asm::li(6, DATA), asm::li(7, 0x0403_0201));
    list.push(asm::sw(7, 0, 6));
    for length in [3, 0, 1, 8] {
        list.extend(asm::journal(DATA, length));
    }
    let (returned, journal, _) = with_input(&[], 10, list);
    assert_eq!(journal, [1, 2, 3, 1, 1, 2, 3, 4, 0, 0, 0, 0]);
    assert_eq!(returned, 8);
}

#[test]
fn read_only_memory_can_be_written_out() {
    let list = then(asm::journal(TEXT, 4), asm::write(1, TEXT, 4));
    let (_, journal, _) = with_input(&[], 0, list.clone());
    assert_eq!(journal, vouch_isa::encode(&list[0]).to_le_bytes());
}

#[test]
fn console_gets_bytes_at_any_alignment() {
    let text = b"hello, console";
    let mut list = asm::read(DATA, 64);
    list.extend(asm::write(1, DATA + 1, 5));
    list.extend(asm::write(2, DATA + 7, 7));
    list.extend(asm::write(1, 0xffff_ffff, 0));
    list.extend(asm::exit_with(10));
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut console = |stream, bytes: &[u8]| match stream {
        Stream::Stdout => out.extend_from_slice(bytes),
        Stream::Stderr => err.extend_from_slice(bytes),
    };
    let run = execute(&program(&list), text, &limits(), &mut console);
    assert_eq!(run.expect("the program exits").exit_code, 0);
    assert_eq!(out, b"ello,");
    assert_eq!(err, b"console");
}

#[test]
fn console_gets_long_output_whole() {
    let mut list = asm::write(1, DATA + 3, DATA_BYTES - 3);
    list.extend(asm::exit_with(10));
    let mut length = 0;
    let run = execute(&program(&list), &[], &limits(), &mut |_, bytes| {
        length += bytes.len()
    });
    let run = run.expect("the program exits");
    assert_eq!(
        (length as u32, run.exit_code),
        (DATA_BYTES - 3, DATA_BYTES - 3)
    );
    // Writing to the console uses no memory.
    assert_eq!(run.touched_memory_bytes, 0);
}

#[test]
fn cycle_limit() {
    let list = asm::exit(0);
    let with = |cycles| {
        let limits = Limits { cycles, ..limits() };
        run_with(&list, &[], &limits).map(|_| ())
    };
    assert_eq!(with(4), Ok(()));
    assert_eq!(with(3), limit(LimitKind::Cycles, 3));
    assert_eq!(with(0), limit(LimitKind::Cycles, 0));
    let forever = run_with(
        &[asm::jal(0, 0)],
        &[],
        &Limits {
            cycles: 1000,
            ..limits()
        },
    );
    assert_eq!(forever.map(|_| ()), limit(LimitKind::Cycles, 1000));
}

#[test]
fn memory_limit() {
    // Touches a word in each of two pages.
    let mut list = then(asm::li(6, DATA), asm::li(7, DATA + 0x1000));
    list.extend([asm::lw(5, 0, 6), asm::sw(5, 0, 7), asm::lw(5, 4, 7)]);
    list.extend(asm::exit(0));
    let with = |memory_bytes| {
        let limits = Limits {
            memory_bytes,
            ..limits()
        };
        run_with(&list, &[], &limits).map(|run| run.touched_memory_bytes)
    };
    assert_eq!(with(8192), Ok(8192));
    for memory_bytes in [8191, 4096, 0] {
        let expected = limit(LimitKind::Memory, memory_bytes as u64);
        assert_eq!(with(memory_bytes).map(|_| ()), expected);
    }
    // Calls count too.
    let list = then(asm::read(DATA, 8192), asm::exit(0));
    let limits = Limits {
        memory_bytes: 4096,
        ..limits()
    };
    let run = run_with(&list, &[0; 4097], &limits).map(|_| ());
    assert_eq!(run, limit(LimitKind::Memory, 4096));
    assert!(run_with(&list, &[0; 4096], &limits).is_ok());
}

#[test]
fn input_limit() {
    let limits = Limits {
        input_bytes: 3,
        ..limits()
    };
    assert!(run_with(&asm::exit(0), &[0; 3], &limits).is_ok());
    let run = run_with(&asm::exit(0), &[0; 4], &limits).map(|_| ());
    assert_eq!(run, limit(LimitKind::Input, 3));
}

#[test]
fn journal_limit() {
    let list = then(
        asm::journal(DATA, 6),
        then(asm::journal(DATA, 4), asm::exit(0)),
    );
    let with = |journal_bytes| {
        let limits = Limits {
            journal_bytes,
            ..limits()
        };
        run_with(&list, &[], &limits).map(|_| ())
    };
    assert_eq!(with(10), Ok(()));
    assert_eq!(with(9), limit(LimitKind::Journal, 9));
    assert_eq!(with(0), limit(LimitKind::Journal, 0));
}

#[test]
fn console_limit() {
    let list = then(
        asm::write(1, DATA, 6),
        then(asm::write(2, DATA, 4), asm::exit(0)),
    );
    let with = |console_bytes| {
        let limits = Limits {
            console_bytes,
            ..limits()
        };
        run_with(&list, &[], &limits).map(|_| ())
    };
    assert_eq!(with(10), Ok(()));
    assert_eq!(with(9), limit(LimitKind::Console, 9));
}

#[test]
fn messages_name_limit_and_value() {
    let error = ExecuteError::from(LimitReached {
        limit: LimitKind::Journal,
        value: 9,
    });
    let message = "limit reached: the run may use 9 bytes of journal and needs more";
    assert_eq!(error.to_string(), message);
    assert_eq!(ExecuteError::Cancelled.to_string(), "the run was cancelled");
}

#[test]
fn a_call_changes_no_register_but_a0() {
    for register in [11, 12, 17] {
        let list = asm::read(DATA, 8);
        let before = match register {
            11 => DATA,
            12 => 8,
            _ => 63,
        };
        let keep = asm::r(Op::Add, 5, register, 0);
        let (code, _, _) = with_input(&[1; 8], 5, then(list, [keep]));
        assert_eq!(code, before);
    }
}
