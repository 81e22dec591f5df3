//! Poseidon2 of width 16 over BabyBear as a compression of 16 elements to 8:
//! `truncate(P(x) + x)`, the compression mode of the Poseidon2 paper (eprint 2023/323,
//! section 3.1), with the constants of p3-baby-bear.
//!
//! Feeding the input forward matters: without it, `P` could be inverted and any node given
//! any children.
//!
//! - Proves: each answer is a compression. Constraints of the permutation by
//!   p3-poseidon2-air.
//! - Buses: poseidon2 (provides). Degree 3. One row a permutation.

use core::borrow::Borrow;

use alloc::vec::Vec;

use p3_air::{Air, WindowAccess};
use p3_baby_bear::{
    BABYBEAR_POSEIDON2_RC_16_EXTERNAL_FINAL, BABYBEAR_POSEIDON2_RC_16_EXTERNAL_INITIAL,
    BABYBEAR_POSEIDON2_RC_16_INTERNAL, GenericPoseidon2LinearLayersBabyBear,
};
use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_poseidon2_air::{
    Poseidon2Air, Poseidon2Cols, RoundConstants, generate_trace_rows, num_cols,
};
use p3_uni_stark::SubAirBuilder;

use crate::bus;
use crate::{Builder, F};

const WIDTH: usize = 16;
const SBOX_DEGREE: u64 = 7;
const SBOX_REGISTERS: usize = 1;
const HALF_FULL_ROUNDS: usize = 4;
const PARTIAL_ROUNDS: usize = 13;

type Layers = GenericPoseidon2LinearLayersBabyBear;
type Permutation =
    Poseidon2Air<F, Layers, WIDTH, SBOX_DEGREE, SBOX_REGISTERS, HALF_FULL_ROUNDS, PARTIAL_ROUNDS>;
type Cols<T> =
    Poseidon2Cols<T, WIDTH, SBOX_DEGREE, SBOX_REGISTERS, HALF_FULL_ROUNDS, PARTIAL_ROUNDS>;
type Constants = RoundConstants<F, WIDTH, HALF_FULL_ROUNDS, PARTIAL_ROUNDS>;

const PERMUTATION_COLUMNS: usize =
    num_cols::<WIDTH, SBOX_DEGREE, SBOX_REGISTERS, HALF_FULL_ROUNDS, PARTIAL_ROUNDS>();
/// Columns of the table: those of the permutation, and how often the row is asked for (free:
/// the bus balances only if it is right).
pub const COLUMNS: usize = PERMUTATION_COLUMNS + 1;

fn constants() -> Constants {
    RoundConstants::new(
        BABYBEAR_POSEIDON2_RC_16_EXTERNAL_INITIAL,
        BABYBEAR_POSEIDON2_RC_16_INTERNAL,
        BABYBEAR_POSEIDON2_RC_16_EXTERNAL_FINAL,
    )
}

/// Constraints.
pub fn eval<B: Builder>(b: &mut B) {
    let air = Permutation::new(constants());
    let mut inner = SubAirBuilder::<B, Permutation, B::Var>::new(b, 0..PERMUTATION_COLUMNS);
    air.eval(&mut inner);

    let main = b.main();
    let row = main.current_slice();
    let (cells, count) = row.split_at(PERMUTATION_COLUMNS);
    let cols: &Cols<B::Var> = cells.borrow();
    let input: [B::Expr; WIDTH] = cols.inputs.map(Into::into);
    let permuted = cols.ending_full_rounds[HALF_FULL_ROUNDS - 1].post;
    let output = core::array::from_fn(|i| permuted[i] + cols.inputs[i]);
    let count = count[0].into();
    bus::provide_poseidon2(b, input, output, count);
}

/// The rows for inputs and how often each is asked for; the rest of `2^log_height` rows
/// permute zeros for nobody.
pub fn trace(inputs: &[([F; WIDTH], u32)], log_height: usize) -> RowMajorMatrix<F> {
    let mut all: Vec<[F; WIDTH]> = inputs.iter().map(|(input, _)| *input).collect();
    all.resize(1 << log_height, [F::ZERO; WIDTH]);
    let permutations = generate_trace_rows::<
        F,
        Layers,
        WIDTH,
        SBOX_DEGREE,
        SBOX_REGISTERS,
        HALF_FULL_ROUNDS,
        PARTIAL_ROUNDS,
    >(all, &constants(), 0);
    let mut cells = Vec::with_capacity(permutations.height() * COLUMNS);
    let counts = inputs
        .iter()
        .map(|(_, count)| *count)
        .chain(core::iter::repeat(0));
    for (row, count) in permutations
        .values
        .chunks_exact(PERMUTATION_COLUMNS)
        .zip(counts)
    {
        cells.extend_from_slice(row);
        cells.push(F::from_int(count));
    }
    RowMajorMatrix::new(cells, COLUMNS)
}

#[cfg(test)]
mod tests {
    use super::super::{Instance, Table};
    use super::*;
    use crate::bus::POSEIDON2;
    use crate::testkit::mutate::Mutation;
    use crate::testkit::{Message, P, Random, Subject, compression};
    use crate::witness::Trace;

    fn subject(inputs: &[([F; WIDTH], u32)], log_height: usize) -> Subject {
        Subject::of(Trace {
            instance: Instance::new(Table::Poseidon2, 0, &[]),
            public_values: Vec::new(),
            matrix: trace(inputs, log_height),
        })
    }

    fn inputs() -> Vec<([F; WIDTH], u32)> {
        let mut random = Random(7);
        let edges = [0, 1, P - 1].map(|x| [F::from_int(x); WIDTH]);
        let others = [(); 3].map(|()| [(); WIDTH].map(|()| random.element()));
        let all = edges.into_iter().chain(others);
        all.zip(1..).collect()
    }

    /// Rows answer with what the compression of the memory tree computes.
    #[test]
    fn known_answers() {
        let subject = subject(&inputs(), 3);
        for (row, (input, count)) in inputs().into_iter().enumerate() {
            let output = compression().compress(input);
            let fields = [input.as_slice(), &output].concat();
            let verdict = subject.verdict(row);
            assert!(verdict.accepted());
            let answer = Message::new(POSEIDON2, &fields, -i64::from(count));
            assert_eq!(verdict.said, [answer]);
        }
        for row in 6..8 {
            let verdict = subject.verdict(row);
            assert!(
                verdict.accepted() && verdict.is_silent(),
                "padding is silent"
            );
        }
    }

    #[test]
    fn empty_trace_is_silent() {
        let subject = subject(&[], 2);
        for row in 0..4 {
            let verdict = subject.verdict(row);
            assert!(verdict.accepted() && verdict.is_silent());
        }
    }

    /// A fact that is asked for must be one: [`Subject::verdict`] computes the compression of
    /// whatever a row answers with.
    #[test]
    fn mutants_are_rejected() {
        let mut mutation = Mutation::new(subject(&inputs(), 3), |_| Ok(()), &[]);
        let count = mutation.run();
        assert_eq!(count.survived, 0);
        // Only the number of answers is free to say other things.
        let rows = 8;
        assert!(count.says_other <= rows * 30, "{count:?}");
    }
}
