//! `cargo xtask sweep`: which parameters reach a number of provable bits, what their proofs
//! weigh and how long they take.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use serde::Serialize;
use vouch_air::memory_tree::MemoryTree;
use vouch_air::witness::{Traces, generate};
use vouch_emulator::testing::segments;
use vouch_emulator::{Program, SegmentLimits};
use vouch_prover::{Backend, Cancel, Cpu, Job};
use vouch_verifier::{ExtensionDegree, Parameters, Profile, security_of, tenths};

/// Arguments of `cargo xtask sweep`.
#[derive(Debug, Args)]
pub struct SweepArgs {
    /// Bits of provable security to reach
    #[arg(long, default_value_t = 100)]
    bits: u32,
    /// Inverse rates to try, log2
    #[arg(long, value_delimiter = ',', default_value = "1,2,3,4,5")]
    log_blowups: Vec<usize>,
    /// Largest folding arities to try, log2
    #[arg(long, value_delimiter = ',', default_value = "2,3")]
    arities: Vec<usize>,
    /// Grinding before the queries to try, in bits
    #[arg(long, value_delimiter = ',', default_value = "16,18,20")]
    grindings: Vec<usize>,
    /// Coefficients of the final polynomial to try, log2
    #[arg(long, value_delimiter = ',', default_value = "7,9")]
    final_polys: Vec<usize>,
    /// Least top levels of packs to try, log2
    #[arg(long, value_delimiter = ',', default_value = "10,11")]
    least_levels: Vec<usize>,
    /// Numbers in the rows of a query, at most, to try
    #[arg(long, value_delimiter = ',', default_value = "150,250")]
    most_packs: Vec<usize>,
    /// Inputs of the Fibonacci guest that are proven beside the commitment: 5 cycles each
    #[arg(long, value_delimiter = ',', default_value = "6550,52400")]
    fibonacci: Vec<u32>,
    /// Runs of each; the median counts
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Folder of the prebuilt guests
    #[arg(long, default_value = "guest-programs/prebuilt")]
    guests: PathBuf,
    /// Print a JSON array instead of a Markdown table
    #[arg(long)]
    pub json: bool,
}

