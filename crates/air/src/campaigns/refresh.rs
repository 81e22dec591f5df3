//! What the refresh table is put through.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use p3_field::integers::QuotientMap;
use vouch_isa::event::Refresh as Event;
use vouch_isa::memory::FETCH_TIMESTAMP;

use crate::F;
use crate::table::TableType;
use crate::tables::Table;
use crate::tables::refresh::Refresh;
use crate::testkit::score::Spare;
use crate::testkit::{Campaign, Mutation, Subject, TEXT, Verdict};

fn row(e: &Event) -> Refresh<F> {
    Refresh::<F>::row(e, &TEXT)
}

const EVENT: Event = Event {
    cell: 7,
    value: 0xffff_0001,
    from_ts: 5,
    to_ts: 65_541,
};

/// The cell keeps its value, and time goes on, but not as far as around the field.
fn judge(row: &Verdict) -> Result<(), String> {
    let [before, after] = row.sent.as_slice() else {
        return match row.sent.is_empty() {
            true => Ok(()),
            false => Err(format!("{:?}", row.sent)),
        };
    };
    let (old, new) = (&before.fields, &after.fields);
    let is_ordered = old[3] > FETCH_TIMESTAMP || old[3] < new[3];
    let is_true = old[..3] == new[..3] && is_ordered && new[3] < FETCH_TIMESTAMP;
    match is_true && (before.count, after.count) == (-1, 1) {
        true => Ok(()),
        false => Err(format!("{:?}", row.sent)),
    }
}

/// Refreshes at the time at which the program is read, the excess in either part.
fn too_late() -> [Refresh<F>; 2] {
    let late = row(&Event {
        to_ts: FETCH_TIMESTAMP,
        ..EVENT
    });
    [0, FETCH_TIMESTAMP].map(|ts_lo| Refresh {
        ts_lo: F::from_int(ts_lo),
        ..late
    })
}

pub(super) fn campaign() -> Campaign {
    let later = Event {
        to_ts: 1 << 28,
        ..EVENT
    };
    let subject = Subject::new::<Refresh<F>>(&[row(&EVENT), row(&later)]);
    let mutation = Mutation::new(subject, judge, &[0, 1, 2]).with_attacks(&too_late());
    let spare = Vec::from([Spare::one_flag()]);
    Campaign::new(Table::Refresh, Vec::from([mutation]), spare)
}

#[cfg(test)]
mod tests {
    use vouch_isa::memory::{MAX_TIMESTAMP, REGISTER_BASE};

    use super::*;
    use crate::bus::{LOOKUP, MEMORY};
    use crate::testkit::{EDGES, Message, P, cells, verdict};

    /// Last timestamp with a refresh.
    const LAST: u32 = MAX_TIMESTAMP;

    #[test]
    fn known_answer() {
        let verdict = verdict(Table::Refresh, &cells(&row(&EVENT)));
        let cell = REGISTER_BASE + 7;
        let sent = [
            Message::received(MEMORY, &[cell, 1, 0xffff, 5]),
            Message::sent(MEMORY, &[cell, 1, 0xffff, 65_541]),
        ];
        // 65,541 = 5 + 2^15 * 2 and 65,541 - 5 - 1 = 65,535 + 2^16 * 0.
        let asked = [
            Message::sent(LOOKUP, &[0, 5, 0, 0]),
            Message::sent(LOOKUP, &[1, 2, 0, 0]),
            Message::sent(LOOKUP, &[0, 0xffff, 0, 0]),
            Message::sent(LOOKUP, &[1, 0, 0, 0]),
        ];
        assert_eq!((verdict.sent, verdict.asked), (sent.into(), asked.into()));
        assert!(verdict.broken.is_empty() && verdict.untrue.is_empty());
    }

