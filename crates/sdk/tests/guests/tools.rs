//! Programs that not every machine has.

use std::env;
use std::io::{self, Write};
use std::process::Command;

/// With this set to 1, what is missing is a failure.
const REQUIRE: &str = "VOUCH_REQUIRE_TOOLS";

/// Says that `what` is not checked because `missing` is, past the capture of test output.
///
/// # Panics
/// If everything is required.
pub fn skip(what: &str, missing: &str) {
    assert_ne!(env::var(REQUIRE).as_deref(), Ok("1"), "{what}: {missing}");
    say(&format!("skipped: {what}: {missing}"));
}

/// Prints a line to stderr, past the capture of test output.
pub fn say(line: &str) {
    writeln!(io::stderr(), "{line}").expect("stderr can be written");
}

/// What a program prints, if there is one of that name.
pub fn print(program: &str, arg: &str) -> Option<String> {
    let output = Command::new(program).arg(arg).output().ok()?;
    assert!(output.status.success(), "{program} {arg}: {output:?}");
    Some(
        String::from_utf8(output.stdout)
            .expect("text")
            .trim_end()
            .to_owned(),
    )
}
