//! Guests in C and C++: what the language promises is so, or they do not link.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use vouch_sdk::{
    Error, ExecuteError, Input, Program, ProveOptions, guests, image_id, prove, verify,
};

use crate::run::{Run, noise, run_elf, run_elf_here};
use crate::tools;

/// The compilers.
pub const GCC: &str = "riscv64-unknown-elf-gcc";
const GXX: &str = "riscv64-unknown-elf-g++";

const SOURCES: &str = "crates/sdk/tests/guests/sources";

/// The ELF that a compiler makes of sources, named from the root of the repository, by the flags of
/// docs/guests.md.
///
/// # Errors
/// What the compiler and the linker say.
pub fn link(compiler: &str, sources: &[&str]) -> Result<Vec<u8>, String> {
    let dir = tempfile::tempdir().expect("a directory");
    let out = dir.path().join("out.elf");
    let output = Command::new(compiler)
        .current_dir(root())
        .args("-march=rv32im -mabi=ilp32 -O2 -ffreestanding -nostdlib".split(' '))
        .args("-ffunction-sections -fdata-sections -fno-ident".split(' '))
        .args("-Wl,--gc-sections,--build-id=none".split(' '))
        .args("-I crates/guest/c -T crates/guest/link.ld".split(' '))
        .arg("crates/guest/c/crt0.S")
        .args(sources)
        .args(["-lgcc", "-o"])
        .arg(&out)
        .output()
        .expect("it runs");
    match output.status.success() {
        true => Ok(fs::read(out).expect("the ELF")),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What becomes of a source here; `None` if there is no compiler. A C++ source comes with the C++
/// part of the runtime; both come with the part in C.
fn compile(source: &str) -> Option<Result<Vec<u8>, String>> {
    if tools::print(GXX, "--version").is_none() {
        tools::skip(source, "no riscv64-unknown-elf-g++");
        return None;
    }
    let file = format!("{SOURCES}/{source}");
    let c = "crates/guest/c/runtime.c";
    if !source.ends_with(".cpp") {
        return Some(link(GCC, &["-Wall", "-Wextra", "-Werror", &file, c]));
    }
    // A compiler for each language: that of C++ takes everything for C++.
    let dir = tempfile::tempdir().expect("a directory");
    let object = dir.path().join("runtime.o");
    let object = object.to_str().expect("a path in Unicode");
    let status = Command::new(GCC)
        .current_dir(root())
        .args("-march=rv32im -mabi=ilp32 -O2 -ffreestanding -fno-ident".split(' '))
        .args("-ffunction-sections -fdata-sections -I crates/guest/c -c".split(' '))
        .args([c, "-o", object])
        .status()
        .expect("it runs");
    assert!(status.success(), "{status}");
    let flags = "-std=c++17 -fno-exceptions -fno-rtti -Wall -Wextra -Werror";
    let mut all: Vec<_> = flags.split(' ').collect();
    all.extend([&*file, "crates/guest/c/runtime.cpp", object]);
    Some(link(GXX, &all))
}

fn linked(source: &str) -> Option<Vec<u8>> {
    compile(source).map(|elf| elf.unwrap_or_else(|error| panic!("{source}: {error}")))
}

/// What a source commits to, here and under qemu, and what is proven of it.
fn commits(source: &str, exit_code: u32, journal: &[u8]) {
    let Some(elf) = linked(source) else { return };
    let expected = Run {
        exit_code,
        journal: journal.into(),
        ..Run::default()
    };
    assert_eq!(run_elf(source, &elf, &[]), expected, "{source}");
    let program = Program::from_elf(&elf).expect("a guest");
    let options = ProveOptions {
        allow_nonzero_exit: exit_code != 0,
        ..ProveOptions::default()
    };
    let proven = prove(&program, &Input::new(), &options);
    let proven = proven.unwrap_or_else(|error| panic!("{source}: {error}"));
    let claim = verify(&proven.receipt, &image_id(&program)).expect("it verifies");
    assert_eq!(
        (claim.exit_code, &*claim.journal),
        (exit_code, journal),
        "{source}"
    );
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

#[test]
fn constructors_run_before_main() {
    commits("constructor.c", 0, &words(&[42]));
}

#[test]
fn constructors_and_destructors_run_in_order() {
    commits("order.c", 7, b"pabcMHzyx");
}

#[test]
fn thread_local_variables_are_variables() {
    commits("thread_local.c", 0, &words(&[0x1234, 1, 0, 0]));
    commits("thread_local_zeros.c", 0, &words(&[10, 160]));
}

#[test]
fn unknown_sections_are_mapped() {
    commits("sections.c", 0, &words(&[10, 21]));
}

#[test]
fn objects_are_made_and_unmade() {
    commits("static_object.cpp", 0, b"a+b+mainc+d+d-c-b-a-");
    let squares = (1..=10).map(|side: u32| side * side).sum();
    commits("dynamic_object.cpp", 0, &words(&[squares, 11]));
}

#[test]
fn a_full_heap_says_so() {
    let Some(elf) = linked("dynamic_object.cpp") else {
        return;
    };
    let run = run_elf("dynamic_object.cpp", &elf, &words(&[100 << 20]));
    let message = "heap exhausted: no room for 104857600 bytes in a heap of 67108864 bytes; \
                   --defsym=__heap_size=BYTES makes a larger one\n";
    assert_eq!((run.exit_code, &*run.stderr), (101, message));
}

#[test]
fn the_heap_is_used_again() {
    commits("heap.c", 0, &words(&[(1 << 13) - 1]));
}

#[test]
fn odd_addresses_are_served() {
    let Some(elf) = linked("unaligned.c") else {
        return;
    };
    for length in [0, 1, 3, 255, 256, 257, 511, 512, 513, 999, 1000, 1001] {
        let data = noise(length);
        let run = run_elf("unaligned.c", &elf, &data);
        assert_eq!(run.journal, data[..length.min(1000)], "{length} bytes");
    }
}

#[test]
fn what_nobody_would_run_does_not_link() {
    let Some(result) = compile("old_constructor.c") else {
        return;
    };
    let error = result.expect_err("it is refused");
    assert!(
        error.contains(".ctors or .dtors, which nobody runs"),
        "{error}"
    );
}

fn overflows(elf: &[u8], input: &[u8], function: &str, beyond: u32) {
    let error = run_elf_here(elf, input).expect_err("a fault");
    let Error::Execute(ExecuteError::Fault(fault)) = &error else {
        panic!("{error}");
    };
    let place = fault.symbol.as_deref().expect("a function");
    assert!(place.starts_with(function), "{place}");
    let expected = format!(
        ": stack overflow: the stack has 1048576 bytes, and {beyond} bytes more are needed; \
         the linker argument --defsym=__stack_size=BYTES sets its size"
    );
    let message = error.to_string();
    assert!(message.ends_with(&expected), "{message}");
}

#[test]
fn a_frame_of_any_size_overflows_the_stack() {
    let Some(elf) = linked("big_frame.c") else {
        return;
    };
    // The frame is 0x1101000 bytes and perhaps a few; main's is within the stack.
    let error = run_elf_here(&elf, &[]).expect_err("a fault").to_string();
    let beyond = error.split("bytes, and ").nth(1);
    let beyond = beyond.and_then(|rest| rest.split(' ').next()?.parse().ok());
    let beyond: u32 = beyond.unwrap_or_else(|| panic!("{error}"));
    assert!((0x0100_1000..=0x0100_1100).contains(&beyond), "{error}");
    overflows(&elf, &[], "f+0x", beyond);
    // Symbols may be stripped; where the stack is, is still known.
    let mut stripped = elf;
    stripped[32..36].fill(0);
    stripped[48..50].fill(0);
    let error = run_elf_here(&stripped, &[])
        .expect_err("a fault")
        .to_string();
    assert!(error.contains("stack overflow"), "{error}");
}

#[test]
fn an_array_of_any_length_overflows_the_stack() {
    let Some(elf) = linked("variable_frame.c") else {
        return;
    };
    for fits in [1, 16, 4000, 1_000_000] {
        let run = run_elf("variable_frame.c", &elf, &words(&[fits]));
        let sum = if fits == 1 { 4 } else { 3 };
        assert_eq!(run.journal, words(&[sum]), "{fits} bytes");
    }
    // The last ones wrap around: above the stack, and within it.
    for length in [
        1 << 20,
        1 << 24,
        1 << 31,
        u32::MAX - (1 << 22),
        u32::MAX - 32,
    ] {
        let error = run_elf_here(&elf, &words(&[length]));
        let error = error.expect_err("a fault").to_string();
        assert!(error.contains("stack overflow"), "{length}: {error}");
    }
}

#[test]
fn a_stack_in_the_heap_is_a_stack() {
    let Some(elf) = linked("coroutine.S") else {
        return;
    };
    assert_eq!(run_elf("coroutine.S", &elf, &[]).exit_code, 5);
}

/// The machine's rule, which is proven: nothing below the end of the code can be stored to. So the
/// stack comes next, and what it could overflow into comes after.
#[test]
fn the_stack_is_the_lowest_writable_memory() {
    let mut elfs: Vec<Vec<u8>> = guests::ALL.iter().map(|guest| guest.elf.to_vec()).collect();
    elfs.extend(linked("thread_local.c"));
    for elf in elfs {
        let program = Program::from_elf(&elf).expect("a guest");
        let map = program.memory_map();
        let text_end = program.image().text.end * 4;
        let stack = map.iter().position(|region| region.stack);
        let stack = stack.expect("a stack");
        assert!(map[..stack].iter().all(|region| region.end <= text_end));
        assert!(map[stack..].iter().all(|region| region.writable));
    }
}
