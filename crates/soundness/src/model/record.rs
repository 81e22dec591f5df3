//! What the model remembers, and what it records.

use std::collections::BTreeMap;

use vouch_isa::event::{Fetch, Leaf, Refresh, Segment};
use vouch_isa::memory::{FETCH_TIMESTAMP, LEAF_WORDS, REGISTER_WINDOW};

use super::{Effect, Model, fault, leaf_of, register};

/// Memory and registers, a word at a time.
pub(super) struct Memory {
    initial: BTreeMap<u32, u32>,
    words: BTreeMap<u32, u32>,
    last_ts: BTreeMap<u32, u32>,
}

impl Memory {
    pub fn new(leaves: &[(u32, [u32; LEAF_WORDS])]) -> Self {
        let words = leaves.iter().flat_map(|&(index, words)| {
            (0..)
                .zip(words)
                .map(move |(i, word)| (index * LEAF_WORDS as u32 + i, word))
        });
        let words: BTreeMap<u32, u32> = words.collect();
        Self {
            initial: words.clone(),
            words,
            last_ts: BTreeMap::new(),
        }
    }

    pub fn peek(&self, word: u32) -> u32 {
        self.words.get(&word).copied().unwrap_or_default()
    }

    pub fn set(&mut self, word: u32, value: u32) {
        self.words.insert(word, value);
    }

    /// An access to a word has been recorded, so the tables speak of it.
    pub fn is_touched(&self, word: u32) -> bool {
        self.last_ts.contains_key(&word)
    }

    /// An access at `ts`: the timestamp of the one before.
    pub fn touch(&mut self, word: u32, ts: u32) -> u32 {
        self.last_ts.insert(word, ts).unwrap_or_default()
    }

    /// An access to a register, after a refresh if it has rested too long.
    pub fn touch_register(&mut self, cell: u8, ts: u32, segment: &mut Segment) -> u32 {
        let word = register(cell);
        let last = self.touch(word, ts);
        if ts.wrapping_sub(last) <= REGISTER_WINDOW {
            return last;
        }
        let to_ts = ts.wrapping_sub(1);
        segment.refreshes.push(Refresh {
            cell,
            value: self.peek(word),
            from_ts: last,
            to_ts,
        });
        to_ts
    }

    fn leaves(&self) -> Vec<Leaf> {
        let mut indices: Vec<u32> = self.last_ts.keys().map(|&word| leaf_of(word)).collect();
        indices.dedup();
        let of = |words: &BTreeMap<u32, u32>, index: u32| {
            let word = |i: usize| words.get(&(index * LEAF_WORDS as u32 + i as u32));
            core::array::from_fn(|i| word(i).copied().unwrap_or_default())
        };
        let leaf = |index| Leaf {
            index,
            initial: of(&self.initial, index),
            last: of(&self.words, index),
            last_ts: of(&self.last_ts, index),
        };
        indices.into_iter().map(leaf).collect()
    }
}

impl Model<'_> {
    /// Counts the execution of a word.
    pub(super) fn fetched(&mut self, pc: u32, word: u32) {
        let known = self.segment.fetches.iter_mut().find(|fetch| fetch.pc == pc);
        match known {
            Some(fetch) => fetch.count += 1,
            None => self.segment.fetches.push(Fetch {
                pc,
                word,
                count: 1,
                prev_ts: 0,
            }),
        }
    }

    /// The segment, and what its fault did.
    pub(super) fn finish(mut self, exit_code: Option<u32>) -> (Segment, Effect) {
        let segment = &mut self.segment;
        segment.end_pc = self.pc;
        segment.end_ts = self.ts;
        segment.exit_code = exit_code;
        segment.cycles = self.cycles;
        segment.fetches.sort_unstable_by_key(|fetch| fetch.pc);
        for fetch in &mut segment.fetches {
            fetch.prev_ts = self.memory.touch(fetch.pc, FETCH_TIMESTAMP);
        }
        segment.leaves = self.memory.leaves();
        if let Some(fault) = self.fault {
            let lies = fault::finished(segment, fault.kind);
            self.strike(lies);
        }
        (self.segment, self.effect)
    }
}
