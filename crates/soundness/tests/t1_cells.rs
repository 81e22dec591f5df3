//! T1: one wrong cell, in every column of every table.

use vouch_soundness::{Effort, t1};

#[test]
fn every_wrong_cell_breaks_a_rule() {
    t1::run(Effort::Quick).assert();
}
