//! What a page of documentation has a reader do.

/// A code block that somebody does something with.
#[derive(Debug, PartialEq, Eq)]
pub enum PageBlock<'p> {
    /// A file of this name, with these contents: a block after a line that ends with `` `name`: ``.
    File(&'p str, &'p str),
    /// Commands in a `console` block.
    Commands(Vec<Command<'p>>),
}

/// A line `$ command` and what it prints.
#[derive(Debug, PartialEq, Eq)]
pub struct Command<'p> {
    pub line: &'p str,
    /// Lines. One that is `...` stands for any number of lines, and `...` within one for any text.
    pub output: Vec<&'p str>,
}

/// All steps of a page, in order.
///
/// # Panics
/// A block is neither a file nor commands, and not marked as one to be read only.
pub fn steps(page: &str) -> Vec<PageBlock<'_>> {
    let mut steps = Vec::new();
    let mut parts = page.split("\n```");
    let mut before = parts.next().expect("a text");
    // Blocks and the texts after them take turns.
    while let Some(block) = parts.next() {
        let (language, contents) = block.split_once('\n').expect("a language");
        match (language, file_name(before)) {
            // The page says why nobody runs it.
            (_, _) if language.ends_with(",ignore") => {}
            ("console", _) => steps.push(PageBlock::Commands(commands(contents))),
            (_, Some(name)) => steps.push(PageBlock::File(name, contents)),
            _ => panic!("a block that is neither a file nor commands: {block}"),
        }
        before = parts.next().expect("a text after the block");
    }
    steps
}

/// The name in `` `name`: `` at the end of a text.
fn file_name(text: &str) -> Option<&str> {
    let text = text.trim_end().strip_suffix("`:")?;
    text.rsplit_once('`').map(|(_, name)| name)
}

fn commands(block: &str) -> Vec<Command<'_>> {
    let mut commands: Vec<Command<'_>> = Vec::new();
    for line in block.lines() {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(line), _) => commands.push(Command {
                line,
                output: Vec::new(),
            }),
            (None, Some(command)) => command.output.push(line),
            (None, None) => panic!("output before any command: {line}"),
        }
    }
    commands
}

/// Whether a text is what the page shows.
pub fn shows(expected: &[&str], lines: &[&str]) -> bool {
    match (expected, lines) {
        ([], []) => true,
        (["...", rest @ ..], _) => (0..=lines.len()).any(|skip| shows(rest, &lines[skip..])),
        ([pattern, expected @ ..], [line, lines @ ..]) => {
            fits(pattern, line) && shows(expected, lines)
        }
        _ => false,
    }
}

fn fits(pattern: &str, line: &str) -> bool {
    let Some((start, rest)) = pattern.split_once("...") else {
        return pattern == line;
    };
    let Some(line) = line.strip_prefix(start) else {
        return false;
    };
    let ends = line.char_indices().map(|(at, _)| at).chain([line.len()]);
    ends.into_iter().any(|at| fits(rest, &line[at..]))
}

#[test]
fn only_what_is_shown_fits() {
    let lines = ["one", "two 2 and three 3", "four"];
    for good in [
        &lines[..],
        &["..."],
        &["...", "one", "...", "two ... and three ...", "four", "..."],
        &["one", "two 2 and three 3...", "f...r"],
    ] {
        assert!(shows(good, &lines), "{good:?}");
    }
    for bad in [
        &lines[..2],
        &["one", "two 2 and three 4", "four"],
        &["one", "two ... and four ...", "four"],
        &["one", "...", "five"],
        &["one", "two 2 and three 3", "four", "five"],
        &["one...", "four"],
        &["...", "two"],
    ] {
        assert!(!shows(bad, &lines), "{bad:?}");
    }
}

#[test]
fn a_page_is_read_in_order() {
    let page = "# A\n\n```console\n$ one\nout\n$ two\n```\n\nInto `x/y.rs`:\n\n```rust\nfn main() {}\n```\n\n\
                ```rust,ignore\nno\n```\n";
    let command = |line, output: &[&'static str]| Command {
        line,
        output: output.to_vec(),
    };
    let expected = [
        PageBlock::Commands(vec![command("one", &["out"]), command("two", &[])]),
        PageBlock::File("x/y.rs", "fn main() {}"),
    ];
    assert_eq!(steps(page), expected);
}
