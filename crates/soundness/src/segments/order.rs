//! Segments left out, repeated, exchanged, and runs cut short.

use vouch_verifier::Receipt;

use super::{Runs, by_comparison};
use crate::honest_receipt::Change;

/// A change of which segments there are, and its name.
pub type Edit = (String, Box<dyn Fn(&mut Receipt) + Send + Sync>);

/// All of them, as they are: claims then do not meet.
pub fn changes(runs: &Runs) -> Vec<Change<'_>> {
    let change = |(name, edit)| Change::new(name, by_comparison, edit);
    edits(runs.segments).into_iter().map(change).collect()
}

/// All pairs of `count` segments.
pub fn edits(count: usize) -> Vec<Edit> {
    let mut edits: Vec<Edit> = Vec::new();
    let mut add = |name, edit| edits.push((name, edit));
    for i in 0..count {
        add(
            format!("without the first {i} of {count}, and one"),
            Box::new(move |r| drop(r.segments.drain(..=i))),
        );
        add(
            format!("{i} of {count} segments"),
            Box::new(move |r| r.segments.truncate(i)),
        );
        for j in i + 1..count {
            add(
                format!("{i} and {j} exchanged"),
                Box::new(move |r| r.segments.swap(i, j)),
            );
            add(
                format!("without {i} to before {j}"),
                Box::new(move |r| drop(r.segments.drain(i..j))),
            );
            add(
                format!("{i} to {j} twice"),
                Box::new(move |r| {
                    let again = r.segments[i..=j].to_vec();
                    drop(r.segments.splice(i..i, again));
                }),
            );
        }
        for j in (0..=count).filter(|&j| j != i) {
            add(
                format!("{i} again before {j}"),
                Box::new(move |r| {
                    let again = r.segments[i].clone();
                    r.segments.insert(j, again);
                }),
            );
        }
        for j in (0..count).filter(|&j| j != i) {
            add(
                format!("{j} in the place of {i}"),
                Box::new(move |r| r.segments[i] = r.segments[j].clone()),
            );
        }
    }
    for by in 1..count {
        add(
            format!("rotated by {by}"),
            Box::new(move |r| r.segments.rotate_left(by)),
        );
    }
    add("in reverse".into(), Box::new(|r| r.segments.reverse()));
    add(
        "twice over".into(),
        Box::new(|r| r.segments.extend_from_within(..)),
    );
    edits
}
