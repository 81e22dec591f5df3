//! The tests that every table of instructions passes.

use alloc::vec::Vec;
use core::ops::RangeInclusive;

use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;
use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use vouch_isa::event::Step;
use vouch_isa::memory::{MEMORY_SLOT, RD_SLOT, RS1_SLOT, RS2_SLOT};
use vouch_isa::{Family, Format, Op, OpInfo};

use super::judge::judge;
use super::mutate::{Free, Mutation, Spare};
use super::steps::{Case, messages};
use super::{EDGES, P, Subject, TEXT, Verdict, cells, verdict};
use crate::F;
use crate::columns::Block;
use crate::machine::{PublicValues, log_height, table_values};
use crate::tables::{Instance, Table};
use crate::witness::Trace;

/// A table of instructions.
pub(crate) struct Suite {
    pub table: Table,
    pub family: Family,
    pub row: fn(&Step) -> Vec<F>,
    pub padding: Vec<F>,
    pub free: &'static [Free],
}

/// First byte address that may be stored to, and a little more: in the same limbs and in
/// others.
const STORABLE: [u32; 4] = [
    4 * TEXT.end,
    4 * TEXT.end + 8,
    0xbfff_fff0,
    0x1_0000 + 4 * TEXT.end,
];

impl Suite {
    /// A suite; `C` is the table's row.
    pub fn new<C: Block<F>>(
        table: Table,
        family: Family,
        row: fn(&Step) -> Vec<F>,
        padding: fn(&mut C),
        free: &'static [Free],
    ) -> Self {
        let mut pad = C::splat(F::ZERO);
        padding(&mut pad);
        let padding = cells(&pad);
        Self {
            table,
            family,
            row,
            padding,
            free,
        }
    }

