//! Bugs that other machines had, or ours on the way, as they would look in our tables.
//!
//! Each is a rule that somebody forgot or got wrong. The suite must notice: some mutant that
//! only this rule keeps out must be among those of `cells`, `compound` and `faults`.

use vouch_air::bus;
use vouch_air::tables::Table;

use super::evidence::Breach;
use super::machine::{Rules, speaks_of};
use crate::rules::bus_index;
use vouch_air::testkit::P;

/// A bug.
pub struct Bug {
    /// What is wrong.
    pub name: &'static str,
    /// Who had it.
    pub source: &'static str,
    /// How it looks in our tables.
    pub forgets: Forgets,
}

/// What is forgotten.
pub enum Forgets {
    /// Every rule of a table that speaks of one of these columns.
    Columns(Table, &'static [&'static str]),
    /// Every question of a table about one of these columns.
    Questions(Table, &'static [&'static str]),
    /// What a question asks of these columns is taken to be so if the number is at most this.
    UpTo(Table, &'static [&'static str], u32),
    /// A range lets the number p - 1 pass, which is -1.
    MinusOne(Table, &'static [&'static str]),
    /// A field of a bus.
    Field(&'static str, usize),
    /// That two fields of a bus are limbs: they are sent as one element.
    Limbs(&'static str, usize),
}

use Forgets::{Columns, Field, Limbs, MinusOne, Questions, UpTo};

const fn bug(name: &'static str, source: &'static str, forgets: Forgets) -> Bug {
    Bug {
        name,
        source,
        forgets,
    }
}

/// All of them.
pub const BUGS: &[Bug] = &[
    // Integers and the field.
    bug(
        "a limb of a jump's target has two bits more than it should",
        "OpenVM, CVE-2025-46723",
        UpTo(Table::Jalr, &["target.word_lo"], 0xffff),
    ),
    bug("the exit code p is read as 0", "SP1", Limbs(bus::EXIT, 0)),
    bug(
        "a word in memory is one element: v and v + p are the same",
        "seen in several: integers and the field",
        Limbs(bus::MEMORY, 1),
    ),
    bug(
        "a length aliases the length + p",
        "seen in several: integers and the field",
        Questions(Table::Ecall, &["a0_next[1]"]),
    ),
    bug(
        "the high limb of an immediate is not checked",
        "seen in several: integers and the field",
        Field(bus::PROGRAM, 6),
    ),
    bug(
        "the immediate of an instruction is not checked",
        "seen in several: control flow, wrong LUI",
        Field(bus::PROGRAM, 5),
    ),
    // Operands.
    bug(
        "rs2 is taken for rs1",
        "RISC Zero, CVE-2025-52484",
        Field(bus::PROGRAM, 4),
    ),
    bug(
        "rs1 may be any register",
        "seen in several: operands",
        Field(bus::PROGRAM, 3),
    ),
    bug(
        "rd may be any register",
        "seen in several: operands",
        Field(bus::PROGRAM, 2),
    ),
    bug(
        "the operation is not what was decoded",
        "seen in several: control flow",
        Field(bus::PROGRAM, 1),
    ),
    // Division and multiplication.
    bug(
        "a division has two results: the remainder may be as large as it likes",
        "RISC Zero, CVE-2025-54873",
        Columns(Table::DivRem, &["slack", "slack_carry"]),
    ),
    bug(
        "a remainder as large as the divisor",
        "OpenVM",
        MinusOne(Table::DivRem, &["slack"]),
    ),
    bug(
        "division by zero gives what it likes",
        "ZisK",
        Columns(Table::DivRem, &["by_zero"]),
    ),
    bug(
        "the remainder has the wrong sign",
        "OpenVM",
        Columns(Table::DivRem, &["remainder_sign"]),
    ),
    bug(
        "the sign of a quotient is free",
        "seen in several: arithmetic",
        Columns(Table::DivRem, &["quotient_sign"]),
    ),
    bug(
        "the sign of a dividend is free",
        "seen in several: arithmetic",
        Columns(Table::DivRem, &["a_sign"]),
    ),
    bug(
        "MULH's first sign is free",
        "Nexus",
        Columns(Table::MulHigh, &["a_sign"]),
    ),
    bug(
        "MULH's second sign is free",
        "Nexus",
        Columns(Table::MulHigh, &["b_sign"]),
    ),
    bug(
        "the carries of a product are free",
        "seen in several: arithmetic",
        Questions(Table::Mul, &["carry"]),
    ),
    // Control flow.
    bug(
        "instructions can be reordered: the pc is not tied to the clock",
        "seen in several: control flow",
        Field(bus::STATE, 1),
    ),
    bug(
        "the next pc is free",
        "seen in several: control flow",
        Field(bus::STATE, 0),
    ),
    bug(
        "the next pc is free after an ECALL that moves words",
        "seen in several: control flow",
        Field(bus::MOVE, 1),
    ),
    bug(
        "a branch is taken when it should not be",
        "seen in several: control flow",
        Columns(Table::BranchEq, &["equal"]),
    ),
    bug(
        "a comparison says what it likes",
        "seen in several: control flow",
        Columns(Table::BranchLt, &["order.less"]),
    ),
    bug(
        "a branch goes where it likes",
        "seen in several: control flow",
        Columns(Table::BranchLt, &["next_pc"]),
    ),
    bug(
        "JALR keeps the lowest bit of its target",
        "seen in several: control flow",
        Columns(Table::Jalr, &["odd"]),
    ),
    // Memory.
    bug(
        "an access reads the future",
        "seen in several: memory, timestamps overflow",
        Questions(Table::AddSub, &["a.prev_ts"]),
    ),
    bug(
        "an access to memory reads the future",
        "seen in several: memory",
        Questions(Table::Word, &["memory.prev_ts"]),
    ),
    bug(
        "the first timestamp is free",
        "seen in several: memory",
        Field(bus::MEMORY, 3),
    ),
    bug(
        "refreshes lead once around the field",
        "Vouch, before its first release",
        Questions(Table::Refresh, &["ts", "ts_lo"]),
    ),
    bug(
        "a word is read as code twice",
        "Vouch, before its first release",
        Questions(Table::Program, &["fetch.prev_ts", "fetch.gap_lo"]),
    ),
    bug(
        "a leaf is sent twice: memory is initialised twice",
        "seen in several: memory",
        Columns(Table::Merkle, &["left_touched"]),
    ),
    bug(
        "an untouched node changes",
        "seen in several: memory",
        Columns(Table::Merkle, &["right_touched"]),
    ),
    bug(
        "a store reaches the registers",
        "seen in several: memory, boundary addresses",
        Questions(Table::Word, &["address.word_hi"]),
    ),
    bug(
        "a store reaches the code",
        "seen in several: memory",
        Columns(Table::Word, &["above_lo"]),
    ),
    bug(
        "a Merkle node is taken for one of another height",
        "seen in several: memory",
        Field(bus::MERKLE, 0),
    ),
    bug(
        "a Merkle node is taken for its neighbour",
        "seen in several: memory, misrouted labels",
        Field(bus::MERKLE, 1),
    ),
    bug(
        "a leaf is not hashed",
        "seen in several: hints of the host, never recomposed",
        Questions(Table::Leaf, &["initial_hash"]),
    ),
    bug(
        "a byte is loaded from another place in its word",
        "seen in several: memory, sub-word loads",
        Columns(Table::LoadSub, &["offset"]),
    ),
    bug(
        "LB and LH extend what sign they like",
        "seen in several: memory, sub-word loads",
        Columns(Table::LoadSub, &["sign"]),
    ),
    bug(
        "SB changes its neighbours",
        "seen in several: memory, sub-word stores",
        Columns(Table::StoreSub, &["limb_next", "next"]),
    ),
    bug(
        "x0 is writable",
        "seen in several: memory",
        Columns(Table::Program, &["rd_is_x0", "rd_inverse"]),
    ),
    bug(
        "an access is misaligned",
        "seen in several: memory",
        Columns(Table::Word, &["address.word_lo"]),
    ),
    bug(
        "an access is to another address",
        "seen in several: memory",
        Field(bus::MEMORY, 0),
    ),
    // Buses.
    bug(
        "a refresh counts as often as it likes",
        "seen in several: buses, multiplicities",
        Columns(Table::Refresh, &["is_real"]),
    ),
    bug(
        "an instruction is two at once",
        "seen in several: buses, padding sends",
        Columns(Table::AddSub, &["is_add", "is_sub"]),
    ),
    // The host.
    bug(
        "a reply is written anywhere",
        "RISC Zero, CVE-2025-61588",
        Field(bus::MOVE, 2),
    ),
    bug(
        "a reply is longer than its buffer",
        "seen in several: hints of the host",
        Field(bus::MOVE, 3),
    ),
    bug(
        "a reply is longer than was asked for",
        "seen in several: hints of the host",
        Columns(Table::Ecall, &["missing"]),
    ),
    bug(
        "words that a reply moves are no bytes",
        "seen in several: hints of the host, hints never recomposed",
        Questions(Table::Moves, &["next"]),
    ),
    bug(
        "after its end the input goes on",
        "seen in several: hints of the host",
        Columns(Table::Ecall, &["is_short"]),
    ),
    bug(
        "the journal is free",
        "seen in several: public values, public values",
        Field(bus::JOURNAL, 1),
    ),
    bug(
        "the journal's bytes change places",
        "seen in several: public values",
        Field(bus::JOURNAL, 0),
    ),
    // Accelerators.
    bug(
        "a result has two words: x and x + p",
        "seen in several: integers and the field",
        Columns(Table::Poseidon2Permute, &["factor"]),
    ),
    bug(
        "a result's high limb may be as large as it likes",
        "seen in several: integers and the field",
        Questions(Table::Poseidon2Permute, &["next_lo"]),
    ),
    bug(
        "a remainder is not below the modulus",
        "RISC Zero, CVE-2025-54873",
        Questions(Table::MulAddMod256, &["difference"]),
    ),
    bug(
        "the bytes of a quotient are elements",
        "seen in several: integers and the field",
        Questions(Table::MulAddMod256, &["q_low", "q_high"]),
    ),
    bug(
        "a carry is any element",
        "seen in several: arithmetic, wrapping around the field",
        Questions(Table::MulAddMod384, &["carry"]),
    ),
    bug(
        "any modulus may be said to be 0",
        "seen in several: division by zero",
        Columns(Table::MulAddMod384, &["is_zero"]),
    ),
    bug(
        "an accelerator writes to the code",
        "seen in several: memory, boundary addresses unchecked",
        Questions(Table::Poseidon2Permute, &["state.above_lo"]),
    ),
    bug(
        "an accelerator's pointer is between two words",
        "seen in several: memory, misaligned access",
        Columns(Table::Poseidon2Permute, &["state.word_lo"]),
    ),
    bug(
        "a hash is of bits that are none",
        "seen in several: integers and the field",
        Columns(Table::KeccakRound, &["bits"]),
    ),
    bug(
        "a round of a hash takes parities on trust",
        "seen in several: hints of the host, hints never recomposed",
        Columns(Table::KeccakRound, &["parity_after"]),
    ),
    bug(
        "a round of a hash has another one's constant",
        "seen in several: control flow",
        Columns(Table::KeccakRound, &["low"]),
    ),
    bug(
        "an accelerator reads the future",
        "seen in several: memory, timestamps overflow",
        Questions(Table::KeccakF1600, &["prev_ts"]),
    ),
    bug(
        "an accelerator computes on words elsewhere",
        "seen in several: operands",
        Field(bus::CALL, 1),
    ),
    bug(
        "the machine goes on anywhere after an accelerator",
        "seen in several: control flow, next pc free after ECALL",
        Field(bus::CALL, 11),
    ),
    // Operations.
    bug(
        "SLT takes any sign",
        "seen in several: arithmetic",
        Columns(Table::Compare, &["order.a_top"]),
    ),
    bug(
        "a shift moves by another amount",
        "seen in several: arithmetic",
        Columns(Table::Shift, &["r"]),
    ),
    bug(
        "the bits that a shift leaves are free",
        "seen in several: arithmetic",
        Questions(Table::Shift, &["low", "high"]),
    ),
    bug(
        "AND is free",
        "seen in several: buses, an unchecked lookup",
        Questions(Table::Bitwise, &["and"]),
    ),
    bug(
        "a sum has no carry",
        "seen in several: integers and the field",
        Columns(Table::AddSub, &["c"]),
    ),
];

impl Forgets {
    /// Whether a breach is none with this bug.
    pub fn forgives(&self, rules: &[Rules], breach: &Breach) -> bool {
        match self {
            Columns(table, columns) => speaks_of(rules, breach, *table, columns),
            Questions(table, columns) => {
                matches!(breach, Breach::Question(..)) && speaks_of(rules, breach, *table, columns)
            }
            UpTo(table, columns, most) => {
                asks_of(breach, |x| x <= *most) && speaks_of(rules, breach, *table, columns)
            }
            MinusOne(table, columns) => {
                asks_of(breach, |x| x == P - 1) && speaks_of(rules, breach, *table, columns)
            }
            Field(name, field) => match breach {
                Breach::Bus(bus, how) => *bus == bus_index(name) && how.but_for >> field & 1 == 1,
                _ => false,
            },
            Limbs(name, field) => match breach {
                Breach::Bus(bus, how) => *bus == bus_index(name) && how.joined >> field & 1 == 1,
                _ => false,
            },
        }
    }
}

/// A question to the lookup table whose operand is like that.
fn asks_of(breach: &Breach, is: impl Fn(u32) -> bool) -> bool {
    match breach {
        Breach::Question(_, _, asked) => asked.bus == bus_index(bus::LOOKUP) && is(asked.fields[1]),
        _ => false,
    }
}
