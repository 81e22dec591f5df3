//! Runs of many segments: what is kept, what can go wrong on the way, and what comes out.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use rayon::prelude::*;
use vouch_emulator::testing::{self, asm};
use vouch_isa::Op;
use vouch_sdk::{
    Cancel, Error, ExecuteError, Input, LimitKind, Limits, Profile, Program, Progress, ProveError,
    ProveOptions, Proven, guests, image_id, prove, prove_with, verify,
};

fn fibonacci() -> Program {
    Program::from_elf(guests::FIBONACCI).expect("an embedded guest")
}

/// An input on which [`fibonacci`] runs for some 37,500 cycles.
fn input() -> Input {
    Input::new().word(7500)
}

/// Small segments: five of [`input`].
fn options() -> ProveOptions {
    ProveOptions {
        segment_cells: 2_400_000,
        max_memory: Some(1 << 30),
        ..ProveOptions::default()
    }
}

fn in_folder(folder: &Path) -> ProveOptions {
    ProveOptions {
        work_folder: Some(folder.into()),
        ..options()
    }
}

/// Proves the same run always, and may be told to stop once so many segments are proven.
fn prove_until(segments: usize, options: &ProveOptions) -> Result<Proven, Error> {
    let stop = options.cancel.clone();
    let mut progress = |progress: &Progress| {
        if progress.proven_segments >= segments {
            stop.cancel();
        }
    };
    prove_with(
        &fibonacci(),
        &input(),
        options,
        &mut |_, _| {},
        &mut progress,
    )
}

fn whole() -> Proven {
    prove(&fibonacci(), &input(), &options()).expect("it can be proven")
}

/// A folder with every segment of the run.
fn full_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a directory");
    prove(&fibonacci(), &input(), &in_folder(folder.path())).expect("it can be proven");
    folder
}

#[test]
fn the_journal_does_not_depend_on_the_segments() {
    let id = image_id(&fibonacci());
    let whole = whole();
    assert_eq!(whole.receipt.segments.len(), 5);
    for (cells, segments) in [(2_700_000, 3), (1 << 26, 1)] {
        let options = ProveOptions {
            segment_cells: cells,
            ..options()
        };
        let proven = prove(&fibonacci(), &input(), &options).expect("it can be proven");
        assert_eq!(proven.claim, whole.claim);
        assert_eq!(
            verify(&proven.receipt, &id).expect("it verifies"),
            whole.claim
        );
        assert_eq!(proven.receipt.segments.len(), segments);
    }
}

#[test]
fn too_few_cells_a_segment_are_refused() {
    let of = |segment_cells| {
        let options = ProveOptions {
            segment_cells,
            ..options()
        };
        prove(&fibonacci(), &input(), &options)
    };
    let least = match of(0) {
        Err(Error::SegmentCells { least, got: 0 }) => least,
        other => panic!("{:?}", other.map(|proven| proven.claim)),
    };
    assert!(matches!(
        of(least - 1),
        Err(Error::SegmentCells { least: expected, got }) if expected == least && got == least - 1
    ));
    let proven = of(least).expect("the least is enough");
    assert!(proven.receipt.segments.len() > 5);
}

#[test]
fn a_stopped_proof_goes_on_to_the_same_receipt() {
    let whole = whole();
    let folder = tempfile::tempdir().expect("a directory");
    let mut proven_before = 0;
    for stop_at in [1, 2, 4] {
        let options = in_folder(folder.path());
        match prove_until(stop_at, &options) {
            // One more may have been proven before the answer came.
            Err(Error::Cancelled { segments }) => {
                assert!((stop_at..=stop_at + 1).contains(&segments), "{segments}");
                proven_before = segments;
            }
            other => panic!("{other:?}"),
        }
    }
    let proven = prove(&fibonacci(), &input(), &in_folder(folder.path())).expect("it goes on");
    assert!(proven.stats.reused_segments >= proven_before);
    assert!(proven.receipt == whole.receipt);
    assert_eq!(proven.stats.cells, whole.stats.cells);
    assert_eq!(proven.stats.rows, whole.stats.rows);
    // Nothing is left to do.
    let again = prove(&fibonacci(), &input(), &in_folder(folder.path())).expect("it is there");
    assert_eq!(again.stats.reused_segments, 5);
    assert!(again.receipt == whole.receipt);
}

