//! Proving and verifying, honestly and not.

mod backends;
mod boundaries;
mod common;
mod determinism;
mod end_to_end;
mod executors;
mod faults;
mod key;
mod planner;
mod random;
mod segments;
