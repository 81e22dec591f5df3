//! What the guests compute, against other implementations of the same.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use sha3::Keccak256;

use crate::run::{Run, noise, run};

/// Around the sizes of hash blocks, the runtime's buffer and the guests' chunks.
const LENGTHS: [usize; 17] = [
    0, 1, 3, 55, 56, 63, 64, 65, 135, 136, 137, 257, 4095, 4096, 4097, 8192, 20001,
];

/// The guest exits with 0, says nothing, and has this journal.
pub fn commits(name: &str, input: &[u8], journal: &[u8]) {
    let expected = Run {
        journal: journal.into(),
        ..Run::default()
    };
    assert_eq!(
        run(name, input),
        expected,
        "{name}, {} bytes of input",
        input.len()
    );
}

/// The guest commits to nothing, and says this.
pub fn refuses(name: &str, input: &[u8], reason: &str) {
    let expected = Run {
        exit_code: 1,
        stderr: format!("refused: {reason}\n"),
        ..Run::default()
    };
    assert_eq!(run(name, input), expected, "{name}");
}

/// The guest commits to nothing unless its input has `expected` bytes.
fn refuses_lengths_other_than(expected: usize, name: &str) {
    let near = [
        0,
        1,
        expected - 1,
        expected + 1,
        expected + 3,
        expected + 4,
        2 * expected,
        5000,
    ];
    for got in near {
        let reason = format!("expected {expected} bytes of input, got {got}");
        refuses(name, &noise(got), &reason);
    }
}

/// The guest maps one number to some.
fn maps(name: &str, n: u32, results: &[u32]) {
    let journal: Vec<u8> = results.iter().flat_map(|word| word.to_le_bytes()).collect();
    commits(name, &n.to_le_bytes(), &journal);
}

#[test]
fn commitment_commits_to_its_input() {
    for input in [[0; 128], [0xff; 128]] {
        commits("commitment", &input, &input);
    }
    commits("commitment", &noise(128), &noise(128));
    refuses_lengths_other_than(128, "commitment");
}

#[test]
fn fibonacci_numbers() {
    for n in [0, 1, 2, 3, 10, 47, 48, 1000, 100_000] {
        // The matrix [1 1; 1 0] to the power of n has fib(n) in its corner.
        let multiply = |[a, b, c]: [u32; 3], [d, e, f]: [u32; 3]| {
            let sum =
                |x: u32, y: u32, z: u32, w: u32| x.wrapping_mul(y).wrapping_add(z.wrapping_mul(w));
            [sum(a, d, b, e), sum(a, e, b, f), sum(b, e, c, f)]
        };
        let mut power = [1, 0, 1];
        for bit in (0..u32::BITS).rev() {
            power = multiply(power, power);
            if n >> bit & 1 == 1 {
                power = multiply(power, [1, 1, 0]);
            }
        }
        maps("fibonacci", n, &[power[1]]);
    }
    refuses_lengths_other_than(4, "fibonacci");
}

#[test]
fn sha256_of_any_length() {
    for length in LENGTHS {
        let input = noise(length);
        commits("sha256", &input, &Sha256::digest(&input));
    }
}

#[test]
fn keccak_of_any_length() {
    for length in LENGTHS {
        let input = noise(length);
        commits("keccak", &input, &Keccak256::digest(&input));
    }
}

#[test]
fn blake3_of_any_length() {
    for length in LENGTHS {
        let input = noise(length);
        commits("blake3", &input, blake3::hash(&input).as_bytes());
    }
}

/// The root that RFC 6962 defines, in its own words: from the largest power of two below the number of leaves, down.
fn root(leaves: &[&[u8]]) -> Vec<u8> {
    match leaves {
        [] => Sha256::digest([]).to_vec(),
        [leaf] => Sha256::digest([&[0], *leaf].concat()).to_vec(),
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            Sha256::digest([vec![1], root(left), root(right)].concat()).to_vec()
        }
    }
}

#[test]
fn merkle_has_the_roots_of_rfc_6962() {
    // More than are read at a time, and as many.
    for count in (0..18).chain([127, 128, 129, 256, 1000]) {
        let input = noise(32 * count);
        let leaves: Vec<_> = input.chunks(32).collect();
        let journal = [&(count as u32).to_le_bytes(), &*root(&leaves)].concat();
        commits("merkle", &input, &journal);
    }
    for rest in [1, 31] {
        let reason = format!("expected whole leaves of 32 bytes, got {rest} bytes more");
        for leaves in [0, 1, 128, 200] {
            refuses("merkle", &noise(32 * leaves + rest), &reason);
        }
    }
}

#[test]
fn crc32_of_any_length() {
    for length in LENGTHS {
        let input = noise(length);
        commits("crc32-c", &input, &crc32fast::hash(&input).to_le_bytes());
    }
}

#[test]
fn sort_sorts_and_counts() {
    for n in [0, 1, 2, 20, 21, 1000, 30_000] {
        let mut state = 2_463_534_242_u32;
        let mut numbers = BTreeMap::<u32, u32>::new();
        for _ in 0..n {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            *numbers.entry(state).or_default() += 1;
        }
        let mut counts = BTreeMap::<u32, u32>::new();
        let mut words = Vec::new();
        for (&number, &count) in &numbers {
            words.resize(words.len() + count as usize, number);
            *counts.entry(number >> 20).or_default() += count;
        }
        words.extend(counts.iter().flat_map(|(&bits, &count)| [bits, count]));
        let checksum = words
            .iter()
            .fold(0_u32, |sum, &word| sum.wrapping_mul(31).wrapping_add(word));
        maps("sort", n, &[n, checksum]);
    }
    refuses_lengths_other_than(4, "sort");
}

#[test]
fn primes_are_counted() {
    // The sieve of Eratosthenes.
    let mut composite = vec![false; 10_001];
    for factor in 2..composite.len() {
        for multiple in (2 * factor..composite.len()).step_by(factor) {
            composite[multiple] = true;
        }
    }
    for n in [0, 1, 2, 3, 4, 5, 100, 121, 10_000] {
        let numbers = composite.iter().take(n + 1).skip(2);
        let count = numbers.filter(|&&composite| !composite).count();
        maps("primes", n as u32, &[count as u32]);
    }
    refuses_lengths_other_than(4, "primes");
}

#[test]
fn panics_exit_with_101() {
    for (length, seen) in [(0, 0), (3, 3), (256, 256), (257, 256)] {
        let run = run("panicking", &noise(length));
        assert_eq!((run.exit_code, run.journal.len()), (101, 0));
        assert_eq!(run.stdout, "");
        let (place, message) = run.stderr.split_once('\n').expect("two lines");
        assert!(place.starts_with("panicked at src/main.rs:"), "{place}");
        assert_eq!(
            message,
            format!("asked to panic with {seen} bytes of input\n")
        );
    }
}
