//! `vouch verify` and `vouch inspect` on receipts that do not prove what they should.

use vouch_sdk::{ProveOptions, guests};

use crate::common::{Place, commitment_receipt, four_hashes, guest, image_id, with_receipt};

/// `vouch verify receipt` against the commitment's ELF.
fn verify<'a>(elf: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["verify", "receipt", "--elf", elf], more].concat()
}

#[test]
fn cut_and_padded_receipts_are_none() {
    let place = Place::new();
    let elf = guest("commitment");
    let honest = commitment_receipt();
    for length in [
        0,
        1,
        7,
        8,
        10,
        20,
        26,
        100,
        honest.len() / 2,
        honest.len() - 1,
    ] {
        place.put("receipt", &honest[..length]);
        let message = match length {
            0 => "receipt: expected a Vouch receipt, got an empty file",
            1..8 => "receipt: not a Vouch receipt",
            _ => "receipt: receipt field `",
        };
        place.refuses(&verify(&elf, &[]), 1, "receipt", message);
        place.refuses(&["inspect", "receipt"], 1, "receipt", message);
    }
    place.put("receipt", &[honest, b"\0"].concat());
    let message = "receipt: receipt: expected no bytes after the last field, got 1";
    place.refuses(&verify(&elf, &[]), 1, "receipt", message);
    place.refuses(&["inspect", "receipt"], 1, "receipt", message);
}

#[test]
fn no_bit_can_be_flipped() {
    let place = Place::new();
    let elf = guest("commitment");
    let honest = commitment_receipt();
    let middle = honest.len() / 2;
    // Magic, version, profile, entry, text, count, pcs, roots, exit, journal, tables, proof.
    let header = [
        0, 8, 10, 11, 15, 19, 23, 27, 31, 35, 67, 99, 100, 104, 108, 236, 268, 272,
    ];
    for at in header.into_iter().chain([middle, honest.len() - 1]) {
        for bit in [0, 7] {
            let mut flipped = honest.to_vec();
            flipped[at] ^= 1 << bit;
            place.put("receipt", &flipped);
            let outcome = place.vouch(&verify(&elf, &[]));
            assert_eq!(outcome.code, 1, "byte {at}: {}", outcome.stderr);
            assert_eq!(outcome.stdout, "", "byte {at}");
            assert!(outcome.stderr.starts_with("error: "), "{}", outcome.stderr);
            // No names of types.
            assert!(!outcome.stderr.contains("Error("), "{}", outcome.stderr);
        }
    }
}

#[test]
fn another_program_is_not_the_one_expected() {
    let place = with_receipt();
    let (elf, other) = (guest("commitment"), guest("sha256"));
    let (id, other_id) = (image_id(&elf), image_id(&other));
    let message = format!("image ID: expected {other_id}, got {id}");
    place.refuses(&verify(&other, &[]), 1, "verify", &message);
    let by_id = ["verify", "receipt", "--image-id", &other_id];
    place.refuses(&by_id, 1, "verify", &message);
}

#[test]
fn another_journal_is_not_the_one_expected() {
    let place = with_receipt();
    let elf = guest("commitment");
    let honest = hex::decode(four_hashes()).expect("hexadecimal");
    place.put("journal", &honest);
    place.vouch(&verify(&elf, &["--journal", "journal"])).ok();
    let mut flipped = honest.clone();
    flipped[100] ^= 1;
    let longer = [&honest[..], b"\0"].concat();
    for (journal, at) in [
        (&flipped[..], 100),
        (&longer, 128),
        (&honest[..5], 5),
        (b"", 0),
    ] {
        place.put("journal", journal);
        let message = format!(
            "journal: expected the {} bytes of journal, got 128 bytes, which differ from byte {at} on",
            journal.len()
        );
        let arguments = verify(&elf, &["--journal", "journal"]);
        place.refuses(&arguments, 1, "journal", &message);
    }
    let missing = verify(&elf, &["--journal", "missing"]);
    place.refuses(&missing, 2, "file", "cannot read missing");
}

