//! T9: hostile replies to every call.

use vouch_soundness::{Effort, t9};

#[test]
fn no_reply_lies_or_writes_outside_its_buffer() {
    t9::run(Effort::Quick).assert();
}
