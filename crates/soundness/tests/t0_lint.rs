//! T0: the lint of the machine.

use vouch_soundness::{Effort, t0};

#[test]
fn machine_has_no_lint() {
    t0::run(Effort::Quick).assert();
}
