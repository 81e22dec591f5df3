//! `vouch demo`

use crate::common::{Outcome, Place, without_warning};

#[test]
fn it_proves_and_rejects() {
    let Outcome { stdout, .. } = Place::new().vouch(&["demo"]).ok();
    for line in ["Profile fast at 100 bits:", "Profile compact at 100 bits:"] {
        assert_eq!(stdout.matches(line).count(), 1, "{stdout}");
    }
    for line in ["receipt", "verified", "provable bits", "proven"] {
        assert_eq!(stdout.matches(line).count(), 2, "{line} in {stdout}");
    }
    assert_eq!(stdout.matches("rejected: ").count(), 6, "{stdout}");
    assert!(stdout.ends_with("All as expected.\n"), "{stdout}");
}

#[test]
fn its_figures_are_also_for_programs() {
    let outcome = Place::new().vouch(&["--json", "demo"]).ok();
    assert_eq!(without_warning(&outcome.stderr), "");
    let json = outcome.json();
    let profiles = json["profiles"].as_array().expect("a list");
    assert_eq!(profiles.len(), 2);
    for (profile, name) in profiles.iter().zip(["fast", "compact"]) {
        assert_eq!(profile["profile"], name);
        assert!(profile["security_bits"].as_f64().expect("a number") >= 100.0);
        assert!(profile["prove_seconds"].as_f64().expect("a number") > 0.0);
        assert!(profile["verify_ms"].as_f64().expect("a number") > 0.0);
        assert!(profile["proof_bytes"].as_u64().expect("a number") > 0);
        assert_eq!(profile["rejections"].as_array().expect("a list").len(), 3);
    }
}
