//! docs/security.md says what the code computes.

use vouch_verifier::{Profile, Security, security};

const DOC: &str = include_str!("../../../docs/security.md");

/// The section of a profile: from its heading to the next one.
fn section(profile: Profile) -> &'static str {
    let heading = format!("\n### {} {}\n", profile.name(), profile.target_bits());
    let (_, rest) = DOC
        .split_once(&heading)
        .unwrap_or_else(|| panic!("docs/security.md has no heading{heading}"));
    rest.split("\n#").next().unwrap_or(rest)
}

/// The rows of the first table of a section, without its head: label and bits as written.
fn table(section: &str) -> Vec<(String, String)> {
    section
        .lines()
        .filter_map(|line| {
            line.strip_prefix("| ")?
                .strip_suffix(" |")?
                .split_once(" | ")
        })
        .filter(|(label, _)| *label != "term")
        .map(|(label, bits)| (label.to_owned(), bits.to_owned()))
        .collect()
}

/// The table as it should be.
fn expected(security: &Security) -> Vec<(String, String)> {
    let row = |label: &str, bits: f64| (label.to_owned(), format!("{bits:.1}"));
    let terms = security.terms.iter().map(|t| row(t.label, t.bits));
    let sum = row("proof system", security.proof_bits);
    let hashes = security
        .hashes
        .iter()
        .map(|t| row(&format!("hash: {}", t.label), t.bits));
    terms
        .chain([sum])
        .chain(hashes)
        .chain([row("overall", security.bits())])
        .collect()
}

#[test]
fn tables_are_what_is_computed() {
    for profile in Profile::ALL {
        assert_eq!(
            table(section(profile)),
            expected(&security(profile)),
            "{profile:?}"
        );
    }
}

#[test]
fn regimes_are_what_is_computed() {
    for profile in Profile::ALL {
        let regime = match security(profile).johnson_m {
            Some(m) => format!("Regime: Johnson, m = {m}."),
            None => "Regime: unique decoding.".to_owned(),
        };
        assert!(section(profile).contains(&regime), "{profile:?}: {regime}");
    }
}

#[test]
fn parameters_are_those_in_use() {
    let row = |label: &str, value: &dyn Fn(Profile) -> String| {
        let values: Vec<_> = Profile::ALL.into_iter().map(value).collect();
        let row = format!("| {label} | {} |", values.join(" | "));
        assert!(DOC.contains(&row), "docs/security.md lacks the row\n{row}");
    };
    row("number in a receipt", &|p| p.number().to_string());
    let parameters = Profile::parameters;
    row("degree of the challenge field", &|p| {
        parameters(p).extension.degree().to_string()
    });
    row("its size, bits (rounded down)", &|p| {
        parameters(p).extension.bits().to_string()
    });
    row("rate", &|p| format!("1/{}", 1 << parameters(p).log_blowup));
    row("queries", &|p| parameters(p).queries.to_string());
    row("grinding before the queries, bits", &|p| {
        parameters(p).query_grinding.to_string()
    });
    row("grinding before each folding challenge", &|p| {
        parameters(p).fold_grinding.to_string()
    });
    row("grinding before the batching challenge", &|p| {
        parameters(p).batch_grinding.to_string()
    });
    row("grinding before the LogUp challenges", &|p| {
        parameters(p).lookup_grinding.to_string()
    });
    row("grinding before the out-of-domain point", &|p| {
        parameters(p).point_grinding.to_string()
    });
}
