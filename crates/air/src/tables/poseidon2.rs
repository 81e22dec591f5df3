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

#[cfg(any(test, feature = "testkit"))]
pub(crate) mod campaign {
    use alloc::format;
    use alloc::string::String;

    use super::super::{Instance, Table};
    use super::*;
    use crate::testkit::lint::{Columns, symbolic};
    use crate::testkit::{Campaign, Mutation, P, Random, Subject, Verdict};
    use crate::witness::Trace;

    pub(super) fn subject(inputs: &[([F; WIDTH], u32)], log_height: usize) -> Subject {
        Subject::of(Trace {
            instance: Instance::new(Table::Poseidon2, 0, &[]),
            public_values: Vec::new(),
            matrix: trace(inputs, log_height),
        })
    }

    pub(super) fn inputs() -> Vec<([F; WIDTH], u32)> {
        let mut random = Random(7);
        let edges = [0, 1, P - 1].map(|x| [F::from_int(x); WIDTH]);
        let others = [(); 3].map(|()| [(); WIDTH].map(|()| random.element()));
        let all = edges.into_iter().chain(others);
        all.zip(1..).collect()
    }

    /// All answers are compressions, however often they are given.
    fn judge(row: &Verdict) -> Result<(), String> {
        match row.said.iter().all(|answer| answer.is_true() == Some(true)) {
            true => Ok(()),
            false => Err(format!("{row:?}")),
        }
    }

    /// Row 1 with one step of the permutation wrong, and the steps behind it right: for each
    /// constraint, the last of its cells is off by one, and those of later constraints are
    /// solved for. (The last eight of the 16 outputs are no part of the answer.)
    fn wrong_steps(mut subject: Subject) -> Vec<Vec<F>> {
        let constraints = symbolic(Table::Poseidon2).base_constraints();
        let steps = constraints.iter().map(|step| Columns::of(step).pop());
        let cells: Vec<usize> = steps.map(|cell| cell.expect("each has cells")).collect();
        let honest = subject.row(1);
        let mut rows = Vec::new();
        for (wrong, &cell) in cells.iter().enumerate().take(cells.len() - 8) {
            *subject.cell(1, cell) += F::ONE;
            for (step, &cell) in cells.iter().enumerate().skip(wrong + 1) {
                let value = subject.constraints(1)[step];
                // A step is a cell less what it should be, or the other way round.
                *subject.cell(1, cell) += F::ONE;
                let slope = subject.constraints(1)[step] - value;
                *subject.cell(1, cell) -= value * slope + F::ONE;
            }
            rows.push(subject.set_row(1, &honest));
        }
        rows
    }

    pub(crate) fn campaign() -> Campaign {
        let subject = subject(&inputs(), 3);
        let attacks = wrong_steps(subject.clone());
        let mut mutation = Mutation::new(subject, judge, &[]);
        // Pairs of 299 cells are too many.
        mutation.rows.clear();
        mutation.attacks = attacks.into_iter().map(|row| (1, row)).collect();
        Campaign::new(Table::Poseidon2, Vec::from([mutation]), Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::campaign::{campaign, inputs, subject};
    use crate::bus::POSEIDON2;
    use crate::testkit::{Message, compression};

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

    #[test]
    fn mutants_are_rejected() {
        let (report, _) = campaign().run();
        assert_eq!(report.count.survived, 0);
        // Only the number of answers is free to say other things.
        let rows = 8;
        assert!(report.count.says_other <= rows * 30, "{:?}", report.count);
        campaign().assert();
    }
}
