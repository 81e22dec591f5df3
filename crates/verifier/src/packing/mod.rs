//! Packed commitments: `k` columns as one polynomial (docs/packing.md).

mod layout;

pub use layout::{
    COSET, Class, Group, Kind, LOG_MOST_COLUMNS, Level, MAX_LEVEL, Matrix, Packing, Round,
    TableColumns, shift,
};
