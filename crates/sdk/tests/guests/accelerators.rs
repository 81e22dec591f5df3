//! What C is given of accelerators: the header is made of their list, and each does in C what it does here and in a
//! proof.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use vouch_isa::accelerators::{Accelerator, AcceleratorInfo, Operand};
use vouch_sdk::{Input, Program, ProveOptions, image_id, prove, verify};

use crate::c::{GCC, link, root};
use crate::run::{Run, noise, run_elf_here};
use crate::tools;

const HEADER: &str = "crates/guest/c/vouch_accelerators.h";

/// What comes before the functions.
const BEGIN: &str = "\
/* The accelerators, for C and C++; vouch.h includes this. docs/isa.md says what each computes.
 *
 * Words of operands are read before any is written; `out` is read and written, the others are only
 * read. 0 if it is done. A machine that has no such call answers with the number of an error, and has
 * done nothing.
 *
 * Made of the list in vouch_isa::accelerators: tests/guests/accelerators.rs of vouch-sdk compares.
 */
#ifndef VOUCH_ACCELERATORS_H
#define VOUCH_ACCELERATORS_H
";
const END: &str = "\n#endif\n";

/// Operands that are read, by their place.
const READ: [&str; 5] = ["a", "b", "c", "d", "e"];

/// The function that calls an accelerator.
fn function(info: &AcceleratorInfo) -> String {
    let (mut parameters, mut arguments) = (Vec::new(), vec![format!("{:#x}", info.number)]);
    for (name, operand) in READ.into_iter().zip(info.operands) {
        match operand {
            Operand::Unused => arguments.push("0".into()),
            Operand::Read(words) => {
                parameters.push(format!("const uint32_t {name}[{words}]"));
                arguments.push(name.into());
            }
            Operand::Update(words) => {
                parameters.push(format!("uint32_t out[{words}]"));
                arguments.push("out".into());
            }
        }
    }
    let (name, parameters, arguments) = (info.name, parameters.join(", "), arguments.join(", "));
    format!(
        "\nstatic inline uint32_t vouch_{name}({parameters})\n{{\n    return vouch_accelerate({arguments});\n}}\n"
    )
}

#[test]
fn the_header_has_all_of_them() {
    let functions = Accelerator::ALL.map(|accelerator| function(accelerator.info()));
    let expected = format!("{BEGIN}{}{END}", functions.concat());
    let current = fs::read_to_string(root().join(HEADER)).unwrap_or_default();
    let new = Path::new(env!("CARGO_TARGET_TMPDIR")).join("vouch_accelerators.h");
    fs::write(&new, &expected).expect("a file for what is expected");
    assert!(
        current == expected,
        "{HEADER} is not what the list of accelerators makes it: cp {} {HEADER}",
        new.display()
    );
}

/// A program that calls each accelerator on words of its input, one after the other, and commits to what becomes of them.
fn caller() -> String {
    let mut text = String::from("#include \"vouch.h\"\n\nint main(void)\n{\n");
    for info in Accelerator::ALL.map(Accelerator::info) {
        let mut at = 0;
        let operands = info.operands.into_iter().filter(|it| it.words() > 0);
        let arguments: Vec<String> = operands
            .map(|operand| {
                at += operand.words();
                format!("words + {}", at - operand.words())
            })
            .collect();
        let (name, words, arguments) = (info.name, info.words, arguments.join(", "));
        write!(
            text,
            "    {{\n        static uint32_t words[{words}];\n        vouch_read(words, sizeof words);\n        \
             if (vouch_{name}({arguments}) != 0)\n            return 1;\n        \
             vouch_commit(words, sizeof words);\n    }}\n"
        )
        .expect("a string takes all");
    }
    text + "    return 0;\n}\n"
}

#[test]
fn c_calls_all_of_them() {
    if tools::print(GCC, "--version").is_none() {
        return tools::skip("accelerators in C", "no riscv64-unknown-elf-gcc");
    }
    let dir = tempfile::tempdir().expect("a directory");
    let source = dir.path().join("accelerators.c");
    fs::write(&source, caller()).expect("a source");
    let source = source.to_str().expect("a path in Unicode");
    let elf = link(
        GCC,
        &[
            "-Wall",
            "-Wextra",
            "-Werror",
            source,
            "crates/guest/c/runtime.c",
        ],
    );
    let elf = elf.unwrap_or_else(|error| panic!("{error}"));
    let words = Accelerator::ALL.map(|accelerator| accelerator.info().words);
    let input = noise(4 * words.iter().sum::<u32>() as usize);
    let (inputs, _) = input.as_chunks::<4>();
    let mut words: Vec<u32> = inputs.iter().copied().map(u32::from_le_bytes).collect();
    let mut rest = &mut words[..];
    for info in Accelerator::ALL.map(Accelerator::info) {
        let (own, behind) = rest.split_at_mut(info.words as usize);
        (info.compute)(own);
        rest = behind;
    }
    let journal: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
    let expected = Run {
        journal: journal.clone(),
        ..Run::default()
    };
    assert_eq!(run_elf_here(&elf, &input).expect("it runs"), expected);
    let program = Program::from_elf(&elf).expect("a guest");
    let input = Input::new().bytes(&input);
    let proven = prove(&program, &input, &ProveOptions::default()).expect("it is proven");
    let claim = verify(&proven.receipt, &image_id(&program)).expect("it verifies");
    assert_eq!((claim.exit_code, claim.journal), (0, journal));
}
