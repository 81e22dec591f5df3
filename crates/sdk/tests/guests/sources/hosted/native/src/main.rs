//! The exercises as a native program: the journal goes to stdout.

use std::env;
use std::io::{self, Read, Write};

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

fn main() -> io::Result<()> {
    let letter = env::args().nth(1).and_then(|letter| letter.bytes().next());
    let mut data = Vec::new();
    io::stdin().read_to_end(&mut data)?;
    let journal = match letter {
        Some(b'g') => key_stream(&data),
        Some(letter) => exercises::run(letter, &data),
        None => Vec::new(),
    };
    io::stdout().write_all(&journal)
}

/// What the guest gets from its generator; here `getrandom` would ask the system.
fn key_stream(seed: &[u8]) -> Vec<u8> {
    let seed = seed.try_into().expect("32 bytes");
    let mut generator = ChaCha20Rng::from_seed(seed);
    let mut bytes = vec![0; exercises::RANDOM_BYTES];
    generator.fill_bytes(&mut bytes);
    bytes
}
