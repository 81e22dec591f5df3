//! The real server over real sockets, with real clients.

mod clients;
mod docs;
mod grpc;
mod host;
mod http;
mod jobs;
mod json_rpc;
mod limits;
mod restart;
mod tls;
