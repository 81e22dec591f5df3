//! T2: compound witnesses.

use vouch_soundness::{Effort, t2};

#[test]
fn no_lie_has_helpers_that_fit() {
    t2::run(Effort::Quick).assert();
}
