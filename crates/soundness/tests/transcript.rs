//! Every flip of a field of key, claim or proof is refused.

use vouch_soundness::{Effort, transcript};

#[test]
fn every_field_is_bound() {
    transcript::run(Effort::Quick).assert();
}
