//! What the mul_high table is put through.

use crate::F;
use crate::tables::mul_high::MulHigh;
use crate::testkit::{Campaign, Suite};

fn suite() -> Suite {
    Suite::of::<MulHigh<F>>()
}

pub(super) fn campaign() -> Campaign {
    suite().campaign()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_its_suite() {
        suite().assert();
    }
}
