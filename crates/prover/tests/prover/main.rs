//! Proving and verifying, honestly and not.

mod cases;
mod chain;
mod common;
mod determinism;
mod end_to_end;
mod honest;
mod hostile;
mod key;
mod mutation;
mod random;
mod tamper;
