//! System calls (see [`vouch_isa::abi`]).

use vouch_isa::abi::reg::{A0, A1, A2, A3, A4, A7};
use vouch_isa::accelerators::{ARGUMENTS, Accelerator};
use vouch_isa::event::{Access, Ecall, Invocation, Move};
use vouch_isa::memory::MEMORY_END;
use vouch_isa::{Buffer, Call, Cost, NoCall};

use crate::fault::FaultKind;
use crate::limits::{LimitKind, LimitReached, Limits};
use crate::machine::{Machine, Trap};
use crate::memory::offset_in_page;
use crate::observer::Observer;

/// Where console output goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// The console: gets the bytes in the order written, in pieces of any size.
pub(crate) type Console<'c> = &'c mut dyn FnMut(Stream, &[u8]);

/// Console output is handed over in pieces of at most this many bytes.
const CONSOLE_PIECE: usize = 4096;

/// An ECALL that breaks no rule and stays within the limits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub call: Call,
    a0: u32,
    address: u32,
    length: u32,
    /// `a3` and `a4`.
    others: [u32; 2],
    /// Bytes that it moves between memory and the input or journal.
    moved: u32,
}

impl Request {
    /// What it costs.
    pub fn cost(&self) -> Cost {
        self.call.cost(self.moved)
    }
}

fn bad_buffer(address: u32, length: u32, writable: bool) -> Trap {
    Trap::Fault(FaultKind::BadBuffer {
        address,
        length,
        writable,
    })
}

