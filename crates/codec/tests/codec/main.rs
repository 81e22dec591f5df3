//! The encoding is what docs/encoding.md says, and decoding takes nothing else.

mod golden;
mod hostile;
mod reference;
mod round_trips;
mod types;
mod values;
mod writers;
