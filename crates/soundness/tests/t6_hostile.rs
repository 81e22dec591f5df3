//! T6: nothing hostile is accepted, and nothing makes the verifier or the loader panic.

use vouch_soundness::{Effort, t6};

#[test]
fn hostile_input_is_refused() {
    t6::run(Effort::Quick).assert();
}
