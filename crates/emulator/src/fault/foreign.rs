//! Instructions that compilers make for other machines than this one.
//!
//! Encodings: *The RISC-V Instruction Set Manual, Volume I*, chapter "RV32/64G Instruction Set
//! Listings", and Volume II for what is privileged.

use thiserror::Error;

/// What assemblers make of `unimp`: CSRRW of the cycle counter.
const UNIMP: u32 = 0xc000_1073;

/// An instruction of RISC-V that is not in RV32IM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Foreign {
    /// The low half of the word is one of 16 bits.
    #[error("compressed (C extension); build for rv32im")]
    Compressed,
    /// UNIMP, an access of a counter that can only be read.
    #[error(
        "UNIMP, by which a program aborts: core::intrinsics::abort in Rust, and in guests with std \
         std::process::abort or a panic during another one. To end a guest with an exit code: vouch_guest::exit"
    )]
    Unimp,
    /// CSRRW and its kin.
    #[error(
        "CSR access (CSR {csr:#05x}); the machine has no CSRs, interrupts or counters. Critical \
         sections that disable interrupts, as in portable-atomic's single-core mode, \
         are not needed: see docs/guests.md"
    )]
    Csr {
        /// Number of the CSR.
        csr: u32,
    },
    /// MRET, WFI and others.
    #[error("privileged; a guest runs in user mode")]
    Privileged,
    /// LR, SC and AMO.
    #[error("atomic (A extension); build for rv32im")]
    Atomic,
    /// Floating point of any size.
    #[error("floating point (F or D extension); build for rv32im and the ABI ilp32")]
    Float,
    /// The vector extension.
    #[error("vector (V extension); build for rv32im")]
    Vector,
    /// FENCE.I.
    #[error("FENCE.I; code cannot change")]
    FenceI,
    /// Doublewords, and words in 64-bit registers.
    #[error("of 64-bit RISC-V; build for rv32im")]
    Rv64,
    /// An opcode that is left to each machine.
    #[error(
        "custom (opcode {opcode:#04x}), for some other machine; \
         every zkVM has instructions of its own: build with vouch-guest"
    )]
    Custom {
        /// The low 7 bits of the word.
        opcode: u32,
    },
}

impl Foreign {
    /// What a word is that is no instruction of RV32IM; `None` if that cannot be told.
    pub(crate) fn of(word: u32) -> Option<Self> {
        let (opcode, funct3) = (word & 0x7f, word >> 12 & 7);
        Some(match (opcode, funct3) {
            // 16 zero bits are defined to be illegal: what was never code.
            _ if word & 0xffff == 0 => return None,
            _ if word & 3 != 3 => Self::Compressed,
            _ if word == UNIMP => Self::Unimp,
            (0x73, 1..=3 | 5..=7) => Self::Csr { csr: word >> 20 },
            (0x73, 0) => Self::Privileged,
            (0x2f, 2 | 3) => Self::Atomic,
            (0x07 | 0x27, 1..=4) | (0x43 | 0x47 | 0x4b | 0x4f | 0x53, _) => Self::Float,
            (0x07 | 0x27, _) | (0x57, _) => Self::Vector,
            (0x0f, 1) => Self::FenceI,
            (0x1b | 0x3b, _) | (0x03, 3 | 6) | (0x23, 3) => Self::Rv64,
            (0x0b | 0x2b | 0x5b | 0x7b, _) => Self::Custom { opcode },
            _ => return None,
        })
    }
}
