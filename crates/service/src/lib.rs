//! The proof service: JSON-RPC and gRPC over one core.
#![forbid(unsafe_code)]
