//! Faults in the executor, all tables filled from the faulted run.

use vouch_soundness::{Effort, faults};

#[test]
fn every_fault_breaks_a_rule() {
    faults::run(Effort::Quick).assert();
}