#[test]
fn a_folder_is_of_one_job() {
    let folder = full_folder();
    let (program, path) = (fibonacci(), folder.path());
    let refused = |result: Result<Proven, Error>, what: &str| match result {
        Err(Error::WorkFolder { reason, .. }) => assert!(reason.contains(what), "{reason}"),
        other => panic!("{what}: {other:?}"),
    };
    let other_input = Input::new().word(4001);
    refused(
        prove(&program, &other_input, &in_folder(path)),
        "input hash",
    );
    let primes = Program::from_elf(guests::PRIMES).expect("an embedded guest");
    refused(prove(&primes, &input(), &in_folder(path)), "image ID");
    let other_profile = ProveOptions {
        profile: Profile::Compact100,
        ..in_folder(path)
    };
    refused(prove(&program, &input(), &other_profile), "profile");
    let less_memory = ProveOptions {
        max_memory: Some(1 << 29),
        ..in_folder(path)
    };
    refused(prove(&program, &input(), &less_memory), "bytes of memory");
    let other_segments = ProveOptions {
        segment_cells: 2_500_000,
        ..in_folder(path)
    };
    refused(prove(&program, &input(), &other_segments), "cells");
    // With more memory the cuts stay.
    let more_memory = ProveOptions {
        max_memory: Some(2 << 30),
        ..in_folder(path)
    };
    let proven = prove(&program, &input(), &more_memory).expect("it goes on");
    assert_eq!(proven.stats.reused_segments, 5);
}

