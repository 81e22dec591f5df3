//! What loading makes of good ELFs, and that hostile ones do no harm.

use proptest::prelude::*;
use vouch_emulator::testing::{DATA, DATA_BYTES, ElfBuilder, LoadSegment, TEXT, asm, program};
use vouch_emulator::{Limits, Program, Region, Symbol, execute};
use vouch_isa::encode;
use vouch_isa::memory::LEAF_WORDS;

fn load(builder: &ElfBuilder) -> Program {
    Program::from_elf(&builder.build()).expect("a good ELF")
}

#[test]
fn image_holds_the_segments_bytes() {
    let text = [asm::nop(), asm::ecall()];
    // Three bytes from the end of one leaf to the start of the next.
    let data = LoadSegment::new(DATA + 31, vec![0xaa, 0xbb, 0xcc], LoadSegment::WRITABLE);
    let builder = ElfBuilder::new(TEXT + 4, vec![data, LoadSegment::code(TEXT, &text)]);
    let program = load(&builder);
    let image = program.image();
    assert_eq!(image.entry, TEXT / 4 + 1);
    assert_eq!(image.text, TEXT / 4..TEXT / 4 + 2);
    let mut code = [0; LEAF_WORDS];
    code[0] = encode(&text[0]);
    code[1] = encode(&text[1]);
    let mut low = [0; LEAF_WORDS];
    low[7] = 0xaa00_0000;
    let mut high = [0; LEAF_WORDS];
    high[0] = 0xccbb;
    let leaves = [(TEXT / 32, code), (DATA / 32, low), (DATA / 32 + 1, high)];
    assert_eq!(image.leaves, leaves);
}

#[test]
fn zero_leaves_are_left_out() {
    let mut bytes = vec![0; 96];
    bytes[95] = 1;
    let data = LoadSegment::new(DATA, bytes, LoadSegment::WRITABLE);
    let builder = ElfBuilder::new(TEXT, vec![LoadSegment::code(TEXT, &asm::exit(0)), data]);
    let program = load(&builder);
    let indices: Vec<u32> = program.image().leaves.iter().map(|(i, _)| *i).collect();
    assert_eq!(indices, [TEXT / 32, DATA / 32 + 2]);
}

#[test]
fn a_leaf_may_be_shared_by_segments() {
    let text = LoadSegment::code(TEXT, &asm::exit(0));
    let data = LoadSegment::new(TEXT + 16, vec![7], LoadSegment::WRITABLE);
    let program = load(&ElfBuilder::new(TEXT, vec![text, data]));
    let [(index, words)] = program.image().leaves[..] else {
        panic!("expected one leaf");
    };
    assert_eq!((index, words[4]), (TEXT / 32, 7));
}

#[test]
fn memory_map_is_sorted_and_made_of_words() {
    let constants = LoadSegment::new(0x8001, vec![1, 2, 3, 4], LoadSegment::CONSTANTS);
    let mut builder = ElfBuilder::program(&asm::exit(0));
    builder.segments.push(constants);
    // Segments without memory, and other kinds, are nothing.
    builder
        .segments
        .push(LoadSegment::zeros(DATA, 0, LoadSegment::WRITABLE));
    let note = LoadSegment::zeros(DATA, 64, LoadSegment::WRITABLE);
    builder.segments.push(LoadSegment { kind: 4, ..note });
    let map = |start, end, writable| Region {
        start,
        end,
        writable,
        stack: false,
    };
    assert_eq!(
        load(&builder).memory_map(),
        [
            map(0x8000, 0x8008, false),
            map(TEXT, TEXT + 16, false),
            map(DATA, DATA + DATA_BYTES, true),
        ]
    );
}

/// A header of this kind, `PT_GNU_STACK`.
fn stack_header(address: u32, size: u32) -> LoadSegment {
    const PT_GNU_STACK: u32 = 0x6474_e551;
    LoadSegment {
        kind: PT_GNU_STACK,
        ..LoadSegment::zeros(address, size, LoadSegment::WRITABLE)
    }
}

#[test]
fn the_stack_is_a_writable_segment_that_a_header_names() {
    let constants = LoadSegment::new(0x8000, vec![1, 2, 3, 4], LoadSegment::CONSTANTS);
    let stacks = |header| {
        let mut builder = ElfBuilder::program(&asm::exit(0));
        builder.segments.push(constants.clone());
        builder.segments.push(header);
        let program = load(&builder);
        let map = program.memory_map().iter();
        map.filter(|region| region.stack)
            .map(|region| region.start)
            .collect::<Vec<_>>()
    };
    assert_eq!(stacks(stack_header(DATA, DATA_BYTES)), [DATA]);
    // As linkers write it that only say that the stack is not executable; and other ranges.
    for (address, size) in [
        (0, 0),
        (0, DATA_BYTES),
        (DATA, DATA_BYTES - 4),
        (DATA + 4, DATA_BYTES - 4),
        (DATA, u32::MAX),
        (0x8000, 4),
        (TEXT, 16),
    ] {
        assert!(
            stacks(stack_header(address, size)).is_empty(),
            "{address:#x}"
        );
    }
}

