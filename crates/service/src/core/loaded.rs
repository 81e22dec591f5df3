//! Programs in memory, ready to run, by their ELFs.

use std::sync::Arc;

use lru::LruCache;
use parking_lot::Mutex;
use vouch_kit::ProofDigest;
use vouch_sdk::Program;

/// Bytes of memory for a byte of an ELF: its words as instructions, and as leaves of the memory that an
/// image ID names.
pub const PROGRAM_COPIES: u64 = 4;

/// As many as their memory allows; those used least recently go first.
pub struct Loaded {
    state: Mutex<State>,
    max_bytes: u64,
}

struct State {
    programs: LruCache<ProofDigest, (Arc<Program>, u64)>,
    bytes: u64,
}

impl Loaded {
    /// None yet.
    pub fn new(max_bytes: u64) -> Self {
        let programs = LruCache::unbounded();
        let state = Mutex::new(State { programs, bytes: 0 });
        Self { state, max_bytes }
    }

    /// The program of an ELF, if it is here.
    pub fn get(&self, elf: &ProofDigest) -> Option<Arc<Program>> {
        let mut state = self.state.lock();
        state.programs.get(elf).map(|(program, _)| program.clone())
    }

    /// Lets go of a program.
    pub fn remove(&self, elf: &ProofDigest) {
        let mut state = self.state.lock();
        if let Some((_, bytes)) = state.programs.pop(elf) {
            state.bytes -= bytes;
        }
    }

    /// Keeps a program of an ELF of so many bytes.
    pub fn put(&self, elf: ProofDigest, program: Arc<Program>, elf_bytes: u64) {
        let mut gone = Vec::new();
        let bytes = elf_bytes.saturating_mul(PROGRAM_COPIES);
        let mut state = self.state.lock();
        state.bytes += bytes;
        if let Some((_, old)) = state.programs.push(elf, (program, bytes)) {
            state.bytes -= old.1;
            gone.push(old);
        }
        while state.bytes > self.max_bytes
            && let Some((_, old)) = state.programs.pop_lru()
        {
            state.bytes -= old.1;
            gone.push(old);
        }
        // Freed without the lock.
        drop(state);
        drop(gone);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vouch_sdk::guests;

    #[test]
    fn their_memory_is_bounded() {
        let program = Program::from_elf(guests::COMMITMENT).expect("a guest");
        let program = Arc::new(program);
        let programs = Loaded::new(10 * PROGRAM_COPIES);
        let [a, b, c] = [1, 2, 3].map(|id| ProofDigest([id; 32]));
        programs.put(a, program.clone(), 4);
        programs.put(b, program.clone(), 4);
        programs.put(b, program.clone(), 4);
        assert!(programs.get(&a).is_some() && programs.get(&b).is_some());
        programs.remove(&a);
        programs.put(a, program.clone(), 4);
        assert!(programs.get(&b).is_some());
        programs.put(c, program.clone(), 4);
        assert!(programs.get(&a).is_none() && programs.get(&b).is_some());
        // One that is too large by itself is not kept, nor anything else that was older.
        programs.put(a, program.clone(), 11);
        assert!([a, b, c].iter().all(|id| programs.get(id).is_none()));
        assert_eq!(Arc::strong_count(&program), 1);
    }
}
