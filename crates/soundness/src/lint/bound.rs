//! The sum of heights times weights stays below `p`, so that no count wraps.
//!
//! p3's verifier refuses a proof for which it does not (`check_multiplicity_height_bound`, called
//! by `verify_batch`), and Vouch's refuses tables that are too high before that: with the
//! greatest heights that it accepts, p3's check cannot fail. Both are computed here from the
//! weights of the verifying key, which must be those of the tables.

use p3_lookup::{Lookups, check_multiplicity_height_bound};
use vouch_air::F;
use vouch_air::tables::Table;
use vouch_air::testkit::lint::symbolic;
use vouch_verifier::{Key, Profile, max_log_height};

use crate::Outcome;
use vouch_air::testkit::P;

/// Computes the sum.
pub fn run() -> Outcome {
    let mut outcome = Outcome::default();
    let key = Profile::ALL
        .iter()
        .find_map(|profile| Key::<4>::new(*profile));
    let Some(key) = key else {
        outcome.fail("no profile has a key of degree 4");
        return outcome;
    };
    let lookups = key.common(&Table::ALL).lookups;
    let weights: Vec<u64> = Table::ALL.iter().map(|table| weight(*table)).collect();
    if !lookups
        .iter()
        .map(Lookups::total_count_weight)
        .eq(weights.iter().copied())
    {
        outcome.fail(format!(
            "the key's weights are not those of the tables: {weights:?}"
        ));
    }
    let heights = |more: usize| Table::ALL.map(|table| 1 << (max_log_height(table) + more));
    let rows = heights(0).into_iter();
    let most: u64 = weights.iter().zip(rows).map(|(w, h)| w * h as u64).sum();
    outcome.count("weight a row of all tables together", weights.iter().sum());
    outcome.count("most that heights times weights add up to", most);
    outcome.count("of p, in percent", 100 * most / u64::from(P));
    let is_refused =
        |more: usize| check_multiplicity_height_bound::<F>(&lookups, &heights(more)).is_err();
    if most >= u64::from(P) || is_refused(0) {
        outcome.fail(format!(
            "with all tables full, {most}, expected less than {P}"
        ));
    }
    // The check is there, and would see tables of twice the height.
    if !is_refused(1) {
        outcome.fail("p3 accepts tables of twice the height");
    }
    outcome
}

/// What p3 charges for a row.
fn weight(table: Table) -> u64 {
    let symbolic = symbolic(table);
    let weights = symbolic
        .global_interactions()
        .iter()
        .map(|m| u64::from(m.count_weight));
    weights.sum()
}
