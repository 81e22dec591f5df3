//! Call paths, and the cycles on them.

use std::collections::BTreeMap;

use vouch_emulator::profile::{CallTree, Frame, MAX_DEPTH, MAX_NODES};
use vouch_emulator::testing::{DATA, DATA_BYTES, ElfBuilder, TEXT, asm};
use vouch_emulator::{ExecuteError, Execution, Limits, Program, profile};
use vouch_isa::{Instruction, Op};

use crate::common::then;

const RA: u8 = 1;
const SP: u8 = 2;
const T0: u8 = 5;

/// Words between the starts of two functions.
const SLOT: usize = 16;

/// A program of functions, [`SLOT`] words each and filled up with what faults; it starts in the
/// first. Those without a name get no symbol.
fn program(functions: &[(&str, Vec<Instruction>)]) -> Program {
    let mut code = Vec::new();
    for (name, body) in functions {
        assert!(body.len() <= SLOT, "{name}");
        code.extend(body);
        code.resize(code.len().next_multiple_of(SLOT), asm::ebreak());
    }
    let mut builder = ElfBuilder::program(&code);
    let starts = (TEXT..).step_by(4 * SLOT);
    let named = functions
        .iter()
        .zip(starts)
        .filter(|((name, _), _)| !name.is_empty());
    builder.functions = named
        .map(|((name, _), start)| (name.to_string(), start, 4 * SLOT as u32))
        .collect();
    Program::from_elf(&builder.build()).expect("a good ELF")
}

/// A jump from word `at` of the `from`-th function to the start of the `to`-th.
fn jump(link: u8, from: usize, at: usize, to: usize) -> Instruction {
    let words = |slot: usize| (slot * SLOT) as i32;
    asm::jal(link, 4 * (words(to) - words(from) - at as i32))
}

fn call(from: usize, at: usize, to: usize) -> Instruction {
    jump(RA, from, at, to)
}

fn ret() -> Instruction {
    asm::jalr(0, 0, RA)
}

/// Profiles a run, with the console thrown away.
pub fn run<'p>(
    program: &'p Program,
    input: &'p [u8],
) -> (Result<Execution, ExecuteError>, CallTree<'p>) {
    profile(program, input, &Limits::default(), &mut |_, _| {})
}

/// The name of a frame; that of a function without a name is its addresses.
fn name(tree: &CallTree<'_>, frame: Frame) -> String {
    match frame {
        Frame::Root => "root".into(),
        Frame::Elided => "...".into(),
        Frame::Scope(index) => format!("[{}]", tree.scope_names[index as usize]),
        Frame::Function(index) => {
            let function = tree.functions[index as usize];
            let addresses = || format!("{:#x}-{:#x}", function.start, function.end);
            function.name.map_or_else(addresses, Into::into)
        }
    }
}

/// Cycles by call path, where there are any.
fn paths(tree: &CallTree<'_>) -> BTreeMap<String, u64> {
    let mut names: Vec<String> = Vec::new();
    let mut paths = BTreeMap::new();
    for node in &tree.nodes {
        let own = name(tree, node.frame);
        let path = match names.get(node.parent) {
            Some(parent) if node.parent > 0 => format!("{parent} {own}"),
            _ => own,
        };
        if node.counts.cycles() > 0 {
            assert_eq!(paths.insert(path.clone(), node.counts.cycles()), None);
        }
        names.push(path);
    }
    paths
}

/// Asserts that a run of the functions exits, and what its paths are.
#[track_caller]
fn assert_paths(functions: &[(&str, Vec<Instruction>)], expected: &[(&str, u64)]) {
    let program = program(functions);
    let (result, tree) = run(&program, &[]);
    assert_eq!(tree.cycles(), result.expect("the program exits").cycles);
    let expected = expected
        .iter()
        .map(|(path, cycles)| (path.to_string(), *cycles));
    assert_eq!(paths(&tree), expected.collect());
}

/// Keeps the return address in a register, calls the `to`-th function twice, and returns.
fn calls_twice(from: usize, save: u8, to: usize) -> Vec<Instruction> {
    vec![
        asm::addi(save, RA, 0),
        call(from, 1, to),
        call(from, 2, to),
        asm::addi(RA, save, 0),
        ret(),
    ]
}

#[test]
fn calls_nest() {
    let main = then([call(0, 0, 1), call(0, 1, 2)], asm::exit(0));
    let functions = [
        ("main", main),
        ("a", calls_twice(1, 6, 2)),
        ("b", vec![asm::nop(), ret()]),
    ];
    assert_paths(
        &functions,
        &[("main", 6), ("main a", 5), ("main a b", 4), ("main b", 2)],
    );
}

#[test]
fn calls_may_use_the_other_link_register_and_go_through_any() {
    let main = then(
        [jump(T0, 0, 0, 1), asm::auipc(6, 0), asm::jalr(RA, 68, 6)],
        asm::exit(0),
    );
    // The second call is of its second half, by an address in a register.
    let back = |link| [asm::nop(), asm::jalr(0, 0, link)];
    let functions = [("main", main), ("a", then(back(T0), back(RA)))];
    assert_paths(&functions, &[("main", 7), ("main a", 4)]);
}

