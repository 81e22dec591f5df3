//! T5: every flip of a field of key, claim or proof is refused.

use vouch_soundness::{Effort, t5};

#[test]
fn every_field_is_bound() {
    t5::run(Effort::Quick).assert();
}
