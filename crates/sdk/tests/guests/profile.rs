//! Profiles say what proofs of the same runs hold.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use vouch_air::F;
use vouch_air::memory_tree::MemoryTree;
use vouch_air::tables::Table;
use vouch_air::witness::generate;
use vouch_emulator::testing::{ElfBuilder, TEXT, asm};
use vouch_emulator::{SegmentLimits, record};
use vouch_sdk::profile::{Amount, GuestProfile, Unit, profile};
use vouch_sdk::{Error, Execution, Limits, Program, ProveOptions, prove};

use crate::run::{elf, noise};

fn guest(name: &str) -> Program {
    Program::from_elf(elf(name)).expect("an embedded guest")
}

fn run(program: &Program, input: &[u8]) -> (Result<Execution, Error>, GuestProfile) {
    profile(program, input, &Limits::default(), &mut |_, _| {})
}

/// Rows by table; those of no table are left out.
fn rows(profile: &GuestProfile) -> BTreeMap<&'static str, u64> {
    let tables = profile.tables().iter().filter(|table| table.rows > 0);
    tables.map(|table| (table.table, table.rows)).collect()
}

/// Guests with inputs that make them do what they do, in one segment.
fn runs() -> [(&'static str, Vec<u8>); 5] {
    [
        ("commitment", noise(128)),
        ("fibonacci", 20_000_u32.to_le_bytes().into()),
        ("sha256", noise(1000)),
        ("sort", 1000_u32.to_le_bytes().into()),
        ("primes", 3000_u32.to_le_bytes().into()),
    ]
}

/// Rows by table of the proof of a run of one segment, without padding, the claim and what
/// answers lookups.
fn proven_rows(program: &Program, input: &[u8]) -> BTreeMap<&'static str, u64> {
    let mut segments = Vec::new();
    record(
        program,
        input,
        &Limits::default(),
        &SegmentLimits::default(),
        &mut |_, _| {},
        &mut |segment| {
            segments.push(std::mem::take(segment));
            ControlFlow::Continue(())
        },
    )
    .expect("the guest exits");
    let [segment] = segments.as_slice() else {
        panic!("expected one segment, got {}", segments.len());
    };
    let image = program.image();
    let nodes = MemoryTree::new(image).update(&segment.leaves).nodes.len();
    let traces = generate(segment, &image.text, &mut MemoryTree::new(image));
    let hashes = traces
        .tables
        .iter()
        .find(|trace| trace.instance.table == Table::Poseidon2);
    let hashes = &hashes.expect("every proof has it").matrix;
    // The last column says how often a row is asked for.
    let asked = hashes
        .values
        .chunks(hashes.width)
        .filter(|row| row.last() != Some(&F::default()));

    let steps = [
        "add_sub",
        "add_imm",
        "bitwise",
        "compare",
        "shift",
        "branch_eq",
        "branch_lt",
        "jal",
        "jalr",
        "word",
        "load_sub",
        "store_sub",
        "mul",
        "mul_high",
        "div_rem",
    ];
    let others = [
        ("ecall", segment.ecalls.len()),
        ("moves", segment.moves.len()),
        ("journal", segment.journal.len()),
        ("refresh", segment.refreshes.len()),
        ("program", segment.fetches.len()),
        ("leaf", segment.leaves.len()),
        ("merkle", nodes),
        ("poseidon2", asked.count()),
    ];
    let counts = segment.counts();
    let accelerators = Table::ALL
        .into_iter()
        .filter(|table| *table > Table::Facts)
        .map(|table| (table.name(), table.rows(&counts, 0) as usize));
    let steps = steps.into_iter().zip(segment.steps.iter().map(Vec::len));
    let all = { steps.chain(others) }
        .chain(accelerators)
        .filter(|(_, rows)| *rows > 0);
    all.map(|(table, rows)| (table, rows as u64)).collect()
}

#[test]
fn rows_are_those_of_a_proof() {
    for (name, input) in runs() {
        let program = guest(name);
        let (result, profile) = run(&program, &input);
        assert_eq!(
            profile.total().cycles,
            result.expect("exits").cycles,
            "{name}"
        );
        let (mut expected, mut got) = (proven_rows(&program, &input), rows(&profile));
        let hashes = expected.remove("poseidon2").expect("hashes");
        // Without the two of the claim; equal contents are counted each.
        let most = got.remove("poseidon2").expect("hashes");
        assert!(hashes <= most + 2, "{name}: {hashes} and {most}");
        assert_eq!(got, expected, "{name}");
    }
}

