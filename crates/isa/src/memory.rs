//! The address space that proofs speak of: words, not bytes.
//!
//! A *word index* below `2^30` is memory at byte address `4 * index`; registers follow at
//! [`REGISTER_BASE`]. Every index is below the BabyBear prime, so a field element holds it
//! without aliasing.

/// Word index of register 0.
pub const REGISTER_BASE: u32 = 1 << 30;

/// Cells in the register space: the 32 of RISC-V and the machine's own, padded to 8 leaves.
pub const REGISTER_CELLS: u32 = 64;

/// Where writes to `x0` go. Nothing reads it, so `x0` itself stays 0.
pub const SINK: u8 = 32;
/// Machine register: bytes written to the journal since the start of the program.
pub const JOURNAL_LENGTH: u8 = 33;
/// Machine register: 1 once a `read` has returned less than was asked, else 0.
pub const INPUT_ENDED: u8 = 34;

/// Words in a leaf of the memory tree.
pub const LEAF_WORDS: usize = 8;
/// Height of the memory tree above its leaves: `2^27` leaves cover `2^30` words.
pub const MEMORY_HEIGHT: u32 = 27;
/// Height of the register tree above its leaves: 8 leaves.
pub const REGISTER_HEIGHT: u32 = 3;

/// First byte address that no guest may use; also the bound of the executable range, which
/// keeps a misaligned branch's target outside it.
pub const MEMORY_END: u32 = 0xc000_0000;

/// Timestamp of a segment's first instruction; memory is initialised at 0.
pub const FIRST_TIMESTAMP: u32 = 1;
/// Timestamps taken by an instruction that is no ECALL.
pub const STEP_TICKS: u32 = 3;
/// Timestamps taken by an ECALL before the words that it moves, which take one each: as many as it accesses
/// registers.
pub const ECALL_TICKS: u32 = 7;
/// Offset of an instruction's access to `rs1`.
pub const RS1_SLOT: u32 = 0;
/// Offset of an instruction's access to `rs2`.
pub const RS2_SLOT: u32 = 1;
/// Offset of an instruction's access to `rd`.
pub const RD_SLOT: u32 = 2;
/// Offset of an instruction's access to its memory word.
pub const MEMORY_SLOT: u32 = 1;

/// Most timestamps between two accesses to a register: one that has rested longer is
/// re-touched first.
pub const REGISTER_WINDOW: u32 = 1 << 16;

/// Last timestamp that a segment may reach, refreshes included: the bound under which
/// differences of timestamps cannot wrap (docs/memory.md).
pub const MAX_TIMESTAMP: u32 = (1 << 29) - 1;
/// Timestamp at which a segment's program is read from memory, each word once: later than
/// every other access can be, so that no word is read twice.
pub const FETCH_TIMESTAMP: u32 = (1 << 29) + (1 << 16);
