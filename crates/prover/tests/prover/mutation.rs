//! A prover that fills its tables with a wrong cell: whatever proof it makes is refused.
//!
//! The tables' own tests try every cell; here one cell of each table goes through the proof
//! system, which must notice what they say it notices.

use std::sync::Mutex;

use vouch_air::F;
use vouch_air::check::violations;
use vouch_air::memory_tree::MemoryTree;
use vouch_air::tables::Table;
use vouch_air::witness::Traces;
use vouch_emulator::testing::{DATA, asm, program, random_program, segments};
use vouch_emulator::{Program, SegmentLimits};
use vouch_isa::event::Segment;
use vouch_prover::{Backend, Job, ProveError, Prover, Reference};
use vouch_verifier::config::Proof;
use vouch_verifier::{ImageId, Profile, Receipt, Verifier};

/// One cell and what is added to it.
#[derive(Clone, Copy, Debug)]
struct Mutant {
    table: Table,
    row: usize,
    column: usize,
    change: u32,
}

/// The reference, its tables changed first.
struct Cheating {
    mutant: Option<Mutant>,
    /// The rules that the changed tables break.
    broken: &'static Mutex<usize>,
}

impl Cheating {
    fn cheat(&self, honest: &Traces) -> Traces {
        let mut traces = honest.clone();
        if let Some(mutant) = self.mutant {
            let mut tables = traces.tables.iter_mut();
            let trace = tables
                .find(|trace| trace.instance.table == mutant.table)
                .expect("the segment fills every table");
            let cell = mutant.row * mutant.table.width() + mutant.column;
            trace.matrix.values[cell] += F::new(mutant.change);
        }
        *self.broken.lock().expect("no test panics here") = violations(&traces.tables).len();
        traces
    }
}

impl Backend for Cheating {
    fn name(&self) -> &'static str {
        "cheating"
    }

    fn prove4(&self, job: &Job<'_, 4>) -> Result<Proof<4>, ProveError> {
        let traces = &self.cheat(job.traces);
        let config = job.config;
        Reference.prove4(&Job { config, traces })
    }

    fn prove5(&self, job: &Job<'_, 5>) -> Result<Proof<5>, ProveError> {
        let traces = &self.cheat(job.traces);
        let config = job.config;
        Reference.prove5(&Job { config, traces })
    }
}

/// A program that fills every table: arithmetic, JALR, input, journal, and registers that
/// rest long enough to be refreshed.
fn everything() -> Program {
    let mut code = vec![asm::jal(1, 8), asm::jal(0, 8), asm::jalr(0, 0, 1)];
    code.extend(asm::read(DATA, 10));
    code.extend(asm::journal(DATA, 7));
    // 12,000 times around, three timestamps an instruction: more than 2^16.
    code.extend(asm::li(5, 12_000));
    code.push(asm::addi(5, 5, -1));
    code.push(asm::branch(vouch_isa::Op::Bne, 5, 0, -4));
    code.extend(random_program(3, 400));
    program(&code)
}

struct Run {
    program: Program,
    segment: Segment,
    image_id: ImageId,
    verifier: Verifier,
}

fn run() -> Run {
    let program = everything();
    let (_, mut segments) = segments(&program, b"ten bytes.", &SegmentLimits::default())
        .expect("the program runs to its end");
    assert_eq!(segments.len(), 1);
    let image = program.image();
    let tree = MemoryTree::new(image);
    let digest = tree
        .compression()
        .image_id(image.entry, &image.text, tree.root());
    Run {
        segment: segments.remove(0),
        image_id: ImageId::from_digest(&digest),
        verifier: Verifier::new(Profile::Fast100).expect("a key"),
        program,
    }
}

/// Whether a proof with this cell is accepted; `None` if no proof can be made. With the
/// number of rules that its tables break.
fn is_accepted(run: &Run, mutant: Option<Mutant>) -> (Option<bool>, usize) {
    static BROKEN: Mutex<usize> = Mutex::new(0);
    let cheating = Cheating {
        mutant,
        broken: &BROKEN,
    };
    let prover = Prover::with_backend(Box::new(cheating), Profile::Fast100);
    let image = run.program.image();
    let mut tree = MemoryTree::new(image);
    let proof = prover.prove_segment(&run.segment, &image.text, &mut tree);
    let broken = *BROKEN.lock().expect("no test panics here");
    let accepted = proof.ok().map(|proof| {
        let receipt = Receipt {
            profile: Profile::Fast100,
            entry: image.entry,
            text: image.text.clone(),
            segments: vec![proof.receipt],
        };
        run.verifier.verify(&receipt, &run.image_id).is_ok()
    });
    (accepted, broken)
}

/// One cell of each table, a different one in each.
#[test]
fn a_wrong_cell_in_any_table_is_refused() {
    let run = run();
    assert_eq!(is_accepted(&run, None), (Some(true), 0), "the honest proof");
    let mut proofs = 0;
    for (i, table) in Table::ALL.into_iter().enumerate() {
        let mutant = Mutant {
            table,
            row: 0,
            column: (5 * i) % table.width(),
            change: 1,
        };
        let (accepted, broken) = is_accepted(&run, Some(mutant));
        assert!(broken > 0, "{mutant:?} breaks no rule");
        assert_ne!(accepted, Some(true), "{mutant:?} is accepted");
        proofs += usize::from(accepted.is_some());
    }
    // The question is what the verifier refuses, not what the prover will not prove.
    assert_eq!(proofs, Table::ALL.len());
}
