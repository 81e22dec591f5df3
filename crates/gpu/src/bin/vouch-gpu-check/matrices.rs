//! Operations on random numbers, compared with Plonky3.

use core::marker::PhantomData;
use std::sync::Arc;

use p3_commit::{ExtensionMmcs, Mmcs};
use p3_dft::{Radix2DitParallel, TwoAdicSubgroupDft};
use p3_field::extension::BinomiallyExtendable;
use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, PrimeField32, TwoAdicField};
use p3_fri::{FriFoldingStrategy, TwoAdicFriFolding, TwoAdicFriFoldingForMmcs};
use p3_matrix::Matrix as _;
use p3_matrix::bitrev::BitReversibleMatrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_matrix::interpolation::Interpolate;
use vouch_air::F;
use vouch_gpu::field::{challenge_words, challenges, elements, words};
use vouch_gpu::kernels::{
    OpenedMatrix, Opener, Operation, Roots, add_scaled, arithmetic, extend, extend_coset, fold,
    grind,
};
use vouch_gpu::{Gpu, Matrix, MerkleTree, Packs, digest_bytes};
use vouch_verifier::config::{Challenge, ValueMmcs, value_mmcs};
use vouch_verifier::packing::COSET;

use crate::check::{Check, CheckError, same};
use crate::oracle::{self, Oracle};
use crate::{packs, random};

/// Compares all of them.
pub fn compare(check: &mut Check) {
    let heights = match check.small {
        true => vec![0, 3, 5, 9],
        false => vec![0, 1, 5, 10, 12, 13, 14, 17, 20, 21],
    };
    check.compare("arithmetic", |gpu| {
        base_field(gpu)?;
        challenge_field::<4>(gpu)?;
        challenge_field::<5>(gpu)
    });
    for &log_height in &heights {
        check.compare(format!("extending 2^{log_height} rows"), |gpu| {
            extensions(gpu, log_height)
        });
    }
    check.compare("proofs of work", proofs_of_work);
    let tall = if check.small { 7 } else { 17 };
    // Of one height, of mixed ones, and of rows that are longer than a chunk.
    for shapes in [
        vec![(tall, 40)],
        vec![(3, 40), (tall, 3), (3, 1), (tall, 17), (0, 2), (5, 9)],
        vec![(2, 200), (4, 300), (2, 200)],
    ] {
        check.compare(format!("trees over {shapes:?}"), |gpu| {
            oracle::with_all_hashes(&Tree {
                gpu,
                shapes: &shapes,
            });
            Ok(())
        });
    }
    packs::compare(check);
    for log_height in heights {
        check.compare(format!("folding 2^{log_height} rows"), |gpu| {
            foldings::<4>(gpu, log_height)?;
            foldings::<5>(gpu, log_height)
        });
        check.compare(format!("opening 2^{log_height} rows"), |gpu| {
            openings::<4>(gpu, log_height)?;
            openings::<5>(gpu, log_height)
        });
    }
}

/// The smallest that there is: at the beginning and the end of the field, and more candidates
/// than threads.
fn proofs_of_work(gpu: &Gpu) -> Result<(), CheckError> {
    for (first, count, bits) in [
        (0, 5000, 10),
        (F::ORDER_U32 - 3000, 3000, 9),
        (5, 600_000, 18),
    ] {
        let state = [bits as u8; 32];
        let mut candidates = first..first + count;
        let expected = candidates.find(|&c| oracle::zero_bits(&state, c) >= bits);
        let found = grind(gpu, &state, first, count, bits)?;
        same(&found, &expected, || format!("proofs of {bits} bits"))?;
    }
    Ok(())
}

fn base_field(gpu: &Gpu) -> Result<(), CheckError> {
    let [x, y] = [1, 2].map(|seed| random::numbers(10_000, seed));
    let [on_x, on_y] = [gpu.upload(words(&x))?, gpu.upload(words(&y))?];
    type Expected = fn(F, F) -> F;
    let cases: [(Operation, Expected); 5] = [
        (Operation::Add, |x, y| x + y),
        (Operation::Subtract, |x, y| x - y),
        (Operation::Multiply, |x, y| x * y),
        (Operation::Invert, |x, _| x.try_inverse().unwrap_or(F::ZERO)),
        (Operation::Halve, |x, _| x.halve()),
    ];
    for (operation, expected) in cases {
        let got = elements(arithmetic(gpu, operation, 1, [&on_x, &on_y], 1)?.read_all()?);
        let expected: Vec<F> = x.iter().zip(&y).map(|(&x, &y)| expected(x, y)).collect();
        same(&got, &expected, || {
            format!("{operation:?} in the base field")
        })?;
    }
    Ok(())
}