#[test]
fn recursion_is_a_path_of_its_own() {
    // a(n): if n > 1 { a(n - 1) }, with the return address on a stack.
    let a = vec![
        asm::addi(10, 10, -1),
        asm::branch(Op::Beq, 10, 0, 24),
        asm::addi(SP, SP, 4),
        asm::sw(RA, 0, SP),
        call(1, 4, 1),
        asm::lw(RA, 0, SP),
        asm::addi(SP, SP, -4),
        ret(),
    ];
    let mut main = asm::li(SP, DATA).to_vec();
    main.extend([asm::addi(10, 0, 3), call(0, 3, 1)]);
    main.extend(asm::exit(0));
    assert_paths(
        &[("main", main), ("a", a)],
        &[
            ("main", 8),
            ("main a", 8),
            ("main a a", 8),
            ("main a a a", 3),
        ],
    );
}

#[test]
fn a_tail_call_takes_the_callers_place() {
    let main = then([call(0, 0, 1), asm::nop()], asm::exit(0));
    let functions = [
        ("main", main),
        ("a", vec![asm::nop(), jump(0, 1, 1, 2)]),
        ("b", vec![asm::nop(), asm::nop(), ret()]),
    ];
    assert_paths(&functions, &[("main", 6), ("main a", 2), ("main b", 3)]);
}

#[test]
fn running_on_into_the_next_function_is_a_tail_call() {
    let main = then([call(0, 0, 1)], asm::exit(0));
    let a = vec![asm::nop(); SLOT];
    let functions = [("main", main), ("a", a), ("b", vec![ret()])];
    let expected = [("main", 5), ("main a", SLOT as u64), ("main b", 1)];
    assert_paths(&functions, &expected);
}

#[test]
fn a_return_may_skip_frames() {
    // c returns for a, which called b, which called c.
    let main = then([call(0, 0, 1), asm::nop()], asm::exit(0));
    let functions = [
        ("main", main),
        ("a", vec![asm::addi(6, RA, 0), call(1, 1, 2)]),
        ("b", vec![call(2, 0, 3)]),
        ("c", vec![asm::addi(RA, 6, 0), ret()]),
    ];
    assert_paths(
        &functions,
        &[
            ("main", 6),
            ("main a", 2),
            ("main a b", 1),
            ("main a b c", 2),
        ],
    );
}

#[test]
fn a_long_jump_goes_back_to_the_function_that_it_lands_in() {
    // c jumps into the middle of a, where no call is to return; a then returns as usual.
    let main = then([call(0, 0, 1), asm::nop()], asm::exit(0));
    let a = vec![
        asm::addi(6, RA, 0),
        asm::auipc(7, 0),
        call(1, 2, 2),
        asm::ebreak(),
        asm::addi(RA, 6, 0),
        ret(),
    ];
    for link in [RA, 7] {
        let c = vec![asm::addi(link, 7, 12), asm::jalr(0, 0, link)];
        let functions = [
            ("main", main.clone()),
            ("a", a.clone()),
            ("b", vec![call(2, 0, 3)]),
            ("c", c),
        ];
        assert_paths(
            &functions,
            &[
                ("main", 6),
                ("main a", 5),
                ("main a b", 1),
                ("main a b c", 2),
            ],
        );
    }
}

#[test]
fn a_call_that_never_returns_stays_until_another_does() {
    // a takes its address by a call of its next word.
    let main = then([call(0, 0, 1), asm::nop()], asm::exit(0));
    let a = vec![
        asm::addi(6, RA, 0),
        asm::jal(RA, 4),
        asm::addi(RA, 6, 0),
        ret(),
    ];
    assert_paths(
        &[("main", main), ("a", a)],
        &[("main", 6), ("main a", 2), ("main a a", 2)],
    );
}

#[test]
fn code_without_a_symbol_is_named_by_its_addresses() {
    let main = then([call(0, 0, 1), call(0, 1, 2)], asm::exit(0));
    let nameless = |name, other| {
        [
            (name, main.clone()),
            ("", vec![ret()]),
            (other, vec![ret()]),
        ]
    };
    assert_paths(
        &nameless("main", "b"),
        &[("main", 6), ("main 0x10040-0x10080", 1), ("main b", 1)],
    );
    // Nothing is known of what calls what within, but that it does.
    assert_paths(
        &nameless("", ""),
        &[
            ("0x10000-0x100c0", 6),
            ("0x10000-0x100c0 0x10000-0x100c0", 2),
        ],
    );
}

