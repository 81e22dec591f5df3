use p3_field::{Field, PrimeCharacteristicRing};
use vouch_air::F;
use vouch_gpu::Gpu;
use vouch_gpu::field::{challenge_words, challenges, elements, words};
use vouch_gpu::kernels::{Operation, arithmetic};
use vouch_verifier::config::{ChallengeField, Quartic, Quintic};

use crate::common::{numbers, on_devices};

/// Every pair of the first numbers, and some more.
fn pairs() -> (Vec<F>, Vec<F>) {
    let few = numbers(24, 5);
    let pairs = few.iter().flat_map(|&x| few.iter().map(move |&y| (x, y)));
    pairs
        .chain(numbers(1000, 6).into_iter().zip(numbers(1000, 7)))
        .unzip()
}

fn run(gpu: &Gpu, operation: Operation, degree: usize, x: &[u32], y: &[u32]) -> Vec<u32> {
    let buffers = [x, y].map(|words| gpu.upload(words).expect("there is room"));
    let result = arithmetic(gpu, operation, degree, buffers.each_ref(), 1).expect("it runs");
    result.read_all().expect("it is read")
}

#[test]
fn base_field() {
    let (x, y) = pairs();
    type Expected = fn(F, F) -> F;
    let cases: [(Operation, Expected); 5] = [
        (Operation::Add, |x, y| x + y),
        (Operation::Subtract, |x, y| x - y),
        (Operation::Multiply, |x, y| x * y),
        (Operation::Invert, |x, _| x.try_inverse().unwrap_or(F::ZERO)),
        (Operation::Halve, |x, _| x.halve()),
    ];
    on_devices(|gpu| {
        for (operation, expected) in cases {
            let got = elements(run(gpu, operation, 1, words(&x), words(&y)));
            for ((&x, &y), got) in x.iter().zip(&y).zip(got) {
                assert_eq!(got, expected(x, y), "{operation:?} {x} {y}");
            }
        }
    });
}

fn extension<EF: ChallengeField>() {
    let number = |seed: u64| -> Vec<EF> {
        let coordinates = numbers(300 * EF::DEGREE, seed);
        let all = coordinates.chunks_exact(EF::DEGREE);
        let number = |c: &[F]| EF::from_basis_coefficients_fn(|i| c[i]);
        let mut all: Vec<_> = all.map(number).collect();
        all.extend([EF::ZERO, EF::ONE, EF::NEG_ONE]);
        all
    };
    let (x, y) = (number(8), number(9));
    type Expected<EF> = fn(EF, EF) -> EF;
    let cases: [(Operation, Expected<EF>); 4] = [
        (Operation::Add, |x, y| x + y),
        (Operation::Subtract, |x, y| x - y),
        (Operation::Multiply, |x, y| x * y),
        (Operation::Invert, |x, _| {
            x.try_inverse().unwrap_or(EF::ZERO)
        }),
    ];
    on_devices(|gpu| {
        for (operation, expected) in cases {
            let words = run(
                gpu,
                operation,
                EF::DEGREE,
                &challenge_words(&x),
                &challenge_words(&y),
            );
            for ((&x, &y), got) in x.iter().zip(&y).zip(challenges::<EF>(words)) {
                assert_eq!(got, expected(x, y), "{operation:?} {x} {y}");
            }
        }
    });
}

#[test]
fn extension_of_degree_4() {
    extension::<Quartic>();
}

#[test]
fn extension_of_degree_5() {
    extension::<Quintic>();
}
