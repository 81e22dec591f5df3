//! The program: every word that the segment executes, decoded in the circuit (ISA manual,
//! 2.2 and 2.3).
//!
//! - Given: the executable range, as public values; the words, from memory.
//! - Proves: each answer on the program bus is the decoding of the word that memory holds at
//!   its pc, which lies in the executable range, and each pc has one row. Stores cannot reach
//!   that range, so it does not matter when the word is read: all are after everything else.
//! - Buses: program (provides), memory, lookup. Degree 3. One row a word.

use alloc::borrow::Cow;
use core::iter::Sum;
use core::ops::Range;

use p3_air::AirBuilder;
use p3_field::{Field, PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::event::{Counts, Fetch};
use vouch_isa::memory::{FETCH_TIMESTAMP, SINK};
use vouch_isa::{Family, Format, Op, decode};

use crate::bus::{self, Decoded};
use crate::gadget::{self, MemoryAccess};
use crate::instruction::{IMMEDIATE, MISALIGNED, code};
use crate::table::{Context, Public, TableType};
use crate::{Builder, F, Word};

/// Instructions that can be proven: all but EBREAK.
pub(crate) const OPS: usize = Op::COUNT - 1;

/// An instruction's number on the program bus as it is decoded.
pub(crate) fn decoded_code(op: Op) -> F {
    let immediate = F::from_int(IMMEDIATE);
    match op.family() {
        Family::AddImm => immediate + code(Op::Add),
        _ if op != op.register_form() => immediate + code(op.register_form()),
        _ => code(op),
    }
}

pub(crate) fn provable_ops() -> impl Iterator<Item = &'static vouch_isa::OpInfo> {
    Op::TABLE.iter().filter(|info| info.op != Op::Ebreak)
}

crate::columns! {
    /// A row.
    pub struct Program {
        /// Word index of the instruction: low 14 bits (range14) and high 16 (range16).
        pc: [T; 2],
        /// How often it is executed; free: the bus balances only if it is right.
        count: T,
        /// Bits of the word; boolean.
        bits: [T; 32],
        /// Which instruction, in the order of [`Op::TABLE`] less EBREAK; boolean, at most
        /// one.
        is_op: [T; OPS],
        /// Bits 7 to 11, which hold `rd`, are 0; boolean.
        rd_is_x0: T,
        /// If not: their inverse; free otherwise.
        rd_inverse: T,
        /// `4 * pc` plus 4 (jumps) or the immediate (AUIPC); range16 each.
        relative: Word<T>,
        /// Carries of that sum; boolean.
        relative_carry: [T; 2],
        /// Low 14 bits of the distance to the start of the executable range; range14.
        above_start_lo: T,
        /// Low 14 bits of the distance to its last word; range14.
        below_end_lo: T,
        /// The read of the word, at [`FETCH_TIMESTAMP`].
        fetch: MemoryAccess<T>,
    }
}

/// Flags and bits of a row, summed by what they mean.
struct Fields<'a, B: Builder> {
    cols: &'a Program<B::Var>,
}

impl<B: Builder> Fields<'_, B> {
    /// Sum of the flags of the instructions that `chosen` says.
    fn any(&self, chosen: impl Fn(&vouch_isa::OpInfo) -> bool) -> B::Expr {
        provable_ops()
            .zip(self.cols.is_op)
            .filter(|(info, _)| chosen(info))
            .map(|(_, flag)| flag.into())
            .sum()
    }

    /// Sum of the flags of instructions of a format.
    fn format(&self, format: Format) -> B::Expr {
        self.any(|info| info.format == format)
    }

    /// The flag of an instruction.
    fn flag(&self, op: Op) -> B::Expr {
        self.any(|info| info.op == op)
    }

    /// Bits `low` to `low + count - 1` of the word as a number times `2^at`.
    fn bits(&self, low: usize, count: usize, at: usize) -> B::Expr {
        weighted::<B>(&self.cols.bits[low..low + count], at)
    }

    fn bit(&self, i: usize) -> B::Var {
        self.cols.bits[i]
    }
}

fn weighted<B: Builder>(bits: &[B::Var], at: usize) -> B::Expr {
    Sum::sum(
        bits.iter()
            .enumerate()
            .map(|(i, &bit)| bit * F::from_int(1u32 << (at + i))),
    )
}

impl TableType for Program<F> {
    const ID: u8 = 2;
    const NAME: &'static str = "program";
    const PUBLIC: Public = Public::Text;
    const IS_REQUIRED: bool = true;
    type Columns<T: Copy> = Program<T>;
    type Event<'a> = Fetch;

    fn rows(counts: &Counts, _: u64) -> u64 {
        counts.fetches
    }

