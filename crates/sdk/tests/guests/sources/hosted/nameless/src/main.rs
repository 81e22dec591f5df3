//! A guest that does not name the runtime, so that the compiler leaves it out.

fn main() {}
