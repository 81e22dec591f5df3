//! Which function a word of the text belongs to.

use crate::program::Program;

/// A function, or a stretch of code between functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function<'p> {
    /// Byte address of its first instruction.
    pub start: u32,
    /// Byte address after its last.
    pub end: u32,
    /// Name as in the ELF, not demangled; `None` between functions, or if the ELF has no symbols.
    pub name: Option<&'p str>,
}

/// Set in words that were not executed yet.
const NEW: u32 = 1 << 31;

/// The functions of a program, and the words that they consist of.
pub(super) struct Functions<'p> {
    /// By ascending address; together they are the text.
    pub list: Vec<Function<'p>>,
    /// For each word of the text its function's place in `list`, and [`NEW`].
    words: Vec<u32>,
    /// Word index of the first word of the text.
    text_start: u32,
}

impl<'p> Functions<'p> {
    pub fn new(program: &'p Program) -> Self {
        let text_start = program.image.text.start;
        let list = functions(program);
        let mut words = Vec::with_capacity(program.code.len());
        for (function, number) in list.iter().zip(0..) {
            let end = (function.end / 4 - text_start) as usize;
            words.resize(end.min(program.code.len()), number | NEW);
        }
        Self {
            list,
            words,
            text_start,
        }
    }

    /// Whether the word at a word index belongs to a function and was executed before.
    #[inline(always)]
    pub fn is_old_word_of(&self, pc: u32, function: u32) -> bool {
        self.word(pc) == Some(function)
    }

    /// The function of a word index that lies in the text.
    pub fn at(&self, pc: u32) -> u32 {
        // What lies elsewhere is never executed.
        self.word(pc).unwrap_or_default() & !NEW
    }

    /// The function of a word, and whether this is the first time that it is executed.
    pub fn visit(&mut self, pc: u32) -> (u32, bool) {
        let function = self.at(pc);
        let Some(word) = self.words.get_mut((pc - self.text_start) as usize) else {
            return (function, false);
        };
        (function, core::mem::replace(word, function) & NEW != 0)
    }

    /// Whether a function begins at a word index.
    pub fn starts_at(&self, function: u32, pc: u32) -> bool {
        let function = self.list.get(function as usize);
        function.is_some_and(|function| function.start / 4 == pc)
    }

    #[inline(always)]
    fn word(&self, pc: u32) -> Option<u32> {
        let index = pc.wrapping_sub(self.text_start);
        self.words.get(index as usize).copied()
    }
}

/// The functions of the text, and what is between them, by ascending address. Where symbols
/// overlap, the one that starts last is meant, as for [`Program::symbol_for`].
fn functions(program: &Program) -> Vec<Function<'_>> {
    let text = &program.image.text;
    let (text_start, text_end) = (text.start * 4, text.end * 4);
    let mut list: Vec<Function<'_>> = Vec::new();
    for symbol in program.symbols() {
        let start = symbol.address & !3;
        let end = match symbol.size {
            // Hand-written assembly often leaves the size at 0.
            0 => text_end,
            size => symbol.address.saturating_add(size).min(text_end),
        };
        list.pop_if(|last| last.start == start);
        if let Some(last) = list.last_mut() {
            last.end = last.end.min(start);
        }
        push_gap(&mut list, text_start, start);
        list.push(Function {
            start,
            end: end.next_multiple_of(4),
            name: Some(symbol.name),
        });
    }
    push_gap(&mut list, text_start, text_end);
    list
}

/// Appends what is missing up to the byte address `end`.
fn push_gap(list: &mut Vec<Function<'_>>, text_start: u32, end: u32) {
    let start = list.last().map_or(text_start, |last| last.end);
    if start < end {
        list.push(Function {
            start,
            end,
            name: None,
        });
    }
}