#[test]
fn another_exit_code_is_not_the_one_expected() {
    let place = with_receipt();
    let elf = guest("commitment");
    let arguments = verify(&elf, &["--expect-exit", "1"]);
    place.refuses(&arguments, 1, "exit_code", "exit code: expected 1, got 0");
    place.vouch(&verify(&elf, &["--expect-exit", "0"])).ok();
}

#[test]
fn less_security_than_asked_for_is_refused() {
    let place = with_receipt();
    let elf = guest("commitment");
    let message = "security: expected a profile of at least 128 bits, got one of 100";
    let arguments = verify(&elf, &["--security", "128"]);
    place.refuses(&arguments, 1, "security", message);
    place.vouch(&verify(&elf, &["--security", "100"])).ok();
}

#[test]
fn a_proven_failure_is_not_taken_for_a_success() {
    let place = Place::new();
    let program = vouch_sdk::Program::from_elf(guests::PANICKING).expect("a guest");
    let options = ProveOptions {
        allow_nonzero_exit: true,
        ..ProveOptions::default()
    };
    let proven = vouch_sdk::prove(&program, &[], &options).expect("it can be proven");
    place.put("receipt", &proven.receipt.to_bytes());
    let elf = guest("panicking");
    let arguments = verify(&elf, &[]);
    place.refuses(&arguments, 1, "exit_code", "exit code: expected 0, got 101");
    let expected = verify(&elf, &["--expect-exit", "101", "--json"]);
    assert_eq!(place.vouch(&expected).ok().json()["exit_code"], 101);
}

/// A receipt where the program belongs, and the other way round; a folder; nothing.
#[test]
fn what_was_found_is_named() {
    let place = with_receipt();
    let elf = guest("commitment");
    place.put("empty", b"");
    let (program, receipt) = ("expected an ELF file, got", "expected a Vouch receipt, got");
    for (file, found) in [("receipt", "a Vouch receipt"), ("empty", "an empty file")] {
        let message = format!("{file}: {program} {found}");
        place.refuses(&["run", file], 2, "elf", &message);
        place.refuses(&["prove", file, "-o", "out"], 2, "elf", &message);
        place.refuses(&["image-id", file], 2, "elf", &message);
        place.refuses(&["verify", "receipt", "--elf", file], 2, "elf", &message);
    }
    for (file, found) in [(elf.as_str(), "an ELF file"), ("empty", "an empty file")] {
        let message = format!("{file}: {receipt} {found}");
        place.refuses(&["inspect", file], 1, "receipt", &message);
        place.refuses(&["verify", file, "--elf", &elf], 1, "receipt", &message);
    }
    let hint = |arguments: &[&str]| {
        let outcome = place.vouch(&[arguments, &["--json"]].concat());
        let hint = outcome.json()["hint"].as_str().map(String::from);
        let hint = hint.unwrap_or_else(|| panic!("no hint: {}", outcome.stderr));
        assert!(
            outcome.stderr.contains(&format!("hint: {hint}\n")),
            "{}",
            outcome.stderr
        );
        hint
    };
    assert!(hint(&["run", "receipt"]).contains("vouch inspect"));
    assert!(hint(&["verify", &elf, "--elf", &elf]).contains("after --elf"));
    place.put("text", &[b'x'; 100]);
    assert!(hint(&["run", "text"]).contains("vouch build"));
    std::fs::create_dir(place.path("guest")).expect("a directory");
    place.put("guest/Cargo.toml", b"[package]");
    assert!(hint(&["run", "guest"]).contains("vouch build"));
    // Not every directory is a guest's.
    let other = place.vouch(&["run", &elf, "--input", "/", "--json"]);
    assert!(other.json()["hint"].is_null(), "{}", other.stderr);
}

#[test]
fn files_that_are_not_there_are_named() {
    let place = with_receipt();
    let missing = ["verify", "missing", "--elf", &guest("commitment")];
    place.refuses(&missing, 2, "file", "cannot read missing");
    place.refuses(&verify("missing", &[]), 2, "file", "cannot read missing");
    place.refuses(&["inspect", "missing"], 2, "file", "cannot read missing");
    place.refuses(&["image-id", "missing"], 2, "file", "cannot read missing");
}
