//! The claim: every bit of every field, and what reads the same in the field or in bytes.

use p3_field::PrimeField32;
use vouch_air::tables::Table;
use vouch_air::{Digest, F};
use vouch_verifier::{Profile, Receipt, TableSet, VerifyError};

use super::{by_length, by_proof};
use crate::honest_receipt::{Change, Honest, Verdict, verdict, verifier};
use crate::outcome::Outcome;
use vouch_air::testkit::P;

fn by_image(error: &VerifyError) -> bool {
    matches!(error, VerifyError::ImageId { .. })
}

fn by_range(error: &VerifyError) -> bool {
    by_image(error) || matches!(error, VerifyError::TextRange { .. })
}

fn by_chain(error: &VerifyError) -> bool {
    matches!(
        error,
        VerifyError::Chain {
            segment: 0,
            link: "pc"
        }
    )
}

/// A table that must be there is not, or the heights and the length are those of other tables.
fn by_tables(error: &VerifyError) -> bool {
    let is_named = matches!(
        error,
        VerifyError::MissingTable { segment: 0, .. } | VerifyError::Height { segment: 0, .. }
    );
    is_named || by_length(error)
}

/// As many tables, with the heights and widths of others.
fn by_other_table(error: &VerifyError) -> bool {
    let is_named = matches!(
        error,
        VerifyError::MissingTable { .. } | VerifyError::Height { .. }
    );
    is_named || by_length(error) || by_proof(error)
}

fn by_journal_table(error: &VerifyError) -> bool {
    let missing = VerifyError::MissingTable {
        segment: 0,
        table: Table::Journal,
    };
    let height = matches!(
        error,
        VerifyError::Height {
            table: Table::Journal,
            ..
        }
    );
    height || *error == missing || by_proof(error)
}

/// Flips every bit of the claim and of the image ID.
pub fn flip(honest: &Honest) -> Outcome {
    let mut changes = envelope();
    changes.extend(numbers());
    changes.extend(roots());
    changes.extend(journal(honest));
    changes.extend(tables(honest));
    let mut outcome = honest.expect_refusals("flips of a claim refused", changes);
    image_id(honest, &mut outcome);
    outcome
}

/// Entry and executable range: bound by the image ID.
fn envelope() -> Vec<Change<'static>> {
    let mut changes = Vec::new();
    for bit in 0..32 {
        let flip = 1u32 << bit;
        let mut add = |field: &str, edit: fn(&mut Receipt, u32)| {
            let name = format!("{field}, bit {bit}");
            changes.push(Change::new(name, by_range, move |r| edit(r, flip)));
        };
        add("entry", |r, flip| r.entry ^= flip);
        add("text start", |r, flip| r.text.start ^= flip);
        add("text end", |r, flip| r.text.end ^= flip);
    }
    type Edit = fn(&mut Receipt);
    let edits: [(&str, Edit); 2] = [
        ("text the wrong way round", |r| {
            r.text = r.text.end..r.text.start
        }),
        ("entry at the end of the text", |r| r.entry = r.text.end),
    ];
    changes.extend(edits.map(|(name, edit)| Change::new(name, by_range, edit)));
    changes
}

/// Pcs and exit code: bits, and numbers that are the same element. The exit code is two limbs
/// in the tables, the rest is bound by the seed.
fn numbers() -> Vec<Change<'static>> {
    let mut changes = Vec::new();
    for bit in 0..32 {
        let flip = 1u32 << bit;
        let name = |field| format!("{field}, bit {bit}");
        changes.push(Change::segment(name("start pc"), by_chain, move |s| {
            s.claim.start_pc ^= flip;
        }));
        changes.push(Change::segment(name("end pc"), by_proof, move |s| {
            s.claim.end_pc ^= flip;
        }));
        changes.push(Change::segment(name("exit code"), by_proof, move |s| {
            s.claim.exit_code = s.claim.exit_code.map(|code| code ^ flip);
        }));
    }
    changes.push(Change::segment("start pc + p", by_chain, |s| {
        s.claim.start_pc += P
    }));
    changes.push(Change::segment("end pc + p", by_proof, |s| {
        s.claim.end_pc += P
    }));
    for code in [0xffff, P - 1, P, P + 1, u32::MAX] {
        let name = format!("exit code {code:#x}");
        changes.push(Change::segment(name, by_proof, move |s| {
            s.claim.exit_code = Some(code);
        }));
    }
    changes
}

