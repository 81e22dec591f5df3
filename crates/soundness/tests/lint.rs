//! The lint of the machine.

use vouch_soundness::{Effort, lint};

#[test]
fn machine_has_no_lint() {
    lint::run(Effort::Quick).assert();
}
