//! Nothing hostile is accepted, and nothing makes the verifier or the loader panic.

use vouch_soundness::{Effort, hostile};

#[test]
fn hostile_input_is_refused() {
    hostile::run(Effort::Quick).assert();
}
