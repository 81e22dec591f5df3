//! Command lines that do not parse.

use crate::common::{Place, guest, image_id, with_receipt};

#[test]
fn unknown_words_are_refused() {
    let place = Place::new();
    let elf = guest("commitment");
    place.refuses(
        &["frobnicate"],
        2,
        "usage",
        "unrecognized subcommand 'frobnicate'",
    );
    place.refuses(
        &["demo", "--fast"],
        2,
        "usage",
        "unexpected argument '--fast'",
    );
    let unknown = ["prove", &elf, "-o", "receipt", "--profile", "small"];
    place.refuses(
        &unknown,
        2,
        "usage",
        "invalid value 'small' for '--profile <PROFILE>'",
    );
    let unknown = ["prove", &elf, "-o", "receipt", "--security", "96"];
    place.refuses(
        &unknown,
        2,
        "usage",
        "invalid value '96' for '--security <SECURITY>'",
    );
    let missing = "required arguments were not provided:\n  --output <FILE>";
    place.refuses(&["prove", &elf], 2, "usage", missing);
}

#[test]
fn numbers_say_what_they_may_be() {
    let place = Place::new();
    let elf = guest("commitment");
    for (flag, value, expected) in [
        ("--max-cycles", "many", "expected a number below 2^64"),
        ("--max-cycles", "2^64", "expected a number below 2^64"),
        ("--max-memory", "4GB", "expected bytes below 2^64"),
        ("--threads", "0", "0 is not in 1..=65535"),
    ] {
        let arguments = ["prove", &elf, "-o", "receipt", flag, value];
        let error = place.refuses(&arguments, 2, "usage", expected);
        let message = error["error"].as_str().expect("a message");
        assert!(message.contains(flag), "{message}");
    }
}

#[test]
fn an_image_id_is_64_digits() {
    let place = with_receipt();
    let id = image_id(&guest("commitment"));
    for wrong in [&id[1..], "", "xyz", &id.replace(&id[..1], "g")] {
        let arguments = ["verify", "receipt", "--image-id", wrong];
        place.refuses(&arguments, 2, "usage", "expected 64 hexadecimal digits");
    }
}

#[test]
fn one_program_is_expected() {
    let place = with_receipt();
    let elf = guest("commitment");
    let id = image_id(&elf);
    let neither = ["verify", "receipt"];
    place.refuses(&neither, 2, "usage", "required arguments were not provided");
    let both = ["verify", "receipt", "--elf", &elf, "--image-id", &id];
    place.refuses(&both, 2, "usage", "cannot be used with");
}

#[test]
fn bad_input_is_not_repeated() {
    let place = Place::new();
    let elf = guest("commitment");
    for (secret, expected) in [
        ("c0ffee5ec2e7c0ffee5ec2e7c", "got 25 digits"),
        (
            "c0ffee5ec2e7zzee5ec2e7",
            "got another character at position 13",
        ),
    ] {
        for command in [&["run", &elf][..], &["prove", &elf, "-o", "receipt"]] {
            let arguments = [command, &["--input-hex", secret]].concat();
            place.refuses(&arguments, 2, "usage", expected);
            let stderr = place.vouch(&arguments).stderr;
            assert!(!stderr.contains("c0ff"), "{stderr}");
        }
    }
    let both = ["run", &elf, "--input", "file", "--input-hex", "c0ffee"];
    place.refuses(&both, 2, "usage", "cannot be used with");
}

#[test]
fn help_is_a_yes() {
    let place = Place::new();
    let help = place.vouch(&["--help"]).ok().stdout;
    let commands = [
        "demo", "build", "run", "prove", "verify", "inspect", "image-id", "bench",
    ];
    for command in commands {
        assert!(help.contains(command), "{help}");
        place.vouch(&[command, "--help"]).ok();
    }
    assert!(help.contains("Exit codes: 0 yes; 1"), "{help}");
    place.vouch(&["--version"]).ok();
}

#[cfg(not(feature = "serve"))]
#[test]
fn without_the_service_nothing_is_served() {
    let place = Place::new();
    let missing = "expected a `vouch` with the service, got one that was built without";
    for arguments in [&["serve"][..], &["serve", "--listen", "127.0.0.1:0"]] {
        place.refuses(arguments, 2, "usage", missing);
    }
    let hint = "cargo install --path crates/cli --features serve";
    let reply = place.vouch(&["serve", "--json"]).json();
    assert!(
        reply["hint"].as_str().expect("text").contains(hint),
        "{reply}"
    );
}
