//! Every rule weakened, and known bugs put in: `cells`, `compound` and `faults` must notice.

use vouch_soundness::{Effort, score};

#[test]
fn weaker_machines_are_noticed() {
    score::run(Effort::Quick).assert();
}
