//! The pages for people name only what is there: paths of this repository, other pages and their headings.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// Folders that builds fill, or that are git's.
const NOT_KEPT: [&str; 2] = [".git", "target"];
/// What paths begin with that are in a project of the reader's.
const OF_PROJECTS: [&str; 2] = ["guest/src/", "host/src/"];

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Every file and folder of the repository, relative to its root.
fn entries() -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(Path::new(""), &mut found);
    found
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(root().join(folder)).expect("a folder that can be read") {
        let entry = entry.expect("an entry");
        let name = entry.file_name();
        if NOT_KEPT.iter().any(|not_kept| name == **not_kept) {
            continue;
        }
        let path = folder.join(name);
        if entry.file_type().expect("a type").is_dir() {
            collect(&path, found);
        }
        found.push(path);
    }
}

/// The pages of the root and of docs, with their texts. The CHANGELOG may name what is gone.
fn pages(entries: &[PathBuf]) -> Vec<(&Path, String)> {
    let is_page = |path: &&Path| {
        let place = path.components().count() == 1 || path.starts_with("docs");
        let is_markdown = path.extension().is_some_and(|extension| extension == "md");
        place && is_markdown && *path != Path::new("CHANGELOG.md")
    };
    let read = |path| fs::read_to_string(root().join(path)).expect("a page that can be read");
    let paths = entries.iter().map(PathBuf::as_path).filter(is_page);
    paths.map(|path| (path, read(path))).collect()
}

/// The code spans of a page, without those of its code blocks.
fn spans(text: &str) -> Vec<&str> {
    let (mut spans, mut in_block) = (Vec::new(), false);
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        } else if !in_block {
            spans.extend(line.split('`').skip(1).step_by(2));
        }
    }
    spans
}

/// Whether a span that is a path of this repository leads to a file or folder; `None` if it is no such
/// path. Those begin with an entry of the root or with the name of a crate; or they are of Rust files
/// and begin with the name of any folder. They may be the end of a path: `tables/leaf.rs`.
fn is_there(span: &str, entries: &[PathBuf]) -> Option<bool> {
    let of_a_path = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    let of_a_project = OF_PROJECTS.iter().any(|start| span.starts_with(start));
    if of_a_project || !span.contains('/') || !span.chars().all(of_a_path) {
        return None;
    }
    let path = Path::new(span);
    let Component::Normal(first) = path.components().next()? else {
        return None;
    };
    let (in_root, in_crates) = (PathBuf::from(first), Path::new("crates").join(first));
    let is_known = || entries.iter().any(|entry| entry.ends_with(first));
    let is_ours = entries.contains(&in_root)
        || entries.contains(&in_crates)
        || span.ends_with(".rs") && is_known();
    is_ours.then(|| entries.iter().any(|entry| entry.ends_with(path)))
}

/// Where the links of a page lead within the repository: path and anchor, of which either may be empty.
fn links(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let targets = text.split("](").skip(1);
    let targets = targets.filter_map(|rest| Some(rest.split_once(')')?.0));
    let inside = targets.filter(|target| !target.contains("://"));
    inside.map(|target| target.split_once('#').unwrap_or((target, "")))
}

/// Whether a page has a heading with an anchor, as GitHub derives one from the other.
fn has_anchor(text: &str, anchor: &str) -> bool {
    let anchor_of = |heading: &str| -> String {
        let is_kept = |c: &char| c.is_alphanumeric() || " -_".contains(*c);
        let kept = heading.trim().chars().filter(is_kept);
        kept.map(|c| {
            if c == ' ' {
                '-'
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect()
    };
    let mut headings = text.lines().filter(|line| line.starts_with('#'));
    headings.any(|line| anchor_of(line.trim_start_matches('#')) == anchor)
}

#[test]
fn paths_lead_to_files() {
    let entries = entries();
    let (mut read, mut wrong) = (0, Vec::new());
    for (page, text) in pages(&entries) {
        for span in spans(&text) {
            match is_there(span, &entries) {
                Some(true) => read += 1,
                Some(false) => wrong.push(format!("{}: {span}", page.display())),
                None => {}
            }
        }
    }
    assert!(wrong.is_empty(), "not in this repository: {wrong:#?}");
    assert!(read > 50, "only {read} paths were found");
}

#[test]
fn links_lead_to_pages_and_headings() {
    let entries = entries();
    let (mut read, mut wrong) = (0, Vec::new());
    for (page, text) in pages(&entries) {
        let folder = page.parent().expect("a page is in a folder");
        for (path, anchor) in links(&text) {
            let target = match path {
                "" => root().join(page),
                path => root().join(folder).join(path),
            };
            let leads = match anchor {
                "" => target.exists(),
                anchor => fs::read_to_string(target).is_ok_and(|text| has_anchor(&text, anchor)),
            };
            if leads {
                read += 1;
            } else {
                wrong.push(format!("{}: {path}#{anchor}", page.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "links that lead nowhere: {wrong:#?}");
    assert!(read > 50, "only {read} links were found");
}

#[test]
fn what_is_gone_is_noticed() {
    let entries = entries();
    for gone in [
        "docs/gone.md",
        "crates/air/src/gone",
        "air/src/gone",
        "tables/gone.rs",
    ] {
        assert_eq!(is_there(gone, &entries), Some(false), "{gone}");
    }
    for there in [
        "docs/isa.md",
        "crates/air/src",
        "air/src",
        "tables/leaf.rs",
        "fuzz/",
    ] {
        assert_eq!(is_there(there, &entries), Some(true), "{there}");
    }
    for foreign in [
        "target/cuda",
        "/healthz",
        "isa.md",
        "a / b",
        "another/src/main.rs",
    ] {
        assert_eq!(is_there(foreign, &entries), None, "{foreign}");
    }
    let page = "# At most one\n\n[a](#at-most-one) [b](isa.md) [c](https://example.org/#d)";
    assert_eq!(
        links(page).collect::<Vec<_>>(),
        [("", "at-most-one"), ("isa.md", "")]
    );
    assert!(has_anchor(page, "at-most-one") && !has_anchor(page, "at-most-two"));
    assert_eq!(spans("`a` and `b`\n```\n`c`\n```\n`d`"), ["a", "b", "d"]);
}