/// A set of parameters, and what its proofs cost.
#[derive(Debug, Serialize)]
struct Point {
    parameters: Parameters,
    bits: f64,
    /// Of each run that is proven.
    costs: Vec<Cost>,
    /// No other point has smaller and faster proofs, of all runs.
    on_frontier: bool,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Cost {
    seconds: f64,
    bytes: usize,
}

/// Bits that any other error than that of the queries should be below the target.
const MARGIN: f64 = 4.0;
/// Most grinding at a site other than the queries, in bits.
const MOST_GRINDING: usize = 20;
/// Most grinding before each folding challenge, of which there are many.
const MOST_FOLD_GRINDING: usize = 12;
/// More grinding before the batching challenge and before each folding challenge: fractions of a
/// millisecond.
const MORE_GRINDING: (usize, usize) = (14, 8);
/// Folds of a large proof, some.
const ROUNDS: usize = 5;
/// Most queries.
const MOST_QUERIES: usize = 400;

/// Runs it.
pub fn run(args: &SweepArgs) -> Result<bool> {
    let mut names = vec!["commitment".to_owned()];
    let mut runs = vec![traces(args, "commitment", &[7; 128])?];
    for input in &args.fibonacci {
        names.push(format!("Fibonacci of {input}"));
        runs.push(traces(args, "fibonacci", &input.to_le_bytes())?);
    }
    let mut points = Vec::new();
    for parameters in candidates(args) {
        let cpu = Cpu::with_parameters(Profile::Fast100, parameters);
        let costs = runs.iter().map(|traces| cost(&cpu, traces, args.runs));
        points.push(Point {
            bits: security_of(&parameters).proof_bits,
            costs: costs.collect::<Result<_>>()?,
            parameters,
            on_frontier: false,
        });
        eprintln!("{} points", points.len());
    }
    mark_frontier(&mut points);
    points.sort_by_key(|point| point.costs.first().map_or(0, |cost| cost.bytes));
    if args.json {
        println!("{}", serde_json::to_string_pretty(&points)?);
    } else {
        print(&names, &points);
    }
    Ok(!points.is_empty())
}

/// The tables of a guest's run.
fn traces(args: &SweepArgs, guest: &str, input: &[u8]) -> Result<Traces> {
    let path = args.guests.join(format!("{guest}.elf"));
    let elf = std::fs::read(&path).with_context(|| format!("{}", path.display()))?;
    let program = Program::from_elf(&elf)?;
    let (_, segments) = segments(&program, input, &SegmentLimits::default())
        .map_err(|error| anyhow!("{guest}: {error}"))?;
    let [segment] = &segments[..] else {
        return Err(anyhow!(
            "{guest}: expected one segment, got {}",
            segments.len()
        ));
    };
    let image = program.image();
    Ok(generate(segment, &image.text, &mut MemoryTree::new(image)))
}

/// For each rate, degree, arity, final polynomial and grinding the fewest queries that reach the bits,
/// with each way of packing.
fn candidates(args: &SweepArgs) -> Vec<Parameters> {
    let mut candidates = Vec::new();
    for extension in [ExtensionDegree::Four, ExtensionDegree::Five] {
        for &log_blowup in &args.log_blowups {
            for &max_log_arity in &args.arities {
                for &log_final_poly in &args.final_polys {
                    for &query_grinding in &args.grindings {
                        let parameters = Parameters {
                            extension,
                            log_blowup,
                            queries: MOST_QUERIES,
                            max_log_arity,
                            query_grinding,
                            fold_grinding: 0,
                            batch_grinding: 0,
                            lookup_grinding: 0,
                            point_grinding: 0,
                            log_final_poly,
                            least_level: log_final_poly + 1,
                            most_packs: 1,
                        };
                        let completed = complete(parameters, f64::from(args.bits));
                        candidates.extend(completed.into_iter().flat_map(|p| packings(p, args)));
                    }
                }
            }
        }
    }
    candidates
}

/// With each way of packing: what is proven does not depend on it.
fn packings(parameters: Parameters, args: &SweepArgs) -> impl Iterator<Item = Parameters> {
    let levels =
        { args.least_levels.iter() }.filter(move |level| **level > parameters.log_final_poly);
    levels.flat_map(move |&least_level| {
        args.most_packs.iter().map(move |&most_packs| Parameters {
            least_level,
            most_packs,
            ..parameters
        })
    })
}

/// Parameters with as few queries as reach `bits`, if any do, and with as little grinding at the
/// other sites, or with some more if that saves queries: beyond unique decoding, the smaller the
/// other errors are, the nearer to the Johnson bound the queries may go.
fn complete(parameters: Parameters, bits: f64) -> Option<Parameters> {
    let least = ground(parameters, bits);
    let more = Parameters {
        batch_grinding: least.batch_grinding.max(MORE_GRINDING.0),
        fold_grinding: least.fold_grinding.max(MORE_GRINDING.1),
        ..least
    };
    let (least, more) = (fewest(least, bits), fewest(more, bits));
    let fewest = match (least, more) {
        (Some(least), Some(more)) if more.queries < least.queries => Some(more),
        (least, more) => least.or(more),
    };
    fewest.map(|parameters| spare(parameters, bits))
}

/// Without the grinding that `bits` do not need, what costs the most first.
fn spare(mut parameters: Parameters, bits: f64) -> Parameters {
    let work = |p: &Parameters| {
        let once = [p.lookup_grinding, p.point_grinding, p.batch_grinding];
        let once: usize = once.iter().map(|grinding| 1 << grinding).sum();
        once + (ROUNDS << p.fold_grinding)
    };
    loop {
        let less = (0..4).filter_map(|site| {
            let mut less = parameters;
            let grinding = grinding(&mut less, site);
            *grinding = grinding.checked_sub(1)?;
            (security_of(&less).proof_bits >= bits).then_some(less)
        });
        match less.min_by_key(work) {
            Some(less) => parameters = less,
            None => return parameters,
        }
    }
}

/// The grinding before the LogUp challenges, the out-of-domain point, the batching challenge or each
/// folding challenge.
fn grinding(parameters: &mut Parameters, site: usize) -> &mut usize {
    match site {
        0 => &mut parameters.lookup_grinding,
        1 => &mut parameters.point_grinding,
        2 => &mut parameters.batch_grinding,
        _ => &mut parameters.fold_grinding,
    }
}

/// With as little grinding at sites other than the queries as makes them matter little.
fn ground(mut parameters: Parameters, bits: f64) -> Parameters {
    // The terms of `security` in their order, the second of which has no grinding.
    let sites = [(0, 0), (1, 2), (2, 3)].map(|(site, term)| (site, term, MOST_GRINDING));
    for (site, term, most) in sites.into_iter().chain([(3, 4, MOST_FOLD_GRINDING)]) {
        let with = |hashes: usize| {
            let mut changed = parameters;
            *grinding(&mut changed, site) = hashes;
            changed
        };
        let enough = |hashes: &usize| {
            let security = security_of(&with(*hashes));
            let term = security.terms.get(term);
            term.is_some_and(|term| term.bits >= bits + MARGIN)
        };
        parameters = with((0..=most).find(enough).unwrap_or(most));
    }
    parameters
}

/// With as few queries as reach `bits`, if any number does.
fn fewest(mut parameters: Parameters, bits: f64) -> Option<Parameters> {
    let reaches = |queries: usize| {
        security_of(&Parameters {
            queries,
            ..parameters
        })
        .proof_bits
            >= bits
    };
    // More queries are never worse.
    let (mut few, mut many) = (0, MOST_QUERIES);
    if !reaches(many) {
        return None;
    }
    while many - few > 1 {
        let middle = few.midpoint(many);
        match reaches(middle) {
            true => many = middle,
            false => few = middle,
        }
    }
    parameters.queries = many;
    Some(parameters)
}

fn cost(cpu: &Cpu, traces: &Traces, runs: usize) -> Result<Cost> {
    let mut times = Vec::new();
    let mut bytes = 0;
    for _ in 0..runs.max(1) {
        let job = Job {
            seed: Vec::new(),
            traces: traces.clone(),
            cancel: Cancel::default(),
        };
        let start = Instant::now();
        bytes = cpu.prove(job)?.len();
        times.push(start.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    Ok(Cost {
        seconds: times[times.len() / 2],
        bytes,
    })
}

/// Marks the points that no other one beats in all respects.
fn mark_frontier(points: &mut [Point]) {
    let costs: Vec<Vec<[f64; 2]>> = points
        .iter()
        .map(|point| {
            let costs = point.costs.iter();
            costs
                .map(|cost| [cost.seconds, cost.bytes as f64])
                .collect()
        })
        .collect();
    for (point, own) in points.iter_mut().zip(&costs) {
        let beats = |other: &Vec<[f64; 2]>| {
            let mut pairs = other.iter().flatten().zip(own.iter().flatten());
            other != own && pairs.all(|(other, own)| other <= own)
        };
        point.on_frontier = !costs.iter().any(beats);
    }
}

/// The table of docs/security.md, and which of its rows are on the frontier.
fn print(names: &[String], points: &[Point]) {
    let columns: String = { names.iter() }
        .map(|name| format!(" {name}, bytes | ms |"))
        .collect();
    println!(
        "| rate | degree | folds by | final polynomial | levels: least, numbers | queries | \
         grinding: queries, folds, batch, LogUp, point | bits |{columns} frontier |"
    );
    println!("|{}", "---|".repeat(9 + 2 * names.len()));
    for point in points {
        let p = &point.parameters;
        let costs: String = { point.costs.iter() }
            .map(|cost| format!(" {} | {:.0} |", cost.bytes, 1000.0 * cost.seconds))
            .collect();
        println!(
            "| 1/{} | {} | {} | {} | {}, {} | {} | {}, {}, {}, {}, {} | {:.1} |{costs} {} |",
            1 << p.log_blowup,
            p.extension.degree(),
            1 << p.max_log_arity,
            1 << p.log_final_poly,
            p.least_level,
            p.most_packs,
            p.queries,
            p.query_grinding,
            p.fold_grinding,
            p.batch_grinding,
            p.lookup_grinding,
            p.point_grinding,
            tenths(point.bits),
            if point.on_frontier { "yes" } else { "" },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completed_parameters_reach_the_bits_with_no_query_to_spare() {
        let parameters = Profile::Fast100.parameters();
        let completed = complete(parameters, 100.0).expect("rate 1/2 and degree 4 reach 100 bits");
        assert!(security_of(&completed).proof_bits >= 100.0);
        let fewer = Parameters {
            queries: completed.queries - 1,
            ..completed
        };
        assert!(security_of(&fewer).proof_bits < 100.0);
    }

    /// Levels not above the final polynomial are left out: FRI would not fold them.
    #[test]
    fn packs_are_longer_than_the_final_polynomial() {
        #[derive(clap::Parser)]
        struct Cli {
            #[command(flatten)]
            args: SweepArgs,
        }
        let arguments = [
            "sweep",
            "--least-levels",
            "9,10,11",
            "--most-packs",
            "150,250",
        ];
        let Cli { args } = clap::Parser::parse_from(arguments);
        let parameters = Parameters {
            log_final_poly: 9,
            ..Profile::Fast100.parameters()
        };
        let levels: Vec<_> = packings(parameters, &args)
            .map(|p| (p.least_level, p.most_packs))
            .collect();
        assert_eq!(levels, [(10, 150), (10, 250), (11, 150), (11, 250)]);
    }

    #[test]
    fn degree_four_cannot_reach_128_bits() {
        assert!(complete(Profile::Fast100.parameters(), 128.0).is_none());
    }
}
