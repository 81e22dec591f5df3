//! Whether events are what their instructions do.

use std::collections::BTreeMap;

use vouch_isa::accelerators::{ARGUMENTS, Accelerator};
use vouch_isa::event::{Access, Ecall, Invocation, Move, Segment, Step};
use vouch_isa::memory::{ECALL_TICKS, SINK};
use vouch_isa::{Call, Family, Format, Instruction, Op};
use vouch_isa::{alu, branch_taken, decode, load_value, store_merge};

use super::CheckError;

pub(super) fn check(segment: &Segment) -> Result<(), CheckError> {
    let code = check_fetches(segment)?;
    for (family, steps) in segment.steps.iter().enumerate() {
        for step in steps {
            let instruction = code.get(&step.pc).copied().flatten();
            let as_expected = instruction.is_some_and(|i| *step == expected_step(&i, step));
            if !as_expected || step.op.family() as usize != family {
                let &Step { pc, ts, .. } = step;
                return Err(CheckError::Step { pc, ts });
            }
        }
    }
    let mut journal = Vec::new();
    let mut moves = segment.moves.as_slice();
    check_invocations(segment)?;
    for ecall in &segment.ecalls {
        let &Ecall { pc, ts, .. } = ecall;
        let is_ecall = code.get(&pc).copied().flatten().map(|i| i.op) == Some(Op::Ecall);
        if !is_ecall || !check_call(ecall, &mut moves, &mut journal) {
            return Err(CheckError::Call { pc, ts });
        }
    }
    let exit = segment.ecalls.iter().find(|e| e.call == Call::Exit);
    let steps: usize = segment.steps.iter().map(Vec::len).sum();
    let agree = moves.is_empty()
        && journal == segment.journal
        && segment.exit_code == exit.map(|e| e.a0)
        && segment.cycles == (steps + segment.ecalls.len()) as u64;
    if agree {
        Ok(())
    } else {
        Err(CheckError::Totals)
    }
}

/// Checks the order and counts of the fetches; returns the code.
fn check_fetches(segment: &Segment) -> Result<BTreeMap<u32, Option<Instruction>>, CheckError> {
    let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
    let steps = segment.steps.iter().flatten().map(|s| s.pc);
    for pc in steps.chain(segment.ecalls.iter().map(|e| e.pc)) {
        *counts.entry(pc).or_default() += 1;
    }
    let mut code = BTreeMap::new();
    for fetch in &segment.fetches {
        let &vouch_isa::event::Fetch { pc, count: got, .. } = fetch;
        let expected = counts.remove(&pc).unwrap_or_default();
        let ascends = code.last_key_value().is_none_or(|(last, _)| *last < pc);
        if expected != got || !ascends {
            return Err(CheckError::Fetch { pc, expected, got });
        }
        code.insert(pc, decode(fetch.word));
    }
    match counts.first_key_value() {
        Some((&pc, &expected)) => Err(CheckError::Fetch {
            pc,
            expected,
            got: 0,
        }),
        None => Ok(code),
    }
}

/// The step that an instruction makes of the operands and timestamps that `step` has.
fn expected_step(instruction: &Instruction, step: &Step) -> Step {
    let &Instruction {
        op,
        rd,
        rs1,
        rs2,
        imm,
    } = instruction;
    let format = op.info().format;
    let is_memory = matches!(
        op.family(),
        Family::Word | Family::LoadSub | Family::StoreSub
    );
    let is_store = format == Format::S;
    let writes = !matches!(format, Format::S | Format::B);
    let reads = format != Format::J;
    let pc_bytes = step.pc * 4;
    let a = if matches!(format, Format::U | Format::Fence | Format::J) {
        0
    } else {
        step.a
    };
    let b = match format {
        Format::R | Format::S | Format::B => step.b,
        Format::J => 0,
        Format::Fence => 0,
        Format::U if op == Op::Auipc => pc_bytes.wrapping_add(imm),
        _ if is_memory || op == Op::Jalr => 0,
        _ => imm,
    };
    let addr = if is_memory { a.wrapping_add(imm) } else { 0 };
    let link = pc_bytes.wrapping_add(4);
    let (c, next) = match op {
        Op::Jal => (link, pc_bytes.wrapping_add(imm)),
        Op::Jalr => (link, a.wrapping_add(imm) & !1),
        _ if branch_taken(op, a, b) => (0, pc_bytes.wrapping_add(imm)),
        _ if !writes => (0, link),
        _ if is_memory => (load_value(op, step.mem_prev, addr & 3), link),
        _ => (alu(op, a, b), link),
    };
    Step {
        pc: step.pc,
        ts: step.ts,
        next_pc: next / 4,
        op,
        rd: match rd {
            _ if !writes => 0,
            _ if format == Format::Fence => SINK,
            0 => SINK,
            rd => rd,
        },
        rs1: if format == Format::Fence { 0 } else { rs1 },
        rs2,
        imm,
        a,
        b,
        c,
        rd_prev: if writes { step.rd_prev } else { 0 },
        rs1_ts: if reads { step.rs1_ts } else { 0 },
        rs2_ts: if matches!(format, Format::R | Format::S | Format::B) {
            step.rs2_ts
        } else {
            0
        },
        rd_ts: if writes { step.rd_ts } else { 0 },
        addr,
        mem_prev: if is_memory { step.mem_prev } else { 0 },
        mem_next: match (is_memory, is_store) {
            (_, true) => store_merge(op, step.mem_prev, b, addr & 3),
            (true, false) => step.mem_prev,
            (false, false) => 0,
        },
        mem_ts: if is_memory { step.mem_ts } else { 0 },
    }
}

