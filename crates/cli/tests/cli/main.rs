//! The `vouch` binary: what it prints, what it writes and how it exits.

#[cfg(feature = "serve")]
mod attacks;
mod bench;
mod build;
mod common;
mod demo;
mod estimate;
mod features;
mod gdb;
mod new;
#[cfg(unix)]
mod paths;
#[cfg(unix)]
mod places;
mod profile;
mod prove;
mod receipts;
mod run;
mod scopes;
#[cfg(feature = "serve")]
mod serve;
#[cfg(target_os = "linux")]
mod signals;
#[cfg(target_os = "linux")]
mod streams;
mod usage;
#[cfg(feature = "serve")]
mod victim;
mod work_dir;
