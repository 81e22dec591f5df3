use p3_field::extension::BinomiallyExtendable;
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing, TwoAdicField};
use p3_matrix::Matrix as _;
use p3_matrix::bitrev::BitReversibleMatrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_matrix::interpolation::Interpolate;
use p3_util::reverse_bits_len;
use vouch_air::F;
use vouch_gpu::kernels::{OpenedMatrix, Opener, Roots, Values, inverse_distances};
use vouch_gpu::{Gpu, Matrix};
use vouch_verifier::config::Challenge;
use vouch_verifier::packing::COSET;

use crate::common::{numbers, on_devices};

/// A random number of the challenge field.
fn challenge<const D: usize>(seed: u64) -> Challenge<D>
where
    F: BinomiallyExtendable<D>,
{
    let random = &numbers(16, seed)[16 - D..];
    Challenge::<D>::from_basis_coefficients_fn(|i| random[i])
}

/// The point of row `row` of a committed matrix of `2^bits` rows, in Plonky3's order.
fn point_at(row: usize, bits: usize) -> F {
    let generator = F::two_adic_generator(bits);
    COSET * generator.exp_u64(reverse_bits_len(row, bits) as u64)
}

fn inverses<const D: usize>()
where
    F: BinomiallyExtendable<D>,
{
    let point = challenge::<D>(11);
    on_devices(|gpu| {
        let roots = Roots::new(gpu);
        for (log_height, log_cosets) in [(0, 0), (0, 1), (1, 2), (5, 1), (9, 0), (10, 3)] {
            let matrix = inverse_distances(gpu, &roots, point, log_height, log_cosets);
            let matrix = matrix.expect("it runs").to_plonky3().expect("it is read");
            let got = Challenge::<D>::reconstitute_from_base(matrix.values);
            for (row, inverse) in got.into_iter().enumerate() {
                let distance = point - point_at(row, log_height + log_cosets);
                assert_eq!(inverse * distance, Challenge::<D>::ONE, "row {row}");
            }
        }
    });
}

#[test]
fn inverses_of_degree_4() {
    inverses::<4>();
}

#[test]
fn inverses_of_degree_5() {
    inverses::<5>();
}

/// Committed rows, in Plonky3's order, and whether they are opened at the next row.
struct Committed {
    rows: RowMajorMatrix<F>,
    log_height: usize,
    at_next: bool,
}

/// Mixed heights, several matrices of some, odd widths.
fn committed(log_cosets: usize) -> Vec<Committed> {
    let shapes = [
        (4, 3, true),
        (12, 17, true),
        (9, 1, false),
        (0, 5, true),
        (12, 4, false),
        (9, 40, true),
        (1, 2, false),
        (12, 1, true),
        (0, 1, false),
        (3, 9, false),
    ];
    let committed = |(seed, (log_height, width, at_next))| Committed {
        rows: RowMajorMatrix::new(numbers(width << (log_height + log_cosets), seed), width),
        log_height,
        at_next,
    };
    (20..).zip(shapes).map(committed).collect()
}

fn upload(gpu: &Gpu, all: &[Committed], log_cosets: usize) -> Vec<Matrix> {
    let upload = |c: &Committed| Matrix::from_plonky3(gpu, &c.rows, c.log_height, log_cosets);
    let matrices = all.iter().map(upload).collect::<Result<_, _>>();
    matrices.expect("there is room")
}

fn openings<'a>(all: &[Committed], matrices: &'a [Matrix]) -> Vec<OpenedMatrix<'a>> {
    let opened = |(c, matrix): (&Committed, &'a Matrix)| OpenedMatrix {
        matrix,
        at_next: c.at_next,
    };
    all.iter().zip(matrices).map(opened).collect()
}

/// By interpolation on the first rows, as p3 does it.
fn values<const D: usize>(committed: &Committed, point: Challenge<D>) -> Values<D>
where
    F: BinomiallyExtendable<D>,
{
    let (first, _) = committed.rows.split_rows(1 << committed.log_height);
    let natural = first.to_row_major_matrix().bit_reverse_rows();
    let natural = natural.to_row_major_matrix();
    let next = point * F::two_adic_generator(committed.log_height);
    let points = [Some(point), committed.at_next.then_some(next)];
    let at = |point: Challenge<D>| natural.interpolate_coset(COSET, point);
    points.into_iter().flatten().map(at).collect()
}

fn opens<const D: usize>(log_cosets: usize)
where
    F: BinomiallyExtendable<D>,
{
    let point = challenge::<D>(12);
    let all = committed(log_cosets);
    let values: Vec<Values<D>> = all.iter().map(|c| values(c, point)).collect();
    let mut heights: Vec<usize> = all.iter().map(|c| c.log_height).collect();
    heights.sort_unstable_by_key(|&height| core::cmp::Reverse(height));
    heights.dedup();
    on_devices(|gpu| {
        let roots = Roots::new(gpu);
        let matrices = upload(gpu, &all, log_cosets);
        let opened = openings(&all, &matrices);
        let opener = Opener::new(gpu, &roots, point, heights.iter().copied(), log_cosets);
        let opener = opener.expect("there is room");
        assert_eq!(opener.evaluate(&opened).expect("it runs"), values);
    });
}

#[test]
fn openings_of_degree_4() {
    opens::<4>(1);
}

#[test]
fn openings_of_degree_5() {
    opens::<5>(2);
}
