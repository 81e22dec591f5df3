//! The events of small programs, field by field.

use vouch_emulator::testing::{DATA, TEXT, asm, check_run, program, segments};
use vouch_emulator::{Program, SegmentLimits};
use vouch_isa::event::{Ecall, Fetch, Leaf, Move, Refresh, Segment, Step};
use vouch_isa::memory::{
    ECALL_TICKS, FETCH_TIMESTAMP, FIRST_TIMESTAMP, INPUT_ENDED, JOURNAL_LENGTH, MEMORY_SLOT,
    REGISTER_BASE, SINK,
};
use vouch_isa::{Call, Family, Instruction, Op, encode};

use crate::common::then;

const PC: u32 = TEXT / 4;

fn record_program(program: &Program, input: &[u8]) -> Segment {
    let (_, segments) = segments(program, input, &SegmentLimits::default()).expect("exits");
    check_run(program, &segments).expect("consistent");
    let [segment] = <[Segment; 1]>::try_from(segments).expect("one segment");
    segment
}

/// The only segment of the instructions, followed by an exit.
fn record(list: &[Instruction]) -> Segment {
    record_program(&program(&then(list.to_vec(), asm::exit(0))), &[])
}

fn steps(segment: &Segment, family: Family) -> &[Step] {
    &segment.steps[family as usize]
}

/// A step that touches nothing yet.
fn step(pc: u32, ts: u32, op: Op) -> Step {
    Step {
        pc,
        ts,
        next_pc: pc + 1,
        op,
        rd: 0,
        rs1: 0,
        rs2: 0,
        imm: 0,
        a: 0,
        b: 0,
        c: 0,
        rd_prev: 0,
        rs1_ts: 0,
        rs2_ts: 0,
        rd_ts: 0,
        addr: 0,
        mem_prev: 0,
        mem_next: 0,
        mem_ts: 0,
    }
}

#[test]
fn register_and_immediate_forms() {
    let segment = record(&[asm::addi(5, 0, 7), asm::add(6, 5, 5), asm::addi(5, 6, -1)]);
    let add_sub = Step {
        rd: 6,
        rs1: 5,
        rs2: 5,
        a: 7,
        b: 7,
        c: 14,
        rs1_ts: 3, // rd of the first step
        rs2_ts: 4,
        ..step(PC + 1, 4, Op::Add)
    };
    assert_eq!(steps(&segment, Family::AddSub), [add_sub]);
    let minus_one = -1i32 as u32;
    let add_imm = [
        Step {
            rd: 5,
            imm: 7,
            b: 7,
            c: 7,
            ..step(PC, 1, Op::Addi)
        },
        Step {
            rd: 5,
            rs1: 6,
            imm: minus_one,
            a: 14,
            b: minus_one,
            c: 13,
            rd_prev: 7,
            rs1_ts: 6,
            rd_ts: 5,
            ..step(PC + 2, 7, Op::Addi)
        },
    ];
    assert_eq!(steps(&segment, Family::AddImm)[..2], add_imm);
}

#[test]
fn constants_read_x0() {
    let fence = asm::i(Op::Fence, 5, 6, 0x0ff);
    let segment = record(&[asm::lui(5, 0x7000), asm::auipc(6, 0x1000), fence]);
    let expected = [
        Step {
            rd: 5,
            imm: 0x7000,
            b: 0x7000,
            c: 0x7000,
            ..step(PC, 1, Op::Lui)
        },
        Step {
            rd: 6,
            imm: 0x1000,
            b: TEXT + 4 + 0x1000,
            c: TEXT + 4 + 0x1000,
            rs1_ts: 1,
            ..step(PC + 1, 4, Op::Auipc)
        },
        Step {
            rd: SINK,
            imm: 0x0ff,
            rs1_ts: 4,
            ..step(PC + 2, 7, Op::Fence)
        },
    ];
    assert_eq!(steps(&segment, Family::AddImm)[..3], expected);
}

#[test]
fn writes_to_x0_go_to_the_sink() {
    let segment = record(&[asm::addi(0, 0, 7), asm::addi(0, 0, 8)]);
    let expected = [
        Step {
            rd: SINK,
            imm: 7,
            b: 7,
            c: 7,
            ..step(PC, 1, Op::Addi)
        },
        Step {
            rd: SINK,
            imm: 8,
            b: 8,
            c: 8,
            rd_prev: 7,
            rs1_ts: 1,
            rd_ts: 3,
            ..step(PC + 1, 4, Op::Addi)
        },
    ];
    assert_eq!(steps(&segment, Family::AddImm)[..2], expected);
}

