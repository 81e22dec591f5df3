//! Packs of random columns, compared with their definition.

use std::sync::Arc;

use p3_commit::Mmcs;
use p3_field::{Field, PrimeCharacteristicRing};
use p3_matrix::Matrix as _;
use p3_matrix::dense::RowMajorMatrix;
use vouch_air::F;
use vouch_gpu::kernels::{Claims, Opener, Roots, quotient_chunks};
use vouch_gpu::{Gpu, Matrix, MerkleTree, Packs, digest_bytes};
use vouch_verifier::config::{ChallengeField, ValueMmcs, value_mmcs};
use vouch_verifier::packing::{COSET, Group};
use vouch_verifier::{ExtensionDegree, with_challenge_field};

use crate::check::{Check, CheckError, same};
use crate::oracle::Oracle;
use crate::packed::{Claimed, group, packed, reduced, unnumbered};
use crate::random;

/// Cosets of columns, log2.
const LOG_COSETS: usize = 1;

/// Compares commitments, openings and what FRI is given.
pub fn compare(check: &mut Check) {
    let level = if check.small { 9 } else { 15 };
    check.compare("quotients cut into chunks", |gpu| {
        chunks(gpu, level, 1)?;
        chunks(gpu, level, 5)
    });
    for degree in [ExtensionDegree::Four, ExtensionDegree::Five] {
        check.compare(
            format!("packs of degree {}", degree.degree()),
            |gpu| with_challenge_field!(degree, EF => packs::<EF>(gpu, level)),
        );
    }
}

/// Groups of a level, of columns that are no packs up to packs of 512, with what is claimed of them, and the
/// number of terms.
fn level_of<EF: ChallengeField>(level: usize) -> (Vec<Claimed<EF>>, usize) {
    let sizes = [
        (0, 3, 3, 1),
        (1, 1, 2, EF::DEGREE),
        (2, 2, 7, 1),
        (3, 1, 5, EF::DEGREE),
        (4, 3, 48, 1),
        (6, 1, 40, EF::DEGREE),
        (9, 1, 400, 1),
    ];
    let mut terms = 0;
    let mut claimed = |(seed, (log_size, packs, columns, cells)): (u64, (usize, _, _, usize))| {
        let group = Group {
            at_next: seed % 2 == 0,
            first_term: terms,
            ..group(level - log_size, log_size, packs, columns)
        };
        terms += group.terms();
        let count = (columns * cells) << (group.log_height + LOG_COSETS);
        let values = random::challenges::<EF>(2 * columns, 20 + seed);
        Claimed {
            columns: RowMajorMatrix::new(random::numbers(count, 10 + seed), columns * cells),
            values: values
                .chunks(columns)
                .take(group.points())
                .map(Into::into)
                .collect(),
            group,
            cells,
        }
    };
    let all = (0..).zip(sizes).map(&mut claimed).collect();
    (all, terms)
}

/// The root and the openings of two levels, and the sums of one.
fn packs<EF: ChallengeField>(gpu: &Gpu, level: usize) -> Result<(), CheckError> {
    let roots = Roots::new(gpu);
    let ((high, terms), (low, _)) = (level_of::<EF>(level + 3), level_of::<EF>(level));
    let all = || high.iter().chain(&low);
    let upload = |c: &Claimed<EF>| -> Result<Packs, CheckError> {
        let matrix = Matrix::from_plonky3(gpu, &c.columns, c.group.log_height, LOG_COSETS)?;
        let parts = vec![(Arc::new(matrix), c.group.columns.clone())];
        Ok(Packs::new(gpu, parts, unnumbered(&c.group), c.cells)?)
    };
    let uploaded: Vec<Packs> = all().map(upload).collect::<Result<_, _>>()?;
    let rows: Vec<_> = all()
        .map(|c| packed(&c.columns, &c.group, c.cells))
        .collect();
    let leaves = rows.first().map_or(1, |rows| rows.height());
    let (commitment, data) = value_mmcs().commit(rows);
    let tree = MerkleTree::commit(gpu, &roots, ValueMmcs::HASH, &uploaded)?;
    let root = digest_bytes(&tree.root()?);
    same(&root, &ValueMmcs::root(&commitment), || "roots".into())?;
    let indices: Vec<usize> = (0..60)
        .map(|i| (i * i * 7919 + i * 31 + 5) % leaves)
        .collect();
    let (opened, _) = value_mmcs().open_multi_batch(&indices, &data);
    let (got, _) = tree.open(gpu, &roots, &uploaded, &indices)?;
    same(&got, &opened, || "opened rows".into())?;

    let (point, alpha) = (
        random::challenges::<EF>(9, 31)[8],
        random::challenges::<EF>(9, 32)[8],
    );
    let heights = high.iter().map(|claimed| claimed.group.log_height);
    let opener = Opener::new(gpu, &roots, point, heights, LOG_COSETS)?;
    let claims = uploaded.iter().zip(&high).map(|(packs, claimed)| Claims {
        packs,
        group: &claimed.group,
        values: claimed.values.clone(),
    });
    let sum = opener.reduce(&roots, &claims.collect::<Vec<_>>(), terms, alpha)?;
    let sum = EF::reconstitute_from_base(sum.to_plonky3()?.values);
    let expected = reduced(&high, terms, point, alpha);
    same(&sum, &expected, || "sums for FRI".into())
}

/// Parts of a quotient by the formula for its chunks.
fn chunks(gpu: &Gpu, log_height: usize, width: usize) -> Result<(), CheckError> {
    let parts = [41, 42].map(|seed| {
        let cells = random::numbers(width << (log_height + LOG_COSETS), seed);
        RowMajorMatrix::new(cells, width)
    });
    let upload = |rows| Matrix::from_plonky3(gpu, rows, log_height, LOG_COSETS);
    let (mut u, mut v) = (upload(&parts[0])?, upload(&parts[1])?);
    quotient_chunks(gpu, &mut u, &mut v)?;
    let [in_c, in_g] = [COSET, F::GENERATOR].map(|shift| shift.exp_power_of_2(log_height));
    let both = parts[0].values.iter().zip(&parts[1].values);
    let (first, second): (Vec<F>, Vec<F>) = both
        .map(|(&u, &v)| {
            let (low, high) = ((u + v).halve(), (u - v).halve() / in_c);
            (low + in_g * high, low - in_g * high)
        })
        .unzip();
    let got = (u.to_plonky3()?.values, v.to_plonky3()?.values);
    same(&got, &(first, second), || "chunks".into())
}
