//! Guests with the standard library: what it does there, and what crates that want it compute there and in a
//! native program.

use std::env;
use std::fs;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use vouch_emulator::{FaultKind, Foreign};
use vouch_sdk::build::{BuildError, BuildOptions, build};
use vouch_sdk::{
    Error, ExecuteError, Input, Program, ProveOptions, Receipt, image_id, prove, verify,
};

use crate::c::root;
use crate::run::{Run, noise, run_elf, run_elf_here};
use crate::tools;

/// Where cargo leaves room for what tests build: one library for all, which outlives a run.
const TARGET_DIR: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/hosted");

/// Three guests.
struct Guests {
    std: Vec<u8>,
    crates: Vec<u8>,
    no_std: Vec<u8>,
}

/// `None` if nothing here compiles the library.
static GUESTS: LazyLock<Option<Guests>> = LazyLock::new(|| {
    Some(Guests {
        std: built("std")?,
        crates: built("crates")?,
        no_std: built("no-std")?,
    })
});

fn source(name: &str) -> PathBuf {
    root()
        .join("crates/sdk/tests/guests/sources/hosted")
        .join(name)
}

fn built(name: &str) -> Option<Vec<u8>> {
    match build(&source(name), &options(), &mut |_| {}) {
        Ok(built) => Some(built.elf),
        Err(error @ (BuildError::NoToolchain { .. } | BuildError::NoLibrarySource { .. })) => {
            tools::skip("guests with std", &error.to_string());
            None
        }
        Err(error) => panic!("{name}: {error}"),
    }
}

fn options() -> BuildOptions {
    BuildOptions {
        target_dir: Some(TARGET_DIR.into()),
        locked: true,
        ..BuildOptions::default()
    }
}

/// Runs an exercise of the guest `std`, here and under qemu.
fn exercise(letter: u8, data: &[u8]) -> Option<Run> {
    let input = [&[letter], data].concat();
    Some(run_elf("std", &GUESTS.as_ref()?.std, &input))
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().copied().flat_map(u32::to_le_bytes).collect()
}

#[test]
fn atomics_locks_and_statics_work() {
    let Some(run) = exercise(b'a', b"") else {
        return;
    };
    let count = (5 + (1_u64 << 40)) * 3;
    let journal = [
        &count.to_le_bytes()[..],
        b"once",
        &words(&[6, 8]),
        b"made",
        &words(&[3, 1]),
    ];
    assert_eq!(run.journal, journal.concat());
    assert_eq!((run.exit_code, run.stderr.as_str()), (0, ""));
}

#[test]
fn what_a_guest_cannot_have_is_an_error() {
    let Some(run) = exercise(b'f', b"") else {
        return;
    };
    // Files, sockets, threads, processes, directories; arguments, variables, processors.
    assert_eq!(run.journal, words(&[1, 1, 1, 1, 1, 0, 0, 0]));
}

#[test]
fn maps_have_the_same_order_every_time() {
    let (Some(run), Some(again)) = (exercise(b'k', b""), exercise(b'k', b"another input")) else {
        return;
    };
    assert_eq!(run, again);
    // The keys of the first map's hashes are zeros, as those of the library's default.
    let (hash, orders) = run.journal.split_at(8);
    let expected = BuildHasherDefault::<DefaultHasher>::default().hash_one(7_u8);
    assert_eq!(hash, expected.to_le_bytes());
    for keys in orders.chunks(20) {
        let mut sorted = keys.to_vec();
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..20));
    }
}

#[test]
fn standard_streams_are_input_and_console() {
    let Some(run) = exercise(b'i', b"one\ntwo and three") else {
        return;
    };
    let expected = Run {
        journal: b"onetwo and three".into(),
        stdout: "3\n13\n".into(),
        stderr: "no more\n".into(),
        ..Run::default()
    };
    assert_eq!(run, expected);
    let unfinished = exercise(b'l', b"").expect("it was built");
    assert_eq!(unfinished.stdout, "a line that does not end");
}

