//! Random programs, here and under qemu.

use vouch_soundness::{Effort, differential};

#[test]
fn random_programs_run_as_under_qemu() {
    differential::run(Effort::Quick).assert();
}
