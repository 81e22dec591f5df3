//! The checker of segments must find what is wrong: each rule is broken once.

use vouch_emulator::SegmentLimits;
use vouch_emulator::testing::{CheckError, DATA, asm, check, check_run, program, segments};
use vouch_isa::event::Segment;
use vouch_isa::{Family, Op};

use crate::common::then;

/// A run with every kind of event, in segments of this many cycles.
fn recorded(cycles: u64) -> (vouch_emulator::Program, Vec<Segment>) {
    let mut list = asm::li(7, 30_000).to_vec();
    list.extend(asm::li(8, DATA));
    list.extend([asm::addi(7, 7, -1), asm::branch(Op::Bne, 7, 0, -4)]);
    list.extend(asm::read(DATA, 12));
    list.extend([asm::lw(5, 0, 8), asm::add(5, 5, 5), asm::sw(5, 4, 8)]);
    list.extend(then(asm::journal(DATA, 6), asm::exit_with(5)));
    let program = program(&list);
    let limits = SegmentLimits {
        cycles,
        ..SegmentLimits::default()
    };
    let (_, segments) = segments(&program, &[9; 10], &limits).expect("exits");
    check_run(&program, &segments).expect("consistent");
    (program, segments)
}

/// What the checker says of the recorded segment after an edit.
fn edited(edit: impl FnOnce(&mut Segment)) -> CheckError {
    let (_, mut segments) = recorded(1 << 22);
    edit(&mut segments[0]);
    check(&segments[0]).expect_err("the edit is to be found")
}

fn word_step(segment: &mut Segment, at: usize) -> &mut vouch_isa::event::Step {
    &mut segment.steps[Family::Word as usize][at]
}

#[test]
fn broken_chains() {
    let chain = |edit: fn(&mut Segment)| {
        let error = edited(edit);
        assert!(matches!(error, CheckError::Chain { .. }), "{error}");
    };
    chain(|s| word_step(s, 0).mem_ts -= 1);
    chain(|s| word_step(s, 0).mem_prev ^= 1);
    chain(|s| word_step(s, 1).rs2_ts += 1);
    chain(|s| word_step(s, 1).b ^= 1);
    chain(|s| s.ecalls[1].prev_ts[4] = 1);
    chain(|s| s.moves[1].prev ^= 1);
    chain(|s| s.fetches[1].prev_ts = 1);
    chain(|s| s.leaves[0].initial[0] ^= 1);
    chain(|s| s.refreshes[0].value ^= 1);
}

#[test]
fn broken_leaves() {
    let error = edited(|s| s.leaves.swap(0, 1));
    assert!(matches!(error, CheckError::Leaf { .. }), "{error}");
    let error = edited(|s| {
        let leaf = vouch_isa::event::Leaf {
            index: 0,
            initial: [0; 8],
            last: [0; 8],
            last_ts: [0; 8],
        };
        s.leaves.insert(0, leaf);
    });
    assert_eq!(error, CheckError::Leaf { index: 0 });
    let error = edited(|s| {
        s.leaves.remove(1);
    });
    assert!(matches!(error, CheckError::NoLeaf { .. }), "{error}");
    for edit in [
        |s: &mut Segment| s.leaves[0].last[0] ^= 1,
        |s: &mut Segment| s.leaves[0].last_ts[0] += 1,
    ] {
        let error = edited(edit);
        assert!(matches!(error, CheckError::Last { .. }), "{error}");
    }
}

#[test]
fn a_missing_refresh() {
    let error = edited(|s| {
        let refresh = s.refreshes.pop().expect("the run is long enough");
        let steps = s.steps.iter_mut().flatten();
        let follows = |step: &&mut vouch_isa::event::Step| step.ts > refresh.to_ts;
        // Whatever came after the refresh now says it came after the access before.
        for step in steps.filter(follows) {
            for (cell, ts) in [
                (step.rs1, &mut step.rs1_ts),
                (step.rs2, &mut step.rs2_ts),
                (step.rd, &mut step.rd_ts),
            ] {
                if cell == refresh.cell && *ts == refresh.to_ts {
                    *ts = refresh.from_ts;
                }
            }
        }
        for ecall in &mut s.ecalls {
            for ts in &mut ecall.prev_ts {
                if *ts == refresh.to_ts {
                    *ts = refresh.from_ts;
                }
            }
        }
    });
    assert!(matches!(error, CheckError::Window { .. }), "{error}");
}

#[test]
fn broken_state() {
    for edit in [
        |s: &mut Segment| s.end_pc += 1,
        |s: &mut Segment| s.end_ts += 1,
        |s: &mut Segment| s.start_pc += 1,
        |s: &mut Segment| word_step(s, 0).next_pc += 1,
        |s: &mut Segment| s.moves[0].next_pc += 1,
    ] {
        let error = edited(edit);
        assert!(matches!(error, CheckError::State { .. }), "{error}");
    }
}

#[test]
fn broken_semantics() {
    for edit in [
        |s: &mut Segment| word_step(s, 0).op = Op::Lb,
        |s: &mut Segment| word_step(s, 0).imm += 4,
        |s: &mut Segment| word_step(s, 0).rs2 = 1,
        |s: &mut Segment| {
            let step = s.steps[Family::AddSub as usize].pop().expect("a step");
            s.steps[Family::Mul as usize].push(step);
        },
    ] {
        let error = edited(edit);
        assert!(matches!(error, CheckError::Step { .. }), "{error}");
    }
    for edit in [
        |s: &mut Segment| s.moves[0].left += 1,
        |s: &mut Segment| s.moves[4].journal_index += 1,
    ] {
        let error = edited(edit);
        assert!(matches!(error, CheckError::Call { .. }), "{error}");
    }
    let error = edited(|s| s.fetches[0].count += 1);
    assert!(matches!(error, CheckError::Fetch { .. }), "{error}");
}

#[test]
fn broken_totals() {
    for edit in [
        |s: &mut Segment| s.cycles += 1,
        |s: &mut Segment| s.journal[0] ^= 1,
        |s: &mut Segment| s.exit_code = None,
    ] {
        assert_eq!(edited(edit), CheckError::Totals);
    }
}

#[test]
fn segments_that_do_not_follow_each_other() {
    let (program, mut segments) = recorded(20_000);
    assert!(segments.len() > 2);
    segments.remove(1);
    assert_eq!(
        check_run(&program, &segments),
        Err(CheckError::Continuity { segment: 1 })
    );
    let (program, mut segments) = recorded(20_000);
    segments.pop();
    let segment = segments.len() - 1;
    assert_eq!(
        check_run(&program, &segments),
        Err(CheckError::Continuity { segment })
    );
}
