//! Tests of the program table.

use p3_field::PrimeField32;
use proptest::prelude::{any, proptest};
use vouch_isa::Op;
use vouch_isa::memory::SINK;

use super::*;
use crate::tables::program::{OPS, decoded_code};
use crate::testkit::{cells, verdict};

fn accepts(e: &Fetch) {
    let verdict = verdict(Table::Program, &cells(&honest(e)));
    assert!(verdict.accepted(), "{e:?}: {verdict:?}");
    assert_eq!(verdict.sent.len(), 3);
    assert_eq!(judge(&verdict), Ok(()), "{e:?}");
}

#[test]
fn known_answer() {
    // addi x5, x6, -1
    let verdict = verdict(Table::Program, &cells(&honest(&fetch(0x4101, 0xfff3_0293))));
    assert!(verdict.accepted());
    let code = 64 + Op::Add as u32;
    let answer = [0x4101, code, 5, 6, 0, 0xffff, 0xffff, 0];
    let sent = [
        Message::received(MEMORY, &[0x4101, 0x0293, 0xfff3, 5]),
        Message::sent(MEMORY, &[0x4101, 0x0293, 0xfff3, FETCH_TIMESTAMP]),
        Message {
            count: -3,
            ..Message::sent(PROGRAM, &answer)
        },
    ];
    assert_eq!(verdict.sent, sent);
}

#[test]
fn honest_rows_are_accepted() {
    for word in words() {
        for pc in [TEXT.start, 0x5000, TEXT.end - 1] {
            accepts(&fetch(pc, word));
        }
    }
}

proptest! {
    #[test]
    fn random_words_are_accepted(word in any::<u32>(), op in 0..OPS, pc in TEXT) {
        let info = provable_ops().nth(op).expect("one of them");
        accepts(&fetch(pc, info.bits | word & !info.mask));
    }
}

/// A word that is no instruction, and EBREAK: no flag may be set, and without one nothing is
/// answered that anybody asks.
#[test]
fn no_instruction_is_rejected() {
    for word in [0, u32::MAX, 0x0010_0073, 0x0000_0053] {
        let honest = honest(&fetch(0x5000, word));
        let silent = verdict(Table::Program, &cells(&honest));
        assert!(silent.accepted());
        assert_eq!(silent.sent.len(), 1);
        assert_eq!(silent.sent[0].fields[1], 0, "no number");
        for op in 0..OPS {
            let mut forced = honest;
            forced.is_op[op] = F::ONE;
            let verdict = verdict(Table::Program, &cells(&forced));
            assert!(!verdict.accepted(), "{word:#x} is no {op}: {verdict:?}");
        }
    }
}

/// What lies outside the executable range is data, whatever it decodes to.
#[test]
fn pc_outside_the_text_is_rejected() {
    for pc in [0, TEXT.start - 1, TEXT.end, (1 << 30) - 1] {
        let verdict = verdict(Table::Program, &cells(&honest(&fetch(pc, ADDI))));
        assert!(!verdict.untrue.is_empty(), "{pc:#x}: {verdict:?}");
    }
}

/// The same pc in other limbs: a range that is too wide would let one word be two.
#[test]
fn pc_in_other_limbs_is_rejected() {
    let mut row = honest(&fetch(0x5000, ADDI));
    let borrow = F::from_int(1 << 14);
    row.pc = [row.pc[0] + borrow, row.pc[1] - F::ONE];
    let verdict = verdict(Table::Program, &cells(&row));
    assert!(
        !verdict.untrue.is_empty(),
        "range14 of the low limb: {verdict:?}"
    );
}

/// A branch to a target that is no multiple of 4 leads where no code lies.
#[test]
fn misaligned_target_is_out_of_reach() {
    // beq x0, x0, . + 2 and . - 4094; jal x0, . + 2
    for word in [0x0000_0163, 0x8000_0163, 0x0020_006f] {
        let verdict = verdict(Table::Program, &cells(&honest(&fetch(0x5000, word))));
        assert!(verdict.accepted());
        assert!(verdict.sent[2].fields[7] >= MEMORY_END / 4, "{verdict:?}");
    }
}

/// `x0` as a destination is the sink, and no other register is.
#[test]
fn destination_of_x0_cannot_be_chosen() {
    let mut to_x0 = honest(&fetch(0x5000, ADDI));
    assert_eq!(
        verdict(Table::Program, &cells(&to_x0)).sent[2].fields[2],
        SINK.into()
    );
    to_x0.rd_is_x0 = F::ZERO;
    for inverse in [F::ZERO, F::ONE] {
        to_x0.rd_inverse = inverse;
        assert!(!verdict(Table::Program, &cells(&to_x0)).broken.is_empty());
    }
    let mut to_x5 = honest(&fetch(0x5000, 0x0000_0293));
    to_x5.rd_is_x0 = F::ONE;
    for inverse in [F::ZERO, to_x5.rd_inverse] {
        to_x5.rd_inverse = inverse;
        assert!(!verdict(Table::Program, &cells(&to_x5)).broken.is_empty());
    }
}

/// Two rows that read one word from each other would say of it what they like: no row reads
/// what was left at or after the one time at which code is read.
#[test]
fn word_is_not_read_as_code_twice() {
    let is_accepted = |prev_ts: u32| {
        let mut row = honest(&Fetch {
            prev_ts,
            ..fetch(0x5000, 0x0010_0093)
        });
        (0..=u16::MAX).any(|gap_lo| {
            row.fetch.gap_lo = F::from_int(gap_lo);
            verdict(Table::Program, &cells(&row)).accepted()
        })
    };
    assert!(is_accepted(0));
    assert!(is_accepted(FETCH_TIMESTAMP - 1));
    for later in [0, 1, 1 << 16, 1 << 29] {
        assert!(!is_accepted(FETCH_TIMESTAMP + later), "{later}");
    }
}

/// A borrow is 0 or 1, or data far beyond the code would be executed.
#[test]
fn pc_beyond_the_text_is_rejected() {
    let verdict = verdict(Table::Program, &cells(&beyond_the_text()));
    assert_eq!(verdict.broken, [131]);
    assert!(verdict.untrue.is_empty(), "{verdict:?}");
}

#[test]
fn mutants_are_rejected() {
    campaign().assert();
}

/// No instruction has the number of a row that is none.
#[test]
fn numbers_are_not_zero() {
    for info in provable_ops() {
        assert_ne!(decoded_code(info.op).as_canonical_u32(), 0, "{}", info.name);
    }
}
