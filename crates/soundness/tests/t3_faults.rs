//! T3: faults in the executor, all tables filled from the faulted run.

use vouch_soundness::{Effort, t3};

#[test]
fn every_fault_breaks_a_rule() {
    t3::run(Effort::Quick).assert();
}
