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
    /// Run these only, by their names
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

/// What the attacks were called before, alone or with an underscore and their names of today. To go
/// after one release.
const FORMER: [(&str, &str); 11] = [
    ("t0", "lint"),
    ("t1", "cells"),
    ("t2", "compound"),
    ("t3", "faults"),
    ("t4", "score"),
    ("t5", "transcript"),
    ("t6", "hostile"),
    ("t7", "segments"),
    ("t8", "differential"),
    ("t9", "replies"),
    ("t11", "adaptive"),
];

/// The attack's name of today: `cells` for `t1` and `t1_cells`.
fn current(name: &str) -> &str {
    let mut former = FORMER.into_iter();
    let found = former.find(|(old, new)| name == *old || name == format!("{old}_{new}"));
    found.map_or(name, |(_, new)| new)
}

fn chosen(only: &[String]) -> Result<Vec<&'static Attack>> {
    for name in only {
        if !ALL.iter().any(|attack| attack.name == current(name)) {
            let names: Vec<&str> = ALL.iter().map(|attack| attack.name).collect();
            bail!("no attack is called {name}; there are {}", names.join(", "));
        }
    }
    let is_chosen =
        |attack: &&Attack| only.is_empty() || only.iter().any(|name| current(name) == attack.name);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn names(only: &[&str]) -> Result<Vec<&'static str>> {
        let only: Vec<String> = only.iter().map(|&name| name.to_owned()).collect();
        Ok(chosen(&only)?.iter().map(|attack| attack.name).collect())
    }

    #[test]
    fn attacks_are_chosen_by_name() {
        let all: Vec<&str> = ALL.iter().map(|attack| attack.name).collect();
        assert_eq!(names(&[]).expect("all"), all);
        let two = names(&["replies", "cells"]).expect("two names");
        assert_eq!(two, ["cells", "replies"]);
    }

    #[test]
    fn former_names_choose_the_same() {
        assert_eq!(
            FORMER.map(|(_, new)| new).as_slice(),
            names(&[]).expect("all")
        );
        for (old, new) in FORMER {
            let long = format!("{old}_{new}");
            for name in [new, old, &long] {
                assert_eq!(names(&[name]).expect(name), [new]);
            }
        }
        assert_eq!(names(&["t1", "cells"]).expect("one attack"), ["cells"]);
    }

    #[test]
    fn other_names_are_refused() {
        for name in ["t10", "t1_faults", "t", "cell", "cells_", ""] {
            let error = names(&["lint", name]).expect_err(name).to_string();
            let expected = format!("no attack is called {name}; there are lint, cells, ");
            assert!(error.starts_with(&expected), "{error}");
        }
    }
}
