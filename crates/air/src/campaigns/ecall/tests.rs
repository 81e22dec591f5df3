//! Tests of the ecall table.

use super::*;
use crate::testkit::{EDGES, cells, verdict};

fn evaluated(e: &Event) -> Verdict {
    verdict(Table::Ecall, &cells(&row(e)))
}

#[test]
fn known_answer() {
    let verdict = evaluated(&exit(0x1_0002));
    assert!(verdict.accepted());
    let cell = |i: u32| REGISTER_BASE + i;
    let sent = [
        Message::received(MEMORY, &[cell(17), 93, 0, 69_999]),
        Message::sent(MEMORY, &[cell(17), 93, 0, 70_000]),
        Message::received(MEMORY, &[cell(10), 2, 1, 5_000]),
        Message::sent(MEMORY, &[cell(10), 2, 1, 70_001]),
        Message::received(MEMORY, &[cell(11), 1, 0, 69_000]),
        Message::sent(MEMORY, &[cell(11), 1, 0, 70_002]),
        Message::received(MEMORY, &[cell(12), 2, 0, 4_467]),
        Message::sent(MEMORY, &[cell(12), 2, 0, 70_003]),
        Message::received(MEMORY, &[cell(13), 4, 3, 50_000]),
        Message::sent(MEMORY, &[cell(13), 4, 3, 70_004]),
        Message::received(MEMORY, &[cell(14), 0xffff, 0xffff, 69_998]),
        Message::sent(MEMORY, &[cell(14), 0xffff, 0xffff, 70_005]),
        Message::received(MEMORY, &[cell(33), 77, 0, 60_000]),
        Message::sent(MEMORY, &[cell(33), 77, 0, 70_006]),
        Message::received(STATE, &[0x5000, 70_000]),
        Message::sent(PROGRAM, &[0x5000, 38, 0, 0, 0, 0, 0, 0]),
        Message::sent(EXIT, &[2, 1]),
    ];
    let mut expected = sent.to_vec();
    expected.sort();
    assert_eq!(verdict.sent_sorted(), expected);
}

#[test]
fn honest_rows_are_accepted() {
    let codes = EDGES.map(exit);
    let lengths = EDGES.map(|length| console(Call::Stderr, length));
    for e in samples().iter().chain(&codes).chain(&lengths) {
        let verdict = evaluated(e);
        assert!(verdict.accepted(), "{e:?}: {verdict:?}");
        assert_eq!(verdict.sent_sorted(), messages(e));
        assert_eq!(judge(&verdict), Ok(()), "{e:?}");
    }
}

fn assert_rejected(e: &Event) {
    let verdict = evaluated(e);
    assert!(!verdict.accepted(), "{e:?}: {verdict:?}");
}

/// Every result, length, pointer or machine register that the ABI does not allow, with the
/// helper columns that an honest row would have.
#[test]
fn wrong_events_are_rejected() {
    let mut tried = 0;
    for e in samples() {
        let values = |x: u32| {
            let near = [x.wrapping_add(1), x.wrapping_sub(1), x.wrapping_add(P), !x];
            EDGES.into_iter().chain(near).chain([93, 63, 64, 3])
        };
        let results = values(e.a0_next).map(|a0_next| Event { a0_next, ..e });
        let descriptors = values(e.a0).map(|a0| Event { a0, ..e });
        let lengths = values(e.a2).map(|a2| Event { a2, ..e });
        let pointers = values(e.a1).map(|a1| Event { a1, ..e });
        let machine = values(e.special_next).map(|special_next| Event { special_next, ..e });
        let wrong = results
            .chain(descriptors)
            .chain(lengths)
            .chain(pointers)
            .chain(machine);
        for wrong in wrong.filter(|e| !follows_the_abi(e)) {
            assert_rejected(&wrong);
            tried += 1;
        }
    }
    assert!(tried > 1000, "{tried}");
}

/// The host of a crafted reply: more than was asked for, or where nothing may be written.
#[test]
fn reads_outside_the_buffer_are_rejected() {
    let text = 4 * TEXT.start;
    for e in [
        read(BUFFER, 4, 5, 0),
        read(BUFFER, 0, 1, 0),
        read(text, 4, 4, 0),
        read(4 * TEXT.end - 4, 8, 8, 0),
        read(BUFFER + 1, 4, 4, 0),
        read(BUFFER + 2, 4, 4, 0),
        read(0xffff_fff0, 0x20, 0x20, 0),
        read(0xffff_fffc, 4, 4, 0),
        read(BUFFER, 4, 4, 1),
    ] {
        assert_rejected(&e);
    }
}

/// A buffer that would run past the end of memory into the registers.
#[test]
fn buffers_end_in_memory() {
    for e in BEYOND_MEMORY {
        let broken = evaluated(&e()).broken_rules();
        assert_eq!(broken, ["buffer ends in memory"], "{:?}", e());
    }
}

/// An index of the journal stays one field element.
#[test]
fn journal_is_bounded() {
    let broken = evaluated(&too_long_a_journal()).broken_rules();
    assert_eq!(broken, ["high limb of the machine register is 14 bits"]);
}

/// After `exit`, the machine does not go on.
#[test]
fn exit_goes_nowhere() {
    let verdict = evaluated(&exit(1));
    let goes_on = |m: &&Message| m.bus == STATE && m.count == 1;
    assert_eq!(verdict.sent.iter().find(goes_on), None);
}

/// Once it has ended, the input stays so.
#[test]
fn input_does_not_begin_again() {
    let broken = evaluated(&read_behind_the_end()).broken_rules();
    assert_eq!(broken, ["nothing is read after the end.1"]);
}

/// Its length as a number stays what it is, and not `p` less.
#[test]
fn journal_does_not_go_around_the_field() {
    let broken = evaluated(&journal_around_the_field()).broken_rules();
    assert_eq!(broken, ["carry of the journal length is boolean"]);
}

#[test]
fn mutants_are_rejected() {
    campaign().assert();
}
