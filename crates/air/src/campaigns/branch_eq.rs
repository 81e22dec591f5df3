//! What the branch_eq table is put through.

use crate::F;
use crate::tables::branch_eq::BranchEq;
use crate::testkit::score::Spare;
use crate::testkit::{Campaign, Suite};

fn suite() -> Suite {
    Suite::of::<BranchEq<F>>()
        .spare(Spare::two_flags())
        .spare(Spare::implied(
            ["equal is boolean"],
            "`equal` not 0 means no difference, so the sum is 0 and `equal` 1",
        ))
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
