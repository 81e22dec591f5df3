//! T4: every rule weakened, and known bugs put in: T1 to T3 must notice.

use vouch_soundness::{Effort, t4};

#[test]
fn weaker_machines_are_noticed() {
    t4::run(Effort::Quick).assert();
}
