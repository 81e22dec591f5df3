//! Whether an instruction's row sends something untrue.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use vouch_isa::event::Step;
use vouch_isa::memory::{MAX_TIMESTAMP, MEMORY_SLOT, RD_SLOT, REGISTER_BASE, RS1_SLOT, RS2_SLOT};
use vouch_isa::{Family, Format, Op};

use super::numbers::P;
use super::steps::{Case, IMMEDIATE, accesses, execute, messages};
use super::verdict::{Message, Verdict};
use crate::bus::{MEMORY, PROGRAM, STATE};

/// Whether an instruction's row sends something untrue: its inputs are what a program, the
/// machine's state and cells may be, but what it makes of them is not what the ISA does.
pub fn judge(row: &Verdict) -> Result<(), String> {
    let sent = row.sent.as_slice();
    if sent.is_empty() {
        return Ok(());
    }
    let one = |bus: &str, count: i64| -> Result<&[u32], String> {
        let mut of_bus = sent.iter().filter(|m| m.bus == bus && m.count == count);
        match (of_bus.next(), of_bus.next()) {
            (Some(message), None) => Ok(&message.fields),
            _ => Err(format!(
                "not one {bus} message with count {count}: {sent:?}"
            )),
        }
    };
    let (state, asked) = (one(STATE, -1)?, one(PROGRAM, 1)?);
    // The program table answers it for words that are no instruction.
    if asked[1] == 0 {
        return Err(format!("an instruction without a number: {sent:?}"));
    }
    let Some(instruction) = instruction(asked) else {
        // No program decodes to this.
        return Ok(());
    };
    let (pc, ts) = (state[0], state[1]);
    if ts > MAX_TIMESTAMP {
        return Ok(());
    }
    let Some(inputs) = inputs(
        Step {
            pc,
            ts,
            ..instruction
        },
        sent,
    )?
    else {
        return Ok(());
    };
    let Some(executed) = execute(inputs) else {
        return Err(format!("the instruction faults: {inputs:?}"));
    };
    let (expected, mut got) = (messages(&executed), sent.to_vec());
    got.sort();
    match got == expected {
        true => Ok(()),
        false => Err(format!("expected {expected:?}, got {got:?}")),
    }
}

/// The instruction of a program message, `None` if no program has it.
fn instruction(fields: &[u32]) -> Option<Step> {
    let &[pc, code, rd, rs1, rs2, x, y, z] = fields else {
        return None;
    };
    let base = Op::TABLE.get((code % IMMEDIATE) as usize)?.op;
    let op = match (code / IMMEDIATE, base) {
        (0, _) => base,
        (1, Op::Add) => Op::Addi,
        (1, _) => {
            Op::TABLE
                .iter()
                .find(|i| i.op != base && i.op.register_form() == base)?
                .op
        }
        _ => return None,
    };
    let is_plain = op == base;
    let is_immediate_form = op != op.register_form() || op.family() == Family::AddImm;
    if is_plain && is_immediate_form {
        return None;
    }
    let accessed = accesses(op);
    let is_source = |cell: u32, is_read: bool| cell < 32 && (is_read || cell == 0);
    let is_rd = if accessed.rd {
        (1..=32).contains(&rd)
    } else {
        rd == 0
    };
    let is_word = x < 1 << 16 && y < 1 << 16;
    let as_signed = |x: u32| i64::from(x) - if x > P / 2 { i64::from(P) } else { 0 };
    let is_offset = |x: u32| (-2048..2048).contains(&as_signed(x));
    let link = pc.wrapping_mul(4).wrapping_add(4);
    let is_link = is_word && x | y << 16 == link;
    // The target of a branch or jump as an offset in words.
    let distance = i64::from(z) - i64::from(pc);
    let is_near = |bits: u32| (-(1 << bits)..1 << bits).contains(&distance) && z < 1 << 30;
    let (fits, imm) = match (op.info().format, op.family()) {
        (Format::R, _) => (x == 0 && y == 0 && z == 0, 0),
        (Format::Shift, _) => (x < 32 && y == 0 && z == 0, x),
        (Format::B, _) => (x == 0 && y == 0 && is_near(10), (4 * distance) as u32),
        (Format::J, _) => (is_link && is_near(18), (4 * distance) as u32),
        (_, Family::Jalr) => (is_link && is_offset(z), as_signed(z) as u32),
        (_, Family::Word | Family::LoadSub | Family::StoreSub) => {
            (is_offset(x) && y == 0 && z == 0, as_signed(x) as u32)
        }
        _ => (is_word && z == 0, x | y.wrapping_shl(16)),
    };
    let fits = fits
        && pc < 1 << 30
        && is_rd
        && is_source(rs1, accessed.rs1)
        && is_source(rs2, accessed.rs2);
    let (rd, rs1, rs2) = (rd as u8, rs1 as u8, rs2 as u8);
    let empty = Case::jump(Op::Jal, 0, 0, 0).step();
    let step = Step {
        op,
        rd,
        rs1,
        rs2,
        imm,
        c: 0,
        rd_prev: 0,
        rd_ts: 0,
        ..empty
    };
    fits.then_some(step)
}

/// Adds the values found in cells; `None` if no cell holds them.
fn inputs(mut e: Step, sent: &[Message]) -> Result<Option<Step>, String> {
    let cells: Vec<&Message> = sent.iter().filter(|m| m.bus == MEMORY).collect();
    for pair in cells.chunks(2) {
        let &[before, after] = pair else {
            return Err(format!("a lone access: {pair:?}"));
        };
        let (&[cell, lo, hi, prev_ts], &[_, _, _, ts]) = (&before.fields[..], &after.fields[..])
        else {
            return Err(format!("no cells: {pair:?}"));
        };
        if lo >= 1 << 16 || hi >= 1 << 16 || prev_ts > MAX_TIMESTAMP {
            return Ok(None);
        }
        if prev_ts >= ts {
            return Err(format!("an access before the last one: {pair:?}"));
        }
        let value = lo | hi << 16;
        let slot = ts.wrapping_sub(e.ts);
        let (into, into_ts) = match (cell >= REGISTER_BASE, slot) {
            (false, MEMORY_SLOT) => (&mut e.mem_prev, &mut e.mem_ts),
            (true, RS1_SLOT) => (&mut e.a, &mut e.rs1_ts),
            (true, RS2_SLOT) => (&mut e.b, &mut e.rs2_ts),
            (true, RD_SLOT) => (&mut e.rd_prev, &mut e.rd_ts),
            _ => return Err(format!("an access at no slot: {pair:?}")),
        };
        (*into, *into_ts) = (value, prev_ts);
    }
    Ok(Some(e))
}
