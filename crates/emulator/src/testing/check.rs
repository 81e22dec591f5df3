//! Checks recorded segments against the rules of the machine, the slow and obvious way.

mod accesses;
mod semantics;

use std::collections::BTreeMap;

use thiserror::Error;
use vouch_isa::Call;
use vouch_isa::accelerators::Accelerator;
use vouch_isa::event::Segment;
use vouch_isa::memory::{
    ECALL_TICKS, FIRST_TIMESTAMP, LEAF_WORDS, MAX_TIMESTAMP, REGISTER_BASE, REGISTER_WINDOW,
    STEP_TICKS,
};

use crate::Program;
use accesses::Access;

/// The rule that a segment breaks. Word indices are those of [`vouch_isa::memory`], register
/// cells included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CheckError {
    /// The leaves do not ascend, or one was never touched.
    #[error("leaf {index} is out of order or untouched")]
    Leaf {
        /// Its index.
        index: u32,
    },
    /// A word that is accessed, but is in no leaf.
    #[error("word {word:#x} is accessed and in no leaf")]
    NoLeaf {
        /// Its index.
        word: u32,
    },
    /// An access that does not follow the one before to the same word.
    #[error("the access to word {word:#x} at {ts} follows {got:?}, expected {expected:?}")]
    Chain {
        /// Word index.
        word: u32,
        /// Timestamp of the access.
        ts: u32,
        /// Timestamp and value that the word had.
        expected: (u32, u32),
        /// Timestamp and value that the access says it had.
        got: (u32, u32),
    },
    /// A leaf does not end as the accesses leave it.
    #[error("word {word:#x} ends as {got:?}, expected {expected:?}")]
    Last {
        /// Word index.
        word: u32,
        /// Timestamp and value of the last access.
        expected: (u32, u32),
        /// The leaf's.
        got: (u32, u32),
    },
    /// A register access too long after the one before.
    #[error("register cell {cell} is accessed at {prev_ts} and next at {ts}")]
    Window {
        /// Register cell.
        cell: u32,
        /// Access before.
        prev_ts: u32,
        /// Access.
        ts: u32,
    },
    /// An event that does not follow the one before, or a wrong end.
    #[error("expected the state (pc, timestamp) = {expected:?}, got {got:?}")]
    State {
        /// What the events before lead to.
        expected: (u32, u32),
        /// Where the event starts, or the segment's end.
        got: (u32, u32),
    },
    /// A step that is not what its instruction does.
    #[error("the step at {ts} is not what the instruction at word {pc:#x} does")]
    Step {
        /// Word index of the instruction.
        pc: u32,
        /// Timestamp.
        ts: u32,
    },
    /// An ECALL that is not what the ABI says, or whose moves are not.
    #[error("the call at {ts}, at word {pc:#x}, or one of its moves, is not what the ABI says")]
    Call {
        /// Word index of the instruction.
        pc: u32,
        /// Timestamp.
        ts: u32,
    },
    /// The fetches do not ascend, or do not count the executions of a word.
    #[error("the word at {pc:#x} was executed {expected} times, the fetches say {got}")]
    Fetch {
        /// Word index.
        pc: u32,
        /// Executions.
        expected: u32,
        /// Count in the fetches, 0 if there is none.
        got: u32,
    },
    /// The counts of cycles, the exit code or the journal disagree with the events.
    #[error("the cycles, exit code or journal of the segment disagree with its events")]
    Totals,
    /// A segment does not begin where the one before ended.
    #[error("segment {segment} does not begin where the one before ended")]
    Continuity {
        /// Its position.
        segment: usize,
    },
}

/// Checks one segment: each word's accesses form a chain from its leaf's initial state to its
/// last, the events lead from the start to the end, and every event is what its instruction
/// does.
///
/// # Errors
///
/// The first rule found broken.
pub fn check(segment: &Segment) -> Result<(), CheckError> {
    check_memory(segment)?;
    check_state(segment)?;
    semantics::check(segment)
}

