//! Proving and verifying, honestly and not.

mod backends;
mod common;
mod determinism;
mod end_to_end;
mod key;
mod planner;
mod random;
mod segments;
