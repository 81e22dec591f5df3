//! The real server over real sockets, with real clients.

mod clients;
mod grpc;
mod host;
mod http;
mod jobs;
mod json_rpc;
mod limits;
mod restart;
mod tls;