#[test]
fn cells_are_those_of_a_proof_but_for_padding() {
    let (name, input) = ("sort", 300_u32.to_le_bytes());
    let program = guest(name);
    let (_, profile) = run(&program, &input);
    let stats = prove(&program, &input, &ProveOptions::default())
        .expect("proven")
        .stats;
    assert_eq!(stats.segments, 1);
    for table in profile
        .tables()
        .iter()
        .filter(|table| table.table != "poseidon2")
    {
        let height = match table.rows {
            0 => 0,
            rows => rows.next_power_of_two().max(64),
        };
        let proven = |by_table: &BTreeMap<_, u64>| by_table.get(table.table).copied().unwrap_or(0);
        assert_eq!(proven(&stats.rows), height, "{}", table.table);
        assert_eq!(
            proven(&stats.cells) * table.rows,
            table.cells * height,
            "{}",
            table.table
        );
    }
    assert!(profile.total().cells < stats.committed_cells());
}

/// The sum of folded lines.
fn sum(lines: &[String]) -> u64 {
    let count = |line: &String| {
        line.rsplit_once(' ')
            .and_then(|(_, count)| count.parse::<u64>().ok())
    };
    lines.iter().map(|line| count(line).expect("a count")).sum()
}

#[test]
fn sums_over_functions_tables_and_paths_are_the_whole() {
    for (name, input) in runs() {
        let (_, profile) = run(&guest(name), &input);
        let total = profile.total();
        let functions = profile.functions();
        let of = |unit| {
            functions
                .iter()
                .map(|(_, own): &(&str, Amount)| own.of(unit))
                .sum::<u64>()
        };
        let tables: u64 = profile.tables().iter().map(|table| table.cells).sum();
        assert_eq!(
            (of(Unit::Cycles), of(Unit::Cells)),
            (total.cycles, total.cells),
            "{name}"
        );
        assert_eq!(tables, total.cells, "{name}");
        for unit in [Unit::Cycles, Unit::Cells] {
            assert_eq!(sum(&profile.folded(unit)), total.of(unit), "{name}");
        }
    }
}

#[test]
fn functions_go_by_their_demangled_names() {
    let (_, profile) = run(&guest("sort"), &300_u32.to_le_bytes());
    assert!(profile.has_symbols());
    let lines = profile.folded(Unit::Cycles);
    assert!(
        lines.iter().all(|line| line.starts_with("_start")),
        "{lines:#?}"
    );
    let sorting = "_start;__vouch_main;core::slice::sort::";
    assert!(
        lines.iter().any(|line| line.starts_with(sorting)),
        "{lines:#?}"
    );
    let (_, profile) = run(&guest("panicking"), &[]);
    assert!(
        profile
            .functions()
            .iter()
            .any(|(name, _)| name.contains("panic"))
    );
}

/// A program whose functions have these names and one instruction each; what follows them exits.
fn named(names: &[&str]) -> Program {
    let mut code = vec![asm::nop(); names.len()];
    code.extend(asm::exit(0));
    let mut builder = ElfBuilder::program(&code);
    let addresses = (TEXT..).step_by(4);
    let functions = names.iter().zip(addresses);
    builder.functions = functions
        .map(|(name, address)| (name.to_string(), address, 4))
        .collect();
    Program::from_elf(&builder.build()).expect("a good ELF")
}

#[test]
fn names_cannot_pass_for_more_than_a_frame() {
    let long = "long".repeat(1000);
    let names = [
        "a<b>;c \"d\"&",
        "a 1 2.5",
        " ",
        "\u{1b}[2J\n",
        "\u{ffff}",
        &long,
        "_ZN3foo17h0123456789abcdefE",
    ];
    let program = named(&names);
    let (result, profile) = run(&program, &[]);
    result.expect("exits");
    let found: Vec<_> = profile
        .functions()
        .iter()
        .map(|(name, _)| name.to_string())
        .collect();
    let cut = format!("{}…", "long".repeat(40));
    for expected in ["a<b>,c \"d\"&", "a_1_2.5", "?", "?[2J?", &cut, "foo"] {
        assert!(
            found.iter().any(|name| name == expected),
            "{expected:?} in {found:?}"
        );
    }
    for line in profile.folded(Unit::Cycles) {
        let (name, _) = line.rsplit_once(' ').expect("a count");
        assert!(found.iter().any(|found| found == name), "{line:?}");
    }
}

#[test]
fn siblings_of_one_name_are_one() {
    let (_, profile) = run(&named(&["a", "b", "a"]), &[]);
    let twice = ("a", 2);
    let functions = profile.functions();
    assert!(
        functions
            .iter()
            .any(|(name, own)| (*name, own.cycles) == twice),
        "{functions:?}"
    );
    assert!(profile.folded(Unit::Cycles).contains(&"a 2".to_string()));
}

#[test]
fn code_without_symbols_goes_by_its_addresses() {
    let (_, profile) = run(&named(&[]), &[]);
    assert!(!profile.has_symbols());
    assert_eq!(profile.folded(Unit::Cycles), ["[0x00010000-0x00010010] 4"]);
}
