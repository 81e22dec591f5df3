//! The proof service: JSON-RPC and gRPC over one core.
//!
//! | module | what |
//! |---|---|
//! | [`config`] | one TOML file |
//! | [`job`] | what is asked for, and what has become of it |
//! | [`core`] | the operations |
//! | [`metrics`] | what is counted |
#![forbid(unsafe_code)]

pub mod clients;
pub mod config;
pub mod core;
pub mod error;
pub mod job;
pub mod metrics;
