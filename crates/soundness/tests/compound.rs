//! Compound witnesses.

use vouch_soundness::{Effort, compound};

#[test]
fn no_lie_has_helpers_that_fit() {
    compound::run(Effort::Quick).assert();
}