#[test]
fn a_folder_has_room_for_one_process() {
    let folder = tempfile::tempdir().expect("a directory");
    let options = in_folder(folder.path());
    let mut second = None;
    let mut progress = |_: &Progress| {
        second.get_or_insert_with(|| prove(&fibonacci(), &input(), &options));
    };
    let first = prove_with(
        &fibonacci(),
        &input(),
        &options,
        &mut |_, _| {},
        &mut progress,
    );
    first.expect("it is undisturbed");
    match second {
        Some(Err(Error::WorkFolder { reason, .. })) => {
            assert!(reason.contains("another process"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
}

/// The refusal of the folder with what `damage` makes of the third segment's file; without that
/// file the rest is as good as before.
fn refusal(damage: impl FnOnce(&Path, Vec<u8>)) -> String {
    let folder = full_folder();
    let path = folder.path().join("segment-000002");
    let bytes = fs::read(&path).expect("a segment");
    damage(&path, bytes);
    let refused = prove(&fibonacci(), &input(), &in_folder(folder.path()));
    let reason = match refused {
        Err(Error::WorkFile { path: got, reason }) => {
            assert_eq!(got, path);
            reason
        }
        other => panic!("{other:?}"),
    };
    fs::remove_file(&path).expect("it is there");
    let mended = prove(&fibonacci(), &input(), &in_folder(folder.path())).expect("it goes on");
    assert_eq!(mended.stats.reused_segments, 4);
    assert!(mended.receipt == whole().receipt);
    reason
}

#[test]
fn damaged_segments_are_named_and_nothing_else_is_lost() {
    for at in [8, 30, 1000, 100_000] {
        let reason = refusal(|path, mut bytes| {
            bytes[at] ^= 1;
            fs::write(path, bytes).expect("it can be written");
        });
        assert!(reason.contains("changed"), "{at}: {reason}");
    }
    let truncated = |length: usize| {
        refusal(|path, bytes| fs::write(path, &bytes[..length]).expect("it can be written"))
    };
    assert!(truncated(0).contains("too short"));
    assert!(truncated(40).contains("changed"));
    assert!(truncated(100_000).contains("changed"));
    let foreign = refusal(|path, _| fs::write(path, [7; 100]).expect("it can be written"));
    assert!(foreign.contains("not a proven segment"), "{foreign}");
}

/// The contents of a segment's file, with another hash at its end.
fn sealed(content: &[u8]) -> Vec<u8> {
    [content, blake3::hash(content).as_bytes()].concat()
}

#[test]
fn a_segment_is_checked_by_its_claim_and_its_proof() {
    let other = refusal(|path, _| {
        let neighbour = path.with_file_name("segment-000001");
        fs::copy(neighbour, path).expect("it can be copied");
    });
    assert!(other.contains("another segment"), "{other}");
    // A hash that fits makes no proof true.
    let forged = refusal(|path, bytes| {
        let mut content = bytes[..bytes.len() - 32].to_vec();
        let last = content.len() - 100;
        content[last] ^= 1;
        fs::write(path, sealed(&content)).expect("it can be written");
    });
    assert!(forged.contains("proof"), "{forged}");
    let version = refusal(|path, bytes| {
        let mut content = bytes[..bytes.len() - 32].to_vec();
        content[8] = 9;
        fs::write(path, sealed(&content)).expect("it can be written");
    });
    assert!(version.contains("version 9"), "{version}");
    let heights = refusal(|path, bytes| {
        let mut content = bytes[..bytes.len() - 32].to_vec();
        content[11] -= 1;
        content.remove(12);
        fs::write(path, sealed(&content)).expect("it can be written");
    });
    assert!(heights.contains("heights of"), "{heights}");
    let more = refusal(|path, bytes| {
        let mut content = bytes[..bytes.len() - 32].to_vec();
        content.push(0);
        fs::write(path, sealed(&content)).expect("it can be written");
    });
    assert!(more.contains("no bytes after"), "{more}");
}

#[test]
fn a_folder_that_is_none_is_refused() {
    let place = tempfile::tempdir().expect("a directory");
    let file = place.path().join("file");
    fs::write(&file, b"here already").expect("it can be written");
    let refused = prove(&fibonacci(), &input(), &in_folder(&file)).expect_err("no folder");
    assert!(matches!(refused, Error::File { .. }), "{refused}");
    assert!(refused.to_string().contains("file"), "{refused}");
    let folder = full_folder();
    fs::write(folder.path().join("job.json"), b"{").expect("it can be written");
    let refused = prove(&fibonacci(), &input(), &in_folder(folder.path())).expect_err("no job");
    assert!(matches!(refused, Error::WorkFile { .. }), "{refused}");
}

/// A guest that never ends.
fn endless() -> Program {
    testing::program(&[asm::addi(5, 5, 1), asm::jal(0, -4)])
}

#[test]
fn an_endless_run_can_be_cancelled() {
    let cancel = Cancel::default();
    let options = ProveOptions {
        cancel: cancel.clone(),
        ..options()
    };
    let proving = thread::spawn(move || prove(&endless(), &[], &options));
    thread::sleep(Duration::from_millis(300));
    cancel.cancel();
    let result = proving.join().expect("it does not panic");
    assert!(matches!(result, Err(Error::Cancelled { .. })), "{result:?}");
}

#[test]
fn what_is_cancelled_before_is_not_begun() {
    let options = options();
    options.cancel.cancel();
    let result = prove(&fibonacci(), &input(), &options);
    assert!(
        matches!(result, Err(Error::Cancelled { segments: 0 })),
        "{result:?}"
    );
}

#[test]
fn limits_are_found_while_segments_are_proven() {
    let limits = Limits {
        cycles: 3 << 25,
        ..Limits::default()
    };
    let options = ProveOptions {
        limits,
        ..options()
    };
    match prove(&endless(), &[], &options) {
        Err(Error::Execute(ExecuteError::Limit(reached))) => {
            assert_eq!((reached.limit, reached.value), (LimitKind::Cycles, 3 << 25));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_guest_that_outgrows_the_memory_is_an_error() {
    // Touches 64 MiB, a word a page.
    let mut code = asm::li(5, 0x1000_0000).to_vec();
    code.extend(asm::li(6, 0x1400_0000));
    code.extend(asm::li(7, 4096));
    code.extend([
        asm::sw(5, 0, 5),
        asm::add(5, 5, 7),
        asm::branch(Op::Bltu, 5, 6, -8),
    ]);
    code.extend(asm::exit(0));
    let mut elf = testing::ElfBuilder::program(&code);
    let flags = testing::LoadSegment::WRITABLE;
    elf.segments
        .push(testing::LoadSegment::zeros(0x1000_0000, 0x0400_0000, flags));
    let program = Program::from_elf(&elf.build()).expect("an ELF");
    let with_memory = |max_memory| {
        let options = ProveOptions {
            max_memory: Some(max_memory),
            ..ProveOptions::default()
        };
        prove(&program, &[], &options)
    };
    match with_memory(200 << 20) {
        Err(Error::Prove(ProveError::Memory { needed, limit })) => {
            assert!(limit == 200 << 20 && needed > limit, "{needed}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn proofs_can_be_made_on_the_threads_of_a_pool() {
    let receipts: Vec<_> = (0..8)
        .into_par_iter()
        .map(|_| prove(&fibonacci(), &Input::new().word(100), &options()))
        .map(|proven| proven.expect("it can be proven").receipt)
        .collect();
    assert!(receipts.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn progress_only_grows() {
    let mut seen: Vec<Progress> = Vec::new();
    let mut progress = |progress: &Progress| seen.push(progress.clone());
    let proven = prove_with(
        &fibonacci(),
        &input(),
        &options(),
        &mut |_, _| {},
        &mut progress,
    )
    .expect("it can be proven");
    for pair in seen.windows(2) {
        assert!(pair[0].executed_cycles <= pair[1].executed_cycles);
        assert!(pair[0].proven_cycles <= pair[1].proven_cycles);
        assert!(pair[0].recorded_segments <= pair[1].recorded_segments);
        assert!(pair[0].elapsed <= pair[1].elapsed);
    }
    let last = seen.last().expect("progress");
    assert_eq!(last.total_cycles, Some(proven.stats.cycles));
    assert_eq!(last.proven_cycles, proven.stats.cycles);
    assert_eq!((last.recorded_segments, last.proven_segments), (5, 5));
    assert_eq!(last.remaining(), Some(Duration::ZERO));
    assert!(last.cycles_per_second() > 0.0);
}
