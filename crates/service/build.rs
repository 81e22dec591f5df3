//! Compiles the interface description.
fn main() {}