#[test]
fn the_texts_end_is_padded_to_a_word() {
    let mut text = LoadSegment::code(TEXT, &asm::exit(0));
    text.data.extend([0x13, 0]);
    text.memory_size += 2;
    let program = load(&ElfBuilder::new(TEXT, vec![text]));
    assert_eq!(program.image().text, TEXT / 4..TEXT / 4 + 5);
}

#[test]
fn symbols_are_found_by_address() {
    let mut builder = ElfBuilder::program(&[asm::nop(); 8]);
    builder.functions = vec![
        ("second".into(), TEXT + 16, 8),
        ("first".into(), TEXT, 0),
        ("elsewhere".into(), DATA, 8),
    ];
    let program = load(&builder);
    let names: Vec<_> = program.symbols().collect();
    let symbol = |name, address, size| Symbol {
        name,
        address,
        size,
    };
    let expected = [symbol("first", TEXT, 0), symbol("second", TEXT + 16, 8)];
    assert_eq!(names, expected);
    assert_eq!(program.symbol_for(TEXT - 4), None);
    assert_eq!(program.symbol_for(TEXT), Some(("first", 0)));
    // A symbol of unknown size reaches to the next.
    assert_eq!(program.symbol_for(TEXT + 12), Some(("first", 12)));
    assert_eq!(program.symbol_for(TEXT + 20), Some(("second", 4)));
    assert_eq!(program.symbol_for(TEXT + 24), None);
}

#[test]
fn broken_symbol_tables_are_ignored() {
    let mut builder = ElfBuilder::program(&asm::exit(0));
    builder.functions = vec![("main".into(), TEXT, 0)];
    let file = builder.build();
    assert_eq!(load(&builder).symbols().count(), 1);
    let string_table = file.len() - 40;
    // Section headers cut short, outside the file, too many; a string table outside the file.
    let broken = [
        (32, u32::MAX),
        (48, 9),
        (string_table + 16, u32::MAX),
        (string_table + 20, u32::MAX),
        (string_table + 20, 0),
        (string_table + 4, 8),
    ];
    for (at, value) in broken {
        let mut file = file.clone();
        file[at..at + 4].copy_from_slice(&value.to_le_bytes());
        let program = Program::from_elf(&file).expect("only the symbols are broken");
        assert_eq!(program.symbols().count(), 0, "{at}");
        assert_eq!(program.symbol_for(TEXT), None, "{at}");
    }
    let program = Program::from_elf(&file[..file.len() - 1]).expect("only the symbols are broken");
    assert_eq!(program.symbols().count(), 0);
}

#[test]
fn test_programs_have_the_documented_layout() {
    let program = program(&asm::exit(0));
    assert_eq!(program.image().entry, TEXT / 4);
    assert_eq!(program.memory_map().len(), 2);
}

/// A file with all that the loader looks at.
fn full_file() -> Vec<u8> {
    let mut builder = ElfBuilder::program(&asm::exit(3));
    let constants = LoadSegment::new(0x8000, vec![5; 40], LoadSegment::CONSTANTS);
    builder.segments.push(constants);
    builder.functions = vec![("main".into(), TEXT, 16), ("f".into(), TEXT + 8, 0)];
    builder.build()
}

/// Loads and, where that works, runs: nothing may panic.
fn exercise(file: &[u8]) {
    let Ok(program) = Program::from_elf(file) else {
        return;
    };
    let held = program.image().leaves.len() * 36;
    assert!(held <= 2 * file.len(), "{held} bytes of leaves");
    let _ = program.symbols().count();
    let limits = Limits {
        cycles: 1000,
        memory_bytes: 1 << 16,
        ..Limits::default()
    };
    if let Err(error) = execute(&program, &[1, 2, 3], &limits, &mut |_, _| {}) {
        let _ = error.to_string();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
        exercise(&bytes);
        // The same behind a header that is taken for ours.
        let mut file = full_file();
        let at = 24;
        file.truncate(at);
        file.extend(bytes);
        exercise(&file);
    }

    #[test]
    fn mutated_files_never_panic(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), edge_byte()), 1..6),
        cut in proptest::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let mut file = full_file();
        for (at, byte) in edits {
            let at = at.index(file.len());
            file[at] = byte;
        }
        if let Some(cut) = cut {
            file.truncate(cut.index(file.len()));
        }
        exercise(&file);
    }

    /// Whole header fields at edges: what single bytes seldom hit.
    #[test]
    fn mutated_header_fields_never_panic(
        edits in proptest::collection::vec((6..40usize, edge_word()), 1..4),
    ) {
        let mut file = full_file();
        for (word, value) in edits {
            file[4 * word..4 * word + 4].copy_from_slice(&value.to_le_bytes());
        }
        exercise(&file);
    }
}

fn edge_byte() -> impl Strategy<Value = u8> {
    prop_oneof![any::<u8>(), Just(0), Just(0xff), Just(0x80), Just(1)]
}

fn edge_word() -> impl Strategy<Value = u32> {
    prop_oneof![
        any::<u32>(),
        0..512u32,
        (0..64u32).prop_map(|x| u32::MAX - x),
        (0..64u32).prop_map(|x| 0xc000_0000 - 32 + x),
        (0..64u32).prop_map(|x| TEXT - 32 + x),
        Just(0x4000_0000),
    ]
}
