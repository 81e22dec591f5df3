//! What the mul table is put through.

use crate::F;
use crate::tables::mul::Mul;
use crate::testkit::score::Spare;
use crate::testkit::{Campaign, Suite};

fn suite() -> Suite {
    Suite::of::<Mul<F>>().spare(Spare::one_flag())
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
