//! What a guest can do wrong.

mod foreign;

use core::fmt;

use thiserror::Error;

pub use foreign::Foreign;

/// The rule that a guest broke. Addresses are in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FaultKind {
    /// The pc left the executable range.
    #[error("not in the executable range")]
    OutsideText,
    /// The word is no RV32IM instruction.
    #[error("illegal instruction")]
    IllegalInstruction,
    /// The word is an instruction of RISC-V, but none of RV32IM.
    #[error("illegal instruction: {0}")]
    Foreign(Foreign),
    /// EBREAK.
    #[error("breakpoint")]
    Breakpoint,
    /// A jump or taken branch to an address that is no multiple of 4.
    #[error("jump to {target:#010x}, which is not a multiple of 4")]
    MisalignedJump {
        /// Where it would have gone.
        target: u32,
    },
    /// A load or store whose address is no multiple of its size.
    #[error("access to {size} bytes at {address:#010x}, which is not a multiple of {size}")]
    MisalignedAccess {
        /// First byte.
        address: u32,
        /// Bytes accessed: 2 or 4.
        size: u32,
    },
    /// A load or store outside the segments of the ELF.
    #[error("access to {address:#010x}, which is not mapped")]
    Unmapped {
        /// First byte.
        address: u32,
    },
    /// A store to memory that is not writable.
    #[error("store to {address:#010x}, which is not writable")]
    NotWritable {
        /// First byte.
        address: u32,
    },
    /// An instruction set the stack pointer to below the stack, or so far that it wrapped around.
    #[error(
        "stack overflow: the stack has {size} bytes, and {beyond} bytes more are needed; \
         the linker argument --defsym=__stack_size=BYTES sets its size"
    )]
    StackOverflow {
        /// Size of the stack, in bytes.
        size: u32,
        /// How far below the stack its pointer would be, in bytes.
        beyond: u32,
    },
    /// An ECALL with a number that means nothing.
    #[error(
        "unknown system call {number} ({number:#x}); Vouch has read (63), write (64), exit (93) and accelerators \
         (docs/isa.md); \
         programs for another zkVM or system make others"
    )]
    UnknownCall {
        /// `a7`
        number: u32,
    },
    /// A read or write with a descriptor that means nothing to it.
    #[error("system call {number} on file descriptor {descriptor}, which it does not support")]
    BadDescriptor {
        /// `a7`
        number: u32,
        /// `a0`
        descriptor: u32,
    },
    /// A read from the input, a write to the journal, or a call of an accelerator, at an address
    /// that is no multiple of 4.
    #[error("system call on a buffer at {address:#010x}, which is not a multiple of 4")]
    MisalignedBuffer {
        /// `a1`, or an argument of the accelerator.
        address: u32,
    },
    /// A system call's buffer is not all mapped, or not all writable where it is written to.
    #[error(
        "system call on {length} bytes at {address:#010x}, not all of which are {}",
        if *.writable { "writable" } else { "mapped" }
    )]
    BadBuffer {
        /// `a1`, or an argument of an accelerator.
        address: u32,
        /// In bytes: `a2`, or the size of the accelerator's operand.
        length: u32,
        /// Whether the call writes to the buffer.
        writable: bool,
    },
}

/// A guest broke a rule: where and which. Nothing can be proven of such a run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct GuestFault {
    /// The rule.
    pub kind: FaultKind,
    /// Byte address of the instruction that broke it, or that could not be fetched.
    pub pc: u32,
    /// The word there, if that is in the executable range.
    pub instruction: Option<u32>,
    /// Function and offset, if the ELF has symbols: `main+0x8`. The name is [`crate::readable`].
    pub symbol: Option<String>,
}

impl fmt::Display for GuestFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "guest fault at pc {:#010x}", self.pc)?;
        if let Some(symbol) = &self.symbol {
            write!(f, " ({symbol})")?;
        }
        if let Some(word) = self.instruction {
            write!(f, ", instruction {word:#010x}")?;
        }
        write!(f, ": {}", self.kind)
    }
}
