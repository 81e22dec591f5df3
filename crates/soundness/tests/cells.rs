//! One wrong cell, in every column of every table.

use vouch_soundness::{Effort, cells};

#[test]
fn every_wrong_cell_breaks_a_rule() {
    cells::run(Effort::Quick).assert();
}
