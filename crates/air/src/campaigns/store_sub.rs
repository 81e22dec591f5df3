//! What the store_sub table is put through.

use p3_field::PrimeCharacteristicRing;
use p3_field::integers::QuotientMap;
use vouch_isa::Op;
use vouch_isa::event::Step;

use crate::F;
use crate::gadget::{self, Address};
use crate::instruction::Instruction;
use crate::tables::store_sub::StoreSub;
use crate::testkit::score::Spare;
use crate::testkit::steps::Case;
use crate::testkit::{Campaign, Suite, TEXT};

fn row(e: &Step) -> StoreSub<F> {
    StoreSub::<F>::row(e, &TEXT)
}

fn suite() -> Suite {
    Suite::of::<StoreSub<F>>()
        .attacks([store_to_register(), offset_of_four(), two_at_once()])
        .spare(Spare::two_flags())
        .spare(Spare::group(
            ["flags, at most one is set", "offset, at most one is set"],
            "the flags' sum is that of the offset's",
        ))
        .spare(Spare::borrow("word above the code, borrow is boolean"))
}

/// `1 + 3 - 0`: an offset of four bytes in the word before.
fn offset_of_four() -> StoreSub<F> {
    let address = 4 * TEXT.end + 4;
    let honest = row(&Case::access(Op::Sb, address, 0, 0x8091_2233, 7).step());
    let [low, high] = [0x91, 0x80].map(|byte: u8| F::from_int(byte));
    let byte = F::from_int(256);
    let [value, _] = honest.value;
    // The byte's place counts -1 and 2 times.
    let limb_next = (low + value * byte).double() - (value + high * byte);
    StoreSub {
        address: Address::new(address - 4),
        above_lo: gadget::above_lo(address / 4 - 1, TEXT.end),
        offset: [F::NEG_ONE, F::ONE, F::ZERO, F::ONE],
        limb: [low, high],
        limb_next,
        next: [honest.prev[0], limb_next],
        ..honest
    }
}

/// SB and SH in one row, at two offsets.
fn two_at_once() -> StoreSub<F> {
    let honest = Case::access(Op::Sh, 4 * TEXT.end + 2, 0, 0x8091_2233, 7).step();
    let honest = row(&honest);
    let byte = F::from_int(256);
    let [value, above] = honest.value;
    let limb_next = value + above * byte + (value + honest.limb[1] * byte).double();
    StoreSub {
        offset: [F::ONE, F::ZERO, F::ONE, F::ZERO],
        limb_next,
        next: [limb_next; 2],
        is_sb: F::ONE,
        ..honest
    }
}

/// An address 2^32 further up is the same address, and a register as a word index.
fn store_to_register() -> StoreSub<F> {
    let base = 0x1_0004;
    let honest = Case::access(Op::Sb, 4 * TEXT.end, 0, 0, 1).step();
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
    use vouch_isa::store_merge;

    use super::*;
    use crate::tables::Table;
    use crate::testkit::{cells, verdict};

    #[test]
    fn passes_its_suite() {
        suite().assert();
    }

    #[test]
    fn store_to_registers_is_rejected() {
        let verdict = verdict(Table::StoreSub, &cells(&store_to_register()));
        assert_eq!(verdict.broken_rules(), ["address, high part is 16 bits"]);
    }

    /// Text is not stored to, whatever the distance above it is said to be.
    #[test]
    fn store_to_text_is_rejected() {
        for address in [0, 4 * TEXT.start, 4 * TEXT.end - 1] {
            let mut row = row(&unchecked(Op::Sb, address));
            for above_lo in 0..1 << 14 {
                row.above_lo = F::from_int(above_lo);
                assert!(
                    !verdict(Table::StoreSub, &cells(&row)).accepted(),
                    "{address:#x}"
                );
            }
        }
    }

    /// A half-word at an odd address.
    #[test]
    fn misaligned_store_is_rejected() {
        for offset in [1, 3] {
            let row = row(&unchecked(Op::Sh, 4 * TEXT.end + offset));
            assert!(!verdict(Table::StoreSub, &cells(&row)).broken.is_empty());
        }
    }

    /// A store that faults, as if it did not.
    fn unchecked(op: Op, addr: u32) -> Step {
        let honest = Case::access(op, 4 * TEXT.end, 0, 0x8091_a2b3, 0x1122_3344).step();
        let mem_next = store_merge(op, honest.mem_prev, honest.b, addr % 4);
        Step {
            a: addr,
            addr,
            mem_next,
            ..honest
        }
    }
}
