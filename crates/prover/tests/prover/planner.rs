//! What a segment's proof will need, predicted while the segment is recorded.

use vouch_air::memory_tree::MemoryTree;
use vouch_air::tables::Table;
use vouch_air::witness::generate;
use vouch_emulator::testing::{random_program, segments};
use vouch_emulator::{Program, SegmentLimits};
use vouch_isa::event::Counts;
use vouch_prover::{Cost, Planner, counts};
use vouch_verifier::{Profile, max_log_height};

use crate::common::guest;

/// Bytes of memory for the proof of a segment.
#[derive(Clone, Copy, Debug)]
struct Estimate {
    /// From the counts of what was recorded.
    predicted: u64,
    /// From the filled tables.
    actual: u64,
    /// It has the whole lookup table: how many rows the facts table has instead cannot be predicted
    /// well, since questions repeat.
    is_long: bool,
}

/// The estimates for each segment of a run that is cut so that they are at most `limit`.
fn estimates(program: &Program, input: &[u8], profile: Profile, limit: u64) -> Vec<Estimate> {
    let planner = Planner::new(profile.parameters());
    let goes_on = |_: &Counts, then: &Counts| {
        let needs = planner.predict(then);
        needs.is_some_and(|needs| needs.memory_bytes <= limit)
    };
    let limits = SegmentLimits {
        goes_on: &goes_on,
        ..SegmentLimits::default()
    };
    let (_, segments) = segments(program, input, &limits).expect("it runs");
    let image = program.image();
    let mut tree = MemoryTree::new(image);
    segments
        .iter()
        .map(|segment| {
            let update = tree.clone().update(&segment.leaves);
            let parameters = profile.parameters();
            let predicted = planner.predict(&counts(segment, &update));
            let exact = Cost::predicted(segment, &image.text, &update, &parameters);
            let traces = generate(segment, &image.text, &mut tree);
            let tables: Vec<Table> = { traces.tables.iter() }
                .map(|trace| trace.instance.table)
                .collect();
            let predicted = predicted.expect("it is not too tall");
            let actual = Cost::new(&traces, &parameters);
            assert_eq!(exact, actual);
            assert!(
                actual.cells() <= predicted.cells,
                "{actual:?}, not {predicted:?}"
            );
            Estimate {
                predicted: predicted.memory_bytes,
                actual: actual.memory_bytes(),
                is_long: tables.contains(&Table::Lookup),
            }
        })
        .collect()
}

#[test]
fn no_segment_needs_more_than_was_foretold() {
    let sha256 = guest(include_bytes!(
        "../../../../guest-programs/prebuilt/sha256.elf"
    ));
    let sort = guest(include_bytes!(
        "../../../../guest-programs/prebuilt/sort.elf"
    ));
    // Long, and answered by the facts table all the same.
    let primes = guest(include_bytes!(
        "../../../../guest-programs/prebuilt/primes.elf"
    ));
    let bound = 1500u32.to_le_bytes();
    let numbers = 4000u32.to_le_bytes();
    let random = vouch_emulator::testing::program(&random_program(7, 300));
    let runs: [(&Program, &[u8], u64); 5] = [
        (&sha256, &[7; 6000], u64::MAX),
        (&sha256, &[7; 6000], 160 << 20),
        (&sort, &numbers, 160 << 20),
        (&primes, &bound, u64::MAX),
        (&random, &[], 80 << 20),
    ];
    for profile in [Profile::Fast100, Profile::Compact100] {
        let scale = 1 << (profile.parameters().log_blowup - 1);
        for (program, input, limit) in runs {
            let limit = limit.saturating_mul(scale);
            let estimates = estimates(program, input, profile, limit);
            for estimate in estimates {
                let Estimate {
                    predicted,
                    actual,
                    is_long,
                } = estimate;
                assert!(actual <= predicted && actual <= limit, "{estimate:?}");
                assert!(!is_long || predicted <= actual + actual / 2, "{estimate:?}");
            }
        }
    }
}

#[test]
fn cuts_leave_little_unused() {
    let sort = guest(include_bytes!(
        "../../../../guest-programs/prebuilt/sort.elf"
    ));
    let numbers = 20_000u32.to_le_bytes();
    let limit = 400 << 20;
    let estimates = estimates(&sort, &numbers, Profile::Fast100, limit);
    let (_, cut) = estimates.split_last().expect("segments");
    assert!(cut.len() >= 2, "{estimates:?}");
    // The next doubling of a table did not fit.
    assert!(
        cut.iter().all(|cut| cut.actual > limit / 2),
        "{estimates:?}"
    );
}

#[test]
fn tables_that_are_too_tall_do_not_fit() {
    let planner = Planner::new(Profile::Fast100.parameters());
    let fits = |counts: Counts| planner.predict(&counts).is_some();
    let journal = 1 << max_log_height(Table::Journal);
    assert!(fits(Counts {
        journal,
        ..Counts::default()
    }));
    assert!(!fits(Counts {
        journal: journal + 1,
        ..Counts::default()
    }));
    let moves = 1 << max_log_height(Table::Moves);
    assert!(fits(Counts {
        moves,
        ..Counts::default()
    }));
    assert!(!fits(Counts {
        moves: moves + 1,
        ..Counts::default()
    }));
}

/// The cheapest place to cut is where a table is full.
#[test]
fn the_next_full_table_is_known() {
    let planner = Planner::new(Profile::Fast100.parameters());
    let mut counts = Counts {
        leaves: 20,
        nodes: 20,
        ..Counts::default()
    };
    counts.steps[0] = 3000;
    let gets_cheaper = |counts: &Counts, cells| planner.gets_cheaper(counts, |n| n.cells <= cells);
    // 4,096 instructions take no more cells than 3,000.
    assert!(gets_cheaper(&counts, u64::MAX));
    let cells = planner.predict(&counts).expect("it is not too tall").cells;
    assert!(gets_cheaper(&counts, cells));
    counts.steps[0] = 4096;
    // From here only twice as many make up for what does not grow, if they are allowed.
    assert!(gets_cheaper(&counts, u64::MAX));
    assert!(!gets_cheaper(&counts, cells));
    assert!(gets_cheaper(&Counts::default(), 0));
}
