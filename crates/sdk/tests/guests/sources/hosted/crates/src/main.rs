//! The exercises as a guest: a letter picks one, the rest of the input is its data.

use std::io::Read;

use vouch_guest::{io, random, refuse};

fn main() -> std::io::Result<()> {
    let mut input = Vec::new();
    std::io::stdin().read_to_end(&mut input)?;
    let Some((&letter, data)) = input.split_first() else {
        refuse("expected a letter, got nothing");
    };
    if letter == b'g'
        && let Ok(seed) = data.try_into()
    {
        random::seed(seed);
    }
    io::commit_slice(&exercises::run(letter, data));
    Ok(())
}
