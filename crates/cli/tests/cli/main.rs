//! The `vouch` binary: what it prints, what it writes and how it exits.

#[cfg(feature = "serve")]
mod attacks;
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
#[cfg(feature = "serve")]
mod victim;
mod work_dir;