fn challenge_field<const D: usize>(gpu: &Gpu) -> Result<(), CheckError>
where
    F: BinomiallyExtendable<D>,
{
    let [x, y] = [3, 4].map(|seed| random::challenges::<D>(5_000, seed));
    let [on_x, on_y] = [&x, &y].map(|numbers| gpu.upload(&challenge_words(numbers)));
    let (on_x, on_y) = (on_x?, on_y?);
    type Expected<const D: usize> = fn(Challenge<D>, Challenge<D>) -> Challenge<D>;
    let cases: [(Operation, Expected<D>); 4] = [
        (Operation::Add, |x, y| x + y),
        (Operation::Subtract, |x, y| x - y),
        (Operation::Multiply, |x, y| x * y),
        (Operation::Invert, |x, _| {
            x.try_inverse().unwrap_or_default()
        }),
    ];
    for (operation, expected) in cases {
        let got = arithmetic(gpu, operation, D, [&on_x, &on_y], 1)?.read_all()?;
        let expected: Vec<_> = x.iter().zip(&y).map(|(&x, &y)| expected(x, y)).collect();
        same(&challenges::<D>(got), &expected, || {
            format!("{operation:?} of degree {D}")
        })?;
    }
    Ok(())
}

/// A few columns, extended; and one of the cosets of that, extended to the same again.
fn extensions(gpu: &Gpu, log_height: usize) -> Result<(), CheckError> {
    let roots = Roots::new(gpu);
    for (width, added_bits) in [(1, 1), (5, 2)] {
        let rows = RowMajorMatrix::new(random::numbers(width << log_height, 5), width);
        let matrix = Matrix::new(gpu, width, log_height, 0)?;
        matrix.buffer.write(0, words(&rows.transpose().values))?;
        let expected = Radix2DitParallel::default()
            .coset_lde_batch(rows, added_bits, COSET)
            .bit_reverse_rows()
            .to_row_major_matrix();
        let extended = extend(gpu, &roots, &matrix, added_bits, COSET)?;
        same(&extended.to_plonky3()?, &expected, || {
            format!("{width} extended columns")
        })?;
        // Coset 1 is the first one times this root, whatever the number of cosets.
        let back = F::two_adic_generator(log_height + 1).inverse();
        let again = extend_coset(gpu, &roots, &extended, 1, added_bits, back)?;
        same(&again.to_plonky3()?, &expected, || {
            format!("{width} columns of a coset")
        })?;
    }
    Ok(())
}

/// Matrices of these heights, log2, and widths, committed to on two cosets and opened.
struct Tree<'a> {
    gpu: &'a Gpu,
    shapes: &'a [(usize, usize)],
}

impl oracle::Check for Tree<'_> {
    fn check<O: Oracle>(&self) {
        self.compare::<O>()
            .unwrap_or_else(|error| panic!("{:?}: {error}", O::HASH));
    }
}

impl Tree<'_> {
    fn compare<O: Oracle>(&self) -> Result<(), CheckError> {
        let rows: Vec<RowMajorMatrix<F>> = { self.shapes.iter() }
            .map(|&(height, width)| {
                RowMajorMatrix::new(random::numbers(width << (height + 1), width as u64), width)
            })
            .collect();
        let single = |(&(height, _), rows): (&(usize, usize), &RowMajorMatrix<F>)| {
            let matrix = Matrix::from_plonky3(self.gpu, rows, height, 1)?;
            Packs::single(self.gpu, Arc::new(matrix))
        };
        let packs: Result<Vec<Packs>, _> = self.shapes.iter().zip(&rows).map(single).collect();
        let (packs, roots) = (packs?, Roots::new(self.gpu));
        let leaves = rows.iter().map(|rows| rows.height()).max().unwrap_or(1);
        let scheme = O::scheme();
        let (commitment, data) = scheme.commit(rows);
        let tree = MerkleTree::commit(self.gpu, &roots, O::HASH, &packs)?;
        let root = digest_bytes(&tree.root()?);
        same(&root, &O::root(&commitment), || "roots".into())?;
        let indices: Vec<usize> = (0..60)
            .map(|i| (i * i * 7919 + i * 31 + 5) % leaves)
            .collect();
        let (opened, proof) = scheme.open_multi_batch(&indices, &data);
        let (got, paths) = tree.open(self.gpu, &roots, &packs, &indices)?;
        same(&got, &opened, || "opened rows".into())?;
        same(&paths.sibling_hashes, &O::siblings(&proof), || {
            "paths".into()
        })
    }
}

