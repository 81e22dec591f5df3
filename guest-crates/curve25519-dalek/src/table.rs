//! Multiples of the generator, from the build script.

use vouch_modular::Words;

include!(concat!(env!("OUT_DIR"), "/table.rs"));