impl Machine<'_> {
    /// The call that the next instruction, an ECALL, makes.
    pub fn request(&self, limits: &Limits) -> Result<Request, Trap> {
        let [number, a0, address, length, a3, a4] =
            [A7, A0, A1, A2, A3, A4].map(|r| self.cells[usize::from(r)]);
        let call = Call::asked(number, a0).map_err(|error| {
            Trap::Fault(match error {
                NoCall::Number => FaultKind::UnknownCall { number },
                NoCall::Descriptor => FaultKind::BadDescriptor {
                    number,
                    descriptor: a0,
                },
            })
        })?;
        let moved = match call.info().buffer {
            Buffer::Fill => length.min(self.input_left()),
            Buffer::Commit => length,
            Buffer::None | Buffer::Show | Buffer::Operands => 0,
        };
        match call.accelerator() {
            None => self.check_buffer(call.info().buffer, address, length)?,
            Some(accelerator) => {
                self.check_operands(accelerator, [a0, address, length, a3, a4])?;
            }
        }
        self.check_limits(call.info().buffer, length, limits)?;
        Ok(Request {
            call,
            a0,
            address,
            length,
            others: [a3, a4],
            moved,
        })
    }

    /// Bytes of input left, as far as one call can ask for them.
    fn input_left(&self) -> u32 {
        let left = self.input.len().saturating_sub(self.input_read);
        u32::try_from(left).unwrap_or(u32::MAX)
    }

    fn check_buffer(&self, buffer: Buffer, address: u32, length: u32) -> Result<(), Trap> {
        match buffer {
            Buffer::None | Buffer::Operands => Ok(()),
            Buffer::Show => self.check_mapped(address, length, false),
            Buffer::Fill | Buffer::Commit => self.check_words(address, length, buffer.is_written()),
        }
    }

    /// Each operand of an accelerator is mapped, and writable if it is written to.
    fn check_operands(
        &self,
        accelerator: Accelerator,
        arguments: [u32; ARGUMENTS],
    ) -> Result<(), Trap> {
        for (address, operand) in accelerator.info().operands(arguments) {
            self.check_words(address, 4 * operand.words(), operand.is_written())?;
        }
        Ok(())
    }

    /// Bytes that the machine accesses word by word are aligned, in memory and mapped.
    fn check_words(&self, address: u32, length: u32, writable: bool) -> Result<(), Trap> {
        if !address.is_multiple_of(4) {
            return Err(Trap::Fault(FaultKind::MisalignedBuffer { address }));
        }
        // An empty buffer is nowhere in particular, but the circuit bounds the sum of address
        // and length all the same.
        if u64::from(address) + u64::from(length) > u64::from(MEMORY_END) {
            return Err(bad_buffer(address, length, writable));
        }
        self.check_mapped(address, length, writable)
    }

    fn check_mapped(&self, address: u32, length: u32, writable: bool) -> Result<(), Trap> {
        if self.program.covers(address, length, writable) {
            Ok(())
        } else {
            Err(bad_buffer(address, length, writable))
        }
    }

    fn check_limits(&self, buffer: Buffer, length: u32, limits: &Limits) -> Result<(), Trap> {
        let (limit, used, value) = match buffer {
            Buffer::Commit => {
                let value = limits.journal_bytes.min(Limits::MAX_JOURNAL_BYTES);
                (LimitKind::Journal, self.journal.len() as u64, value as u64)
            }
            Buffer::Show => {
                let value = limits.console_bytes;
                (LimitKind::Console, self.console_written, value)
            }
            Buffer::None | Buffer::Fill | Buffer::Operands => return Ok(()),
        };
        if used.saturating_add(u64::from(length)) > value {
            return Err(Trap::Limit(LimitReached { limit, value }));
        }
        Ok(())
    }

    /// Makes the call and moves on to the next instruction; returns the exit code if there is
    /// none. An exit leaves the pc at the ECALL.
    pub fn perform<O: Observer>(
        &mut self,
        request: Request,
        observer: &mut O,
        console: Console<'_>,
    ) -> Result<Option<u32>, Trap> {
        observer.fetch(self.pc, &self.memory);
        let ecall = self.ecall_event(&request);
        observer.ecall(ecall);
        self.cells[usize::from(A0)] = ecall.a0_next;
        let register = request.call.info().machine_register;
        self.cells[usize::from(register)] = ecall.special_next;
        self.cycles += 1;
        match request.call {
            Call::Exit => return Ok(Some(request.a0)),
            Call::Read => self.move_input(&request, observer)?,
            Call::Journal => self.move_journal(&request, ecall.special, observer)?,
            Call::Stdout => self.write_console(&request, Stream::Stdout, console),
            Call::Stderr => self.write_console(&request, Stream::Stderr, console),
            Call::Accelerate(accelerator) => {
                self.accelerate(accelerator, ecall.arguments(), observer)?;
            }
        }
        self.pc += 1;
        Ok(None)
    }

    fn ecall_event(&self, request: &Request) -> Ecall {
        let special = self.cells[usize::from(request.call.info().machine_register)];
        let &Request {
            call,
            a0,
            address,
            length,
            others: [a3, a4],
            moved,
        } = request;
        let (a0_next, special_next) = match call.info().buffer {
            Buffer::None => (a0, special),
            Buffer::Fill if moved < length => (moved, 1),
            Buffer::Fill => (moved, special),
            // No wrap: `check_limits` bounds the journal.
            Buffer::Commit => (length, special + length),
            Buffer::Show => (length, special),
            Buffer::Operands => (0, special),
        };
        Ecall {
            pc: self.pc,
            ts: 0,
            call,
            number: call.info().number,
            a0,
            a0_next,
            a1: address,
            a2: length,
            a3,
            a4,
            special,
            special_next,
            prev_ts: [0; _],
        }
    }

    fn move_input<O: Observer>(&mut self, request: &Request, observer: &mut O) -> Result<(), Trap> {
        let input = self.input;
        let end = self.input_read + request.moved as usize;
        let bytes = input.get(self.input_read..end).unwrap_or_default();
        for (event, chunk) in self.moves(request, 0).zip(bytes.chunks(4)) {
            let page = self.memory.for_store(event.word * 4)?;
            let word = page[offset_in_page(event.word * 4)];
            let mut bytes = word.to_le_bytes();
            for (to, from) in bytes.iter_mut().zip(chunk) {
                *to = *from;
            }
            let (prev, next) = (word, u32::from_le_bytes(bytes));
            observer.moved(
                Move {
                    prev,
                    next,
                    ..event
                },
                page,
            );
            page[offset_in_page(event.word * 4)] = next;
        }
        self.input_read = end;
        Ok(())
    }

    fn move_journal<O: Observer>(
        &mut self,
        request: &Request,
        start: u32,
        observer: &mut O,
    ) -> Result<(), Trap> {
        for event in self.moves(request, start) {
            let page = self.memory.for_load(event.word * 4)?;
            let word = page[offset_in_page(event.word * 4)];
            let (prev, next) = (word, word);
            observer.moved(
                Move {
                    prev,
                    next,
                    ..event
                },
                page,
            );
            let bytes = word.to_le_bytes().into_iter().take(event.left as usize);
            self.journal.extend(bytes);
        }
        Ok(())
    }

    /// Replaces the words of the accelerator's operands. All of them are read before any is written.
    fn accelerate<O: Observer>(
        &mut self,
        accelerator: Accelerator,
        arguments: [u32; ARGUMENTS],
        observer: &mut O,
    ) -> Result<(), Trap> {
        let invocation = Invocation {
            next_pc: self.pc + 1,
            ts: 0,
            arguments,
        };
        observer.invoked(accelerator, invocation);
        let info = accelerator.info();
        let operands = info.operands(arguments).flat_map(|(address, operand)| {
            let words = address / 4..address / 4 + operand.words();
            words.map(move |word| (word, operand.is_written()))
        });
        let before: Vec<(u32, bool, u32)> = operands
            .map(|(word, is_written)| (word, is_written, self.memory.peek(word)))
            .collect();
        let mut after: Vec<u32> = before.iter().map(|&(_, _, word)| word).collect();
        (info.compute)(&mut after);
        for ((word, is_written, prev), computed) in before.into_iter().zip(after) {
            let next = if is_written { computed } else { prev };
            let access = Access {
                word,
                prev,
                next,
                prev_ts: 0,
            };
            if is_written {
                let page = self.memory.for_store(word * 4)?;
                observer.accessed(accelerator, access, page);
                page[offset_in_page(word * 4)] = next;
            } else {
                let page = self.memory.for_load(word * 4)?;
                observer.accessed(accelerator, access, page);
            }
        }
        Ok(())
    }

    /// The moves of a request, but for the words themselves.
    fn moves(&self, request: &Request, journal_index: u32) -> impl Iterator<Item = Move> + use<> {
        let Request {
            call,
            address,
            moved,
            ..
        } = *request;
        let next_pc = self.pc + 1;
        let Cost { words, journal, .. } = request.cost();
        (0..words).map(move |i| Move {
            call,
            next_pc,
            ts: 0,
            word: address / 4 + i,
            left: moved - 4 * i,
            journal_index: if journal == 0 {
                0
            } else {
                journal_index + 4 * i
            },
            prev: 0,
            next: 0,
            prev_ts: 0,
        })
    }

    fn write_console(&mut self, request: &Request, stream: Stream, console: Console<'_>) {
        let mut piece = Vec::with_capacity(CONSOLE_PIECE.min(request.length as usize));
        for address in request.address..request.address + request.length {
            let word = self.memory.peek(address / 4);
            piece.push((word >> (address % 4 * 8)) as u8);
            if piece.len() == CONSOLE_PIECE {
                console(stream, &piece);
                piece.clear();
            }
        }
        if !piece.is_empty() {
            console(stream, &piece);
        }
        self.console_written += u64::from(request.length);
    }
}
