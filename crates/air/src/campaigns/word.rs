//! What the word table is put through.

use p3_field::integers::QuotientMap;
use vouch_isa::Op;
use vouch_isa::event::Step;

use crate::F;
use crate::gadget::{self, Address};
use crate::instruction::Instruction;
use crate::tables::word::Word;
use crate::testkit::score::Spare;
use crate::testkit::steps::Case;
use crate::testkit::{Campaign, Suite, TEXT};

fn row(e: &Step) -> Word<F> {
    Word::<F>::row(e, &TEXT)
}

fn suite() -> Suite {
    Suite::of::<Word<F>>()
        .attacks([store_to_register()])
        .spare(Spare::implied(
            ["flags, each is boolean.0"],
            "the other flag and the sum are boolean: -1 beside a store leaves a sum of 0, and \
             the row asks about its address and says nothing",
        ))
        .spare(Spare::borrow("word above the code, borrow is boolean"))
}

/// An address 2^32 further up is the same address, and a register as a word index.
fn store_to_register() -> Word<F> {
    let base = 0x1_0004;
    let honest = Case::access(Op::Sw, 4 * TEXT.end, 0, 0, 1).step();
    let mut row = row(&honest);
    row.base.value = gadget::word(base);
    row.address = Address::new(base);
    row.address.word_hi += F::from_int(1 << 16);
    row.above_lo = gadget::above_lo(base >> 2, TEXT.end);
    row
}

pub(super) fn campaign() -> Campaign {
    suite().campaign()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::Table;
    use crate::testkit::{cells, verdict};

    #[test]
    fn passes_its_suite() {
        suite().assert();
    }

    /// A word at an address that is no multiple of 4: no word index is a quarter of it.
    #[test]
    fn misaligned_access_is_rejected() {
        for op in [Op::Lw, Op::Sw] {
            for offset in 1..4 {
                let honest = Case::access(op, 4 * TEXT.end, 0, 0x8091_a2b3, 7).step();
                let addr = honest.addr + offset;
                let wrong = Step {
                    a: addr,
                    addr,
                    ..honest
                };
                assert!(!suite().verdict(&wrong).accepted(), "{wrong:?}");
            }
        }
    }

    #[test]
    fn store_to_registers_is_rejected() {
        let verdict = verdict(Table::Word, &cells(&store_to_register()));
        assert_eq!(verdict.broken_rules(), ["address, high part is 16 bits"]);
    }
}