    #[test]
    fn honest_rows_are_accepted() {
        for value in EDGES {
            for (from_ts, to_ts) in [(0, 1), (0, LAST), (1, 65_537), (1, 65_538)] {
                let e = Event {
                    cell: 34,
                    value,
                    from_ts,
                    to_ts,
                };
                assert!(
                    verdict(Table::Refresh, &cells(&row(&e))).accepted(),
                    "{e:?}"
                );
            }
        }
    }

    /// Time does not run backwards or stand still.
    #[test]
    fn refresh_in_the_past_is_rejected() {
        for (from_ts, to_ts) in [
            (5, 5),
            (5, 4),
            (LAST, 0),
            (1 << 17, 1),
            (FETCH_TIMESTAMP, 1),
        ] {
            let e = Event {
                from_ts,
                to_ts,
                ..EVENT
            };
            let verdict = verdict(Table::Refresh, &cells(&row(&e)));
            assert_eq!(verdict.broken, []);
            assert_eq!(
                verdict.untrue.len(),
                1,
                "the high part of the gap: {verdict:?}"
            );
        }
    }

    /// Refreshes, each a quarter of the field later than the one before, would lead a cell
    /// back to where it began: no access in such a ring would come from memory. The first is
    /// still early enough; no other is.
    #[test]
    fn ring_of_refreshes_is_rejected() {
        for (from_ts, to_ts) in [(P / 4, P / 2), (P / 2, 3 * (P / 4)), (5, FETCH_TIMESTAMP)] {
            let e = Event {
                from_ts,
                to_ts,
                ..EVENT
            };
            let mut row = row(&e);
            for ts_lo in [to_ts & 0x7fff, to_ts & 0xffff, 0xffff] {
                row.ts_lo = F::from_int(ts_lo);
                let verdict = verdict(Table::Refresh, &cells(&row));
                let bound = &verdict.untrue;
                assert!(!bound.is_empty(), "{e:?}: {verdict:?}");
            }
        }
    }

    #[test]
    fn mutants_are_rejected() {
        campaign().assert();
    }
}

#[cfg(test)]
mod time_travel {
    use p3_field::{PrimeCharacteristicRing, PrimeField32};
    use vouch_isa::memory::REGISTER_BASE;

    use super::*;
    use crate::gadget::{self, MemoryAccess};
    use crate::testkit::{cells, verdict};

    /// A refresh from any element to any other, its helper cells as good as they can be but
    /// for `ts_lo`.
    fn jump(from: F, to: F) -> Refresh<F> {
        let gap = (to - from - F::ONE).as_canonical_u32();
        Refresh {
            cell: F::from_int(REGISTER_BASE + 10),
            value: gadget::word(9),
            ts: to,
            ts_lo: F::ZERO,
            memory: MemoryAccess {
                prev_ts: from,
                gap_lo: F::from_int(gap & 0xffff),
            },
            is_real: F::ONE,
        }
    }

    fn is_accepted(refresh: Refresh<F>) -> bool {
        (0..=u16::MAX).any(|ts_lo| {
            let ts_lo = F::from_int(ts_lo);
            verdict(Table::Refresh, &cells(&Refresh { ts_lo, ..refresh })).accepted()
        })
    }

    /// Two refreshes of about half the field each once led to where they began: together
    /// with them, a read got whatever it liked.
    #[test]
    fn two_refreshes_do_not_go_once_around_the_field() {
        let (now, far) = (F::from_int(100), F::from_int(100 + (1 << 30)));
        let there = jump(now, far);
        let back = jump(far, now - F::ONE);
        assert!(!(is_accepted(there) && is_accepted(back)));
    }

    #[test]
    fn refreshes_come_before_the_bound() {
        let at = |ts: u32| is_accepted(jump(F::from_int(ts - 1000), F::from_int(ts)));
        let bound = (1 << 29) + (1 << 15);
        assert!(at(bound - 1));
        assert!(!at(bound) && !at(FETCH_TIMESTAMP) && !at(1 << 30) && !at(2_000_000_000));
    }
}
