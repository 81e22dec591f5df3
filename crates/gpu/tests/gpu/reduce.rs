//! What FRI is given, against its definition: term by term, at every point.

use std::sync::Arc;

use p3_matrix::dense::RowMajorMatrix;
use vouch_gpu::kernels::{Claims, Opener, Roots};
use vouch_gpu::{Gpu, Matrix, Packs};
use vouch_verifier::config::{ChallengeField, Quartic, Quintic};
use vouch_verifier::packing::Group;

use crate::common::{numbers, on_devices};
use crate::packed::{Claimed, group, reduced, unnumbered};
use crate::tables::challenges;

/// A level of groups, and the number of its terms.
struct Level<EF: ChallengeField> {
    cases: Vec<Claimed<EF>>,
    terms: usize,
    log_rows: usize,
    log_cosets: usize,
}

impl<EF: ChallengeField> Level<EF> {
    /// Of groups, each with whether it is of challenges, and opened at the next row, too.
    fn new(level: usize, log_cosets: usize, groups: &[(Group, bool, bool)]) -> Self {
        let mut terms = 0;
        let case = |(seed, (group, is_extension, at_next)): (u64, &(Group, bool, bool))| {
            assert_eq!(group.level(), level);
            let group = Group {
                at_next: *at_next,
                first_term: terms,
                ..group.clone()
            };
            terms += group.terms();
            let cells = if *is_extension { EF::DEGREE } else { 1 };
            let width = cells * group.columns.len();
            let count = width << (group.log_height + log_cosets);
            let values = (0..group.points() as u64)
                .map(|point| challenges(group.columns.len(), 90 + 2 * seed + point));
            Claimed {
                values: values.collect(),
                columns: RowMajorMatrix::new(numbers(count, 60 + seed), width),
                cells,
                group,
            }
        };
        Self {
            cases: (0..).zip(groups).map(case).collect(),
            terms,
            log_rows: level + log_cosets,
            log_cosets,
        }
    }

    fn sums(&self, point: EF, alpha: EF) -> Vec<EF> {
        reduced(&self.cases, self.terms, point, alpha)
    }

    fn check(&self, gpu: &Gpu, point: EF, alpha: EF, expected: &[EF]) {
        let roots = Roots::new(gpu);
        let upload = |case: &Claimed<EF>| {
            let (height, cosets) = (case.group.log_height, self.log_cosets);
            let matrix = Matrix::from_plonky3(gpu, &case.columns, height, cosets);
            let part = (
                Arc::new(matrix.expect("there is room")),
                case.group.columns.clone(),
            );
            Packs::new(gpu, vec![part], unnumbered(&case.group), case.cells).expect("there is room")
        };
        let packs: Vec<Packs> = self.cases.iter().map(upload).collect();
        let claims = packs.iter().zip(&self.cases).map(|(packs, case)| Claims {
            packs,
            group: &case.group,
            values: case.values.clone(),
        });
        let claims: Vec<_> = claims.collect();
        let heights = self.cases.iter().map(|case| case.group.log_height);
        let opener = Opener::new(gpu, &roots, point, heights, self.log_cosets);
        let opener = opener.expect("there is room");
        for room in [0, 1 << 20] {
            let sum = opener.reduce_within(&roots, &claims, self.terms, alpha, room);
            let sum = sum.expect("it runs").to_plonky3().expect("it is read");
            let sum = EF::reconstitute_from_base(sum.values);
            assert!(
                sum == expected,
                "level {} bits, room for {room}",
                self.log_rows
            );
        }
    }
}

fn levels<EF: ChallengeField>() {
    let challenges = challenges::<EF>(2, 13);
    let (point, alpha) = (challenges[0], challenges[1]);
    let levels = [
        // Nothing is packed.
        Level::<EF>::new(
            4,
            1,
            &[
                (group(4, 0, 7, 7), false, true),
                (group(4, 0, 2, 2), true, false),
            ],
        ),
        // One column.
        Level::new(9, 0, &[(group(0, 9, 1, 1), false, true)]),
        Level::new(
            9,
            1,
            &[
                (group(9, 0, 5, 5), false, false),
                (group(9, 0, 1, 1), true, true),
                (group(8, 1, 3, 5), false, true),
                (group(6, 3, 2, 9), true, true),
                (group(6, 3, 1, 8), false, false),
                (group(3, 6, 1, 33), true, false),
                (group(3, 6, 6, 333), false, true),
                (group(0, 9, 1, 300), false, true),
            ],
        ),
        // No column is a pack of its own; several parts of the rows.
        Level::new(
            11,
            2,
            &[
                (group(7, 4, 1, 16), true, true),
                (group(10, 1, 1, 2), false, true),
                (group(7, 4, 2, 20), false, false),
            ],
        ),
    ];
    let sums = levels.each_ref().map(|level| level.sums(point, alpha));
    on_devices(|gpu| {
        for (level, sums) in levels.iter().zip(&sums) {
            level.check(gpu, point, alpha, sums);
        }
    });
}

#[test]
fn sums_of_degree_4() {
    levels::<Quartic>();
}

#[test]
fn sums_of_degree_5() {
    levels::<Quintic>();
}
