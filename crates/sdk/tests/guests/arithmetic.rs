//! Matrices and networks, against sums of 64 bits here, and proofs of what is new.

use vouch_sdk::{Input, Program, ProveOptions, image_id, prove, verify};

use crate::results::{commits, refuses};
use crate::run::{elf, noise, run};

fn signed(bytes: &[u8]) -> Vec<i64> {
    bytes.iter().map(|&byte| i64::from(byte as i8)).collect()
}

fn frames(left: &[u8], right: &[u8]) -> Input {
    let input = Input::new()
        .frame(left)
        .and_then(|input| input.frame(right));
    input.expect("two frames")
}

/// A count, and the digest of numbers.
fn journal(count: usize, numbers: impl Iterator<Item = i64>) -> Vec<u8> {
    let bytes: Vec<u8> = numbers
        .flat_map(|number| (number as i32).to_le_bytes())
        .collect();
    let digest = blake3::hash(&bytes);
    [&(count as u32).to_le_bytes()[..], digest.as_bytes()].concat()
}

/// The product, by its definition.
fn product(left: &[u8], right: &[u8], size: usize) -> Vec<u8> {
    let [left, right] = [signed(left), signed(right)];
    let entry = |row: usize, column: usize| {
        let terms = (0..size).map(|k| left[row * size + k] * right[k * size + column]);
        let sum: i64 = terms.sum();
        assert!(i32::try_from(sum).is_ok());
        sum
    };
    let entry = &entry;
    let rows = (0..size).flat_map(|row| (0..size).map(move |column| entry(row, column)));
    journal(size, rows)
}

#[test]
fn matrices_are_multiplied() {
    // Around the guest's unrolled loops.
    for size in [0, 1, 2, 3, 7, 8, 9, 16, 25, 64] {
        let both = noise(2 * size * size);
        let (left, right) = both.split_at(size * size);
        let expected = product(left, right, size);
        commits("matmul", &frames(left, right), &expected);
    }
    for [left, right] in [[0x80, 0x80], [0x80, 0x7f], [0x7f, 0x7f]] {
        let [left, right] = [left, right].map(|entry: u8| vec![entry; 33 * 33]);
        let expected = product(&left, &right, 33);
        commits("matmul", &frames(&left, &right), &expected);
    }
}

#[test]
fn matrices_are_square_and_of_one_size() {
    let most = (1 << 12) + 1;
    for (left, right) in [(2, 2), (4, 9), (9, 4), (0, 1), (15, 15), (most * most, 1)] {
        let input = frames(&vec![1; left], &vec![1; right]);
        let reason = format!(
            "expected two square matrices of one size up to 4096 rows, got {left} and {right} entries"
        );
        refuses("matmul", &input, &reason);
    }
}

/// A network of the guest's shape, with weights from -128 to 127.
struct Model {
    weights: Vec<[i8; 25]>,
    biases: Vec<i32>,
    shift: u32,
    output_weights: Vec<i8>,
    output_bias: i32,
}

impl Model {
    fn new() -> Self {
        let weights = noise(64 * 25);
        let row = |row: &[u8; 25]| row.map(|weight| weight as i8);
        Self {
            weights: weights.as_chunks().0.iter().map(row).collect(),
            biases: (0..64).map(|unit| 500 * (unit - 32)).collect(),
            shift: 9,
            output_weights: noise(64).iter().map(|&weight| weight as i8).collect(),
            output_bias: -77,
        }
    }

    fn input(&self, samples: &[u8]) -> Input {
        let model = (
            &self.weights,
            &self.biases,
            self.shift,
            &self.output_weights,
            self.output_bias,
        );
        let input = Input::new().write(&model);
        let input = input.and_then(|input| input.frame(samples));
        input.expect("two frames")
    }