    fn ops(&self) -> impl Iterator<Item = &'static OpInfo> {
        Op::TABLE.iter().filter(|info| info.family == self.family)
    }

    /// What the event's row does.
    pub fn verdict(&self, e: &Step) -> Verdict {
        verdict(self.table, &(self.row)(e))
    }

    /// The row is accepted and says what the model says.
    pub fn accepts(&self, e: &Step) {
        let verdict = self.verdict(e);
        assert!(
            verdict.accepted() && verdict.unbounded.is_empty(),
            "{e:?}: {verdict:?}"
        );
        assert_eq!(verdict.said_sorted(), messages(e), "{e:?}");
    }

    /// Known answers, edge values, aliased registers: all that is honest is accepted.
    pub fn honest(&self) {
        for info in self.ops() {
            for case in cases(info, &EDGES) {
                self.accepts(&case.step());
            }
        }
        assert_eq!(
            self.subject(&[]).verdict(0),
            Verdict::default(),
            "padding is silent"
        );
    }

    /// Random operands are accepted.
    pub fn random(&self) {
        let ops: Vec<&OpInfo> = self.ops().collect();
        let word = || prop_oneof![select(EDGES.as_slice()), any::<u32>()];
        let register = || 0u8..32;
        let strategy = (
            select(ops),
            word(),
            word(),
            any::<u32>(),
            (register(), register(), register()),
        )
            .prop_map(|(info, a, b, other, (rd, rs1, rs2))| {
                let case = fitting(info, a, b, other);
                // A base of 0 or a shared register would move the access elsewhere.
                let rs1 = if moves_with_base(info) { 6 } else { rs1 };
                let rs2 = if moves_with_base(info) && rs2 == 6 {
                    7
                } else {
                    rs2
                };
                Case {
                    rd,
                    rs1,
                    rs2,
                    ..case
                }
            });
        let mut runner = TestRunner::new_with_rng(
            Config {
                cases: 300,
                failure_persistence: None,
                ..Config::default()
            },
            proptest::test_runner::TestRng::deterministic_rng(
                proptest::test_runner::RngAlgorithm::ChaCha,
            ),
        );
        let result = runner.run(&strategy, |case| {
            // A taken branch or a jump to nowhere faults.
            if let Some(step) = case.try_step() {
                self.accepts(&step);
            }
            Ok(())
        });
        assert!(result.is_ok(), "{result:?}");
    }

    /// The samples whose rows are mutated.
    fn samples(&self) -> Vec<Step> {
        const FEW: [u32; 5] = [0x8000_0000, u32::MAX, P, 0x1_0003, 5];
        let mut samples = Vec::new();
        for info in self.ops() {
            let all: Vec<Case> = cases(info, &FEW).collect();
            // Aliased registers come last.
            let aliased = all.len() - ALIASES.len();
            let few = all[..aliased]
                .iter()
                .step_by(aliased.div_ceil(5))
                .chain(&all[aliased..]);
            samples.extend(few.map(Case::step));
        }
        samples
    }

    fn subject(&self, steps: &[Step]) -> Subject {
        let height = 1 << log_height(steps.len() + 1);
        let mut values: Vec<F> = steps.iter().flat_map(self.row).collect();
        while values.len() < height * self.padding.len() {
            values.extend(&self.padding);
        }
        let public = PublicValues::splat(F::ZERO);
        Subject::of(Trace {
            instance: Instance::new(self.table, 0, &[]),
            public_values: table_values(self.table, &public, &TEXT),
            matrix: RowMajorMatrix::new(values, self.padding.len()),
        })
    }

    /// Mutants of every kind of row are rejected, and no rule is there without need but those
    /// listed as `spare`.
    pub fn mutants(&self, spare: &[Spare]) {
        let samples = self.samples();
        let rows: Vec<usize> = (0..samples.len())
            .step_by(samples.len().div_ceil(6))
            .collect();
        Mutation::new(self.subject(&samples), judge, self.free).run_all(&rows, spare);
    }

    /// Rows of events that are untrue: a wrong result, next pc, address or word in memory,
    /// with every helper column derived from it as an honest row would.
    pub fn wrong_results(&self) {
        let mut tried = 0;
        for info in self.ops() {
            for case in cases(info, &EDGES) {
                let honest = case.step();
                for wrong in wrong(&honest) {
                    let verdict = self.verdict(&wrong);
                    if verdict.accepted() {
                        assert_eq!(judge(&verdict), Ok(()), "{wrong:?}");
                    }
                    tried += 1;
                }
            }
        }
        assert!(tried > 0);
    }

    /// Time runs forward: a cell's last access is neither now nor later, nor so long ago that
    /// a register should have been refreshed.
    pub fn order(&self) {
        for honest in self.samples() {
            let e = &honest;
            let far = |ts: u32| [ts, ts + 1, ts + (1 << 29), ts.wrapping_sub(1 << 16) - 1];
            let reads = far(e.ts + RS1_SLOT).map(|rs1_ts| Step { rs1_ts, ..*e });
            let seconds = far(e.ts + RS2_SLOT).map(|rs2_ts| Step { rs2_ts, ..*e });
            let writes = far(e.ts + RD_SLOT).map(|rd_ts| Step { rd_ts, ..*e });
            let now = e.ts + MEMORY_SLOT;
            let memory = [now, now + 1, now + (1 << 29)].map(|mem_ts| Step { mem_ts, ..*e });
            let said = self.verdict(e).said;
            for late in reads.iter().chain(&seconds).chain(&writes).chain(&memory) {
                let verdict = self.verdict(late);
                // An instruction has no use for all of them.
                let is_told = verdict.broken.is_empty() && verdict.untrue.len() == 1;
                assert!(is_told || verdict.said == said, "{late:?}: {verdict:?}");
            }
        }
    }
}

/// Registers `rd, rs1, rs2` that are the same, or `x0`.
const ALIASES: [[u8; 3]; 7] = [
    [6, 6, 6],
    [5, 6, 6],
    [6, 6, 7],
    [7, 6, 7],
    [0, 6, 7],
    [5, 0, 7],
    [5, 6, 0],
];

fn moves_with_base(info: &OpInfo) -> bool {
    let families = [
        Family::Word,
        Family::LoadSub,
        Family::StoreSub,
        Family::Jalr,
    ];
    families.contains(&info.family)
}