/// Checks the segments of a whole run: each on its own, and that each begins in the state in
/// which the one before ended.
///
/// # Errors
///
/// The first rule found broken.
pub fn check_run(program: &Program, segments: &[Segment]) -> Result<(), CheckError> {
    let image = program.image();
    let mut memory: BTreeMap<u32, [u32; LEAF_WORDS]> = image.leaves.iter().copied().collect();
    let (mut pc, mut journal) = (image.entry, 0);
    for (position, segment) in segments.iter().enumerate() {
        check(segment)?;
        let mut follows = segment.start_pc == pc && segment.journal_start == journal;
        for leaf in &segment.leaves {
            let before = memory.insert(leaf.index, leaf.last).unwrap_or_default();
            follows &= before == leaf.initial;
        }
        follows &= segment.exit_code.is_some() == (position + 1 == segments.len());
        if !follows {
            return Err(CheckError::Continuity { segment: position });
        }
        pc = segment.end_pc;
        journal += segment.journal.len() as u32;
    }
    Ok(())
}

/// A word's last access and value.
type State = (u32, u32);

fn check_memory(segment: &Segment) -> Result<(), CheckError> {
    let mut words = initial_words(segment)?;
    let mut accesses = accesses::of(segment);
    accesses.sort_by_key(|access| (access.ts, access.word));
    for access in accesses {
        let &Access { word, ts, .. } = &access;
        let state = words.get_mut(&word).ok_or(CheckError::NoLeaf { word })?;
        if access.before != *state || ts <= access.before.0 {
            let (expected, got) = (*state, access.before);
            return Err(CheckError::Chain {
                word,
                ts,
                expected,
                got,
            });
        }
        let prev_ts = access.before.0;
        if word >= REGISTER_BASE && !access.refreshes && ts - prev_ts > REGISTER_WINDOW {
            let cell = word - REGISTER_BASE;
            return Err(CheckError::Window { cell, prev_ts, ts });
        }
        *state = (ts, access.value);
    }
    for leaf in &segment.leaves {
        for (word, got) in words_of(leaf.index).zip(leaf.last_ts.into_iter().zip(leaf.last)) {
            let expected = words.get(&word).copied().unwrap_or_default();
            if expected != got {
                return Err(CheckError::Last {
                    word,
                    expected,
                    got,
                });
            }
        }
    }
    Ok(())
}

fn words_of(leaf: u32) -> impl Iterator<Item = u32> {
    (0..LEAF_WORDS as u32).map(move |i| leaf * LEAF_WORDS as u32 + i)
}

fn initial_words(segment: &Segment) -> Result<BTreeMap<u32, State>, CheckError> {
    let mut words = BTreeMap::new();
    let mut lower = None;
    for leaf in &segment.leaves {
        let index = leaf.index;
        if lower.is_some_and(|l| l >= index) || leaf.last_ts == [0; LEAF_WORDS] {
            return Err(CheckError::Leaf { index });
        }
        lower = Some(index);
        words.extend(words_of(index).zip(leaf.initial.map(|value| (0, value))));
    }
    Ok(words)
}

/// Checks that the events lead from the start to the end, and how many there are.
fn check_state(segment: &Segment) -> Result<(), CheckError> {
    // Where each event starts, and where it leads.
    let mut events: Vec<((u32, u32), (u32, u32))> = Vec::new();
    for step in segment.steps.iter().flatten() {
        events.push(((step.pc, step.ts), (step.next_pc, step.ts + STEP_TICKS)));
    }
    for ecall in &segment.ecalls {
        let next_pc = ecall.pc + u32::from(ecall.call != Call::Exit);
        events.push(((ecall.pc, ecall.ts), (next_pc, ecall.ts + ECALL_TICKS)));
    }
    for accelerator in Accelerator::ALL {
        for (call, accesses) in segment.invocations(accelerator) {
            let end = call.ts + accesses.len() as u32;
            events.push(((call.next_pc, call.ts), (call.next_pc, end)));
        }
    }
    for moved in &segment.moves {
        events.push(((moved.next_pc, moved.ts), (moved.next_pc, moved.ts + 1)));
    }
    events.sort_by_key(|((_, ts), _)| *ts);
    let mut expected = (segment.start_pc, FIRST_TIMESTAMP);
    for (got, next) in events {
        if got != expected {
            return Err(CheckError::State { expected, got });
        }
        expected = next;
    }
    let got = (segment.end_pc, segment.end_ts);
    if got != expected || segment.end_ts > MAX_TIMESTAMP {
        return Err(CheckError::State { expected, got });
    }
    Ok(())
}