#[test]
fn jumps_and_branches() {
    let list = then(
        asm::li(6, TEXT + 24),
        [
            asm::branch(Op::Beq, 6, 0, 8),  // not taken
            asm::branch(Op::Bltu, 0, 6, 4), // taken, to the next
            asm::jal(1, 4),
            asm::jalr(0, 1, 6),
        ],
    );
    let segment = record(&list);
    let target = TEXT + 24;
    let beq = Step {
        rs1: 6,
        imm: 8,
        a: target,
        rs1_ts: 6,
        ..step(PC + 2, 7, Op::Beq)
    };
    assert_eq!(
        steps(&segment, Family::BranchEq),
        [Step { rs2_ts: 1, ..beq }]
    );
    let bltu = Step {
        rs2: 6,
        imm: 4,
        b: target,
        rs1_ts: 8,
        ..step(PC + 3, 10, Op::Bltu)
    };
    assert_eq!(
        steps(&segment, Family::BranchLt),
        [Step { rs2_ts: 7, ..bltu }]
    );
    let jal = Step {
        rd: 1,
        imm: 4,
        c: TEXT + 20,
        ..step(PC + 4, 13, Op::Jal)
    };
    assert_eq!(steps(&segment, Family::Jal), [jal]);
    let jalr = Step {
        rd: SINK,
        rs1: 6,
        imm: 1,
        a: target,
        c: TEXT + 24,
        rs1_ts: 11,
        ..step(PC + 5, 16, Op::Jalr)
    };
    assert_eq!(steps(&segment, Family::Jalr), [jalr]);
}

#[test]
fn loads_and_stores() {
    let list = then(
        asm::li(6, DATA),
        [
            asm::sw(6, 4, 6),
            asm::load(Op::Lbu, 7, 6, 6),
            asm::store(Op::Sh, 7, 4, 6),
        ],
    );
    let segment = record(&list);
    let (word, addr) = (DATA, DATA + 4);
    let sw = Step {
        rs1: 6,
        rs2: 6,
        imm: 4,
        a: DATA,
        b: word,
        addr,
        mem_next: word,
        rs1_ts: 6,
        rs2_ts: 7,
        ..step(PC + 2, 7, Op::Sw)
    };
    assert_eq!(steps(&segment, Family::Word), [sw]);
    let lbu = Step {
        rd: 7,
        rs1: 6,
        imm: 6,
        a: DATA,
        c: 0x10,
        addr: addr + 2,
        mem_prev: word,
        mem_next: word,
        mem_ts: 8,
        rs1_ts: 8,
        ..step(PC + 3, 10, Op::Lbu)
    };
    assert_eq!(steps(&segment, Family::LoadSub), [lbu]);
    let sh = Step {
        rs1: 6,
        rs2: 7,
        imm: 4,
        a: DATA,
        b: 0x10,
        addr,
        mem_prev: word,
        mem_next: word | 0x10,
        mem_ts: 11,
        rs1_ts: 10,
        rs2_ts: 12,
        ..step(PC + 4, 13, Op::Sh)
    };
    assert_eq!(steps(&segment, Family::StoreSub), [sh]);
    let leaf = segment.leaves.iter().find(|leaf| leaf.index == DATA / 32);
    let expected = Leaf {
        index: DATA / 32,
        initial: [0; 8],
        last: [0, word | 0x10, 0, 0, 0, 0, 0, 0],
        last_ts: [0, 14, 0, 0, 0, 0, 0, 0],
    };
    assert_eq!(leaf, Some(&expected));
}

#[test]
fn words_are_fetched_once_a_segment() {
    // Goes around three times.
    let list = [
        asm::addi(5, 5, 1),
        asm::i(Op::Slti, 6, 5, 3),
        asm::branch(Op::Bne, 6, 0, -8),
    ];
    let segment = record(&list);
    let fetch = |i: u32, count| Fetch {
        pc: PC + i,
        word: encode(&list[i as usize]),
        count,
        prev_ts: 0,
    };
    assert_eq!(
        segment.fetches[..3],
        [fetch(0, 3), fetch(1, 3), fetch(2, 3)]
    );
    assert_eq!(segment.fetches.len(), 7);
}

#[test]
fn an_instruction_that_loads_itself_is_read_as_code_after_that() {
    let list = then(asm::li(6, TEXT + 8), [asm::lw(5, 0, 6)]);
    let segment = record(&list);
    let load = steps(&segment, Family::Word)[0];
    assert_eq!(load.mem_ts, 0);
    assert_eq!(segment.fetches[2].prev_ts, load.ts + MEMORY_SLOT);
    let leaf = &segment.leaves[0];
    assert_eq!(leaf.last_ts[2], FETCH_TIMESTAMP);
}