#[test]
fn mains_return_exit_codes_and_errors() {
    let ends = |letter, exit_code, stderr: &str| {
        let Some(run) = exercise(letter, b"") else {
            return;
        };
        assert_eq!((run.exit_code, run.stderr.as_str()), (exit_code, stderr));
        assert!(run.journal.is_empty());
    };
    ends(b'c', 7, "");
    ends(b'e', 1, "Error: \"an error\"\n");
    ends(b'?', 1, "Error: \"no exercise is called 63\"\n");
    ends(b'v', 9, "");
    ends(b'w', 9, "");
    ends(b'x', 7, "");
}

#[test]
fn half_a_line_is_printed_however_a_guest_ends() {
    for (letter, exit_code, message) in [
        (b'j', 101, "a panic\n"),
        (b'm', 9, ""),
        (b'X', 7, ""),
        (b'r', 1, "refused: a reason\n"),
        (b'u', 101, "heap exhausted: no room for 1048576 bytes"),
    ] {
        let Some(run) = exercise(letter, b"") else {
            return;
        };
        let letter = char::from(letter);
        assert_eq!(
            (run.exit_code, &*run.stdout),
            (exit_code, "half a line"),
            "{letter}"
        );
        assert!(run.stderr.contains(message), "{letter}: {}", run.stderr);
    }
}

#[test]
fn panics_exit_with_101() {
    for (letter, message) in [
        (b'd', "failed to spawn thread: "),
        (b'n', "time not implemented on this platform"),
        (b'p', "panicked at std/src/main.rs:"),
        (b'p', "\na panic of 112\n"),
        (b'q', "panicked at std/src/main.rs:"),
        (b's', "time not implemented on this platform"),
        (b'y', "panicked at std/src/main.rs:"),
    ] {
        let Some(run) = exercise(letter, b"") else {
            return;
        };
        let letter = char::from(letter);
        assert_eq!((run.exit_code, run.journal.len()), (101, 0), "{letter}");
        assert!(run.stderr.contains(message), "{letter}: {}", run.stderr);
        // The directories of this machine stay out.
        assert!(!run.stderr.contains("rustlib"), "{letter}: {}", run.stderr);
    }
    let Some(run) = exercise(b'o', b"") else {
        return;
    };
    assert_eq!((run.exit_code, &*run.stderr), (101, ""));
    assert_eq!(run.journal, b"hook");
}

#[test]
fn a_full_heap_says_so() {
    let Some(run) = exercise(b'h', b"") else {
        return;
    };
    let message = "memory allocation of 1048576 bytes failed\n\
        heap exhausted: no room for 1048576 bytes in a heap of 67108864 bytes; \
        --defsym=__heap_size=BYTES makes a larger one\n";
    assert_eq!((run.exit_code, run.stderr.as_str()), (101, message));
    let tried = exercise(b't', b"").expect("it was built");
    assert_eq!(tried.journal, words(&[1]));
}

#[test]
fn aborts_are_faults() {
    let Some(guests) = &*GUESTS else {
        return;
    };
    for letter in *b"bz" {
        match run_elf_here(&guests.std, &[letter]) {
            Err(Error::Execute(ExecuteError::Fault(fault))) => {
                let kind = &fault.kind;
                let is_abort = matches!(kind, FaultKind::Foreign(Foreign::Unimp));
                assert!(is_abort, "{}: {fault}", char::from(letter));
            }
            other => panic!("{}: {other:?}", char::from(letter)),
        }
    }
}

#[test]
fn a_generator_of_the_guests_own_wins() {
    let Some(run) = exercise(b'g', b"") else {
        return;
    };
    assert_eq!(run.journal, [0x5a; 4]);
}

#[test]
fn a_guest_without_std_has_atomics() {
    let Some(guests) = &*GUESTS else {
        return;
    };
    let run = |input: &[u8]| run_elf("no-std", &guests.no_std, input);
    let expected = Run {
        journal: words(&[5]),
        ..Run::default()
    };
    assert_eq!(run(b""), expected);
    let panicked = run(b"more");
    assert_eq!(panicked.exit_code, 101);
    assert!(
        panicked.stderr.ends_with("there is input\n"),
        "{panicked:?}"
    );
}

#[test]
fn a_guest_that_does_not_name_the_runtime_is_refused() {
    if GUESTS.is_none() {
        return;
    }
    let error = build(&source("nameless"), &options(), &mut |_| {}).expect_err("no entry point");
    let error = error.to_string();
    assert!(error.contains("`use vouch_guest as _;`"), "{error}");
}

