//! Hostile receipts of many segments: what keeps a verifier busy that goes on after the first fault, or
//! that computes anything before it compares.
//!
//! The claims of each chain meet. Where its proofs are none, it goes from the program's entry to the entry
//! with the same memory, until the last segment exits.

use std::sync::OnceLock;

use p3_field::PrimeCharacteristicRing;
use vouch_air::F;
use vouch_air::machine::MIN_LOG_HEIGHT;
use vouch_air::memory_tree::MemoryTree;
use vouch_air::tables::Table;
use vouch_air::witness::{Traces, generate};
use vouch_emulator::testing::{DATA, asm, program, segments};
use vouch_emulator::{Program, SegmentLimits};
use vouch_prover::{Prover, claim};
use vouch_verifier::{Profile, Receipt, SegmentReceipt, TableSet};

use crate::honest_receipt::Honest;
use crate::proof_map::{ELEMENT, Map};

/// Bytes of a chain whose proofs are small, more or less: as many as an honest receipt has.
const BYTES: usize = 1 << 20;
/// Segments of a chain at most.
const SEGMENTS: usize = 10_000;

/// A hostile receipt of several segments.
#[derive(Clone, Debug)]
pub struct Chain {
    /// What it is.
    pub name: &'static str,
    /// It.
    pub receipt: Receipt,
    /// Proofs that the proof system begins to verify, if segments are verified one after the other:
    /// those that are right, and perhaps the first that is not.
    pub begun: usize,
}

/// A run of several segments, proven.
///
/// # Panics
/// If it is not proven: then nothing else is.
pub fn run(profile: Profile) -> &'static Honest {
    static RUNS: [OnceLock<Honest>; 2] = [const { OnceLock::new() }; 2];
    let [fast, compact] = &RUNS;
    let slot = match profile {
        Profile::Fast100 => fast,
        _ => compact,
    };
    slot.get_or_init(|| Honest::new(&copier(), &input(), &limits(), profile))
}

/// Copies its input to its journal, four bytes a call.
fn copier() -> Program {
    let mut code = Vec::new();
    for _ in 0..4 {
        code.extend(asm::read(DATA, 4));
        code.extend(asm::journal(DATA, 4));
    }
    code.extend(asm::exit(0));
    program(&code)
}

fn input() -> Vec<u8> {
    (b'a'..).take(16).collect()
}

fn limits() -> SegmentLimits<'static> {
    SegmentLimits {
        cycles: 10,
        ..SegmentLimits::default()
    }
}

/// All of them, about the program of [`run`].
pub fn all(profile: Profile) -> Vec<Chain> {
    let honest = run(profile);
    let mut chains = bare(honest);
    chains.extend(garbage(honest));
    chains.extend(altered(honest));
    chains
}

/// A proof of zeros of these tables, all of them as low as they may be.
fn zeros_of(profile: Profile, tables: &[Table], digests: usize) -> Vec<u8> {
    let tables = tables.iter().map(|&table| (table, MIN_LOG_HEIGHT));
    Map::new(profile, tables.collect(), |_| digests).zeros()
}

/// Segments that are not worth a look.
fn bare(honest: &Honest) -> Vec<Chain> {
    let profile = honest.receipt.profile;
    let tables = every_table()
        .into_iter()
        .map(|table| (table, MIN_LOG_HEIGHT));
    let all = Map::new(profile, tables.collect(), |_| 0);
    let rows = all.rounds.first().map_or(0, |round| round.rows.start);
    let hollow = &all.zeros()[..rows];
    let mut shorter = all.zeros();
    shorter.truncate(all.length - 1);
    let mut least = zeros_of(profile, &least_tables(), 0);
    least.truncate(least.len() - ELEMENT);
    vec![
        Chain {
            name: "segments without proofs",
            receipt: round(honest, &every_table(), &[], b"j"),
            begun: 0,
        },
        Chain {
            name: "all tables, and no rows",
            receipt: round(honest, &every_table(), hollow, b"j"),
            begun: 0,
        },
        Chain {
            name: "the right length, and a byte less",
            receipt: round(honest, &every_table(), &shorter, b"j"),
            begun: 0,
        },
        Chain {
            name: "the right length, and an element less",
            receipt: round(honest, &least_tables(), &least, &[]),
            begun: 0,
        },
    ]
}

