//! Runs Vouch and the peers side by side, each proof in a process of its own, and tabulates the
//! medians.

mod build;
mod process;
mod table;
mod vouch;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use peers_common::{Config, Guest, Prover, Report};
use serde::Serialize;

/// Builds the peers that build, runs each and prints one table.
#[derive(Debug, Parser)]
struct Args {
    /// Who proves.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Prover::value_variants().to_vec())]
    provers: Vec<Prover>,
    /// What is proven.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Guest::value_variants().to_vec())]
    guests: Vec<Guest>,
    /// How many instructions.
    #[arg(long, value_delimiter = ',', default_value = "32768")]
    cycles: Vec<u64>,
    /// Which configurations, of those that a prover has.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Config::value_variants().to_vec())]
    configs: Vec<Config>,
    /// How often each is run; the table has the medians.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// A process that takes longer, in seconds and with its setup, is stopped and not tried again.
    #[arg(long, default_value_t = 900)]
    limit: u64,
    /// A `vouch` that is already built.
    #[arg(long)]
    vouch: Option<PathBuf>,
    /// Where every single run is written, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Where the table is written, besides stdout.
    #[arg(long)]
    markdown: Option<PathBuf>,
}

/// One row of the table: a prover in one configuration on one guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Case {
    guest: Guest,
    cycles: u64,
    prover: Prover,
    config: Config,
}

/// What came of a case: its runs, or why there are none (or no more).
#[derive(Debug, Clone, Default, Serialize)]
struct Outcome {
    runs: Vec<Report>,
    failure: Option<String>,
}

type Outcomes = BTreeMap<Case, Outcome>;

fn main() -> Result<()> {
    let args = Args::parse();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("benches/peers")?;
    let programs = programs(&args, here);
    let mut outcomes = Outcomes::new();
    let mut load = process::Load::new()?;
    // Round after round, so that a slow hour of a shared machine meets everybody.
    for round in 1..=args.runs {
        for case in cases(&args) {
            let outcome = outcomes.entry(case).or_default();
            if outcome.failure.is_some() {
                continue;
            }
            eprintln!(
                "round {round}: {} {}, {} cycles, {}",
                case.prover, case.config, case.cycles, case.guest
            );
            load.sample()?;
            match measure(&programs, case, Duration::from_secs(args.limit)) {
                Ok(report) => outcome.runs.push(report),
                Err(error) => outcome.failure = Some(format!("{error:#}")),
            }
        }
        write(&args, &outcomes, &load)?;
    }
    print!("{}", table::markdown(&outcomes, &load));
    Ok(())
}

/// The cases in the order of the table.
fn cases(args: &Args) -> Vec<Case> {
    let mut cases = Vec::new();
    for &guest in &args.guests {
        for &cycles in &args.cycles {
            for &prover in &args.provers {
                for &config in prover.configs() {
                    if args.configs.contains(&config) {
                        cases.push(Case {
                            guest,
                            cycles,
                            prover,
                            config,
                        });
                    }
                }
            }
        }
    }
    cases
}

/// The program of each prover, or why it does not build.
type Programs = BTreeMap<Prover, std::result::Result<PathBuf, String>>;

fn programs(args: &Args, here: &Path) -> Programs {
    let build = |prover: &Prover| match (prover, &args.vouch) {
        (Prover::Vouch, Some(path)) => Ok(path.clone()),
        (prover, _) => build::program(*prover, here),
    };
    args.provers
        .iter()
        .map(|prover| {
            (
                *prover,
                build(prover).map_err(|error| format!("not built: {error:#}")),
            )
        })
        .collect()
}

fn measure(programs: &Programs, case: Case, limit: Duration) -> Result<Report> {
    let program = programs
        .get(&case.prover)
        .context("no program")?
        .as_ref()
        .map_err(|reason| anyhow::anyhow!("{reason}"))?;
    match case.prover {
        Prover::Vouch => vouch::measure(program, case, limit),
        Prover::RiscZero | Prover::OpenVm | Prover::Sp1 => {
            let cycles = case.cycles.to_string();
            let (guest, config) = (name(&case.guest)?, name(&case.config)?);
            let args = ["--guest", &guest, "--cycles", &cycles, "--config", &config];
            Ok(serde_json::from_str(&process::stdout(
                program, &args, limit,
            )?)?)
        }
    }
}

/// The name of a value on the command line.
fn name(value: &impl ValueEnum) -> Result<String> {
    Ok(value
        .to_possible_value()
        .context("a value without a name")?
        .get_name()
        .to_owned())
}

fn write(args: &Args, outcomes: &Outcomes, load: &process::Load) -> Result<()> {
    if let Some(path) = &args.json {
        let rows: Vec<_> = outcomes
            .iter()
            .map(|(case, outcome)| serde_json::json!({ "case": case, "outcome": outcome }))
            .collect();
        fs::write(path, serde_json::to_string_pretty(&rows)?)
            .context(path.display().to_string())?;
    }
    if let Some(path) = &args.markdown {
        fs::write(path, table::markdown(outcomes, load)).context(path.display().to_string())?;
    }
    Ok(())
}
