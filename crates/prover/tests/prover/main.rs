//! Proving and verifying, honestly and not.

mod chain;
mod common;
mod determinism;
mod end_to_end;
mod key;
mod mutation;
mod random;
mod tamper;
