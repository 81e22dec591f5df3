//! Hostile replies to every call.

use vouch_soundness::{Effort, replies};

#[test]
fn no_reply_lies_or_writes_outside_its_buffer() {
    replies::run(Effort::Quick).assert();
}
