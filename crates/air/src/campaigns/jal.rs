//! What the jal table is put through.

use crate::F;
use crate::tables::jal::Jal;
use crate::testkit::score::Spare;
use crate::testkit::{Campaign, Suite};

fn suite() -> Suite {
    Suite::of::<Jal<F>>().spare(Spare::one_flag())
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
