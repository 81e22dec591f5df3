//! The harness that tries to cheat, as one command. docs/soundness.md says what it does.

use std::time::Instant;

use anyhow::{Result, bail};
use clap::Args;
use serde_json::{Map, Value, json};
use vouch_soundness::{ALL, Attack, Effort, Outcome};

/// Of `cargo xtask soundness`.
#[derive(Debug, Args)]
pub struct SoundnessArgs {
    /// Try everything, not only the share that the tests try: about an hour on two cores
    #[arg(long)]
    pub long: bool,
    /// Print the report as one JSON object on stdout; progress goes to stderr
    #[arg(long)]
    pub json: bool,
    /// Run these only, by the first part of their names
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub only: Vec<String>,
}

/// Runs the attacks and prints what came of them. Returns whether none succeeded.
///
/// # Errors
/// There is no attack of a name given.
pub fn run(arguments: &SoundnessArgs) -> Result<bool> {
    let effort = match arguments.long {
        true => Effort::Long,
        false => Effort::Quick,
    };
    let mut all_well = true;
    let mut reports = Vec::new();
    for attack in chosen(&arguments.only)? {
        eprintln!("{}: {}", attack.name, attack.about);
        let start = Instant::now();
        let outcome = (attack.run)(effort);
        let seconds = start.elapsed().as_secs_f64();
        all_well &= outcome.failures.is_empty();
        if arguments.json {
            eprintln!("{outcome}{seconds:>10.1} seconds\n");
        } else {
            println!(
                "{}: {}\n{outcome}{seconds:>10.1} seconds\n",
                attack.name, attack.about
            );
        }
        reports.push(report(attack, &outcome, seconds));
    }
    if arguments.json {
        let effort = if arguments.long { "long" } else { "quick" };
        let status = u8::from(!all_well);
        println!(
            "{}",
            json!({ "effort": effort, "attacks": reports, "status": status })
        );
    }
    Ok(all_well)
}

fn chosen(only: &[String]) -> Result<Vec<&'static Attack>> {
    let matches = |attack: &Attack, name: &String| attack.name.split('_').next() == Some(name);
    for name in only {
        if !ALL
            .iter()
            .any(|attack| attack.name == name || matches(attack, name))
        {
            let names: Vec<&str> = ALL.iter().map(|attack| attack.name).collect();
            bail!("no attack is called {name}; there are {}", names.join(", "));
        }
    }
    let is_chosen = |attack: &&Attack| {
        let mut only_these = only.iter();
        only.is_empty() || only_these.any(|name| attack.name == name || matches(attack, name))
    };
    Ok(ALL.iter().filter(is_chosen).collect())
}

fn report(attack: &Attack, outcome: &Outcome, seconds: f64) -> Value {
    let counts = outcome.counts.iter();
    let counts: Map<String, Value> = counts.map(|(what, n)| (what.clone(), json!(n))).collect();
    json!({
        "name": attack.name,
        "counts": counts,
        "notes": outcome.notes,
        "failures": outcome.failures,
        "seconds": seconds,
    })
}
