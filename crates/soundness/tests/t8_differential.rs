//! T8: random programs, here and under qemu.

use vouch_soundness::{Effort, t8};

#[test]
fn random_programs_run_as_under_qemu() {
    t8::run(Effort::Quick).assert();
}