/// A codeword of `2^log_height` rows on two cosets: its commitments, and what it folds to.
fn foldings<const D: usize>(gpu: &Gpu, log_height: usize) -> Result<(), CheckError>
where
    F: BinomiallyExtendable<D>,
{
    let folding: TwoAdicFriFoldingForMmcs<F, ValueMmcs> = TwoAdicFriFolding(PhantomData);
    let scheme = ExtensionMmcs::<F, Challenge<D>, _>::new(value_mmcs());
    let roots = Roots::new(gpu);
    let values = random::challenges::<D>(2 << log_height, 6);
    let beta = random::challenges::<D>(9, 7)[8];
    let matrix = codeword(gpu, &values, log_height)?;
    for log_arity in 1..=log_height.min(3) {
        let groups = RowMajorMatrix::new(values.clone(), 1 << log_arity);
        let (commitment, _) = scheme.commit_matrix(groups.clone());
        let tree = MerkleTree::commit_groups(gpu, ValueMmcs::HASH, &matrix, log_arity)?;
        let root = digest_bytes(&tree.root()?);
        same(&root, &ValueMmcs::root(&commitment), || {
            format!("roots of groups of 2^{log_arity}")
        })?;
        let expected =
            FriFoldingStrategy::<F, Challenge<D>>::fold_matrix(&folding, beta, log_arity, groups);
        let folded = fold(gpu, &roots, &matrix, log_arity, beta)?;
        same(&numbers::<D>(&folded)?, &expected, || {
            format!("foldings by 2^{log_arity}")
        })?;
    }
    let mut sum = codeword(gpu, &values, log_height)?;
    add_scaled(gpu, &mut sum, beta, &matrix)?;
    let expected: Vec<_> = values.iter().map(|&x| x + beta * x).collect();
    same(&numbers::<D>(&sum)?, &expected, || {
        format!("sums of degree {D}")
    })
}

/// A codeword in Plonky3's order, on two cosets.
fn codeword<const D: usize>(
    gpu: &Gpu,
    values: &[Challenge<D>],
    log_height: usize,
) -> Result<Matrix, CheckError>
where
    F: BinomiallyExtendable<D>,
{
    let rows = RowMajorMatrix::new(Challenge::<D>::flatten_to_base(values.to_vec()), D);
    Ok(Matrix::from_plonky3(gpu, &rows, log_height, 1)?)
}

fn numbers<const D: usize>(matrix: &Matrix) -> Result<Vec<Challenge<D>>, CheckError>
where
    F: BinomiallyExtendable<D>,
{
    Ok(Challenge::<D>::reconstitute_from_base(
        matrix.to_plonky3()?.values,
    ))
}

/// Columns of `2^log_height` rows at a point and at that of the next row.
fn openings<const D: usize>(gpu: &Gpu, log_height: usize) -> Result<(), CheckError>
where
    F: BinomiallyExtendable<D>,
{
    let width = 9;
    let roots = Roots::new(gpu);
    let rows = RowMajorMatrix::new(random::numbers(width << (log_height + 1), 8), width);
    let matrix = Matrix::from_plonky3(gpu, &rows, log_height, 1)?;
    let point = random::challenges::<D>(9, 9)[8];
    let (first, _) = rows.split_rows(1 << log_height);
    let natural = first
        .to_row_major_matrix()
        .bit_reverse_rows()
        .to_row_major_matrix();
    let next = point * F::two_adic_generator(log_height);
    let expected = [point, next].map(|point| natural.interpolate_coset(COSET, point));
    let opened = OpenedMatrix {
        matrix: &matrix,
        at_next: true,
    };
    let opener = Opener::new(gpu, &roots, point, [log_height], 1)?;
    let values = opener.evaluate(&[opened])?;
    same(&values, &vec![expected.to_vec()], || {
        format!("values of degree {D}")
    })
}
