//! Proving and verifying, honestly and not.

mod chain;
mod common;
mod determinism;
mod end_to_end;
mod key;
mod random;
mod tamper;
