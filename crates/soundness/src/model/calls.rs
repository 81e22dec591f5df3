//! ECALLs of the model.

use vouch_isa::Call;
use vouch_isa::abi::reg::{A0, A1, A2, A3, A4, A7};
use vouch_isa::accelerators::Accelerator;
use vouch_isa::event::{Access, Ecall, Invocation, Move};
use vouch_isa::memory::{ECALL_TICKS, MEMORY_END};

use super::{Effect, Kind, Model, Stop, fault, register};

/// Most bytes that a call moves: a faulted one may ask for anything, the honest programs of
/// this crate for little.
const MAX_MOVED: u32 = 1 << 12;

impl Model<'_> {
    /// Makes the call that the registers ask for, or another one if there is a fault.
    pub(super) fn call(&mut self, kind: Option<Kind>) -> Result<(), Stop> {
        let mut ecall = self.request(kind)?;
        let honest = ecall;
        fault::called(&mut ecall, kind);
        self.effect = self.effect.max(effect_of_call(&honest, &ecall));
        self.access_registers(&mut ecall);
        self.segment.ecalls.push(ecall);
        let moves = ecall.call.info().buffer.moves();
        let moved = if moves { ecall.a0_next } else { 0 };
        if ecall.call == Call::Exit {
            return Err(Stop::Exit(ecall.a0));
        }
        self.pc += 1;
        match ecall.call.accelerator() {
            None => self.move_words(&ecall, moved, kind),
            Some(accelerator) => self.accelerate(accelerator, &ecall, kind),
        }
    }

    /// Replaces the words of an accelerator's operands.
    fn accelerate(
        &mut self,
        accelerator: Accelerator,
        ecall: &Ecall,
        kind: Option<Kind>,
    ) -> Result<(), Stop> {
        let info = accelerator.info();
        let mut invocation = Invocation {
            next_pc: self.pc,
            ts: self.ts,
            arguments: ecall.arguments(),
        };
        let honest = invocation;
        fault::invoked(&mut invocation, kind);
        self.strike(invocation != honest);
        (self.pc, self.ts) = (invocation.next_pc, invocation.ts);
        let operands: Vec<_> = info.operands(invocation.arguments).collect();
        if operands.iter().any(|(address, operand)| {
            let end = u64::from(*address) + 4 * u64::from(operand.words());
            !address.is_multiple_of(4) || end > u64::from(MEMORY_END)
        }) {
            return Err(Stop::Trap);
        }
        let words = operands.into_iter().flat_map(|(address, operand)| {
            let first = address / 4;
            first..first + operand.words()
        });
        let words: Vec<u32> = words.collect();
        let mut computed: Vec<u32> = words.iter().map(|&word| self.memory.peek(word)).collect();
        (info.compute)(&mut computed);
        self.segment.accelerated[accelerator as usize]
            .calls
            .push(invocation);
        for ((n, word), next) in (0..).zip(words).zip(computed) {
            let mut access = Access {
                word,
                prev: self.memory.peek(word),
                next,
                prev_ts: 0,
            };
            let honest = access;
            fault::accessed(&mut access, n, kind);
            self.strike(access != honest);
            let last = self.memory.touch(access.word, self.ts);
            access.prev_ts = fault::last_access(last, n, kind);
            self.strike(access.prev_ts != last);
            self.memory.set(access.word, access.next);
            self.ts += 1;
            let list = &mut self.segment.accelerated[accelerator as usize];
            list.accesses.push(access);
        }
        Ok(())
    }

    fn request(&mut self, kind: Option<Kind>) -> Result<Ecall, Stop> {
        let value = |cell: u8| self.memory.peek(register(cell));
        let [number, a0, a1, a2, a3, a4] = [A7, A0, A1, A2, A3, A4].map(value);
        let mut lies = false;
        let call = match (Call::asked(number, a0), kind) {
            (Ok(call), _) => call,
            // What is no call is taken for one.
            (Err(_), Some(Kind::Call(call))) => {
                lies = true;
                call
            }
            (Err(_), _) => return Err(Stop::Trap),
        };
        let info = call.info();
        let special = value(info.machine_register);
        let left = (self.world.input.len() - self.input_read) as u32;
        let (a0_next, special_next) = match call {
            Call::Exit => (a0, special),
            Call::Read if left < a2 => (left, 1),
            Call::Read => (a2, special),
            Call::Journal => (a2, special.wrapping_add(a2)),
            Call::Stdout | Call::Stderr => (a2, special),
            Call::Accelerate(_) => (0, special),
        };
        let end = u64::from(a1) + u64::from(a2);
        if info.buffer.moves() && (!a1.is_multiple_of(4) || end > u64::from(MEMORY_END)) {
            return Err(Stop::Trap);
        }
        self.strike(lies);
        Ok(Ecall {
            pc: self.pc,
            ts: self.ts,
            call,
            number,
            a0,
            a0_next,
            a1,
            a2,
            a3,
            a4,
            special,
            special_next,
            prev_ts: [0; _],
        })
    }

    fn access_registers(&mut self, ecall: &mut Ecall) {
        let special = ecall.call.info().machine_register;
        let cells = [A7, A0, A1, A2, A3, A4, special];
        for (prev_ts, cell) in ecall.prev_ts.iter_mut().zip(cells) {
            *prev_ts = self.memory.touch_register(cell, self.ts, &mut self.segment);
            self.ts += 1;
        }
        self.memory.set(register(A0), ecall.a0_next);
        self.memory.set(register(special), ecall.special_next);
    }

    fn move_words(&mut self, ecall: &Ecall, moved: u32, kind: Option<Kind>) -> Result<(), Stop> {
        debug_assert_eq!(self.ts, ecall.ts + ECALL_TICKS);
        let is_read = ecall.call == Call::Read;
        if moved > MAX_MOVED {
            return Err(Stop::Trap);
        }
        for i in 0..moved.div_ceil(4) {
            let word = ecall.a1 / 4 + i;
            let prev = self.memory.peek(word);
            let left = moved - 4 * i;
            let mut event = Move {
                call: ecall.call,
                next_pc: self.pc,
                ts: self.ts,
                word,
                left,
                journal_index: if is_read {
                    0
                } else {
                    ecall.special.wrapping_add(4 * i)
                },
                prev,
                next: if is_read {
                    self.input_word(prev, left)
                } else {
                    prev
                },
                prev_ts: 0,
            };
            let honest = event;
            if let Some(moved) = kind {
                fault::moved(&mut event, i, moved);
            }
            self.effect = self.effect.max(effect_of_move(&honest, &event));
            self.ts = event.ts;
            event.prev_ts = self.memory.touch(event.word, self.ts);
            event.prev = if event.word == word {
                event.prev
            } else {
                self.memory.peek(event.word)
            };
            self.memory.set(event.word, event.next);
            if event.call == Call::Journal {
                let bytes = event
                    .next
                    .to_le_bytes()
                    .into_iter()
                    .take(event.left as usize);
                self.segment.journal.extend(bytes);
            }
            self.ts += 1;
            self.segment.moves.push(event);
        }
        Ok(())
    }

    /// The next word of the input over `prev`, `left` bytes of it at most.
    fn input_word(&mut self, prev: u32, left: u32) -> u32 {
        let mut bytes = prev.to_le_bytes();
        let input = self.world.input.get(self.input_read..).unwrap_or_default();
        let taken = input.iter().take(left.min(4) as usize);
        let count = taken.len();
        for (to, from) in bytes.iter_mut().zip(taken) {
            *to = *from;
        }
        self.input_read += count;
        u32::from_le_bytes(bytes)
    }
}

/// A `read` may answer less than there is, but then the input has ended for good.
fn effect_of_call(honest: &Ecall, got: &Ecall) -> Effect {
    let is_choice = match got.special {
        0 => got.a0_next <= got.a2 && got.special_next == u32::from(got.a0_next < got.a2),
        _ => got.a0_next == 0 && got.special_next == 1,
    };
    let answered = Ecall {
        a0_next: got.a0_next,
        special_next: got.special_next,
        ..*honest
    };
    match () {
        () if got == honest => Effect::None,
        () if got.call == Call::Read && *got == answered && is_choice => Effect::Choice,
        () => Effect::Lie,
    }
}

/// The bytes that a `read` moves may be any; those after them stay as they were.
fn effect_of_move(honest: &Move, got: &Move) -> Effect {
    let moved = Move {
        next: got.next,
        ..*honest
    };
    let kept = u64::MAX << (8 * got.left.min(4));
    let is_choice = u64::from(got.next ^ honest.prev) & kept & 0xffff_ffff == 0;
    match () {
        () if got == honest => Effect::None,
        () if got.call == Call::Read && *got == moved && is_choice => Effect::Choice,
        () => Effect::Lie,
    }
}