    /// What the guest should commit to, and how many activations are 0, in between, and 127.
    fn outputs(&self, samples: &[u8]) -> (Vec<u8>, [u32; 3]) {
        let mut kinds = [0; 3];
        let outputs: Vec<i64> = samples
            .chunks(25)
            .map(|sample| {
                let sample = signed(sample);
                let mut output = i64::from(self.output_bias);
                for unit in 0..64 {
                    let weights = self.weights[unit].iter().zip(&sample);
                    let sum: i64 = weights
                        .map(|(&weight, value)| i64::from(weight) * value)
                        .sum();
                    // 32 bits, which wrap.
                    let sum = (sum + i64::from(self.biases[unit])) as i32;
                    // Rounded down.
                    let activation = i64::from(sum).div_euclid(1 << self.shift).clamp(0, 127);
                    kinds[[0, 127]
                        .iter()
                        .position(|&end| end == activation)
                        .map_or(1, |i| 2 * i)] += 1;
                    output += activation * i64::from(self.output_weights[unit]);
                }
                output
            })
            .collect();
        (journal(outputs.len(), outputs.into_iter()), kinds)
    }
}

#[test]
fn networks_are_evaluated() {
    let model = Model::new();
    for count in [0, 1, 2, 30] {
        let samples = noise(25 * count);
        let (expected, kinds) = model.outputs(&samples);
        commits("mlp", &model.input(&samples), &expected);
        assert!(
            count < 30 || kinds.iter().all(|&count| count > 0),
            "{kinds:?}"
        );
    }
    for shift in [0, 31] {
        let model = Model {
            shift,
            ..Model::new()
        };
        let samples = noise(25 * 4);
        commits("mlp", &model.input(&samples), &model.outputs(&samples).0);
    }
    // The largest sums, and those that wrap.
    let model = Model {
        weights: vec![[-128; 25]; 64],
        biases: vec![i32::MAX; 64],
        output_weights: vec![-128; 64],
        output_bias: i32::MIN,
        ..Model::new()
    };
    for sample in [[0x80; 25], [0x7f; 25]] {
        commits("mlp", &model.input(&sample), &model.outputs(&sample).0);
    }
}

#[test]
fn networks_of_another_shape_are_refused() {
    let sample = noise(25);
    let refused = |model: &Model, reason: &str| refuses("mlp", &model.input(&sample), reason);
    let units = |got: [usize; 3]| {
        format!("expected weights, biases and output weights of 64 units, got {got:?}")
    };
    let mut model = Model::new();
    model.weights.push([0; 25]);
    refused(&model, &units([65, 64, 64]));
    let mut model = Model::new();
    model.biases.clear();
    refused(&model, &units([64, 0, 64]));
    let mut model = Model::new();
    model.output_weights.pop();
    refused(&model, &units([64, 64, 63]));
    let mut model = Model::new();
    model.shift = 32;
    refused(&model, "expected a shift of 31 bits at most, got 32");
    for (bytes, rest) in [(1, 1), (24, 24), (26, 1)] {
        let reason = format!("expected whole samples of 25 bytes, got {rest} bytes more");
        refuses("mlp", &Model::new().input(&noise(bytes)), &reason);
    }
    let more = Model::new().input(&sample).bytes(&[0; 2]);
    let reason = "expected the end of the input after frame 2, got 2 more bytes";
    refuses("mlp", &more, reason);
}

#[test]
fn small_runs_are_proven() {
    let matrices = noise(9);
    for (name, input) in [
        ("blake3", noise(100)),
        ("merkle", noise(32)),
        ("matmul", frames(&matrices, &matrices).to_vec()),
        ("mlp", Model::new().input(&noise(25)).to_vec()),
    ] {
        let program = Program::from_elf(elf(name)).expect("an embedded guest");
        let options = ProveOptions::default();
        let proven = prove(&program, &Input::new().bytes(&input), &options).expect(name);
        let claim = verify(&proven.receipt, &image_id(&program)).expect(name);
        assert_eq!(claim.journal, run(name, &input).journal, "{name}");
        assert_eq!(claim.exit_code, 0, "{name}");
    }
}
