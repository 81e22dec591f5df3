//! What the compare table is put through.

use crate::F;
use crate::tables::compare::Compare;
use crate::testkit::score::Spare;
use crate::testkit::{Campaign, Suite};

fn suite() -> Suite {
    Suite::of::<Compare<F>>().spare(Spare::two_flags())
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
