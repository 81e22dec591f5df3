//! What the load_sub table is put through.

use p3_field::PrimeCharacteristicRing;
use p3_field::integers::QuotientMap;
use vouch_isa::Op;
use vouch_isa::event::Step;

use crate::F;
use crate::gadget::Address;
use crate::instruction::Instruction;
use crate::tables::load_sub::LoadSub;
use crate::testkit::score::Spare;
use crate::testkit::steps::Case;
use crate::testkit::{Campaign, Suite, TEXT};

fn row(e: &Step) -> LoadSub<F> {
    LoadSub::<F>::row(e, &TEXT)
}

fn suite() -> Suite {
    Suite::of::<LoadSub<F>>()
        .attacks([offset_of_four()])
        .spare(Spare::group(
            ["flags, at most one is set", "offset, at most one is set"],
            "the flags' sum is that of the offset's",
        ))
}

/// `1 + 3 - 0`: an offset of four bytes in the word before.
fn offset_of_four() -> LoadSub<F> {
    let mut row = row(&Case::access(Op::Lbu, 0x8_0000, 0, 0x8091_2233, 0).step());
    let [low, high] = [0x91, 0x80].map(|byte: u8| F::from_int(byte));
    row.address = Address::new(0x8_0000 - 4);
    row.offset = [F::NEG_ONE, F::ONE, F::ZERO, F::ONE];
    row.limb = [low, high];
    row.top = high + high - low;
    row.result_lo = row.top;
    row
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

    /// A half-word at an odd address.
    #[test]
    fn misaligned_load_is_rejected() {
        for op in [Op::Lh, Op::Lhu] {
            for offset in [1, 3] {
                let honest = Case::access(op, 0x8_0000, 0, 0x8091_a2b3, 0).step();
                let addr = honest.addr + offset;
                let wrong = Step {
                    a: addr,
                    addr,
                    ..honest
                };
                assert!(!suite().verdict(&wrong).broken.is_empty(), "{wrong:?}");
            }
        }
    }
}