fn roots() -> Vec<Change<'static>> {
    let mut changes = Vec::new();
    for i in 0..8 {
        for bit in 0..31 {
            let name = |root| format!("{root}, element {i}, bit {bit}");
            changes.push(Change::segment(name("start root"), by_image, move |s| {
                flip_element(&mut s.claim.start_root, i, bit);
            }));
            changes.push(Change::segment(name("end root"), by_proof, move |s| {
                flip_element(&mut s.claim.end_root, i, bit);
            }));
        }
    }
    changes
}

/// Flips a bit of an element. What is then no canonical element is another one.
pub(super) fn flip_element(root: &mut Digest<F>, i: usize, bit: u32) {
    if let Some(element) = root.get_mut(i) {
        *element = F::new((element.as_canonical_u32() ^ (1 << bit)) % P);
    }
}

fn journal(honest: &Honest) -> Vec<Change<'static>> {
    let length = honest.segment().claim.journal.len();
    let mut changes = Vec::new();
    for place in 0..length {
        for bit in 0..8 {
            let name = format!("journal byte {place}, bit {bit}");
            changes.push(Change::segment(name, by_proof, move |s| {
                if let Some(byte) = s.claim.journal.get_mut(place) {
                    *byte ^= 1 << bit;
                }
            }));
        }
    }
    type Edit = fn(&mut Vec<u8>);
    let edits: [(&str, Edit); 6] = [
        ("longer by a zero", |journal| journal.push(0)),
        ("without its last byte", |journal| {
            journal.truncate(journal.len() - 1);
        }),
        ("without its first byte", |journal| {
            *journal = journal.split_off(1)
        }),
        ("its first half", |journal| {
            journal.truncate(journal.len() / 2)
        }),
        ("twice", |journal| journal.extend_from_within(..)),
        ("empty", Vec::clear),
    ];
    changes.extend(edits.map(|(what, edit)| {
        Change::segment(format!("journal {what}"), by_journal_table, move |s| {
            edit(&mut s.claim.journal);
        })
    }));
    changes
}

/// Each table put in or left out, and one for another.
fn tables(honest: &Honest) -> Vec<Change<'static>> {
    let set = honest.segment().tables;
    let (present, absent): (Vec<_>, Vec<_>) = Table::ALL
        .into_iter()
        .partition(|&table| set.contains(table));
    let change = |name, refused_by, tables: Vec<Table>| {
        let tables = TableSet::new(tables);
        Change::segment(name, refused_by, move |s| s.tables = tables)
    };
    let mut changes = Vec::new();
    for &more in &absent {
        let name = format!("with table {}", more.name());
        changes.push(change(
            name,
            by_tables,
            set.tables().chain([more]).collect(),
        ));
    }
    for &fewer in &present {
        let name = format!("without table {}", fewer.name());
        let others = || set.tables().filter(|&table| table != fewer);
        changes.push(change(name, by_tables, others().collect()));
        for &more in &absent {
            let name = format!("table {} for {}", more.name(), fewer.name());
            changes.push(change(
                name,
                by_other_table,
                others().chain([more]).collect(),
            ));
        }
    }
    changes
}

fn image_id(honest: &Honest, outcome: &mut Outcome) {
    for bit in 0..256 {
        let mut other = honest.image_id;
        if let Some(byte) = other.0.get_mut(bit / 8) {
            *byte ^= 1 << (bit % 8);
        }
        let expected = VerifyError::ImageId {
            expected: other,
            got: honest.image_id,
        };
        match verdict(verifier(honest.receipt.profile), &honest.receipt, &other) {
            Verdict::Refused(error) if error == expected => {
                outcome.count("flips of a claim refused", 1);
            }
            other => outcome.fail(format!("image ID, bit {bit}: {other:?}")),
        }
    }
}

/// The receipt as one of another profile: the verifier of its own refuses the name, that of the
/// other one the proof.
pub fn other_profiles(honest: &Honest) -> Outcome {
    let mut outcome = Outcome::default();
    let own = honest.receipt.profile;
    for other in Profile::ALL.into_iter().filter(|&other| other != own) {
        let receipt = honest.with(|receipt| receipt.profile = other);
        let name = format!("as {} {}", other.name(), other.target_bits());
        let expected = VerifyError::Profile {
            expected: own,
            got: other,
        };
        let refused_by = |error: &VerifyError| *error == expected;
        let what = "other profiles refused";
        honest.expect_refusal(&mut outcome, what, &name, &receipt, refused_by);
        match verdict(verifier(other), &receipt, &honest.image_id) {
            Verdict::Refused(VerifyError::Decode(_) | VerifyError::Proof { .. }) => {
                outcome.count(what, 1);
            }
            wrong => outcome.fail(format!("{name}: {wrong:?}")),
        }
    }
    outcome
}
