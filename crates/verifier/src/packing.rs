//! Packed commitments: `k` columns as one polynomial (docs/packing.md).

mod inputs;
mod layout;
mod pcs;
mod reference;
#[cfg(test)]
mod tests;
mod verify;

pub use layout::{
    COSET, Class, Group, Kind, LOG_MOST_COLUMNS, Level, MAX_LEVEL, Matrix, Packing, Round,
    TableColumns, shift,
};
pub use pcs::{Commitment, Domain, OpeningError, OpeningProof, PackedPcs};
pub use reference::{Committed, ReferenceError};
