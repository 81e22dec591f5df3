//! T7: segments that are not one run are no receipt.

use vouch_soundness::{Effort, t7};

#[test]
fn segments_are_one_run() {
    t7::run(Effort::Quick).assert();
}
