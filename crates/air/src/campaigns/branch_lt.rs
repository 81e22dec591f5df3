//! What the branch_lt table is put through.

use crate::F;
use crate::tables::branch_lt::BranchLt;
use crate::testkit::{Campaign, Suite};

fn suite() -> Suite {
    Suite::of::<BranchLt<F>>()
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
