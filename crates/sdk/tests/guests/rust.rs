//! A guest in Rust whose statics are made before main.

use std::path::PathBuf;

use crate::c::root;
use crate::run::{Run, run_elf};

/// The crate.
pub fn guest() -> PathBuf {
    root().join("crates/sdk/tests/guests/sources/statics")
}

/// What it commits to.
pub fn statics_are_made(elf: &[u8]) {
    let expected = Run {
        journal: [42_u32, 123, 7, 1].map(u32::to_le_bytes).concat(),
        ..Run::default()
    };
    assert_eq!(run_elf("statics", elf, &[]), expected);
}