#[test]
fn reads_move_words() {
    let mut list = then(asm::li(6, DATA), [asm::addi(7, 0, -1), asm::sw(7, 4, 6)]);
    list.extend(asm::read(DATA, 8));
    let ecall_pc = PC + list.len() as u32 - 1;
    let ts = FIRST_TIMESTAMP + 3 * (list.len() as u32 - 1);
    list.extend(asm::exit(0));
    let segment = record_program(&program(&list), &[1, 2, 3, 4, 5]);
    let ecall = Ecall {
        pc: ecall_pc,
        ts,
        call: Call::Read,
        number: 63,
        a0: 0,
        a0_next: 5,
        a1: DATA,
        a2: 8,
        a3: 0,
        a4: 0,
        special: 0,
        special_next: 1,
        // `call` sets a7, a0, a1, a2 in this order, two instructions each.
        prev_ts: [
            ts - 6 * 3 - 1,
            ts - 4 * 3 - 1,
            ts - 2 * 3 - 1,
            ts - 1,
            0,
            0,
            0,
        ],
    };
    assert_eq!(segment.ecalls[0], ecall);
    let moved = |i, left, prev, next, prev_ts| Move {
        call: Call::Read,
        next_pc: ecall_pc + 1,
        ts: ts + ECALL_TICKS + i,
        word: DATA / 4 + i,
        left,
        journal_index: 0,
        prev,
        next,
        prev_ts,
    };
    let store_ts = steps(&segment, Family::Word)[0].ts + 1;
    let moves = [
        moved(0, 5, 0, 0x0403_0201, 0),
        moved(1, 1, u32::MAX, 0xffff_ff05, store_ts),
    ];
    assert_eq!(segment.moves, moves);
    let next_step = steps(&segment, Family::AddImm)
        .iter()
        .find(|s| s.pc == ecall_pc + 1);
    assert_eq!(next_step.map(|s| s.ts), Some(ts + ECALL_TICKS + 2));
    let machine = segment.leaves.last().expect("a leaf");
    assert_eq!(machine.index, (REGISTER_BASE + 32) / 8);
    assert_eq!(machine.last[usize::from(INPUT_ENDED - 32)], 1);
}

#[test]
fn journal_writes_move_words() {
    let mut list = asm::journal(TEXT, 6);
    list.extend(asm::journal(TEXT, 0));
    list.extend(asm::write(2, TEXT, 4));
    let segment = record(&list);
    let special = segment
        .ecalls
        .iter()
        .map(|e| (e.call, e.special, e.special_next));
    let expected = [
        (Call::Journal, 0, 6),
        (Call::Journal, 6, 6),
        (Call::Stderr, 6, 6),
        (Call::Exit, 6, 6),
    ];
    assert_eq!(special.collect::<Vec<_>>(), expected);
    let moves = segment
        .moves
        .iter()
        .map(|m| (m.left, m.journal_index, m.prev_ts));
    // Both words are code, and read as that only after all else.
    assert_eq!(moves.collect::<Vec<_>>(), [(6, 0, 0), (2, 4, 0)]);
    let words = [encode(&list[0]), encode(&list[1])];
    assert_eq!([segment.moves[0].next, segment.moves[1].next], words);
    assert_eq!(segment.moves[0].prev, words[0]);
    assert_eq!(segment.journal[..4], words[0].to_le_bytes());
    let machine = segment.leaves.last().expect("a leaf");
    assert_eq!(machine.last[usize::from(JOURNAL_LENGTH - 32)], 6);
}

#[test]
fn an_exit_ends_at_its_ecall() {
    let segment = record(&[]);
    assert_eq!(segment.exit_code, Some(0));
    assert_eq!((segment.start_pc, segment.end_pc), (PC, PC + 3));
    assert_eq!(
        (segment.end_ts, segment.cycles),
        (1 + 3 * 3 + ECALL_TICKS, 4)
    );
}

#[test]
fn registers_are_refreshed_at_the_edge_of_the_window() {
    // The first instruction of round n runs at 1 + 6n. x6 is read first when x5 has counted to
    // the end; the gaps around 65536 ticks are then tried one by one by nops.
    for nops in 0..4 {
        let rounds = 65_536 / 6 - 2;
        let mut list = asm::li(7, rounds).to_vec();
        list.push(asm::addi(6, 0, 9));
        list.extend([asm::addi(7, 7, -1), asm::branch(Op::Bne, 7, 0, -4)]);
        list.extend(vec![asm::nop(); nops]);
        list.extend([asm::addi(5, 6, 0), asm::nop()]);
        let segment = record(&list);
        let first = 1 + 2 * 3 + 2; // rd of `addi x6`
        let second = 1 + 3 * (3 + 2 * rounds + nops as u32);
        let of_x6: Vec<_> = segment.refreshes.iter().filter(|r| r.cell == 6).collect();
        if second - first > 65_536 {
            let refresh = Refresh {
                cell: 6,
                value: 9,
                from_ts: first,
                to_ts: second - 1,
            };
            assert_eq!(of_x6, [&refresh], "{nops}");
        } else {
            assert!(of_x6.is_empty(), "{nops}");
        }
    }
}

#[test]
fn a_first_access_may_need_a_refresh() {
    let mut list = asm::li(7, 40_000).to_vec();
    list.extend([asm::addi(7, 7, -1), asm::branch(Op::Bne, 7, 0, -4)]);
    list.push(asm::addi(5, 6, 0));
    let segment = record(&list);
    let of_x6 = segment.refreshes.iter().find(|r| r.cell == 6);
    assert_eq!(of_x6.map(|r| r.from_ts), Some(0));
}
