//! What the tables of instructions have in common: which instruction a row is, where and when it
//! is executed, the registers that it accesses, and where the machine goes on.

use alloc::borrow::Cow;
use core::ops::Range;

use p3_air::AirBuilder;
use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use vouch_isa::event::{Counts, Step};
use vouch_isa::memory::{RD_SLOT, RS1_SLOT, RS2_SLOT, STEP_TICKS};
use vouch_isa::{Family, Op};

use crate::bus::{self, Decoded};
use crate::columns::Block;
use crate::gadget::{self, WriteRegister};
use crate::table::{Context, Public, TableType};
use crate::{Builder, F, Word};

/// A table of plain instructions: a row for each [`Step`] of a family.
pub trait Instruction: Sized + 'static {
    /// As [`TableType::ID`].
    const ID: u8;
    /// As [`TableType::NAME`].
    const NAME: &'static str;
    /// The instructions.
    const FAMILY: Family;
    /// As [`TableType::PUBLIC`].
    const PUBLIC: Public = Public::None;
    /// As [`TableType::Columns`].
    type Columns<T: Copy>: Block<T>;

    /// Constraints.
    fn eval<B: Builder>(b: &mut B, c: &Self::Columns<B::Var>);

    /// The row of an instruction; `text` is the executable range in word indices.
    fn row(e: &Step, text: &Range<u32>) -> Self::Columns<F>;

    /// As [`TableType::padding`].
    fn padding(_: &mut Self::Columns<F>) {}
}

impl<T: Instruction> TableType for T {
    const ID: u8 = T::ID;
    const NAME: &'static str = T::NAME;
    const FAMILY: Option<Family> = Some(T::FAMILY);
    const PUBLIC: Public = T::PUBLIC;
    type Columns<V: Copy> = T::Columns<V>;
    type Event<'a> = Step;

    fn rows(counts: &Counts, _: u64) -> u64 {
        counts.steps[T::FAMILY as usize]
    }

    fn events<'a>(cx: &Context<'a>) -> Cow<'a, [Step]> {
        Cow::Borrowed(&cx.segment.steps[T::FAMILY as usize])
    }

    fn row(e: &Step, text: &Range<u32>) -> T::Columns<F> {
        T::row(e, text)
    }

    fn padding(row: &mut T::Columns<F>) {
        T::padding(row);
    }

    #[inline]
    fn eval<B: Builder>(b: &mut B, c: &T::Columns<B::Var>) {
        T::eval(b, c);
    }
}

/// Added to the number of an instruction whose second operand is the immediate.
pub(crate) const IMMEDIATE: u32 = 64;
/// How far up the target of a misaligned branch is sent: no code lies there.
pub(crate) const MISALIGNED: u32 = 1 << 30;

/// An instruction's number on the program bus, in its register form.
pub(crate) fn code(op: Op) -> F {
    F::from_int(op as u8)
}

/// Target of a branch or JAL as a field element: `pc + imm / 4`, and out of reach if `imm` is
/// no multiple of 4.
pub(crate) fn target(pc: u32, imm: u32) -> F {
    let misaligned = F::from_int(imm >> 1 & 1) * F::from_int(MISALIGNED);
    F::from_int(pc) + F::from_int(imm as i32 >> 2) + misaligned
}

crate::columns! {
    /// Where and when an instruction is executed.
    pub inline struct At {
        /// Word index of the instruction; pinned by state and program.
        pc: T,
        /// Its timestamp; pinned by state.
        ts: T,
    }
}

crate::columns! {
    /// What an instruction begins with that writes a register.
    pub inline struct HeadJ {
        /// Where and when.
        at: At<T>,
        /// Register cell written; pinned by the program.
        rd: T,
    }
}

crate::columns! {
    /// What an instruction begins with that reads a register and writes one.
    pub inline struct HeadI {
        /// Where and when.
        at: At<T>,
        /// Register cell written; pinned by the program.
        rd: T,
        /// Register cell read first; pinned by the program.
        rs1: T,
    }
}

crate::columns! {
    /// What an instruction begins with that reads two registers and writes one.
    pub inline struct HeadR {
        /// Where and when.
        at: At<T>,
        /// Register cell written; pinned by the program.
        rd: T,
        /// Register cell read first; pinned by the program.
        rs1: T,
        /// Register cell read second; pinned by the program, which has 0 in immediate forms.
        rs2: T,
    }
}

crate::columns! {
    /// What an instruction begins with that reads two registers.
    pub inline struct HeadS {
        /// Where and when.
        at: At<T>,
        /// Register cell read first; pinned by the program.
        rs1: T,
        /// Register cell read second; pinned by the program.
        rs2: T,
    }
}

impl At<F> {
    /// Of an instruction at word index `pc` and time `ts`.
    pub fn new(pc: u32, ts: u32) -> Self {
        Self {
            pc: F::from_int(pc),
            ts: F::from_int(ts),
        }
    }
}

