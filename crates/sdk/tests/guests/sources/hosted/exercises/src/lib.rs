//! What programs do with crates that want the standard library or all atomics. Each exercise turns data
//! into bytes, the same in a guest and natively.

mod data;
mod numbers;
mod shared;

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};

/// Bytes of the exercise with `getrandom`.
pub const RANDOM_BYTES: usize = 3 * 20;

/// Runs the exercise of a letter.
pub fn run(letter: u8, data: &[u8]) -> Vec<u8> {
    match letter {
        b'a' => shared::arc(data),
        b'b' => data::bytes(data),
        b'e' => errors(data).into_bytes(),
        b'g' => random(),
        b'h' => hash_map(data),
        b'l' => shared::lazy_static(data),
        b'n' => numbers::ndarray(data),
        b'o' => shared::once_cell(data),
        b'p' => numbers::alloy_primitives(data),
        b'r' => data::regex(data),
        b's' => data::rsa(data),
        b't' => numbers::smartcore(data),
        _ => panic!("no exercise is called {}", char::from(letter)),
    }
}

/// How often each word occurs, by word.
fn hash_map(text: &[u8]) -> Vec<u8> {
    let mut counts = HashMap::<&[u8], u32>::new();
    for word in text.split(|byte| *byte == b' ') {
        *counts.entry(word).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort();
    format!("{counts:?}").into_bytes()
}

/// An error with its causes, as `anyhow` has them.
fn errors(data: &[u8]) -> String {
    fn parse(data: &[u8]) -> Result<u32> {
        let text = std::str::from_utf8(data).context("not a text")?;
        let number = text
            .parse::<u32>()
            .with_context(|| format!("not a number: {text:?}"))?;
        ensure!(number < 1000, "{number} is too large");
        Ok(number)
    }
    match parse(data) {
        Ok(number) => number.to_string(),
        Err(error) => {
            let is_int = error.downcast_ref::<std::num::ParseIntError>().is_some();
            format!("{error:#}, {is_int}, {}", error.chain().count())
        }
    }
}

/// Three versions of `getrandom`, one after the other.
fn random() -> Vec<u8> {
    let mut bytes = [0; RANDOM_BYTES];
    let [a, b, c] = bytes.as_chunks_mut::<{ RANDOM_BYTES / 3 }>().0 else {
        unreachable!("three thirds");
    };
    getrandom_2::getrandom(a).expect("0.2");
    getrandom_3::fill(b).expect("0.3");
    getrandom_4::fill(c).expect("0.4");
    bytes.into()
}
