//! Honest executions for the attacks to start from.

use core::ops::ControlFlow;

use vouch_air::memory_tree::MemoryTree;
use vouch_air::tables::Table;
use vouch_air::testkit::EDGES;
use vouch_air::testkit::answer::answer_from_lookup_table;
use vouch_air::witness::{Trace, Traces, generate};
use vouch_emulator::testing::{DATA, asm, program, random_program, segments};
use vouch_emulator::{Limits, Program, SegmentLimits, record};
use vouch_isa::accelerators::Accelerator;
use vouch_isa::event::Segment;
use vouch_isa::{Instruction, Op};

/// An execution of one segment that exits.
pub struct World {
    /// The program.
    pub program: Program,
    /// Its input.
    pub input: Vec<u8>,
    /// What the emulator recorded.
    pub segment: Segment,
    /// The memory at the start.
    pub tree: MemoryTree,
    /// The tables.
    pub traces: Traces,
    /// Answers come from the lookup table, as in a long execution.
    is_long: bool,
}

impl World {
    /// Runs `code` on `input`.
    ///
    /// # Panics
    /// If it does not run to its end in one segment: the programs of this crate do.
    pub fn new(code: &[Instruction], input: &[u8]) -> Self {
        let program = program(code);
        let run = segments(&program, input, &SegmentLimits::default());
        let (_, mut segments) = run.expect("the program runs to its end");
        assert_eq!(segments.len(), 1);
        let segment = segments.remove(0);
        let tree = MemoryTree::new(program.image());
        let traces = generate(&segment, &program.image().text, &mut tree.clone());
        Self {
            program,
            input: input.to_vec(),
            segment,
            tree,
            traces,
            is_long: false,
        }
    }

    /// The first `cycles` instructions of a run that does not end with them.
    ///
    /// # Panics
    /// If it does.
    pub fn cut(code: &[Instruction], input: &[u8], cycles: u64) -> Self {
        let mut world = Self::new(code, input);
        let limits = SegmentLimits {
            cycles,
            ..SegmentLimits::default()
        };
        let run = segments(&world.program, input, &limits);
        let (_, mut segments) = run.expect("the program runs to its end");
        world.segment = segments.remove(0);
        assert_eq!(world.segment.exit_code, None);
        world.traces = world.fill(&world.segment);
        world
    }

    /// The first `cycles` instructions of a run that faults after them.
    ///
    /// # Panics
    /// If it does not.
    pub fn before_fault(code: &[Instruction], cycles: u64) -> Self {
        let program = program(code);
        let cuts = SegmentLimits {
            cycles,
            ..SegmentLimits::default()
        };
        let mut first = None;
        let mut sink = |segment: &mut Segment| {
            first.get_or_insert_with(|| core::mem::take(segment));
            ControlFlow::Continue(())
        };
        let limits = Limits::default();
        let run = record(&program, &[], &limits, &cuts, &mut |_, _| {}, &mut sink);
        run.expect_err("the run faults");
        let segment = first.expect("the run comes that far");
        let tree = MemoryTree::new(program.image());
        let traces = generate(&segment, &program.image().text, &mut tree.clone());
        Self {
            program,
            input: Vec::new(),
            segment,
            tree,
            traces,
            is_long: false,
        }
    }

    /// As if the execution were long: answers come from the lookup table.
    #[must_use]
    pub fn long(mut self) -> Self {
        answer_from_lookup_table(&mut self.traces);
        self.is_long = true;
        self
    }

    /// The tables of other events than the honest ones.
    pub fn fill(&self, segment: &Segment) -> Traces {
        let mut traces = generate(segment, &self.program.image().text, &mut self.tree.clone());
        if self.is_long {
            answer_from_lookup_table(&mut traces);
        }
        traces
    }

    /// Whether tables are those of the honest execution: whatever was done on the way, it makes
    /// no difference to a proof.
    pub fn is_honest(&self, traces: &Traces) -> bool {
        let mut pairs = traces.tables.iter().zip(&self.traces.tables);
        let is_same =
            |(a, b): (&Trace, &Trace)| a.matrix == b.matrix && a.public_values == b.public_values;
        traces.tables.len() == self.traces.tables.len() && pairs.all(is_same)
    }

    /// Tables that the execution has no rows for.
    pub fn missing(&self) -> Vec<Table> {
        let filled = |table: &Table| {
            let mut tables = self.traces.tables.iter();
            tables.any(|trace| trace.instance.table == *table)
        };
        let all = Table::ALL.into_iter();
        all.filter(|table| !filled(table)).collect()
    }
}

/// Rounds of a loop after which registers that have rested are refreshed: three timestamps an
/// instruction, two instructions a round, more than 2^16.
pub const ROUNDS_TO_REFRESH: u32 = 12_000;

/// The input of [`everything`].
pub const INPUT: &[u8] = b"ten bytes.";

/// A program that fills every table if it loops [`ROUNDS_TO_REFRESH`] times, and every one but
/// `refresh` if it does not: each instruction, on operands at the edges of what instructions
/// and the field treat alike, calls of all kinds, then `length` random instructions.
pub fn everything(seed: u64, rounds: u32, length: usize) -> Vec<Instruction> {
    let mut code = vec![asm::jal(1, 8), asm::jal(0, 8), asm::jalr(0, 0, 1)];
    // A buffer that is read in two goes, the second of which falls short, and then none.
    code.extend(asm::read(DATA, 6));
    code.extend(asm::read(DATA + 8, 9));
    code.extend(asm::read(DATA, 1 << 16));
    code.extend(asm::journal(DATA + 8, 4));
    code.extend(asm::journal(DATA, 7));
    code.extend(asm::write(1, DATA, 3));
    code.extend(asm::write(2, DATA, 0));
    // Twice on the same words, so that they are not all as at the start. Operands overlap.
    let operands = core::array::from_fn(|i| DATA + 16 * i as u32);
    for accelerator in Accelerator::ALL
        .into_iter()
        .flat_map(|accelerator| [accelerator; 2])
    {
        code.extend(asm::accelerate(accelerator, operands));
    }
    if rounds > 0 {
        code.extend(asm::li(5, rounds));
        code.push(asm::addi(5, 5, -1));
        code.push(asm::branch(Op::Bne, 5, 0, -4));
    }
    code.extend(edges(seed));
    code.extend(random_program(seed, length));
    code
}

/// Every operation on two registers, on a pair of [`EDGES`] each that depends on the seed, and
/// with all three registers the same or `x0`.
fn edges(seed: u64) -> Vec<Instruction> {
    let mut code = Vec::new();
    let word = |i: u64| {
        let chosen = vouch_isa::testing::mix(seed ^ i << 40) % EDGES.len() as u64;
        EDGES[chosen as usize]
    };
    let mut i = 0;
    for info in Op::TABLE {
        if info.format != vouch_isa::Format::R {
            continue;
        }
        i += 2;
        code.extend(asm::li(6, word(i)));
        code.extend(asm::li(7, word(i + 1)));
        code.push(asm::r(info.op, 5, 6, 7));
        code.push(asm::r(info.op, 0, 6, 0));
        code.push(asm::r(info.op, 7, 6, 7));
        code.push(asm::r(info.op, 6, 6, 6));
    }
    code
}
