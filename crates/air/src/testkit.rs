//! What the tests of every table share, those of other crates included: a table evaluated on
//! rows made by hand, an independent model of what an instruction sends on the buses, mutants
//! and who keeps them out. Never part of the product.

pub mod answer;
pub mod calls;
pub mod campaign;
pub mod cases;
pub mod check;
pub mod free;
pub mod judge;
pub mod kills;
pub mod lint;
pub mod mutate;
pub mod names;
mod numbers;
mod repair;
mod rows;
pub mod score;
pub mod steps;
pub mod subject;
pub mod suite;
pub mod verdict;

pub use campaign::Campaign;
pub use mutate::{Judge, Mutation};
pub use numbers::{EDGES, P, TEXT, as_signed, element};
pub use rows::{cells, compression, evaluate};
pub use subject::{Subject, verdict};
pub use suite::Suite;
pub use verdict::{Message, Verdict};