/// Cases of an instruction over the words `edges`, then with aliased registers.
fn cases<'a>(info: &'static OpInfo, edges: &'a [u32]) -> impl Iterator<Item = Case> + 'a {
    let pairs = edges
        .iter()
        .flat_map(move |&a| edges.iter().map(move |&b| (a, b)));
    let plain = pairs
        .enumerate()
        .map(move |(i, (a, b))| fitting(info, a, b, 1 + 7 * i as u32));
    let aliased = ALIASES.iter().map(move |&[rd, rs1, rs2]| {
        let case = fitting(info, 0x8001_fffc, 0x9_0004, 12);
        // The base of an access must stay what it is.
        let rs1 = if moves_with_base(info) { 6 } else { rs1 };
        let (rs2, b) = match moves_with_base(info) && rs2 == 6 {
            true => (6, case.a),
            false => (rs2, case.b),
        };
        Case {
            rd,
            rs1,
            rs2,
            b,
            ..case
        }
    });
    plain.chain(aliased)
}

/// A case that does not fault as long as the branch is not taken to a misaligned target.
fn fitting(info: &OpInfo, a: u32, b: u32, other: u32) -> Case {
    let op = info.op;
    let small = sign_extend(other.wrapping_mul(0x9e37_79b9) >> 20);
    let aligned = small & !3;
    match (info.family, info.format) {
        (Family::Jalr, _) => {
            // An odd target is made even.
            let target = a & !3 | other & 1;
            Case::jump(op, target.wrapping_sub(small), b, small)
        }
        (Family::Word | Family::LoadSub | Family::StoreSub, format) => {
            let size_mask = match op {
                Op::Lb | Op::Lbu | Op::Sb => !0,
                Op::Lh | Op::Lhu | Op::Sh => !1,
                _ => !3,
            };
            let address = match format {
                Format::S => STORABLE[other as usize % 4].wrapping_add(a & 3) & size_mask,
                _ => a.wrapping_add(other) & size_mask,
            };
            Case::access(op, address, small, a ^ b.rotate_left(7), b)
        }
        (_, Format::B | Format::J) => Case::jump(op, a, b, aligned),
        (_, Format::I) => Case::new(op, a, sign_extend(b)),
        (_, Format::Shift) => Case::new(op, a, b & 31),
        (_, Format::U) => Case::new(op, a, b & 0xffff_f000),
        _ => Case::new(op, a, b),
    }
}

/// The low 12 bits, sign-extended.
const fn sign_extend(value: u32) -> u32 {
    (((value << 20) as i32) >> 20) as u32
}

/// Bits that a wrong word differs in.
const BITS: RangeInclusive<u32> = 0..=31;

/// Events that differ from an honest one in what the instruction did.
fn wrong(e: &Step) -> Vec<Step> {
    let words = |x: u32| -> Vec<u32> {
        let near = [x.wrapping_add(1), x.wrapping_sub(1), !x, x.wrapping_neg()];
        let far = [
            x.wrapping_add(P),
            x.wrapping_sub(P),
            x.wrapping_add(0x1_0000),
        ];
        let known = [0, 1, u32::MAX, 0x8000_0000, e.a, e.b, e.pc, e.mem_prev];
        let flipped = BITS.map(|i| x ^ 1 << i);
        near.into_iter()
            .chain(far)
            .chain(known)
            .chain(flipped)
            .filter(|&y| y != x)
            .collect()
    };
    let results = words(e.c).into_iter().map(|c| Step { c, ..*e });
    let targets = words(e.next_pc)
        .into_iter()
        .map(|next_pc| Step { next_pc, ..*e });
    let memory = words(e.mem_next)
        .into_iter()
        .map(|mem_next| Step { mem_next, ..*e });
    let addresses = words(e.addr).into_iter().map(|addr| Step { addr, ..*e });
    results
        .chain(targets)
        .chain(memory)
        .chain(addresses)
        .collect()
}
