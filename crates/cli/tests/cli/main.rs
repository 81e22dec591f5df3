//! The `vouch` binary: what it prints, what it writes and how it exits.

mod bench;
mod build;
mod common;
mod demo;
mod profile;
mod prove;
mod receipts;
mod run;
#[cfg(feature = "serve")]
mod serve;
mod usage;
mod work_dir;