#[test]
fn symbols_may_overlap_and_be_anywhere() {
    let mut builder = ElfBuilder::program(&[asm::nop(); 8]);
    builder.functions = [
        ("first", TEXT, 8),
        ("alias", TEXT, 12),
        ("inside", TEXT + 9, 0),
        ("odd", TEXT + 18, 3),
        ("huge", TEXT + 28, u32::MAX),
        ("outside", TEXT + 32, 4),
    ]
    .map(|(name, address, size)| (name.to_string(), address, size))
    .into();
    let program = Program::from_elf(&builder.build()).expect("a good ELF");
    let (_, tree) = run(&program, &[]);
    let functions = tree.functions.iter();
    let found: Vec<_> = functions
        .map(|f| (f.start - TEXT, f.end - TEXT, f.name))
        .collect();
    let expected = [
        (0, 8, Some("alias")),
        (8, 16, Some("inside")),
        (16, 24, Some("odd")),
        (24, 28, None),
        (28, 32, Some("huge")),
    ];
    assert_eq!(found, expected);
    // What ran before the fault at the end: each function runs on into the next.
    let cycles: Vec<_> = paths(&tree).into_values().collect();
    assert_eq!((cycles.len(), tree.cycles()), (5, 8));
}

#[test]
fn a_run_that_fails_is_profiled_until_then() {
    let functions = [
        ("main", vec![asm::nop(), call(0, 1, 1)]),
        ("a", vec![asm::nop(), asm::ebreak()]),
    ];
    let program = program(&functions);
    let (result, tree) = run(&program, &[]);
    assert!(matches!(result, Err(ExecuteError::Fault(_))), "{result:?}");
    let expected = [("main".to_string(), 2), ("main a".to_string(), 1)];
    assert_eq!(paths(&tree), expected.into());

    let limits = Limits {
        cycles: 2,
        input_bytes: 0,
        ..Limits::default()
    };
    let (result, tree) = profile(&program, &[], &limits, &mut |_, _| {});
    assert!(matches!(result, Err(ExecuteError::Limit(_))), "{result:?}");
    assert_eq!(tree.cycles(), 2);
    let (result, tree) = profile(&program, &[0], &limits, &mut |_, _| {});
    assert!(matches!(result, Err(ExecuteError::Limit(_))), "{result:?}");
    assert_eq!(tree.cycles(), 0);
}

/// `a(n)` calls itself until `n` is 0, then returns all the way; the stack is in memory.
fn deep(n: u32) -> Program {
    let a = vec![
        asm::branch(Op::Beq, 10, 0, 28),
        asm::addi(10, 10, -1),
        asm::addi(SP, SP, 4),
        asm::sw(RA, 0, SP),
        call(1, 4, 1),
        asm::lw(RA, 0, SP),
        asm::addi(SP, SP, -4),
        ret(),
    ];
    let mut main = asm::li(SP, DATA).to_vec();
    main.extend(asm::li(10, n));
    main.extend([call(0, 4, 1), call(0, 5, 2)]);
    main.extend(asm::exit(0));
    program(&[("main", main), ("a", a), ("b", vec![ret()])])
}

#[test]
fn deep_recursion_is_elided_and_found_out_of() {
    let levels = DATA_BYTES / 4 - 1;
    let program = deep(levels);
    let (result, tree) = run(&program, &[]);
    assert_eq!(tree.cycles(), result.expect("exits").cycles);
    assert_eq!(
        tree.nodes.iter().map(|node| node.depth).max(),
        Some(MAX_DEPTH + 2)
    );
    let paths = paths(&tree);
    assert_eq!(
        (paths["main"], paths["main a"], paths["main b"]),
        (10, 8, 1)
    );
    let deepest = format!("main{} ... a", " a".repeat(MAX_DEPTH - 1));
    // Eight instructions a level, and two in the last.
    let elided = u64::from(levels) - (MAX_DEPTH as u64 - 1);
    assert_eq!(paths[&deepest], 8 * elided + 2);
}

#[test]
fn recursion_without_end_takes_no_memory_without_end() {
    let main = vec![asm::nop(), call(0, 1, 0)];
    let program = program(&[("main", main)]);
    let limits = Limits {
        cycles: 1 << 22,
        ..Limits::default()
    };
    let (result, tree) = profile(&program, &[], &limits, &mut |_, _| {});
    assert!(matches!(result, Err(ExecuteError::Limit(_))), "{result:?}");
    assert_eq!((tree.cycles(), tree.nodes.len()), (1 << 22, MAX_DEPTH + 4));
}

#[test]
fn paths_without_number_share_a_node() {
    // Both functions call both, down to a depth at which there are more paths than nodes.
    let function = |own| {
        vec![
            asm::branch(Op::Beq, 10, 0, 40),
            asm::addi(10, 10, -1),
            asm::addi(SP, SP, 4),
            asm::sw(RA, 0, SP),
            call(own, 4, 1),
            call(own, 5, 2),
            asm::lw(RA, 0, SP),
            asm::addi(SP, SP, -4),
            asm::addi(10, 10, 1),
            ret(),
            ret(),
        ]
    };
    let mut main = asm::li(SP, DATA).to_vec();
    main.extend([asm::addi(10, 0, 17), call(0, 3, 1)]);
    main.extend(asm::exit(0));
    let program = program(&[("main", main), ("a", function(1)), ("b", function(2))]);
    let (result, tree) = run(&program, &[]);
    assert_eq!(tree.cycles(), result.expect("exits").cycles);
    assert_eq!(tree.nodes.len(), MAX_NODES);
    assert!(paths(&tree)["..."] > 0);
}
