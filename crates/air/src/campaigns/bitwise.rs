//! What the bitwise table is put through.

use crate::F;
use crate::tables::bitwise::Bitwise;
use crate::testkit::score::Spare;
use crate::testkit::{Campaign, Suite};

fn suite() -> Suite {
    Suite::of::<Bitwise<F>>().spare(Spare::implied(
        ["flags, each is boolean.2"],
        "the other flags and the sum are boolean: -1 beside AND and OR gives the number of \
             EBREAK, which no program answers; -1 beside one of them a row that says nothing",
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
