//! Multiples of the generators, from the build script.

use vouch_modular::Words;

/// Odd multiples of a point, from 1: of each, `-x` and `y`.
pub type GeneratorTable = [[Words; 2]; 1 << (WIDTH - 2)];

include!(concat!(env!("OUT_DIR"), "/tables.rs"));
