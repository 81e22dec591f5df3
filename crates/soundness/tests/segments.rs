//! Segments that are not one run are no receipt.

use vouch_soundness::{Effort, segments};

#[test]
fn segments_are_one_run() {
    segments::run(Effort::Quick).assert();
}
