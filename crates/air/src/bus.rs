//! The buses: every message that one table sends another.
//!
//! A bus balances when each message is received as often as it is sent (LogUp, p3-lookup).
//! Multiplicities are at most 1 in absolute value on every row except on the providing side
//! of the three lookup buses; the table that passes one constrains it to be boolean. The
//! verifier bounds the sum over tables of height times messages below `p`, so a
//! count cannot wrap.

use p3_field::PrimeCharacteristicRing;
use p3_lookup::Count;
use vouch_isa::accelerators::ARGUMENTS;

use crate::{Builder, Digest, Word, gadget};

/// Machine state; see [`send_state`].
pub const STATE: &str = "state";
/// Decoded instructions; see [`ask_program`].
pub const PROGRAM: &str = "program";
/// Memory cells; see [`send_cell`].
pub const MEMORY: &str = "memory";
/// Ranges and byte operations; see [`ask_lookup`].
pub const LOOKUP: &str = "lookup";
/// Nodes of the memory tree; see [`send_node`].
pub const MERKLE: &str = "merkle";
/// Compressions; see [`ask_poseidon2`].
pub const POSEIDON2: &str = "poseidon2";
/// Words still to be moved by an ECALL; see [`send_move`].
pub const MOVE: &str = "move";
/// Journal bytes; see [`send_journal`].
pub const JOURNAL: &str = "journal";
/// The exit code; see [`send_exit`].
pub const EXIT: &str = "exit";
/// Calls of accelerators; see [`send_call`].
pub const CALL: &str = "call";
/// Calls that take several rows; see [`send_progress`].
pub const PROGRESS: &str = "progress";

/// Every bus with the width of its messages in field elements.
pub const ALL: [(&str, usize); 11] = [
    (STATE, 2),
    (PROGRAM, 8),
    (MEMORY, 4),
    (LOOKUP, 4),
    (MERKLE, 18),
    (POSEIDON2, 24),
    (MOVE, 6),
    (JOURNAL, 2),
    (EXIT, 2),
    (CALL, 13),
    (PROGRESS, 4 + PROGRESS_LIMBS),
];

/// Fields of the widest message of any bus.
pub const MAX_FIELDS: usize = {
    let (mut widest, mut i) = (0, 0);
    while i < ALL.len() {
        if ALL[i].1 > widest {
            widest = ALL[i].1;
        }
        i += 1;
    }
    widest
};

fn send<B: Builder, const N: usize>(b: &mut B, bus: &str, fields: [B::Expr; N], count: B::Expr) {
    const { assert!(N <= MAX_FIELDS, "no bus has so wide messages") };
    b.push_interaction(bus, fields, Count::bounded(count, 1));
}

fn provide<B: Builder, const N: usize>(b: &mut B, bus: &str, fields: [B::Expr; N], count: B::Expr) {
    const { assert!(N <= MAX_FIELDS, "no bus has so wide messages") };
    b.push_interaction(bus, fields, Count::provided(-count));
}

/// The machine at instruction boundaries: the pc is a word index, the timestamp that of the
/// instruction's first access.
///
/// The claim table sends the start and receives the end; every instruction receives its own
/// and sends the next. Timestamps grow along the way, so there is one path and no cycle.
pub fn send_state<B: Builder>(b: &mut B, pc: B::Expr, ts: B::Expr, count: B::Expr) {
    send(b, STATE, [pc, ts], count);
}

/// Receiving side of [`send_state`].
pub fn receive_state<B: Builder>(b: &mut B, pc: B::Expr, ts: B::Expr, count: B::Expr) {
    send(b, STATE, [pc, ts], -count);
}

/// A decoded instruction. Fields that its table has no use for are 0.
#[derive(Clone, Debug)]
pub struct Decoded<E> {
    /// Word index of the instruction.
    pub pc: E,
    /// The number of the instruction; see `instruction::code`.
    pub code: E,
    /// Register cell written.
    pub rd: E,
    /// Register cell read first.
    pub rs1: E,
    /// Register cell read second.
    pub rs2: E,
    /// Low limb of an immediate operand or link address; offset of a load or store as a
    /// signed field element.
    pub x: E,
    /// High limb of an immediate operand or link address.
    pub y: E,
    /// Word index of a branch's or JAL's target; offset of JALR as a signed field element.
    pub z: E,
}

impl<E: PrimeCharacteristicRing> Decoded<E> {
    /// The instruction `code` at `pc`, all its other fields 0.
    pub fn new(pc: E, code: E) -> Self {
        let [rd, rs1, rs2, x, y, z] = core::array::from_fn(|_| E::ZERO);
        Self {
            pc,
            code,
            rd,
            rs1,
            rs2,
            x,
            y,
            z,
        }
    }
}

