//! Alerts, their tests and the dashboard speak of metrics that there are.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;
use vouch_service::metrics::{KindLabel, Metrics, RequestLabel, VerdictLabel};

use super::{file, has_tool, named, root, run};

const ALERTS: &str = "deploy/prometheus/alerts.yml";
const ALERT_TESTS: &str = "deploy/prometheus/alerts.test.yml";
/// Labels that Prometheus adds.
const TARGET: [&str; 2] = ["job", "instance"];

/// Every metric, with a line for each of its series.
fn exposed() -> BTreeMap<String, Vec<String>> {
    let metrics = Metrics::new();
    let kind = "timeout".into();
    drop(metrics.job_failures.get_or_create(&KindLabel { kind }));
    for verdict in ["valid", "invalid"] {
        let source = "full";
        let label = VerdictLabel { verdict, source };
        drop(metrics.verifications.get_or_create(&label));
    }
    drop(metrics.requests.get_or_create(&RequestLabel {
        api: "grpc",
        method: "submit_job",
        code: "ok",
    }));
    let mut exposed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in metrics.encode().lines().filter(|l| !l.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap_or_default();
        exposed.entry(name.into()).or_default().push(line.into());
    }
    exposed
}

/// Every metric of ours that an expression names, with what it says in braces.
fn asked(expression: &str) -> Vec<(&str, &str)> {
    let starts = expression.match_indices("vouch_").map(|(at, _)| at);
    let metric = |at| {
        let rest = &expression[at..];
        let part = |c: char| c.is_ascii_lowercase() || c == '_';
        let (name, rest) = rest.split_at(rest.find(|c| !part(c)).unwrap_or(rest.len()));
        let braces = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        (name, braces.map_or("", |(inside, _)| inside))
    };
    starts.map(metric).collect()
}

/// That an expression asks for nothing that is never told.
fn check_names(expression: &str, exposed: &BTreeMap<String, Vec<String>>) {
    for (name, braces) in asked(expression) {
        let series = exposed.get(name);
        let series = series.unwrap_or_else(|| panic!("no metric {name}: {expression}"));
        let labels = braces.split(',').map(str::trim).filter(|l| !l.is_empty());
        for label in labels.filter(|l| !TARGET.iter().any(|t| l.starts_with(t))) {
            let known = series.iter().any(|line| line.contains(label));
            assert!(known, "no {name} with {label}: {series:?}");
        }
    }
}

/// Alerts without comments.
fn alerts() -> String {
    let text = file(ALERTS);
    let lines = text.lines().filter(|l| !l.trim_start().starts_with('#'));
    lines.map(|line| format!("{line}\n")).collect()
}

fn expressions(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value.as_str() {
                    Some(text) if key == "expr" => found.push(text.into()),
                    _ => expressions(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| expressions(item, found)),
        _ => {}
    }
}

fn dashboard() -> Value {
    serde_json::from_str(&file("deploy/grafana/vouch.json")).expect("JSON")
}

fn dashboard_expressions() -> Vec<String> {
    let mut found = Vec::new();
    expressions(&dashboard(), &mut found);
    assert!(found.len() > 20, "{found:?}");
    found
}

#[test]
fn alerts_name_what_is_told() {
    let alerts = alerts();
    assert!(asked(&alerts).len() > 20);
    check_names(&alerts, &exposed());
}

#[test]
fn the_dashboard_shows_all_that_is_told_and_nothing_else() {
    let exposed = exposed();
    let expressions = dashboard_expressions();
    for expression in &expressions {
        check_names(expression, &exposed);
    }
    let shown: BTreeSet<_> = expressions.iter().flat_map(|e| asked(e)).collect();
    let shown: BTreeSet<_> = shown.into_iter().map(|(name, _)| name).collect();
    for name in exposed.keys() {
        // A histogram is shown by its buckets.
        let name = name.replace("_sum", "_bucket").replace("_count", "_bucket");
        assert!(shown.contains(&*name), "{name} is on no panel");
    }
}

#[test]
fn the_dashboard_can_be_imported() {
    let dashboard = dashboard();
    assert_eq!(dashboard["id"], Value::Null);
    let variables = dashboard["templating"]["list"].as_array().expect("a list");
    let source = |v: &&Value| v["name"] == "datasource" && v["type"] == "datasource";
    assert!(variables.iter().any(|v| source(&v)));
    let mut ids = BTreeSet::new();
    let mut taken = BTreeSet::new();
    for panel in dashboard["panels"].as_array().expect("a list") {
        assert!(ids.insert(panel["id"].as_u64()), "{panel}");
        let at = |key: &str| panel["gridPos"][key].as_u64().expect("a number");
        assert!(at("x") + at("w") <= 24, "{panel}");
        for y in at("y")..at("y") + at("h") {
            for x in at("x")..at("x") + at("w") {
                assert!(taken.insert((x, y)), "two panels at {x}, {y}: {panel}");
            }
        }
        if panel["type"] != "row" {
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{panel}");
        }
    }
}

#[test]
fn promtool_understands_the_dashboard() {
    if !has_tool("promtool", "the dashboard's expressions") {
        return;
    }
    let rule = |(index, expression): (usize, &String)| {
        let expression = expression.replace("$__rate_interval", "5m");
        let expression = Value::String(expression);
        format!("      - {{record: \"panel:{index}\", expr: {expression}}}\n")
    };
    let rules: String = dashboard_expressions()
        .iter()
        .enumerate()
        .map(rule)
        .collect();
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!("groups:\n  - name: dashboard\n    rules:\n{rules}");
    fs::write(folder.path().join("rules.yml"), text).expect("a file");
    run(folder.path(), "promtool", &["check", "rules", "rules.yml"]).expect("rules");
}

#[test]
fn alerts_fire_when_they_should() {
    if !has_tool("promtool", "alerts") {
        return;
    }
    let folder = root().join("deploy/prometheus");
    for args in [
        &["check", "rules", "alerts.yml"][..],
        &["test", "rules", "alerts.test.yml"],
        &["check", "config", "--syntax-only", "prometheus.yml"],
    ] {
        run(&folder, "promtool", args).expect("promtool has nothing to say");
    }
}

#[test]
fn every_alert_is_tested_both_ways_and_has_an_entry_in_the_runbook() {
    let (alerts, tests, manual) = (alerts(), file(ALERT_TESTS), file("docs/operations.md"));
    let names = named(&alerts, "alert: ");
    assert!(names.len() > 10, "{names:?}");
    for name in &names {
        let this = format!("alertname: {name}");
        let cases = || tests.split(" - name: ").filter(|c| has_line(c, &this));
        assert!(cases().any(|case| has_line(case, "exp_alerts:")), "{name}");
        // Where it does not fire at all, and not only not yet.
        let quiet = |case: &str| !has_line(case, "exp_alerts:");
        assert!(cases().any(quiet), "{name}");
        assert!(has_line(&manual, &format!("### {name}")), "{name}");
        let link = format!("runbook: docs/operations.md#{}", name.to_lowercase());
        assert!(has_line(&alerts, &link), "{name}");
    }
    for entry in named(&manual, "### Vouch") {
        let name = format!("Vouch{entry}");
        assert!(names.contains(&&*name), "there is no alert {name}");
    }
}

fn has_line(text: &str, line: &str) -> bool {
    text.lines()
        .any(|l| l.trim_start_matches([' ', '-']) == line)
}
