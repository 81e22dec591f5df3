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

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::borrow::Borrow;
use core::ops::Range;

use p3_air::Air;
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
use vouch_isa::event::Counts;

use crate::bus;
use crate::columns::Block;
use crate::machine::log_height;
use crate::table::{Context, TableType};
use crate::{Builder, F};

pub(crate) const WIDTH: usize = 16;
const SBOX_DEGREE: u64 = 7;
const SBOX_REGISTERS: usize = 1;
pub(crate) const HALF_FULL_ROUNDS: usize = 4;
const PARTIAL_ROUNDS: usize = 13;

type Layers = GenericPoseidon2LinearLayersBabyBear;
pub(crate) type Permutation =
    Poseidon2Air<F, Layers, WIDTH, SBOX_DEGREE, SBOX_REGISTERS, HALF_FULL_ROUNDS, PARTIAL_ROUNDS>;
pub(crate) type Cols<T> =
    Poseidon2Cols<T, WIDTH, SBOX_DEGREE, SBOX_REGISTERS, HALF_FULL_ROUNDS, PARTIAL_ROUNDS>;
type Constants = RoundConstants<F, WIDTH, HALF_FULL_ROUNDS, PARTIAL_ROUNDS>;

pub(crate) const PERMUTATION_COLUMNS: usize =
    num_cols::<WIDTH, SBOX_DEGREE, SBOX_REGISTERS, HALF_FULL_ROUNDS, PARTIAL_ROUNDS>();

crate::columns! {
    /// A row.
    pub struct Poseidon2 {
        /// Columns of the permutation.
        permutation: [T; PERMUTATION_COLUMNS],
        /// How often the row is asked for. Free: the bus balances only if it is right.
        count: T,
    }
}

pub(crate) fn constants() -> Constants {
    RoundConstants::new(
        BABYBEAR_POSEIDON2_RC_16_EXTERNAL_INITIAL,
        BABYBEAR_POSEIDON2_RC_16_INTERNAL,
        BABYBEAR_POSEIDON2_RC_16_EXTERNAL_FINAL,
    )
}

impl TableType for Poseidon2<F> {
    const ID: u8 = 23;
    const NAME: &'static str = "poseidon2";
    const ANSWERS: bool = true;
    const IS_REQUIRED: bool = true;
    type Columns<T: Copy> = Poseidon2<T>;
    /// An input, and how often it is asked for.
    type Event<'a> = ([F; WIDTH], u32);

    // Each hash before and after, and the roots of both trees; those that stay as they are count
    // once in the proof.
    fn rows(counts: &Counts, _: u64) -> u64 {
        2 * (counts.leaves + counts.nodes + 1)
    }

    fn events<'a>(cx: &Context<'a>) -> Cow<'a, [Self::Event<'a>]> {
        let inputs = cx.asked.inputs();
        let event = |(input, count): (&[u32; WIDTH], u32)| (input.map(F::from_int), count);
        Cow::Owned(inputs.map(event).collect())
    }

    fn row(e: &Self::Event<'_>, _: &Range<u32>) -> Poseidon2<F> {
        Poseidon2::of(&trace(core::slice::from_ref(e), 0).values)
    }

    // Permutations of zeros that nobody asks for.
    fn padding(row: &mut Poseidon2<F>) {
        *row = Self::row(&([F::ZERO; WIDTH], 0), &(0..0));
    }

    fn eval<B: Builder>(b: &mut B, c: &Poseidon2<B::Var>) {
        b.rule("permutation");
        let air = Permutation::new(constants());
        let mut inner = SubAirBuilder::<B, Permutation, B::Var>::new(b, 0..PERMUTATION_COLUMNS);
        air.eval(&mut inner);

        let cols: &Cols<B::Var> = c.permutation.as_slice().borrow();
        let input: [B::Expr; WIDTH] = cols.inputs.map(Into::into);
        let permuted = cols.ending_full_rounds[HALF_FULL_ROUNDS - 1].post;
        let output = core::array::from_fn(|i| permuted[i] + cols.inputs[i]);
        b.rule("answer");
        bus::provide_poseidon2(b, input, output, c.count.into());
    }

    // All at once: p3 permutes several inputs in one vector.
    fn fill(events: &[Self::Event<'_>], _: &Range<u32>) -> RowMajorMatrix<F> {
        trace(events, log_height(events.len()))
    }
}

/// The rows for inputs and how often each is asked for; the rest of `2^log_height` rows
/// permute zeros for nobody.
pub(crate) fn trace(inputs: &[([F; WIDTH], u32)], log_height: usize) -> RowMajorMatrix<F> {
    let mut all: Vec<[F; WIDTH]> = inputs.iter().map(|(input, _)| *input).collect();
    all.resize(1 << log_height, [F::ZERO; WIDTH]);
    let permutations = permutations(all);
    let width = <Poseidon2<F> as Block<F>>::WIDTH;
    let mut cells = Vec::with_capacity(permutations.height() * width);
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
    RowMajorMatrix::new(cells, width)
}

/// The columns of the permutations of `2^n` inputs.
pub(crate) fn permutations(inputs: Vec<[F; WIDTH]>) -> RowMajorMatrix<F> {
    generate_trace_rows::<
        F,
        Layers,
        WIDTH,
        SBOX_DEGREE,
        SBOX_REGISTERS,
        HALF_FULL_ROUNDS,
        PARTIAL_ROUNDS,
    >(inputs, &constants(), 0)
}
