//! Tests of the moves table.

use p3_field::PrimeCharacteristicRing;

use super::*;
use crate::machine::MAX_LOG_HEIGHT;
use crate::testkit::{EDGES, cells, verdict};

fn evaluated(e: &Event) -> Verdict {
    verdict(Table::Moves, &cells(&row(e)))
}

#[test]
fn known_answer() {
    // Two bytes are left: the upper half of the word stays.
    let verdict = evaluated(&read(2, 0x4433_2211, 0xddcc_bbaa));
    assert!(verdict.accepted());
    let sent = [
        Message::received(MEMORY, &[WORD, 0x2211, 0x4433, 9]),
        Message::received(MOVE, &[1, 0x5001, WORD, 2, 70_000, 0]),
        Message::sent(MEMORY, &[WORD, 0xbbaa, 0x4433, 70_000]),
        Message::sent(STATE, &[0x5001, 70_001]),
    ];
    let mut expected = sent.to_vec();
    expected.sort();
    assert_eq!(verdict.sent_sorted(), expected);
}

#[test]
fn honest_rows_are_accepted() {
    for value in EDGES {
        for left in [1, 2, 3, 4, 5, 8, (1 << 30) - 1] {
            for e in [
                read(left, value, !value),
                read(left, value, value),
                write(left, value),
            ] {
                let verdict = evaluated(&e);
                assert!(verdict.accepted(), "{e:?}: {verdict:?}");
                assert_eq!(verdict.sent_sorted(), messages(&e));
                assert_eq!(judge(&verdict), Ok(()), "{e:?}");
            }
        }
    }
}

/// A hostile host's reply stays inside the buffer.
#[test]
fn bytes_beyond_the_buffer_are_rejected() {
    for left in 1..4u32 {
        for byte in left..4 {
            let e = read(left, 0x4433_2211, 0);
            let next = e.next ^ 1 << (8 * byte);
            let verdict = evaluated(&Event { next, ..e });
            assert_eq!(
                verdict.broken.len(),
                1,
                "byte {byte} of {left}: {verdict:?}"
            );
        }
    }
}

/// A write to the journal does not write to memory.
#[test]
fn write_that_changes_memory_is_rejected() {
    for byte in 0..4 {
        let e = write(4, 0x4433_2211);
        let next = e.next ^ 1 << (8 * byte);
        assert_eq!(evaluated(&Event { next, ..e }).broken.len(), 1);
    }
}

/// Moving ends with the last byte, not before; what goes on after it never ends, as the
/// bound on a table's height has it.
#[test]
fn wrong_end_is_rejected() {
    let rows_around_the_field = P / 4;
    assert!(rows_around_the_field >> MAX_LOG_HEIGHT > 0);
    for left in [1, 4, 5, 9] {
        for e in [read(left, 1, 2), write(left, 3)] {
            for flag in [F::ZERO, F::ONE] {
                let mut wrong = row(&e);
                if wrong.is_last != flag {
                    wrong.is_last = flag;
                    let verdict = verdict(Table::Moves, &cells(&wrong));
                    let is_rejected = !verdict.accepted() || never_ends(&verdict);
                    assert!(is_rejected, "{e:?}: {verdict:?}");
                }
            }
        }
    }
}

#[test]
fn mutants_are_rejected() {
    campaign().assert();
}
