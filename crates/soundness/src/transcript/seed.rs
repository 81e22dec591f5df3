//! The seed of the transcript: another one for whatever a proof is about, and with it another
//! first challenge.

use std::collections::BTreeSet;
use std::ops::Range;

use p3_challenger::CanSample;
use vouch_air::tables::Table;
use vouch_verifier::{MACHINE_DIGEST, Profile, SegmentClaim, SegmentReceipt, TableSet, Transcript};

use super::claim::flip_element;
use crate::outcome::Outcome;
use vouch_air::testkit::P;

/// All that a seed is made of.
#[derive(Clone)]
struct Statement {
    claim: SegmentClaim,
    machine: [u8; 32],
    profile: u8,
    text: Range<u32>,
    journal_start: u32,
    tables: TableSet,
}

impl Statement {
    fn seed(&self) -> Vec<u8> {
        let Self {
            claim,
            machine,
            profile,
            text,
            journal_start,
            tables,
        } = self;
        claim.seed(machine, *profile, text, *journal_start, *tables)
    }
}

/// Changes each bit of each field, and moves bytes from one field to the next.
pub fn compare(segment: &SegmentReceipt) -> Outcome {
    let honest = Statement {
        claim: segment.claim.clone(),
        machine: MACHINE_DIGEST,
        profile: Profile::Fast100.number(),
        text: 0x4000..0x5000,
        journal_start: 0,
        tables: segment.tables,
    };
    let mut seen = Seen::default();
    seen.add("honest", &honest);
    numbers(&honest, &mut seen);
    digests(&honest, &mut seen);
    journals(&honest, &mut seen);
    seen.outcome
}

/// The seeds and first challenges so far.
#[derive(Default)]
struct Seen {
    seeds: BTreeSet<Vec<u8>>,
    challenges: BTreeSet<[u8; 32]>,
    outcome: Outcome,
}

impl Seen {
    fn add(&mut self, name: &str, statement: &Statement) {
        let seed = statement.seed();
        let mut transcript = Transcript::new(seed.clone());
        let challenge = std::array::from_fn(|_| transcript.sample());
        if self.seeds.insert(seed) && self.challenges.insert(challenge) {
            self.outcome.count("seeds told apart", 1);
        } else {
            self.outcome
                .fail(format!("{name}: a seed or challenge of another statement"));
        }
    }

    fn change(&mut self, name: &str, honest: &Statement, change: impl FnOnce(&mut Statement)) {
        let mut other = honest.clone();
        change(&mut other);
        self.add(name, &other);
    }
}

fn numbers(honest: &Statement, seen: &mut Seen) {
    for bit in 0..32 {
        let flip = 1u32 << bit;
        let mut change = |name: &str, change: fn(&mut Statement, u32)| {
            seen.change(&format!("{name}, bit {bit}"), honest, |s| change(s, flip));
        };
        change("start pc", |s, flip| s.claim.start_pc ^= flip);
        change("end pc", |s, flip| s.claim.end_pc ^= flip);
        change("text start", |s, flip| s.text.start ^= flip);
        change("text end", |s, flip| s.text.end ^= flip);
        change("journal start", |s, flip| s.journal_start ^= flip);
        change("exit code", |s, flip| {
            s.claim.exit_code = s.claim.exit_code.map(|code| code ^ flip);
        });
    }
    for bit in 0..8 {
        seen.change(&format!("profile, bit {bit}"), honest, |s| {
            s.profile ^= 1 << bit
        });
    }
    // Bits are flipped above; these are the same element of the field.
    seen.change("start pc + p", honest, |s| s.claim.start_pc += P);
    seen.change("end pc + p", honest, |s| s.claim.end_pc += P);
    seen.change("exit code p", honest, |s| s.claim.exit_code = Some(P));
    seen.change("no exit", honest, |s| s.claim.exit_code = None);
    for table in Table::ALL {
        seen.change(&format!("table {}", table.name()), honest, |s| {
            let all = s.tables.tables();
            s.tables = match s.tables.contains(table) {
                true => TableSet::new(all.filter(|&other| other != table)),
                false => TableSet::new(all.chain([table])),
            };
        });
    }
}

fn digests(honest: &Statement, seen: &mut Seen) {
    for i in 0..32 {
        for bit in 0..8 {
            seen.change(&format!("machine byte {i}, bit {bit}"), honest, |s| {
                s.machine[i] ^= 1 << bit;
            });
        }
    }
    for i in 0..8 {
        for bit in 0..31 {
            seen.change(&format!("start root {i}, bit {bit}"), honest, |s| {
                flip_element(&mut s.claim.start_root, i, bit);
            });
            seen.change(&format!("end root {i}, bit {bit}"), honest, |s| {
                flip_element(&mut s.claim.end_root, i, bit);
            });
        }
    }
}

fn journals(honest: &Statement, seen: &mut Seen) {
    let journal = &honest.claim.journal;
    for i in 0..journal.len() {
        seen.change(&format!("journal byte {i}"), honest, |s| {
            s.claim.journal[i] ^= 1
        });
        seen.change(&format!("journal of {i} bytes"), honest, |s| {
            s.claim.journal.truncate(i);
        });
    }
    for zeros in 1..64 {
        seen.change(&format!("journal and {zeros} zeros"), honest, |s| {
            s.claim.journal.resize(journal.len() + zeros, 0);
        });
    }
}
