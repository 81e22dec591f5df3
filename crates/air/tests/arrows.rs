//! The files of this crate know each other in one direction: the language of tables, the tables,
//! the machine, the tests of tables. None knows one of a later kind, and there are no circles.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What a file of the crate is, in the order in which they may know each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Language,
    Table,
    Machine,
    Test,
}

fn kind(module: &str) -> Kind {
    match module {
        "tables" | "witness" | "answers" | "check" => Kind::Machine,
        _ if module.starts_with("tables::") => Kind::Table,
        _ if module.starts_with("testkit") || module.starts_with("campaigns") => Kind::Test,
        _ => Kind::Language,
    }
}

/// The files below `folder`, by module: `tables::shift`, and `` for the root.
fn read(folder: &Path, prefix: &str, files: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).expect("sources") {
        let path = entry.expect("a file").path();
        let name = path.file_stem().and_then(|name| name.to_str());
        let name = name.expect("a name");
        let module = match (prefix, name) {
            ("", "lib") => String::new(),
            ("", _) => name.to_owned(),
            _ => format!("{prefix}::{name}"),
        };
        match path.is_dir() {
            true => read(&path, &module, files),
            false => {
                let text = std::fs::read_to_string(&path).expect("text");
                files.insert(module, text);
            }
        }
    }
}

/// The text without comments.
fn code(text: &str) -> String {
    let line = |line: &str| line.split("//").next().unwrap_or_default().to_owned() + "\n";
    text.lines().map(line).collect()
}

/// `a::{b, c::{d, e}}` as `a::b`, `a::c::d` and `a::c::e`.
fn paths(tree: &str, prefix: &str, out: &mut Vec<String>) {
    let Some((head, rest)) = tree.split_once('{') else {
        out.push(format!("{prefix}{}", tree.trim()));
        return;
    };
    let prefix = format!("{prefix}{}", head.trim());
    let (mut depth, mut start) = (0, 0);
    for (i, c) in rest.char_indices() {
        match c {
            '{' => depth += 1,
            ',' | '}' if depth == 0 => {
                let part = rest[start..i].trim();
                if !part.is_empty() {
                    paths(part, &prefix, out);
                }
                start = i + 1;
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
}

/// The paths that a file names by `crate::` or `super::`, of `use` trees each of their own. But for
/// `super::*`: so modules within a file, such as its tests, take what is in that file.
fn named(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for start in ["crate::", "super::"] {
        for (at, _) in text.match_indices(start) {
            let is_inside =
                text[..at].ends_with(|c: char| c.is_alphanumeric() || c == ':' || c == '$');
            if is_inside {
                continue;
            }
            let is_use = text[..at].ends_with("use ");
            let is_end = |c: char| match is_use {
                true => c == ';',
                false => !(c.is_alphanumeric() || c == '_' || c == ':'),
            };
            let end = text[at..].find(is_end).map_or(text.len(), |end| at + end);
            paths(&text[at..end], "", &mut found);
        }
    }
    found.retain(|path| path != "super::*");
    found
}

/// The module whose file a path leads to, from one in `module`.
fn target(path: &str, module: &str, files: &BTreeMap<String, String>) -> String {
    let mut at: Vec<&str> = match path.starts_with("crate") {
        true => Vec::new(),
        false => module.split("::").collect(),
    };
    let mut parts = path.split("::").peekable();
    while parts
        .next_if(|part| ["crate", "super"].contains(part))
        .is_some()
    {
        if !path.starts_with("crate") {
            at.pop();
        }
    }
    for part in parts {
        let next = at.iter().copied().chain([part]).collect::<Vec<_>>();
        if !files.contains_key(&next.join("::")) {
            break;
        }
        at = next;
    }
    at.join("::")
}

/// Which files each file knows. The root, which only lists the modules, and types that all share,
/// knows none.
fn arrows() -> BTreeMap<String, BTreeSet<String>> {
    let mut files = BTreeMap::new();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    read(Path::new(folder), "", &mut files);
    let of = |(module, text): (&String, &String)| {
        let text = code(text);
        // The list names tables by their modules, the campaigns likewise.
        let listed = files.keys().filter(|other| {
            let inner = other.strip_prefix(&format!("{module}::"));
            inner.is_some_and(|inner| text.contains(&format!("{inner}::")))
        });
        let named = named(&text);
        let named = named.iter().map(|path| target(path, module, &files));
        let known = named.chain(listed.cloned());
        let known = known.filter(|other| !other.is_empty() && other != module);
        (module.clone(), known.collect())
    };
    files.iter().map(of).collect()
}

#[test]
fn arrows_run_one_way() {
    let arrows = arrows();
    assert!(arrows.values().map(BTreeSet::len).sum::<usize>() > 100);
    let mut wrong = Vec::new();
    for (from, all) in &arrows {
        for to in all {
            if kind(to) > kind(from) {
                wrong.push(format!(
                    "{from} ({:?}) knows {to} ({:?})",
                    kind(from),
                    kind(to)
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Files that know no other, or that no other knows, are taken away, again and again: what is left
/// are circles and what lies between them.
#[test]
fn there_are_no_circles() {
    let mut arrows = arrows();
    arrows.remove("");
    loop {
        let knows = |known: &BTreeSet<String>| known.iter().any(|other| arrows.contains_key(other));
        let is_known = |module: &String| arrows.values().any(|known| known.contains(module));
        let ends: Vec<String> = { arrows.iter() }
            .filter(|(module, known)| !knows(known) || !is_known(module))
            .map(|(module, _)| module.clone())
            .collect();
        if ends.is_empty() {
            break;
        }
        for module in ends {
            arrows.remove(&module);
        }
    }
    let left: Vec<_> = arrows.keys().collect();
    assert!(left.is_empty(), "in circles: {left:?}");
}

/// The reading of sources, on what it has to understand.
#[test]
fn paths_are_found() {
    let text =
        "use crate::a::{b, c::{d, e}};\nlet x = crate::f::g();\nuse super::*;\nx::crate::no;";
    let mut found = named(text);
    found.sort();
    assert_eq!(
        found,
        [
            "crate::a::b",
            "crate::a::c::d",
            "crate::a::c::e",
            "crate::f::g"
        ]
    );
}
