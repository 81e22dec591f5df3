//! Dot products and products of matrices, against their definitions.

use std::ops::ControlFlow;

use vouch_emulator::{Limits, SegmentLimits, record};
use vouch_isa::accelerators::Accelerator;
use vouch_isa::event::Segment;
use vouch_sdk::build::Built;
use vouch_sdk::{Input, ProveOptions, image_id, prove, verify};

use crate::run::{Run, noise, run_elf};

/// Where two vectors begin, and how long they are; or the rows and columns of two matrices, and what they have in
/// common.
type Triple = [u32; 3];

/// Around tiles of 128 bytes and vectors of 32 words, at equal and at different distances from a word.
const CUTS: [Triple; 14] = [
    [0, 0, 0],
    [0, 0, 1],
    [0, 4, 127],
    [4, 8, 128],
    [1, 5, 131],
    [3, 3, 400],
    [0, 1, 23],
    [0, 1, 24],
    [2, 7, 129],
    [5, 2, 300],
    [0, 0, 31],
    [1, 2, 32],
    [3, 1, 95],
    [0, 0, 1000],
];

/// Around groups of four rows and tiles of 32 columns.
const SHAPES: [Triple; 7] = [
    [1, 1, 1],
    [4, 4, 32],
    [5, 3, 33],
    [3, 9, 64],
    [8, 1, 31],
    [2, 2, 100],
    [7, 5, 0],
];

/// What the guest is given.
struct Task {
    left: Vec<u8>,
    right: Vec<u8>,
    cuts: Vec<Triple>,
    shapes: Vec<Triple>,
}

impl Task {
    fn new(bytes: [Vec<u8>; 2]) -> Self {
        let [left, right] = bytes;
        Self {
            left,
            right,
            cuts: CUTS.into(),
            shapes: SHAPES.into(),
        }
    }

    fn input(&self) -> Input {
        let input = Input::new().frame(&self.left);
        let input = input.and_then(|input| input.frame(&self.right));
        let input = input.and_then(|input| input.write(&(&self.cuts, &self.shapes)));
        input.expect("three frames")
    }

    fn journal(&self) -> Vec<u8> {
        let bytes =
            |bytes: &[u8]| -> Vec<i64> { bytes.iter().map(|&x| (x as i8).into()).collect() };
        let words = |bytes: &[u8]| -> Vec<i64> {
            let (words, _) = bytes.as_chunks();
            words
                .iter()
                .map(|&x| i32::from_le_bytes(x).into())
                .collect()
        };
        let (left, right) = (bytes(&self.left), bytes(&self.right));
        let (left_words, right_words) = (words(&self.left), words(&self.right));
        let mut journal = Vec::new();
        for cut in &self.cuts {
            let [from_left, from_right, length] = cut.map(|number| number as usize);
            for (left, right) in [(&left, &right), (&left_words, &right_words)] {
                let left = left.get(from_left..from_left + length);
                let right = right.get(from_right..from_right + length);
                if let (Some(left), Some(right)) = (left, right) {
                    let products = left.iter().zip(right).map(|(x, y)| x * y);
                    journal.extend(products.fold(0, i64::wrapping_add).to_le_bytes());
                }
            }
        }
        for shape in &self.shapes {
            let [rows, columns, depth] = shape.map(|number| number as usize);
            let entry = |row: usize, column: usize| {
                let products =
                    (0..depth).map(|i| left[row * depth + i] * right[i * columns + column]);
                (products.sum::<i64>() as i32).to_le_bytes()
            };
            // A matrix without columns is given by no entries, so that it has no rows.
            let rows = if depth == 0 { 0 } else { rows };
            let product = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
            let vector = (0..rows).map(|row| (row, 0));
            journal.extend(
                product
                    .chain(vector)
                    .flat_map(|(row, column)| entry(row, column)),
            );
        }
        journal
    }
}

/// What `products` commits to, here by accelerators and under qemu by software; and a proof of it.
pub fn products_are_sums(built: &Built) {
    let extremes = |left: u8, right: u8| [vec![left; 1004], vec![right; 1004]];
    let both = noise(2 * 4100);
    let (left, right) = both.split_at(4100);
    for bytes in [
        [left.into(), right.into()],
        extremes(0x80, 0x80),
        extremes(0x80, 0x7f),
        extremes(0xff, 0xff),
    ] {
        let task = Task::new(bytes);
        let expected = Run {
            journal: task.journal(),
            ..Run::default()
        };
        assert_eq!(run_elf("products", &built.elf, &task.input()), expected);
    }

    let task = Task::new([left.into(), right.into()]);
    let mut calls: Vec<u64> = Vec::new();
    let mut sink = |segment: &mut Segment| {
        calls.resize(segment.counts().accelerated.len(), 0);
        for (sum, calls) in calls.iter_mut().zip(segment.counts().accelerated) {
            *sum += calls;
        }
        ControlFlow::Continue(())
    };
    let (limits, cuts) = (Limits::default(), SegmentLimits::default());
    let input = task.input();
    record(
        &built.program,
        &input,
        &limits,
        &cuts,
        &mut |_, _| {},
        &mut sink,
    )
    .expect("it runs");
    // Accelerators did it, and not software.
    let of = |accelerator: Accelerator| calls[accelerator as usize];
    assert!(of(Accelerator::MatrixProductI8) > 40, "{calls:?}");
    assert!(of(Accelerator::DotI32) > 50, "{calls:?}");

    let proven = prove(&built.program, &input, &ProveOptions::default()).expect("it is proven");
    let claim = verify(&proven.receipt, &image_id(&built.program)).expect("it verifies");
    assert_eq!((claim.exit_code, claim.journal), (0, task.journal()));
}