/// The exercises with crates, by letter, and data for each.
fn exercises() -> Vec<(u8, Vec<u8>)> {
    let text = "2024-05 joe@x.com and αβγ 1999-12, no@one.net JIM@A.ORG";
    let message = b"a signed message";
    let signature = include_bytes!("sources/hosted/exercises/signature.bin");
    let signed = [&signature[..], message].concat();
    let mut forged = signed.clone();
    forged[300 - 30] ^= 1;
    vec![
        (b'a', noise(40)),
        (b'b', noise(41)),
        (b'e', b"123".into()),
        (b'e', b"12345".into()),
        (b'e', b"twelve".into()),
        (b'e', vec![0xff]),
        (b'g', noise(32)),
        (b'h', b"the cat and the dog and the end".into()),
        (b'l', noise(40)),
        (b'n', noise(150)),
        (b'o', noise(40)),
        (b'p', noise(42)),
        (b'r', text.into()),
        (b's', signed),
        (b's', forged),
        (b't', noise(40)),
    ]
}

#[test]
fn crates_compute_what_they_do_natively() {
    let Some(guests) = &*GUESTS else {
        return;
    };
    let native = native();
    for (letter, data) in exercises() {
        let run = run_elf("crates", &guests.crates, &[&[letter], &data[..]].concat());
        let expected = Run {
            journal: run_native(&native, letter, &data),
            ..Run::default()
        };
        assert!(!expected.journal.is_empty());
        assert_eq!(run, expected, "{}", char::from(letter));
    }
}

#[test]
fn signatures_are_told_from_others() {
    let Some(guests) = &*GUESTS else {
        return;
    };
    let verdicts = exercises()
        .into_iter()
        .filter(|(letter, _)| *letter == b's');
    let verdicts = verdicts.map(|(letter, data)| {
        run_elf("crates", &guests.crates, &[&[letter], &data[..]].concat()).journal
    });
    assert_eq!(verdicts.collect::<Vec<_>>(), [[1], [0]]);
}

#[test]
fn randomness_wants_a_seed() {
    let Some(guests) = &*GUESTS else {
        return;
    };
    let run = run_elf("crates", &guests.crates, b"g");
    assert_eq!((run.exit_code, run.journal.len()), (101, 0));
    for part in ["vouch_guest::random::seed", "this target is not supported"] {
        assert!(run.stderr.contains(part), "{}", run.stderr);
    }
}

#[test]
fn runs_with_std_are_proven() {
    let Some(guests) = &*GUESTS else {
        return;
    };
    // Locks and statics; a map; a seeded generator; big numbers and a hash.
    for (elf, letter) in [(&guests.std, b'a'), (&guests.crates, b'h')]
        .into_iter()
        .chain([(&guests.crates, b'g'), (&guests.crates, b'p')])
    {
        let data = exercises().into_iter().find(|(other, _)| *other == letter);
        let (_, data) = data.expect("an exercise");
        let program = Program::from_elf(elf).expect("a guest");
        let input = Input::new().bytes(&[letter]).bytes(&data);
        let proven = prove(&program, &input, &ProveOptions::default()).expect("it can be proven");
        let receipt = Receipt::from_bytes(&proven.receipt.to_bytes()).expect("a receipt");
        let claim = verify(&receipt, &image_id(&program)).expect("it verifies");
        let run = run_elf_here(elf, &input).expect("it runs");
        assert_eq!((claim.exit_code, claim.journal), (0, run.journal));
    }
}

/// Builds the exercises as a native program, and returns where it is.
fn native() -> PathBuf {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--quiet", "--locked", "--manifest-path"])
        .arg(source("native").join("Cargo.toml"))
        .args(["--target-dir", TARGET_DIR])
        .status();
    assert!(status.expect("cargo runs").success());
    Path::new(TARGET_DIR).join("debug/native")
}

fn run_native(native: &Path, letter: u8, data: &[u8]) -> Vec<u8> {
    let input = tempfile::NamedTempFile::new().expect("a file");
    fs::write(&input, data).expect("it can be written");
    let output = Command::new(native)
        .arg(char::from(letter).to_string())
        .stdin(Stdio::from(input.reopen().expect("it can be read")))
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{output:?}");
    output.stdout
}