impl<E> Decoded<E> {
    fn fields(self) -> [E; 8] {
        [
            self.pc, self.code, self.rd, self.rs1, self.rs2, self.x, self.y, self.z,
        ]
    }
}

/// An instruction's table asks that `decoded` is what stands at its pc.
pub fn ask_program<B: Builder>(b: &mut B, decoded: Decoded<B::Expr>, count: B::Expr) {
    send(b, PROGRAM, decoded.fields(), count);
}

/// The program table answers [`ask_program`] `count` times.
pub fn provide_program<B: Builder>(b: &mut B, decoded: Decoded<B::Expr>, count: B::Expr) {
    provide(b, PROGRAM, decoded.fields(), count);
}

/// A memory or register cell and when it was last accessed.
///
/// The leaf table sends every touched cell at timestamp 0 and receives its last state; each
/// access receives what the previous one sent.
pub fn send_cell<B: Builder>(
    b: &mut B,
    cell: B::Expr,
    value: Word<B::Expr>,
    ts: B::Expr,
    count: B::Expr,
) {
    let [lo, hi] = value;
    send(b, MEMORY, [cell, lo, hi, ts], count);
}

/// Receiving side of [`send_cell`].
pub fn receive_cell<B: Builder>(
    b: &mut B,
    cell: B::Expr,
    value: Word<B::Expr>,
    ts: B::Expr,
    count: B::Expr,
) {
    send_cell(b, cell, value, ts, -count);
}

/// What the lookup table knows, as the first field of its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Fact {
    /// `a < 2^16`
    Range16,
    /// `a < 2^14`
    Range14,
    /// `a` and `b` are bytes
    Bytes,
    /// `a` and `b` are bytes and `c = a & b`
    And,
}

impl Fact {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Range16 => "16 bits",
            Self::Range14 => "14 bits",
            Self::Bytes => "bytes",
            Self::And => "and",
        }
    }
}

/// Asks the lookup table for a fact. Unused fields are 0.
pub fn ask_lookup<B: Builder>(b: &mut B, fact: Fact, [x, y, z]: [B::Expr; 3], count: B::Expr) {
    send(b, LOOKUP, [B::Expr::from_u8(fact as u8), x, y, z], count);
}

/// The lookup table answers [`ask_lookup`] `count` times.
pub fn provide_lookup<B: Builder>(b: &mut B, fact: Fact, [x, y, z]: [B::Expr; 3], count: B::Expr) {
    provide(b, LOOKUP, [B::Expr::from_u8(fact as u8), x, y, z], count);
}

/// A node of the memory tree that the segment touches: `height` above the leaves, `index`
/// among the nodes of that height, and its hashes at the start and the end.
///
/// The claim table sends the two roots; a Merkle row receives a node and sends its touched
/// children; the leaf table receives height 0. Each touched node is sent once, so no cell
/// can be initialised twice.
pub fn send_node<B: Builder>(
    b: &mut B,
    height: B::Expr,
    index: B::Expr,
    initial: Digest<B::Expr>,
    last: Digest<B::Expr>,
    count: B::Expr,
) {
    let mut fields = initial.into_iter().chain(last);
    let fields: [B::Expr; 18] = core::array::from_fn(|i| match i {
        0 => height.clone(),
        1 => index.clone(),
        _ => fields.next().expect("two digests"),
    });
    send(b, MERKLE, fields, count);
}

/// Receiving side of [`send_node`].
pub fn receive_node<B: Builder>(
    b: &mut B,
    height: B::Expr,
    index: B::Expr,
    initial: Digest<B::Expr>,
    last: Digest<B::Expr>,
    count: B::Expr,
) {
    send_node(b, height, index, initial, last, -count);
}

fn compression<E>(input: [E; 16], output: Digest<E>) -> [E; 24] {
    let mut all = input.into_iter().chain(output);
    core::array::from_fn(|_| all.next().expect("16 + 8"))
}

/// Asks that `output` is the compression of `input`
/// ([`crate::memory_tree::Compression::compress`]).
pub fn ask_poseidon2<B: Builder>(
    b: &mut B,
    input: [B::Expr; 16],
    output: Digest<B::Expr>,
    count: B::Expr,
) {
    send(b, POSEIDON2, compression(input, output), count);
}

/// The Poseidon2 table answers [`ask_poseidon2`] `count` times.
pub fn provide_poseidon2<B: Builder>(
    b: &mut B,
    input: [B::Expr; 16],
    output: Digest<B::Expr>,
    count: B::Expr,
) {
    provide(b, POSEIDON2, compression(input, output), count);
}

/// Value of [`Moving::call`]: words of the input are moved into memory.
pub const CALL_READ: u8 = 1;
/// Value of [`Moving::call`]: words of memory are moved to the journal.
pub const CALL_JOURNAL: u8 = 2;