    fn events<'a>(cx: &Context<'a>) -> Cow<'a, [Fetch]> {
        Cow::Borrowed(&cx.segment.fetches)
    }

    fn eval<B: Builder>(b: &mut B, c: &Program<B::Var>) {
        b.rule("flags");
        let real = gadget::select(b, &c.is_op);
        let fields = Fields::<B> { cols: c };
        eval_op(b, c);
        eval_rd(b, c);
        eval_range(b, c, &real);
        eval_relative(b, &fields, &real);

        let word = [fields.bits(0, 16, 0), fields.bits(16, 16, 0)];
        let pc = gadget::join::<B>(c.pc[0], c.pc[1], 1 << 14);
        // No later access exists, so a pc's row is the last access to its word, and the only one.
        // A timestamp of the prover's choice would allow two rows that read a word from each
        // other, each about half the field later than the other, and memory never.
        let ts = gadget::constant::<B>(FETCH_TIMESTAMP);
        b.rule("fetch");
        gadget::access_memory(b, pc.clone(), word.clone(), word, &c.fetch, ts, &real);
        let [x, y] = operand(&fields);
        let decoded = Decoded {
            z: target_or_offset(&fields, pc.clone()),
            pc,
            code: provable_ops()
                .zip(c.is_op)
                .map(|(info, flag)| flag * decoded_code(info.op))
                .sum(),
            rd: destination(&fields),
            rs1: source(&fields, 15, |f| {
                matches!(
                    f,
                    Format::R | Format::I | Format::Shift | Format::S | Format::B
                )
            }),
            rs2: source(&fields, 20, |f| {
                matches!(f, Format::R | Format::S | Format::B)
            }),
            x,
            y,
        };
        b.rule("answer");
        bus::provide_program(b, decoded, c.count.into());
    }

    fn row(e: &Fetch, text: &Range<u32>) -> Program<F> {
        let instruction = decode(e.word);
        let op = instruction.map(|i| i.op);
        let rd = e.word >> 7 & 0x1f;
        let add = match op {
            Some(Op::Auipc) => e.word & 0xffff_f000,
            Some(Op::Jal | Op::Jalr) => 4,
            _ => 0,
        };
        let address = e.pc << 2;
        let low = (address & 0xffff) + (add & 0xffff);
        let high = (address >> 16) + (add >> 16) + (low >> 16);
        let ops = provable_ops().map(|info| F::from_bool(Some(info.op) == op));
        let mut is_op = [F::ZERO; OPS];
        is_op
            .iter_mut()
            .zip(ops)
            .for_each(|(cell, flag)| *cell = flag);
        Program {
            pc: [F::from_int(e.pc & 0x3fff), F::from_int(e.pc >> 14)],
            count: F::from_int(e.count),
            bits: core::array::from_fn(|i| F::from_int(e.word >> i & 1)),
            is_op,
            rd_is_x0: F::from_bool(rd == 0),
            rd_inverse: F::from_int(rd).try_inverse().unwrap_or(F::ZERO),
            relative: gadget::word(address.wrapping_add(add)),
            relative_carry: [F::from_int(low >> 16), F::from_int(high >> 16)],
            above_start_lo: gadget::above_lo(e.pc, text.start),
            below_end_lo: gadget::above_lo(text.end.wrapping_sub(1), e.pc),
            fetch: MemoryAccess::new(e.prev_ts, FETCH_TIMESTAMP),
        }
    }

    // A row that is no word: bits of 0 hold `x0`.
    fn padding(row: &mut Program<F>) {
        row.rd_is_x0 = F::ONE;
    }
}

/// A set flag means that the word's fixed bits are that instruction's: the bits are boolean,
/// so the number of those that differ is 0 only if none does.
fn eval_op<B: Builder>(b: &mut B, c: &Program<B::Var>) {
    b.rule("bits are boolean");
    b.assert_bools(c.bits);
    b.rule("fixed bits");
    for (info, flag) in provable_ops().zip(c.is_op) {
        let differing: B::Expr = (0..32)
            .filter(|i| info.mask >> i & 1 == 1)
            .map(|i| match info.bits >> i & 1 {
                1 => B::Expr::ONE - c.bits[i],
                _ => c.bits[i].into(),
            })
            .sum();
        b.part(info.name);
        b.when(flag).assert_zero(differing);
    }
}

/// `rd_is_x0` is what it says: otherwise a write to `x0` could reach it, or a write to
/// another register could be dropped.
fn eval_rd<B: Builder>(b: &mut B, c: &Program<B::Var>) {
    let rd = weighted::<B>(&c.bits[7..12], 0);
    b.rule("flag of x0 is boolean");
    b.assert_bool(c.rd_is_x0);
    b.rule("flag of x0 means that rd is 0");
    b.when(c.rd_is_x0).assert_zero(rd.clone());
    b.rule("no flag of x0 means that rd is not 0");
    b.assert_eq(rd * c.rd_inverse, B::Expr::ONE - c.rd_is_x0);
}

