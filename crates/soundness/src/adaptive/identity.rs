//! The identity that the verifier checks at the out-of-domain point, solved for an opened value.

use p3_air::{BaseAir, RowWindow};
use p3_batch_stark::folder::VerifierConstraintFolderWithLookups;
use p3_commit::{PeriodicColumns, PolynomialSpace};
use p3_field::PrimeCharacteristicRing;
use p3_field::coset::TwoAdicMultiplicativeCoset;
use p3_field::extension::BinomiallyExtendable;
use p3_lookup::LookupProtocol;
use p3_lookup::logup::LogUpGadget;
use p3_matrix::dense::RowMajorMatrixView;
use p3_matrix::stack::VerticalPair;
use p3_uni_stark::{VerifierConstraintFolder, recompose_quotient_from_chunks};
use vouch_air::F;
use vouch_prover::plan::plan;
use vouch_prover::{Openings, Place};
use vouch_verifier::config::{Challenge, Config};

/// Changes one opened value of each table's quotient so that all constraints are met at `point`.
/// Values that are true and those of tables that keep the rules stay as they are.
pub fn mend<const D: usize>(
    places: &[Place<D>],
    alpha: Challenge<D>,
    point: Challenge<D>,
    values: &mut Openings<D>,
) where
    F: BinomiallyExtendable<D>,
{
    let mut first = 0;
    for (i, place) in places.iter().enumerate() {
        let chunks = first..first + (1 << plan(place.instance.table).log_chunks);
        first = chunks.end;
        let domain = domain(place.log_height);
        let log_size = place.log_height + plan(place.instance.table).log_chunks;
        let parts = domain
            .create_disjoint_domain(1 << log_size)
            .split_domains(chunks.len());
        let quotient = |values: &Openings<D>| {
            let opened = values[QUOTIENTS][chunks.clone()].iter();
            let opened: Vec<Vec<Challenge<D>>> = opened.map(|chunk| chunk[0].clone()).collect();
            recompose_quotient_from_chunks::<Config<D>>(&parts, &opened, point)
                .expect("the chunks are those of the table")
        };
        let (wanted, now) = (folded(place, i, alpha, point, values), quotient(values));
        // The quotient depends on this value linearly.
        values[QUOTIENTS][chunks.start][0][0] += Challenge::<D>::ONE;
        let scale = quotient(values) - now;
        let step = (wanted - now) / scale;
        values[QUOTIENTS][chunks.start][0][0] += step - Challenge::<D>::ONE;
    }
}

/// Places of commitments in the order in which they are opened; LogUp columns are the last.
const MAIN: usize = 0;
const QUOTIENTS: usize = 1;
const FIXED: usize = 2;

fn domain(log_size: usize) -> TwoAdicMultiplicativeCoset<F> {
    TwoAdicMultiplicativeCoset::new(F::ONE, log_size).expect("the field has such a subgroup")
}

/// What the quotient of the `i`-th table should be at `point`, given all other opened values.
fn folded<const D: usize>(
    place: &Place<D>,
    i: usize,
    alpha: Challenge<D>,
    point: Challenge<D>,
    values: &Openings<D>,
) -> Challenge<D>
where
    F: BinomiallyExtendable<D>,
{
    let domain = domain(place.log_height);
    let selectors = domain.selectors_at_point(point);
    let main = &values[MAIN][i];
    let nothing = vec![Challenge::<D>::ZERO; main[0].len()];
    let next = main.get(1).unwrap_or(&nothing);
    let fixed = match place.is_fixed() {
        true => &values[FIXED][0][0][..],
        false => &[],
    };
    let logup = values.last().map_or(&[][..], |logup| &logup[i]);
    let logup: Vec<Vec<Challenge<D>>> = logup.iter().map(|row| challenges(row)).collect();
    let pair = |now, next| {
        let row = RowMajorMatrixView::new_row;
        VerticalPair::new(row(now), row(next))
    };
    let declared = BaseAir::<F>::periodic_columns(&place.instance);
    let periodic = PeriodicColumns::new(&declared, domain.size()).expect("columns of the table");
    let periodic = domain.evaluate_periodic_columns_at(periodic, point);
    let mut folder = VerifierConstraintFolderWithLookups::<Config<D>> {
        inner: VerifierConstraintFolder {
            main: pair(&main[0], next),
            preprocessed: pair(fixed, fixed),
            preprocessed_window: RowWindow::from_two_rows(fixed, fixed),
            periodic_values: &periodic,
            public_values: &place.public_values,
            is_first_row: selectors.is_first_row,
            is_last_row: selectors.is_last_row,
            is_transition: selectors.is_transition,
            alpha,
            accumulator: Challenge::<D>::ZERO,
        },
        permutation: pair(&logup[0], &logup[1]),
        permutation_challenges: &place.challenges,
        permutation_values: &[place.terminal],
    };
    let lookups = plan(place.instance.table).lookups;
    LogUpGadget::new().eval_air_and_lookups(&place.instance, &mut folder, lookups);
    folder.inner.accumulator * selectors.inv_vanishing
}

/// Opened values of cells as those of the challenges that they make up.
fn challenges<const D: usize>(cells: &[Challenge<D>]) -> Vec<Challenge<D>>
where
    F: BinomiallyExtendable<D>,
{
    use p3_field::BasedVectorSpace;
    let basis = |k| Challenge::<D>::from_basis_coefficients_fn(|i| F::from_bool(i == k));
    let of = |cells: &[Challenge<D>]| {
        let parts = cells.iter().enumerate();
        parts.map(|(k, cell)| *cell * basis(k)).sum()
    };
    cells.chunks_exact(D).map(of).collect()
}
