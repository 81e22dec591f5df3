//! The proof service: JSON-RPC and gRPC over one core.
//!
//! | module | what |
//! |---|---|
//! | [`config`] | one TOML file |
//! | [`clients`] | tokens and quotas |
//! | [`admission`] | what requests share, and what each of them holds |
//! | [`job`] | what is asked for, and what has become of it |
//! | [`core`] | the operations |
//! | [`api`] | how clients speak to it |
//! | [`proto`] | the types of the gRPC interface, and a client |
//! | [`metrics`] | what is counted |
#![forbid(unsafe_code)]

pub mod admission;
pub mod api;
pub mod clients;
pub mod config;
pub mod core;
pub mod error;
pub mod job;
pub mod metrics;

/// Compiled from proto/vouch/v1/vouch.proto.
pub mod proto {
    #![expect(missing_docs, reason = "the comments are in the .proto file")]
    #![expect(clippy::allow_attributes, reason = "the generator writes them")]

    tonic::include_proto!("vouch.v1");

    /// What reflection tells.
    pub const FILE_DESCRIPTOR_SET: &[u8] =
        include_bytes!(concat!(env!("OUT_DIR"), "/vouch.descriptors"));
}

pub use api::server::{ServeError, Server};
pub use config::Config;