/// Checks that accelerators are called by ECALLs, each once, and compute what they compute.
fn check_invocations(segment: &Segment) -> Result<(), CheckError> {
    for accelerator in Accelerator::ALL {
        let call = Call::Accelerate(accelerator);
        let mut ecalls = segment.ecalls.iter().filter(|e| e.call == call);
        for (invocation, accesses) in segment.invocations(accelerator) {
            let Some(ecall) = ecalls.next() else {
                return Err(CheckError::Totals);
            };
            let &Ecall { pc, ts, .. } = ecall;
            let expected = Invocation {
                next_pc: pc + 1,
                ts: ts + ECALL_TICKS,
                arguments: ecall.arguments(),
            };
            if *invocation != expected || !computes(accelerator, expected.arguments, accesses) {
                return Err(CheckError::Call { pc, ts });
            }
        }
        if let Some(&Ecall { pc, ts, .. }) = ecalls.next() {
            return Err(CheckError::Call { pc, ts });
        }
    }
    Ok(())
}

fn computes(accelerator: Accelerator, arguments: [u32; ARGUMENTS], accesses: &[Access]) -> bool {
    let info = accelerator.info();
    let operands: Vec<_> = info.operands(arguments).collect();
    let places = operands.iter().flat_map(|(address, operand)| {
        let first = address / 4;
        first..first + operand.words()
    });
    let mut words: Vec<u32> = accesses.iter().map(|access| access.prev).collect();
    (info.compute)(&mut words);
    operands
        .iter()
        .all(|(address, _)| address.is_multiple_of(4))
        && accesses.iter().map(|access| access.word).eq(places)
        && accesses.iter().map(|access| access.next).eq(words)
}

/// Checks a call and takes its moves from the front of `moves`.
fn check_call(ecall: &Ecall, moves: &mut &[Move], journal: &mut Vec<u8>) -> bool {
    let &Ecall {
        call,
        a0,
        a0_next,
        a1,
        a2,
        special,
        special_next,
        ..
    } = ecall;
    let registers = match call {
        Call::Exit => a0_next == a0 && special_next == special,
        Call::Read => {
            let ended = u32::from(a0_next < a2).max(special);
            a0 == 0 && a0_next <= a2 && special_next == ended && (special == 0 || a0_next == 0)
        }
        Call::Journal => a0 == 3 && a0_next == a2 && special_next == special + a2,
        Call::Stdout => a0 == 1 && a0_next == a2 && special_next == special,
        Call::Stderr => a0 == 2 && a0_next == a2 && special_next == special,
        Call::Accelerate(_) => a0_next == 0 && special_next == special,
    };
    let moved = if matches!(call, Call::Read | Call::Journal) {
        a0_next
    } else {
        0
    };
    for i in 0..moved.div_ceil(4) {
        let Some((m, rest)) = moves.split_first() else {
            return false;
        };
        *moves = rest;
        let left = moved - 4 * i;
        // Bytes of the word that the move does not concern.
        let kept = if left >= 4 { 0 } else { u32::MAX << (8 * left) };
        let index = if call == Call::Journal {
            special + 4 * i
        } else {
            0
        };
        let expected = Move {
            call,
            next_pc: ecall.pc + 1,
            ts: ecall.ts + ECALL_TICKS + i,
            word: a1 / 4 + i,
            left,
            journal_index: index,
            next: match call {
                Call::Read => m.prev & kept | m.next & !kept,
                _ => m.prev,
            },
            ..*m
        };
        if expected != *m {
            return false;
        }
        if call == Call::Journal {
            journal.extend(m.next.to_le_bytes().into_iter().take(left as usize));
        }
    }
    registers && (moved == 0 || a1.is_multiple_of(4))
}
