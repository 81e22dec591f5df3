//! What docs/api.md says is so.

use std::process::Command;

use serde_json::json;
use vouch_sdk::{guests, parse_image_id, verify};

use crate::host::{Host, id_of};

const API: &str = include_str!("../../../../docs/api.md");

/// The blocks of a language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let mut rest = API;
    let mut found = Vec::new();
    while let Some((_, block)) = rest.split_once(&fence) {
        let (block, after) = block.split_once("```").expect("its end");
        found.push(block);
        rest = after;
    }
    found
}

/// Whether these programs are here; they must be where tests may not be skipped.
fn present(programs: &[&str]) -> bool {
    let here = |program: &&str| Command::new(program).arg("--version").output().is_ok();
    let missing: Vec<_> = programs.iter().filter(|program| !here(program)).collect();
    let required = std::env::var_os("VOUCH_REQUIRE_TOOLS").is_some();
    assert!(!required || missing.is_empty(), "missing: {missing:?}");
    missing.is_empty()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_run() {
    if !present(&["bash", "curl", "jq", "sha256sum", "xxd", "base64"]) {
        return;
    }
    let host = Host::new().await;
    let folder = tempfile::tempdir().expect("a folder");
    let blocks = blocks("sh");
    assert!(!blocks.is_empty());
    for block in blocks {
        let mut bash = Command::new("bash");
        bash.args(["-euo", "pipefail", "-c", block])
            .current_dir(folder.path())
            .env("VOUCH_URL", &host.url);
        let output = tokio::task::spawn_blocking(move || bash.output()).await;
        let output = output.expect("no panic").expect("bash");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{text}\n{errors}");
        assert!(
            text.contains("event: succeeded") && text.ends_with("true\n"),
            "{text}"
        );
    }
    let receipt = vouch_sdk::files::read_receipt(&folder.path().join("receipt.vouch"));
    let id = parse_image_id(&id_of(guests::COMMITMENT)).expect("an ID");
    let claim = verify(&receipt.expect("a receipt"), &id).expect("it verifies");
    assert_eq!(claim.journal.len(), 128);
}

/// Each error has its row in the table, with the number that the description has.
#[tokio::test(flavor = "multi_thread")]
async fn errors_are_listed() {
    let host = Host::new().await;
    let described = host.ok("rpc.discover", json!({})).await;
    let errors = described["components"]["errors"]
        .as_object()
        .expect("errors")
        .clone();
    for (name, error) in &errors {
        let row = format!("| `{name}` | {} |", error["code"]);
        assert!(API.contains(&row), "{row}");
    }
    let rows = API.lines().filter(|line| line.contains("| -32"));
    assert_eq!(rows.count(), errors.len());
    for method in described["methods"].as_array().expect("methods") {
        let name = method["name"].as_str().expect("a name");
        assert!(API.contains(&format!("| `{name}` |")), "{name}");
    }
}
