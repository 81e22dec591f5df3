//! The calls that a guest makes, as data: whoever needs to know what one is called by, accesses or
//! moves reads it in [`Call::TABLE`].

use crate::abi::{EXIT, FD_INPUT, FD_JOURNAL, FD_STDERR, FD_STDOUT, READ, WRITE};
use crate::accelerators::Accelerator;
use crate::memory::{INPUT_ENDED, JOURNAL_LENGTH};

/// The calls that the machine proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// `exit`
    Exit,
    /// `read` from the input
    Read,
    /// `write` to the journal
    Journal,
    /// `write` to the console
    Stdout,
    /// `write` to the console's error stream
    Stderr,
    /// An accelerator
    Accelerate(Accelerator),
}

/// What happens to the bytes that a call is given, `a2` of them from address `a1` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Buffer {
    /// It is given none: `a1` and `a2` may be anything.
    None,
    /// They are replaced, word by word, with those of the input.
    Fill,
    /// They are appended, word by word, to the journal.
    Commit,
    /// They are shown outside of the machine, which moves nothing.
    Show,
    /// It is given [operands](crate::accelerators::Operand) in their place.
    Operands,
}

impl Buffer {
    /// True if the machine moves its words, each of which is an event.
    pub const fn moves(self) -> bool {
        matches!(self, Self::Fill | Self::Commit)
    }

    /// True if it is written to.
    pub const fn is_written(self) -> bool {
        matches!(self, Self::Fill)
    }
}

/// What is to be known of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallInfo {
    /// Which one.
    pub call: Call,
    /// Its number, in `a7`.
    pub number: u32,
    /// The file descriptor that `a0` must hold; `None` if it holds something else.
    pub descriptor: Option<u32>,
    /// The machine register that it accesses.
    pub machine_register: u8,
    /// What it does to the bytes that it is given.
    pub buffer: Buffer,
}

/// Why registers ask for no call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoCall {
    /// No call has the number.
    Number,
    /// Calls with the number know no such file descriptor.
    Descriptor,
}

/// What making a call adds to a segment, at most: see [`Counts::after_call`].
///
/// [`Counts::after_call`]: crate::event::Counts::after_call
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Consecutive words of memory that it moves.
    pub words: u32,
    /// Bytes that it appends to the journal.
    pub journal: u32,
    /// The accelerator that it is a call of.
    pub accelerator: Option<Accelerator>,
}

impl Cost {
    /// Timestamps that it takes beyond [`crate::memory::ECALL_TICKS`].
    pub const fn ticks(self) -> u32 {
        match self.accelerator {
            None => self.words,
            Some(accelerator) => accelerator.info().words,
        }
    }
}

impl Call {
    /// Every call, those of accelerators last.
    pub const TABLE: [CallInfo; SYSTEM.len() + Accelerator::COUNT] = {
        let mut all = [SYSTEM[0]; SYSTEM.len() + Accelerator::COUNT];
        let mut i = 1;
        while i < all.len() {
            all[i] = match i < SYSTEM.len() {
                true => SYSTEM[i],
                false => Self::Accelerate(Accelerator::ALL[i - SYSTEM.len()]).info(),
            };
            i += 1;
        }
        all
    };

    /// What is to be known of it.
    pub const fn info(self) -> CallInfo {
        match self {
            Self::Exit => SYSTEM[0],
            Self::Read => SYSTEM[1],
            Self::Journal => SYSTEM[2],
            Self::Stdout => SYSTEM[3],
            Self::Stderr => SYSTEM[4],
            Self::Accelerate(accelerator) => CallInfo {
                call: self,
                number: accelerator.info().number,
                descriptor: None,
                machine_register: JOURNAL_LENGTH,
                buffer: Buffer::Operands,
            },
        }
    }

    /// The accelerator that it is a call of.
    pub const fn accelerator(self) -> Option<Accelerator> {
        match self {
            Self::Accelerate(accelerator) => Some(accelerator),
            Self::Exit | Self::Read | Self::Journal | Self::Stdout | Self::Stderr => None,
        }
    }

    /// The call that `number` in `a7` and `a0` ask for.
    ///
    /// # Errors
    /// [`NoCall`] if they ask for none.
    pub fn asked(number: u32, a0: u32) -> Result<Self, NoCall> {
        let mut error = NoCall::Number;
        for info in Self::TABLE.iter().filter(|info| info.number == number) {
            if info.descriptor.is_none_or(|descriptor| descriptor == a0) {
                return Ok(info.call);
            }
            error = NoCall::Descriptor;
        }
        Err(error)
    }

    /// What it costs if it moves `bytes` between its buffer and elsewhere.
    pub const fn cost(self, bytes: u32) -> Cost {
        let (words, journal) = match self.info().buffer {
            Buffer::None | Buffer::Show | Buffer::Operands => (0, 0),
            Buffer::Fill => (bytes.div_ceil(4), 0),
            Buffer::Commit => (bytes.div_ceil(4), bytes),
        };
        Cost {
            words,
            journal,
            accelerator: self.accelerator(),
        }
    }
}

/// The calls that are no accelerators, in the order of the variants.
pub const SYSTEM: [CallInfo; 5] = {
    use Buffer::{Commit, Fill, None as Nothing, Show};
    [
        info(Call::Exit, EXIT, None, JOURNAL_LENGTH, Nothing),
        info(Call::Read, READ, Some(FD_INPUT), INPUT_ENDED, Fill),
        info(
            Call::Journal,
            WRITE,
            Some(FD_JOURNAL),
            JOURNAL_LENGTH,
            Commit,
        ),
        info(Call::Stdout, WRITE, Some(FD_STDOUT), JOURNAL_LENGTH, Show),
        info(Call::Stderr, WRITE, Some(FD_STDERR), JOURNAL_LENGTH, Show),
    ]
};

const fn info(
    call: Call,
    number: u32,
    descriptor: Option<u32>,
    machine_register: u8,
    buffer: Buffer,
) -> CallInfo {
    CallInfo {
        call,
        number,
        descriptor,
        machine_register,
        buffer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_ask_for_one_call_each() {
        for info in Call::TABLE {
            assert_eq!(info.call.info(), info);
            let a0 = info.descriptor.unwrap_or(7);
            assert_eq!(Call::asked(info.number, a0), Ok(info.call));
            if info.descriptor.is_some() {
                assert_eq!(Call::asked(info.number, 4), Err(NoCall::Descriptor));
            }
        }
        assert_eq!(Call::asked(READ, FD_STDOUT), Err(NoCall::Descriptor));
        assert_eq!(Call::asked(WRITE, FD_INPUT), Err(NoCall::Descriptor));
        assert_eq!(Call::asked(EXIT + 1, 0), Err(NoCall::Number));
    }

    #[test]
    fn calls_that_move_cost_words() {
        let costs = SYSTEM.map(|info| {
            let cost = info.call.cost(6);
            (cost.words, cost.journal, cost.ticks())
        });
        assert_eq!(
            costs,
            [(0, 0, 0), (2, 0, 2), (2, 6, 2), (0, 0, 0), (0, 0, 0)]
        );
        for accelerator in Accelerator::ALL {
            let cost = Call::Accelerate(accelerator).cost(0);
            assert_eq!(cost.ticks(), accelerator.info().words);
        }
    }
}