impl HeadJ<F> {
    /// Of an instruction.
    pub fn new(e: &Step) -> Self {
        Self {
            at: At::new(e.pc, e.ts),
            rd: F::from_int(e.rd),
        }
    }
}

impl HeadI<F> {
    /// Of an instruction.
    pub fn new(e: &Step) -> Self {
        Self {
            at: At::new(e.pc, e.ts),
            rd: F::from_int(e.rd),
            rs1: F::from_int(e.rs1),
        }
    }
}

impl HeadR<F> {
    /// Of an instruction.
    pub fn new(e: &Step) -> Self {
        Self {
            at: At::new(e.pc, e.ts),
            rd: F::from_int(e.rd),
            rs1: F::from_int(e.rs1),
            rs2: F::from_int(e.rs2),
        }
    }
}

impl HeadS<F> {
    /// Of an instruction.
    pub fn new(e: &Step) -> Self {
        Self {
            at: At::new(e.pc, e.ts),
            rs1: F::from_int(e.rs1),
            rs2: F::from_int(e.rs2),
        }
    }
}

/// How often a row reads `rs2` that may have the immediate for its second operand.
///
/// `is_imm` says so: boolean, and 0 in a row that is no instruction, which would otherwise read
/// `rs2` a negative number of times.
pub(crate) fn immediate_form<B: Builder>(b: &mut B, is_imm: B::Var, real: &B::Expr) -> B::Expr {
    b.rule("immediate form is boolean");
    b.assert_bool(is_imm);
    b.rule("immediate form only in an instruction");
    b.when(is_imm).assert_one(real.clone());
    real.clone() - is_imm
}

/// An instruction that a table executes: what it asks the program for grows with what it
/// accesses, so that it cannot read one register and ask for another.
pub(crate) struct Execution<'a, B: Builder> {
    at: At<B::Var>,
    real: &'a B::Expr,
    /// What the program is to hold at its pc.
    pub decoded: Decoded<B::Expr>,
}

impl<'a, B: Builder> Execution<'a, B> {
    /// Of the instruction with the number `code`, in a row that executes one if `real` is 1.
    pub fn new(at: At<B::Var>, code: B::Expr, real: &'a B::Expr) -> Self {
        let decoded = Decoded::new(at.pc.into(), code);
        Self { at, real, decoded }
    }

    /// Reads `rs1`, which was accessed at `prev_ts` before.
    pub fn read_rs1(&mut self, b: &mut B, cell: B::Var, value: Word<B::Expr>, prev_ts: B::Var) {
        self.decoded.rs1 = cell.into();
        let at = self.at.ts + gadget::constant::<B>(RS1_SLOT);
        let prev = (value.clone(), prev_ts);
        b.rule("read of rs1");
        gadget::access_register(b, cell.into(), prev, (value, at), self.real);
    }

    /// Reads `rs2`, which was accessed at `prev_ts` before.
    pub fn read_rs2(&mut self, b: &mut B, cell: B::Var, value: Word<B::Expr>, prev_ts: B::Var) {
        self.read_rs2_if(b, cell, value, prev_ts, self.real);
    }

    /// Reads `rs2` if `reads` is 1, as [`immediate_form`] has it.
    pub fn read_rs2_if(
        &mut self,
        b: &mut B,
        cell: B::Var,
        value: Word<B::Expr>,
        prev_ts: B::Var,
        reads: &B::Expr,
    ) {
        self.decoded.rs2 = cell.into();
        let at = self.at.ts + gadget::constant::<B>(RS2_SLOT);
        let prev = (value.clone(), prev_ts);
        b.rule("read of rs2");
        gadget::access_register(b, cell.into(), prev, (value, at), reads);
    }

    /// Writes `rd`.
    pub fn write_rd(
        &mut self,
        b: &mut B,
        cell: B::Var,
        old: &WriteRegister<B::Var>,
        value: Word<B::Expr>,
    ) {
        self.decoded.rd = cell.into();
        let at = self.at.ts + gadget::constant::<B>(RD_SLOT);
        let prev = (gadget::exs::<B, 2>(old.prev), old.prev_ts);
        b.rule("write of rd");
        gadget::access_register(b, cell.into(), prev, (value, at), self.real);
    }

    /// The instruction is what the program holds at its pc, and the machine goes on behind it.
    pub fn go_on(self, b: &mut B) {
        let next_pc = self.at.pc + F::ONE;
        self.go_to(b, next_pc);
    }

    /// As [`Self::go_on`], but the machine goes on at `next_pc`.
    pub fn go_to(self, b: &mut B, next_pc: B::Expr) {
        let Self { at, real, decoded } = self;
        b.rule("state before");
        bus::receive_state(b, decoded.pc.clone(), at.ts.into(), real.clone());
        let ts = at.ts + gadget::constant::<B>(STEP_TICKS);
        b.rule("state after");
        bus::send_state(b, next_pc, ts, real.clone());
        b.rule("instruction");
        bus::ask_program(b, decoded, real.clone());
    }
}