/// What an ECALL still has to move, and where to go on afterwards.
#[derive(Clone, Debug)]
pub struct Moving<E> {
    /// [`CALL_READ`] or [`CALL_JOURNAL`].
    pub call: E,
    /// Word index of the instruction after the ECALL.
    pub next_pc: E,
    /// Word index in memory of the next word.
    pub word: E,
    /// Bytes left, at least 1.
    pub left: E,
    /// Timestamp of the next word's access.
    pub ts: E,
    /// Journal index of the next byte; 0 for `read`.
    pub journal_index: E,
}

impl<E> Moving<E> {
    fn fields(self) -> [E; 6] {
        [
            self.call,
            self.next_pc,
            self.word,
            self.left,
            self.ts,
            self.journal_index,
        ]
    }
}

/// The ecall table starts a move; the move table receives it and sends what is left.
pub fn send_move<B: Builder>(b: &mut B, moving: Moving<B::Expr>, count: B::Expr) {
    send(b, MOVE, moving.fields(), count);
}

/// Receiving side of [`send_move`].
pub fn receive_move<B: Builder>(b: &mut B, moving: Moving<B::Expr>, count: B::Expr) {
    send(b, MOVE, moving.fields(), -count);
}

/// A byte of the journal: the move table sends it, the journal table, which the verifier
/// fills from the claim, receives it.
pub fn send_journal<B: Builder>(b: &mut B, index: B::Expr, byte: B::Expr, count: B::Expr) {
    send(b, JOURNAL, [index, byte], count);
}

/// Receiving side of [`send_journal`].
pub fn receive_journal<B: Builder>(b: &mut B, index: B::Expr, byte: B::Expr, count: B::Expr) {
    send(b, JOURNAL, [index, byte], -count);
}

/// The exit code: the ecall table sends it, the claim table receives it.
pub fn send_exit<B: Builder>(b: &mut B, code: Word<B::Expr>, count: B::Expr) {
    send(b, EXIT, code, count);
}

/// Receiving side of [`send_exit`].
pub fn receive_exit<B: Builder>(b: &mut B, code: Word<B::Expr>, count: B::Expr) {
    send(b, EXIT, code, -count);
}

/// A call of an accelerator, and where to go on afterwards.
#[derive(Clone, Debug)]
pub struct Calling<E> {
    /// Its number.
    pub number: E,
    /// `a0` to `a4` before.
    pub arguments: [Word<E>; ARGUMENTS],
    /// Word index of the instruction after the ECALL.
    pub next_pc: E,
    /// Timestamp of the first access to memory.
    pub ts: E,
}

impl<E> Calling<E> {
    fn fields(self) -> [E; 13] {
        let [[a, b], [c, d], [e, f], [g, h], [i, j]] = self.arguments;
        let Self {
            number,
            next_pc,
            ts,
            ..
        } = self;
        [number, a, b, c, d, e, f, g, h, i, j, next_pc, ts]
    }
}

/// The ecall table hands a call to the table of its accelerator, which sends the state in its
/// stead.
pub fn send_call<B: Builder>(b: &mut B, calling: Calling<B::Expr>, count: B::Expr) {
    send(b, CALL, calling.fields(), count);
}

/// Receiving side of [`send_call`].
pub fn receive_call<B: Builder>(b: &mut B, calling: Calling<B::Expr>, count: B::Expr) {
    send(b, CALL, calling.fields(), -count);
}

/// Limbs in a message of [`send_progress`].
pub const PROGRESS_LIMBS: usize = 20;

/// How far a call is that takes several rows: `limbs` is what the row of `step` is given. As many
/// messages are sent as that takes, each with its number; limbs that the last one lacks are 0.
///
/// `kind` is the number of the call, `ts` its timestamp: no other call has the same. The call's own table
/// sends step 0 and receives the last one; a row of another table receives a step and sends the next, so
/// that there is one path and no cycle.
pub fn send_progress<B: Builder>(
    b: &mut B,
    kind: u32,
    ts: B::Expr,
    step: B::Expr,
    limbs: &[B::Expr],
    count: B::Expr,
) {
    for (part, limbs) in limbs.chunks(PROGRESS_LIMBS).enumerate() {
        let fields: [B::Expr; 4 + PROGRESS_LIMBS] = core::array::from_fn(|i| match i {
            0 => gadget::constant::<B>(kind),
            1 => ts.clone(),
            2 => step.clone(),
            3 => gadget::constant::<B>(part as u32),
            _ => limbs.get(i - 4).cloned().unwrap_or(B::Expr::ZERO),
        });
        send(b, PROGRESS, fields, count.clone());
    }
}

/// Receiving side of [`send_progress`].
pub fn receive_progress<B: Builder>(
    b: &mut B,
    kind: u32,
    ts: B::Expr,
    step: B::Expr,
    limbs: &[B::Expr],
    count: B::Expr,
) {
    send_progress(b, kind, ts, step, limbs, -count);
}
