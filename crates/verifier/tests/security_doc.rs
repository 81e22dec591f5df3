//! docs/security.md says what the code computes.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use vouch_verifier::{
    ExtensionDegree, Parameters, Profile, Security, security, security_of, tenths,
};

static DOC: LazyLock<String> = LazyLock::new(|| page("docs/security.md"));

/// A page of this repository, as it is when the test runs.
fn page(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

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

/// Bits as every page and the command line show them: never more than is proven.
fn shown(bits: f64) -> String {
    format!("{:.1}", tenths(bits))
}

/// The table as it should be.
fn expected(security: &Security) -> Vec<(String, String)> {
    let row = |label: &str, bits: f64| (label.to_owned(), shown(bits));
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
    let differs = |profile: &Profile| table(section(*profile)) != expected(&security(*profile));
    let wrong = Profile::ALL.into_iter().filter(differs);
    let right: Vec<_> = wrong.map(|p| (p, expected(&security(p)))).collect();
    assert!(right.is_empty(), "docs/security.md should say {right:#?}");
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
    row("coefficients of the final polynomial", &|p| {
        (1 << parameters(p).log_final_poly).to_string()
    });
    row("least top level, log2", &|p| {
        parameters(p).least_level.to_string()
    });
    row("numbers in a query's rows, at most", &|p| {
        parameters(p).most_packs.to_string()
    });
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

/// The README's figures, and those of the page on soundness.
#[test]
fn other_pages_say_the_same() {
    let overall = |profile| shown(security(profile).bits());
    let (fast, compact) = (overall(Profile::Fast100), overall(Profile::Compact100));
    let figures = format!("(fast {fast}, compact {compact})");
    assert!(
        page("README.md").contains(&figures),
        "README.md lacks {figures}"
    );
    let m = security(Profile::Compact100).johnson_m;
    let m = m.expect("compact 100 is in the Johnson regime");
    let row = format!("| compact 100 | below the Johnson radius, m = {m} |");
    assert!(
        page("docs/soundness.md").contains(&row),
        "docs/soundness.md lacks {row}"
    );
}

/// What the correction of degrees is worth to the queries of fast 100, which stay in unique decoding:
/// without it columns of `2^h` rows would have one coefficient more than that.
#[test]
fn the_correction_is_worth_what_is_said() {
    let parameters = Profile::Fast100.parameters();
    assert_eq!(security(Profile::Fast100).johnson_m, None);
    let bits = |log_height: i32| {
        let rate = 0.5f64.powi(parameters.log_blowup as i32);
        let longer = rate * (1.0 + 0.5f64.powi(log_height));
        parameters.queries as f64 * ((1.0 + longer) / (1.0 + rate)).log2()
    };
    let sentence = format!(
        "tables of `2^6` rows {:.1} bits, of 4 rows {:.1}",
        bits(6),
        bits(2)
    );
    assert!(
        page("docs/packing.md").contains(&sentence),
        "docs/packing.md lacks: {sentence}"
    );
}

/// The rows of the tables that compare parameters: what they prove is computed, what their proofs weigh
/// is measured (`cargo xtask sweep`).
#[test]
fn compared_parameters_prove_what_is_said() {
    let rows = DOC.lines().filter(|line| line.starts_with("| 1/"));
    let cells = |row: &'static str| row.split('|').map(str::trim).collect::<Vec<_>>();
    let (mut read, mut wrong) = (0, Vec::new());
    for row in rows.map(cells) {
        let [
            "",
            rate,
            degree,
            arity,
            last,
            levels,
            queries,
            grinding,
            bits,
            ..,
        ] = row[..]
        else {
            panic!("{row:?}");
        };
        let number = |text: &str| text.parse::<usize>().expect("a number");
        let numbers = |text: &str| text.split(", ").map(number).collect::<Vec<_>>();
        let (grinding, levels) = (numbers(grinding), numbers(levels));
        let [least_level, most_packs] = levels[..] else {
            panic!("{row:?}");
        };
        let [
            query_grinding,
            fold_grinding,
            batch_grinding,
            lookup_grinding,
            point_grinding,
        ] = grinding[..]
        else {
            panic!("{row:?}");
        };
        let degrees = [ExtensionDegree::Four, ExtensionDegree::Five].into_iter();
        let parameters = Parameters {
            extension: { degrees }
                .find(|extension| extension.degree() == number(degree))
                .expect("a degree of the challenge field"),
            log_blowup: number(rate.trim_start_matches("1/")).ilog2() as usize,
            queries: number(queries),
            max_log_arity: number(arity).ilog2() as usize,
            query_grinding,
            fold_grinding,
            batch_grinding,
            lookup_grinding,
            point_grinding,
            log_final_poly: number(last).ilog2() as usize,
            least_level,
            most_packs,
        };
        let right = shown(security_of(&parameters).proof_bits);
        if bits != right {
            wrong.push(format!("{right} in {}", row.join("|")));
        }
        read += 1;
    }
    assert!(wrong.is_empty(), "docs/security.md should say {wrong:#?}");
    assert_eq!(read, 21);
}