/// Segments whose proofs look like proofs.
fn garbage(honest: &Honest) -> Vec<Chain> {
    let profile = honest.receipt.profile;
    let zeros = |tables: &[Table]| zeros_of(profile, tables, 0);
    let padded = zeros_of(profile, &least_tables(), 32);
    let journal = with_journal().into_iter().map(|table| match table {
        Table::Journal => (table, 20),
        _ => (table, MIN_LOG_HEIGHT),
    });
    let journal = Map::new(profile, journal.collect(), |_| 0).zeros();
    let first = honest.segment();
    let tables: Vec<Table> = first.tables.tables().collect();
    vec![
        Chain {
            name: "zeros of the least tables",
            receipt: round(honest, &least_tables(), &zeros(&least_tables()), &[]),
            begun: 1,
        },
        Chain {
            name: "zeros of the least tables, with digests",
            receipt: round(honest, &least_tables(), &padded, &[]),
            begun: 1,
        },
        Chain {
            name: "zeros of all tables",
            receipt: round(honest, &every_table(), &zeros(&every_table()), b"j"),
            begun: 1,
        },
        Chain {
            name: "zeros, and journals as long as they may be",
            receipt: round(honest, &with_journal(), &journal, &[1; 1 << 20]),
            begun: 1,
        },
        Chain {
            name: "a right proof, of other claims",
            receipt: round(honest, &tables, &first.proof, &first.claim.journal),
            begun: 1,
        },
    ]
}

/// The honest run, altered.
fn altered(honest: &Honest) -> Vec<Chain> {
    let segments = honest.receipt.segments.len();
    let flip = |segment: &mut SegmentReceipt| {
        let map = Map::of(honest.receipt.profile, segment);
        let last = map.layers.last().map_or(0, |layer| layer.rows.end);
        segment.proof[last - ELEMENT] ^= 1;
    };
    vec![
        Chain {
            name: "the last value of the last query, in the last segment",
            receipt: honest.with(|receipt| receipt.segments.last_mut().into_iter().for_each(flip)),
            begun: segments,
        },
        Chain {
            name: "the last value of the last query, in each segment",
            receipt: honest.with(|receipt| receipt.segments.iter_mut().for_each(flip)),
            begun: 1,
        },
        Chain {
            name: "a sum that is not 0, in the last segment",
            receipt: unbalanced(honest),
            begun: segments,
        },
        Chain {
            name: "a chain that breaks at its end",
            receipt: honest.with(|receipt| {
                if let Some(last) = receipt.segments.last_mut() {
                    last.claim.start_pc += 1;
                }
            }),
            begun: 0,
        },
    ]
}

/// The honest run with a count in its last segment that is one too many: everything is proven of it but
/// that the messages match, which is the last thing that is looked at.
fn unbalanced(honest: &Honest) -> Receipt {
    let program = copier();
    let run = segments(&program, &input(), &limits()).expect("the program runs to its end");
    let image = program.image();
    let mut tree = MemoryTree::new(image);
    let mut traces: Vec<Traces> = { run.1.iter() }
        .map(|segment| generate(segment, &image.text, &mut tree))
        .collect();
    let (segment, mut traces) = run.1.last().zip(traces.pop()).expect("it has segments");
    let facts = { traces.tables.iter_mut() }.find(|trace| trace.instance.table == Table::Facts);
    let facts = facts.expect("a short run lists its facts");
    // The last count of the first row.
    let width = facts.matrix.width;
    facts.matrix.values[width - 1] += F::ONE;
    let claim = claim(segment, traces.public.start_root, traces.public.end_root);
    let prover = Prover::new(honest.receipt.profile);
    let proof = prover.prove_traces(claim, segment.journal_start, &image.text, traces);
    honest.with(|receipt| {
        if let Some(last) = receipt.segments.last_mut() {
            *last = proof.expect("a proof of something").receipt;
        }
    })
}

/// Segments that go round and round until the last exits, all with this proof and this journal.
fn round(honest: &Honest, tables: &[Table], proof: &[u8], journal: &[u8]) -> Receipt {
    let first = honest.segment();
    let mut segment = SegmentReceipt {
        claim: first.claim.clone(),
        tables: TableSet::new(tables.iter().copied()),
        proof: proof.to_vec(),
    };
    segment.claim.end_pc = segment.claim.start_pc;
    segment.claim.end_root = segment.claim.start_root;
    segment.claim.exit_code = None;
    segment.claim.journal = journal.to_vec();
    let mut last = segment.clone();
    (last.claim.end_pc, last.claim.exit_code) = (0, Some(0));
    let bytes = proof.len() + journal.len() + 121;
    honest.with(|receipt| {
        receipt.segments = vec![segment; (BYTES / bytes).clamp(2, SEGMENTS)];
        receipt.segments.push(last);
    })
}

/// The tables without which there is no proof.
fn least_tables() -> Vec<Table> {
    let least = [
        Table::Claim,
        Table::Program,
        Table::Leaf,
        Table::Merkle,
        Table::Poseidon2,
        Table::Facts,
    ];
    { Table::ALL.into_iter() }
        .filter(|table| least.contains(table))
        .collect()
}

fn with_journal() -> Vec<Table> {
    let least = least_tables();
    { Table::ALL.into_iter() }
        .filter(|table| least.contains(table) || *table == Table::Journal)
        .collect()
}

/// All that one proof may hold: one of lookup and facts.
fn every_table() -> Vec<Table> {
    { Table::ALL.into_iter() }
        .filter(|table| *table != Table::Lookup)
        .collect()
}
