//! The real server over real sockets, with real clients.

mod clients;
mod docs;
mod grpc;
mod host;
mod http;
mod idle;
mod jobs;
mod json_rpc;
mod limits;
mod local;
mod programs;
mod restart;
mod tls;
