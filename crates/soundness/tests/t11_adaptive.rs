//! T11: provers that cheat once and go on.

use vouch_soundness::{Effort, t11};

#[test]
fn the_broken_rule_refuses_and_nothing_else() {
    t11::run(Effort::Quick).assert();
}