/// The pc lies in the executable range.
fn eval_range<B: Builder>(b: &mut B, c: &Program<B::Var>, real: &B::Expr) {
    let [pc_lo, pc_hi] = gadget::exs::<B, 2>(c.pc);
    b.rule("low part of the pc is 14 bits");
    gadget::range14(b, pc_lo.clone(), real);
    b.rule("high part of the pc is 16 bits");
    gadget::range16(b, pc_hi.clone(), real);
    let (start, end) = (gadget::text_start(b), gadget::text_end(b));
    b.rule("pc above the start");
    gadget::assert_at_least(
        b,
        [pc_lo.clone(), pc_hi.clone()],
        start,
        c.above_start_lo,
        real,
    );
    b.rule("pc below the end");
    gadget::assert_at_least(b, end, [pc_lo + F::ONE, pc_hi], c.below_end_lo, real);
}

/// Link address of a jump, result of AUIPC.
fn eval_relative<B: Builder>(b: &mut B, fields: &Fields<'_, B>, real: &B::Expr) {
    let c = fields.cols;
    let is_auipc = fields.flag(Op::Auipc);
    let is_jump = fields.flag(Op::Jal) + fields.flag(Op::Jalr);
    let add_lo = is_auipc.clone() * fields.bits(12, 4, 12) + is_jump * F::from_int(4);
    let add_hi = is_auipc * fields.bits(16, 16, 0);
    b.rule("carries of the relative address are boolean");
    b.assert_bools(c.relative_carry);
    let [carry_lo, carry_hi] = c.relative_carry.map(|carry| carry * F::from_int(1 << 16));
    b.rule("relative address");
    b.assert_eq(c.pc[0] * F::from_int(4) + add_lo, carry_lo + c.relative[0]);
    b.assert_eq(
        c.pc[1] + add_hi + c.relative_carry[0],
        carry_hi + c.relative[1],
    );
    b.rule("limbs of the relative address");
    gadget::range_word(b, gadget::exs::<B, 2>(c.relative), real);
}

/// The register cell written: `rd`, the sink for `x0` and FENCE, 0 where there is none.
fn destination<B: Builder>(fields: &Fields<'_, B>) -> B::Expr {
    let c = fields.cols;
    let has_rd = fields.any(|info| {
        matches!(
            info.format,
            Format::R | Format::I | Format::Shift | Format::U | Format::J
        )
    });
    let sink = F::from_int(SINK);
    let cell = fields.bits(7, 5, 0) + c.rd_is_x0 * sink;
    has_rd * cell + fields.format(Format::Fence) * sink
}

/// The register cell read from the field at bit `low`, 0 where the format has none.
fn source<B: Builder>(fields: &Fields<'_, B>, low: usize, has: impl Fn(Format) -> bool) -> B::Expr {
    fields.any(|info| has(info.format)) * fields.bits(low, 5, 0)
}

/// Fields `x` and `y`: limbs of an immediate operand or of what [`eval_relative`] computes;
/// the offset of a load or store.
fn operand<B: Builder>(fields: &Fields<'_, B>) -> Word<B::Expr> {
    let c = fields.cols;
    let sign = fields.bit(31);
    let is_load = |info: &vouch_isa::OpInfo| {
        info.format == Format::I && matches!(info.family, Family::Word | Family::LoadSub)
    };
    let is_immediate = fields
        .any(|info| info.format == Format::I && !is_load(info) && info.family != Family::Jalr);
    let is_lui = fields.flag(Op::Lui);
    let is_relative = fields.any(|info| matches!(info.op, Op::Auipc | Op::Jal | Op::Jalr));

    let load_offset = fields.bits(20, 11, 0) - sign * F::from_int(1 << 11);
    let store_offset = fields.bits(7, 5, 0) + fields.bits(25, 6, 5) - sign * F::from_int(1 << 11);
    let x = is_immediate.clone() * (fields.bits(20, 11, 0) + sign * F::from_int(0xf800))
        + fields.format(Format::Shift) * fields.bits(20, 5, 0)
        + is_lui.clone() * fields.bits(12, 4, 12)
        + is_relative.clone() * c.relative[0]
        + fields.any(is_load) * load_offset
        + fields.format(Format::S) * store_offset;
    let y = is_immediate * (sign * F::from_int(0xffff))
        + is_lui * fields.bits(16, 16, 0)
        + is_relative * c.relative[1];
    [x, y]
}

/// Field `z`: the target of a branch or JAL, the offset of JALR.
fn target_or_offset<B: Builder>(fields: &Fields<'_, B>, pc: B::Expr) -> B::Expr {
    let sign = fields.bit(31);
    let far = F::from_int(MISALIGNED);
    // Immediates in words: bit k of the offset is worth 2^(k-2), bit 1 leads astray.
    let branch = fields.bits(9, 3, 0) + fields.bits(25, 6, 3) + fields.bits(7, 1, 9)
        - sign * F::from_int(1 << 10)
        + fields.bit(8) * far;
    let jump = fields.bits(22, 9, 0) + fields.bits(20, 1, 9) + fields.bits(12, 8, 10)
        - sign * F::from_int(1 << 18)
        + fields.bit(21) * far;
    let offset = fields.bits(20, 11, 0) - sign * F::from_int(1 << 11);
    fields.format(Format::B) * (pc.clone() + branch)
        + fields.format(Format::J) * (pc + jump)
        + fields.flag(Op::Jalr) * offset
}
