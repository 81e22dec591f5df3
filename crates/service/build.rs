//! Compiles the interface description: types and server for Rust, and the descriptors that
//! reflection hands out.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

const PROTO: &str = "proto/vouch/v1/vouch.proto";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={PROTO}");
    let descriptors = protox::compile([PROTO], ["proto"])?;
    let out = env::var("OUT_DIR")?;
    let bytes = prost::Message::encode_to_vec(&descriptors);
    fs::write(Path::new(&out).join("vouch.descriptors"), bytes)?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}
