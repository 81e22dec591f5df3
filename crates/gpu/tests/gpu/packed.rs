//! Packs, and what FRI is given of them, by their definitions: point by point, term by term.
use p3_field::{PrimeCharacteristicRing, TwoAdicField};
use p3_matrix::Matrix as _;
use p3_matrix::dense::RowMajorMatrix;
use p3_util::reverse_bits_len;
use vouch_air::F;
use vouch_verifier::config::ChallengeField;
use vouch_verifier::packing::{Group, shift};

/// A group of `packs` packs of `2^log_size` columns, of which the first `columns` are there.
pub fn group(log_height: usize, log_size: usize, packs: usize, columns: usize) -> Group {
    Group {
        class: 0,
        log_height,
        at_next: false,
        columns: 0..columns,
        log_size,
        packs,
        first_term: 0,
    }
}

/// A group as the packs of fixed columns have it, which know nothing of the other terms of a proof.
pub fn unnumbered(group: &Group) -> Group {
    Group {
        first_term: 0,
        ..group.clone()
    }
}

/// The point of row `row` of a matrix of `2^bits` rows on the coset of packs of `2^log_size` columns, in
/// Plonky3's order.
fn pack_point(log_size: usize, row: usize, bits: usize) -> F {
    let generator = F::two_adic_generator(bits);
    shift(log_size) * generator.exp_u64(reverse_bits_len(row, bits) as u64)
}

/// The rows of packs: at the points of their coset the polynomials `sum of X^j f_j(X^k)`, those of the
/// coordinates of a column one after another, given the rows of the extended columns.
pub fn packed(columns: &RowMajorMatrix<F>, group: &Group, cells: usize) -> RowMajorMatrix<F> {
    let (size, width) = (1 << group.log_size, group.packs * cells);
    let rows = columns.height() * size;
    let number = |x: F, row: usize, word: usize| {
        let of_pack = columns.values[row * columns.width..][..columns.width].iter();
        let coefficients = of_pack.skip(word).step_by(width);
        coefficients
            .rev()
            .fold(F::ZERO, |sum, &cell| sum * x + cell)
    };
    let row = |i: usize| {
        let x = pack_point(group.log_size, i, rows.ilog2() as usize);
        (0..width).map(move |word| number(x, i / size, word))
    };
    RowMajorMatrix::new((0..rows).flat_map(row).collect(), width)
}

/// A group of columns, in `cells` coordinates each, and what is claimed of them: by point, then column.
pub struct Claimed<EF: ChallengeField> {
    pub group: Group,
    pub cells: usize,
    /// Rows of the extended columns.
    pub columns: RowMajorMatrix<F>,
    pub values: Vec<Vec<EF>>,
}

/// What FRI is given at a level: `sum of a^e Q_e(x) (1 + a^N x^k)`, `N` being the number of terms, for
/// every row in Plonky3's order.
pub fn reduced<EF: ChallengeField>(
    level: &[Claimed<EF>],
    terms: usize,
    point: EF,
    alpha: EF,
) -> Vec<EF> {
    let mut sums = Vec::new();
    let correction = alpha.exp_u64(terms as u64);
    for Claimed {
        group,
        cells,
        columns,
        values,
    } in level
    {
        let (size, rows) = (1 << group.log_size, packed(columns, group, *cells));
        sums.resize(rows.height(), EF::ZERO);
        let next = point * F::two_adic_generator(group.log_height);
        for (i, (sum, row)) in sums.iter_mut().zip(rows.row_slices()).enumerate() {
            let x = pack_point(group.log_size, i, rows.height().ilog2() as usize);
            let y = x.exp_u64(size);
            let mut power = alpha.exp_u64(group.first_term as u64);
            for (values, z) in values.iter().zip([point, next]) {
                let inverse = (-z + y).inverse();
                for (pack, cells) in row.chunks(*cells).enumerate() {
                    let number = EF::from_basis_coefficients_fn(|i| {
                        cells.get(i).copied().unwrap_or_default()
                    });
                    let claims: Vec<_> = values.iter().skip(pack).step_by(group.packs).collect();
                    let claims = claims.into_iter().rev();
                    let claim = claims.fold(EF::ZERO, |sum, &v| sum * x + v);
                    *sum += power * (number - claim) * inverse * (correction * y + F::ONE);
                    power *= alpha;
                }
            }
        }
    }
    sums
}
