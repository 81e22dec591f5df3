//! Shows one field of a private document: reads a JSON object and the name of a field, and commits to the SHA-256 of
//! the document, the name and the value. An ordinary program with Rust's standard library.

use std::error::Error;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use vouch_guest::io;

fn main() -> Result<(), Box<dyn Error>> {
    let document: String = io::read();
    let name: String = io::read();
    io::end();
    let digest: [u8; 32] = Sha256::digest(&document).into();
    let fields: Map<String, Value> = serde_json::from_str(&document)?;
    let value = fields
        .get(&name)
        .ok_or_else(|| format!("expected a field {name:?}, got none"))?;
    io::commit(&(digest, name, value.to_string()));
    Ok(())
}
