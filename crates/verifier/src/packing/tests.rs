//! The commitment scheme by itself, on columns of chance: what is committed to can be opened, and nothing else.
//! Provers that cheat make everything else honestly, so that only the rule in question can refuse.

use alloc::vec::Vec;

use p3_challenger::{CanObserve, FieldChallenger};
use p3_commit::{
    CommitmentOpening, MatrixOpening, OpeningRequest, Pcs, PointOpening, UnivariateStarkPcs,
};
use p3_field::{Field, PrimeCharacteristicRing, TwoAdicField};
use p3_fri::verifier::FriError;
use p3_matrix::Matrix as _;
use p3_matrix::dense::RowMajorMatrix;
use vouch_air::F;

use super::reference::{self, Committed};
use super::*;
use crate::config::{Challenger, Quartic, challenger};
use crate::profile::{ExtensionDegree, Parameters, Profile};

type EF = Quartic;

type Claims = Vec<CommitmentOpening<EF, Commitment, Domain>>;

/// Small ones, with which a test proves in a moment: a false opening passes once in some `2^16`.
fn parameters() -> Parameters {
    Parameters {
        extension: ExtensionDegree::Four,
        log_blowup: 1,
        queries: 40,
        query_grinding: 0,
        fold_grinding: 0,
        batch_grinding: 0,
        log_final_poly: 2,
        least_level: 6,
        most_packs: 60,
        ..Profile::Fast100.parameters()
    }
}

fn table(main: usize, at_next: bool, logup: usize, chunks: usize) -> TableColumns {
    TableColumns {
        main,
        at_next,
        fixed: 0,
        logup,
        chunks,
        messages: 0,
    }
}

/// Tables of several heights, some columns of which are opened at two points; packs of many columns and of one, on several
/// levels, some with absent columns.
fn layout() -> Packing {
    let tables = [
        (table(5, false, 2, 2), 9),
        (table(7, true, 3, 1), 3),
        (table(3, false, 1, 1), 3),
        (table(11, true, 4, 2), 3),
        (table(2, false, 1, 1), 6),
    ];
    let packing = Packing::new(&parameters(), &tables);
    assert!(packing.levels().len() > 2, "{:?}", packing.levels());
    packing
}

/// Numbers of chance, the same in every run.
struct Chance(Challenger);

impl Chance {
    fn matrix(&mut self, log_height: usize, width: usize) -> RowMajorMatrix<F> {
        let values =
            (0..width << log_height).map(|_| p3_challenger::CanSample::sample(&mut self.0));
        RowMajorMatrix::new(values.collect(), width)
    }
}

/// A prover, who may cheat between committing and opening.
struct Play {
    pcs: PackedPcs<EF>,
    roots: Vec<Commitment>,
    committed: Vec<Committed>,
}

impl Play {
    /// Commits to columns of chance.
    fn new() -> Self {
        let packing = layout();
        let mut chance = Chance(challenger(b"columns".to_vec(), None));
        let pcs = PackedPcs::<EF>::new(&parameters(), packing.clone());
        let (roots, committed) = { packing.rounds().iter() }
            .map(|round| {
                let cells = packing.cells(round.kind);
                let columns = round.matrices.iter().map(|matrix| {
                    let domain = Domain::new(F::ONE, matrix.log_height).expect("a domain");
                    (
                        domain,
                        chance.matrix(matrix.log_height, matrix.columns * cells),
                    )
                });
                let columns: Vec<_> = columns.collect();
                match round.kind {
                    Kind::Quotient => {
                        let chunks = pcs.get_quotient_ldes(columns, 1).expect("chunks");
                        pcs.commit_ldes(chunks)
                    }
                    _ => <PackedPcs<EF> as Pcs<EF, Challenger>>::commit(&pcs, columns),
                }
                .expect("columns of the layout")
            })
            .unzip();
        Self {
            pcs,
            roots,
            committed,
        }
    }

    /// Commits to a round's packs after `change` has changed their coefficients, a matrix a group.
    fn cheat(&mut self, kind: Kind, change: impl Fn(&Round, &mut [RowMajorMatrix<F>])) {
        let packing = self.pcs.packing().clone();
        let i = packing
            .rounds()
            .iter()
            .position(|round| round.kind == kind)
            .expect("a round");
        let round = &packing.rounds()[i];
        let columns = self.committed[i].columns.clone();
        let cells = packing.cells(kind);
        let packs =
            { round.groups.iter() }.map(|group| reference::packs(round, group, &columns, cells));
        let mut packs: Vec<_> = packs.collect();
        change(round, &mut packs);
        let (root, committed) = reference::commit_packs(&self.pcs, round, columns, packs);
        self.roots[i] = root;
        self.committed[i] = committed;
    }

    fn transcript(&self) -> (Challenger, EF) {
        let mut transcript = challenger(b"test".to_vec(), None);
        for root in &self.roots {
            transcript.observe(root.clone());
        }
        let point = transcript.sample_algebra_element();
        (transcript, point)
    }

    fn points(&self, z: EF) -> Vec<Vec<Vec<EF>>> {
        let points = |matrix: &Matrix| {
            let next = z * F::two_adic_generator(matrix.log_height);
            [z, next][..matrix.points()].to_vec()
        };
        let rounds = self.pcs.packing().rounds().iter();
        rounds
            .map(|round| round.matrices.iter().map(points).collect())
            .collect()
    }

    /// Claims and their proof.
    fn open(&self) -> (Claims, OpeningProof<EF>) {
        let (mut transcript, z) = self.transcript();
        let points = self.points(z);
        let requests = self
            .committed
            .iter()
            .zip(&points)
            .map(|(committed, points)| OpeningRequest {
                prover_data: committed,
                points: points.clone(),
            });
        let (values, proof) = self
            .pcs
            .open(requests.collect(), &mut transcript)
            .expect("opens");
        let rounds = self.pcs.packing().rounds().iter().zip(&self.roots);
        let claims = rounds
            .zip(points)
            .zip(values)
            .map(|(((round, root), points), values)| {
                let matrices = round.matrices.iter().zip(points).zip(values);
                CommitmentOpening {
                    commitment: root.clone(),
                    matrices: matrices
                        .map(|((matrix, points), values)| MatrixOpening {
                            domain: Domain::new(F::ONE, matrix.log_height).expect("a domain"),
                            points: { points.into_iter().zip(values) }
                                .map(|(point, values)| PointOpening { point, values })
                                .collect(),
                        })
                        .collect(),
                }
            });
        (claims.collect(), proof)
    }

    fn verify(&self, claims: Claims, proof: &OpeningProof<EF>) -> Result<(), OpeningError> {
        let (mut transcript, _) = self.transcript();
        self.pcs.verify(claims, proof, &mut transcript)
    }

    /// What becomes of an opening that is honest as far as it goes.
    fn outcome(&self) -> Result<(), OpeningError> {
        let (claims, proof) = self.open();
        self.verify(claims, &proof)
    }
}

/// FRI's last check, which sees that words are of no low degree.
fn is_of_high_degree(outcome: &Result<(), OpeningError>) -> bool {
    matches!(outcome, Err(OpeningError::Fri(FriError::FinalPolyMismatch)))
}

#[test]
fn what_is_committed_to_opens() {
    let play = Play::new();
    let outcome = play.outcome();
    assert!(outcome.is_ok(), "{outcome:?}");
}

/// A claim about any one column, at any of its points: the proof is not of these claims.
#[test]
fn no_other_claim_has_this_proof() {
    let play = Play::new();
    let (claims, proof) = play.open();
    for round in 0..claims.len() {
        for matrix in 0..claims[round].matrices.len() {
            for point in 0..claims[round].matrices[matrix].points.len() {
                let mut changed = claims.clone();
                changed[round].matrices[matrix].points[point].values[0] += EF::ONE;
                assert!(play.verify(changed, &proof).is_err());
            }
        }
    }
}

/// A false value, with everything after it made honestly: FRI alone can tell. Of every group, at
/// each of its points.
#[test]
fn false_values_leave_words_of_high_degree() {
    let play = Play::new();
    let packing = play.pcs.packing().clone();
    for (i, round) in packing.rounds().iter().enumerate() {
        for group in &round.groups {
            // A column that another polynomial is claimed of: it has the claimed values, the packs do not.
            let mut play = Play::new();
            let class = &round.classes[group.class];
            let mut at = group.columns.start;
            let matrix = class.matrices.iter().find(|&&matrix| {
                let columns = round.matrices[matrix].columns;
                let is_here = at < columns;
                at = at.wrapping_sub(if is_here { 0 } else { columns });
                is_here
            });
            let columns = &mut play.committed[i].columns[*matrix.expect("a member")];
            let cells = packing.cells(round.kind);
            let width = columns.width();
            columns.values[width + at * cells] += F::ONE;
            let outcome = play.outcome();
            assert!(
                is_of_high_degree(&outcome),
                "{:?} {group:?}: {outcome:?}",
                round.kind
            );
        }
    }
}

/// Two columns of a pack, two packs, and a column and one of another class change places.
#[test]
fn columns_stay_in_their_places() {
    let swap =
        |packs: &mut RowMajorMatrix<F>, a: (usize, usize), b: (usize, usize), size: usize| {
            let width = packs.width();
            for first in (0..packs.height()).step_by(size) {
                packs
                    .values
                    .swap((first + a.0) * width + a.1, (first + b.0) * width + b.1);
            }
        };
    for kind in [Kind::Main, Kind::LogUp] {
        let mut play = Play::new();
        play.cheat(kind, |round, packs| {
            let i = round
                .groups
                .iter()
                .position(|g| g.log_size > 0 && g.columns.len() > g.packs);
            let i = i.expect("a pack of two columns");
            swap(&mut packs[i], (0, 0), (1, 0), 1 << round.groups[i].log_size);
        });
        assert!(is_of_high_degree(&play.outcome()), "{kind:?}: columns");
        let mut play = Play::new();
        play.cheat(kind, |round, packs| {
            let i = round
                .groups
                .iter()
                .position(|group| group.packs > 1)
                .expect("two packs");
            swap(
                &mut packs[i],
                (0, 0),
                (0, round.groups[i].packs - 1),
                1 << round.groups[i].log_size,
            );
        });
        assert!(is_of_high_degree(&play.outcome()), "{kind:?}: packs");
    }
}

/// Where there is no column, nothing is claimed and nothing may be.
#[test]
fn absent_columns_are_zero() {
    for kind in [Kind::Main, Kind::Quotient, Kind::LogUp] {
        let mut play = Play::new();
        play.cheat(kind, |round, packs| {
            let absent = |group: &Group| group.columns.len() < group.packs << group.log_size;
            let i = round
                .groups
                .iter()
                .position(absent)
                .expect("an absent column");
            let last = (1 << round.groups[i].log_size) * packs[i].width() - 1;
            packs[i].values[last] += F::ONE;
        });
        assert!(is_of_high_degree(&play.outcome()), "{kind:?}");
    }
}

/// A column of degree `n`: its quotient has a degree that FRI would let pass, and only the degree correction
/// does not.
#[test]
fn columns_have_no_higher_degree_than_their_table() {
    let honest = Play::new();
    let round = &honest.pcs.packing().rounds()[0];
    for (i, group) in round.groups.iter().enumerate() {
        if group.columns.start > 0 {
            continue;
        }
        let mut play = Play::new();
        play.cheat(Kind::Main, |_, packs| {
            let (end, width) = (packs[i].height(), packs[i].width());
            packs[i].pad_to_height(2 * end, F::ZERO);
            packs[i].values[end * width] = F::ONE;
        });
        // What is claimed is the value of the polynomial that is there.
        let first = round.classes[group.class].matrices[0];
        let columns = &mut play.committed[0].columns[first];
        let (height, width) = (columns.height(), columns.width());
        columns.pad_to_height(2 * height, F::ZERO);
        columns.values[height * width] = F::ONE;
        let outcome = play.outcome();
        assert!(is_of_high_degree(&outcome), "{group:?}: {outcome:?}");
    }
}

/// Claims that are about other columns than the layout has.
#[test]
fn claims_are_those_of_the_layout() {
    let play = Play::new();
    let (claims, proof) = play.open();
    let outcome = |change: &dyn Fn(&mut Claims)| {
        let mut changed = claims.clone();
        change(&mut changed);
        match play.verify(changed, &proof) {
            Err(OpeningError::Claims { what }) => what,
            Err(OpeningError::Coordinates) => "coordinates",
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(outcome(&|claims| drop(claims.pop())), "commitments");
    assert_eq!(
        outcome(&|claims| drop(claims[0].matrices.pop())),
        "matrices"
    );
    let domain = Domain::new(F::ONE, 8).expect("a domain");
    assert_eq!(
        outcome(&|claims| claims[0].matrices[0].domain = domain),
        "heights"
    );
    let domain = Domain::new(F::GENERATOR, 9).expect("a domain");
    assert_eq!(
        outcome(&|claims| claims[0].matrices[0].domain = domain),
        "heights"
    );
    let one = EF::ONE;
    assert_eq!(
        outcome(&|claims| claims[0].matrices[1].points[1].point += one),
        "points"
    );
    assert_eq!(
        outcome(&|claims| drop(claims[0].matrices[1].points.pop())),
        "points"
    );
    assert_eq!(
        outcome(&|claims| claims[0].matrices[0].points[0].values.truncate(1)),
        "columns"
    );
    assert_eq!(
        outcome(&|claims| claims[1].matrices[0].points[0].values[1] += one),
        "coordinates"
    );
}

/// What FRI's own proof has too few or too many of.
#[test]
fn lists_have_the_lengths_of_the_layout() {
    let play = Play::new();
    let (claims, proof) = play.open();
    let outcome = |change: &dyn Fn(&mut OpeningProof<EF>)| {
        let mut changed = proof.clone();
        change(&mut changed);
        match play.verify(claims.clone(), &changed) {
            Err(OpeningError::Fri(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    use FriError as E;
    macro_rules! refused {
        ($change:expr, $error:pat) => {
            let error = outcome(&$change);
            assert!(matches!(error, $error), "{error:?}");
        };
    }
    refused!(
        |p: &mut OpeningProof<EF>| drop(p.commit_phase_openings.pop()),
        E::CommitPhaseOpeningsCountMismatch { .. }
    );
    refused!(
        |p: &mut OpeningProof<EF>| drop(p.commit_phase_openings[0].sibling_values.pop()),
        E::CommitPhaseQueryCountMismatch { .. }
    );
    refused!(
        |p: &mut OpeningProof<EF>| p.commit_phase_openings[0].sibling_values[0].clear(),
        E::SiblingValuesLengthMismatch { .. }
    );
    refused!(
        |p: &mut OpeningProof<EF>| drop(p.commit_phase_commits.pop()),
        E::CommitRoundCountMismatch { .. }
    );
    refused!(
        |p: &mut OpeningProof<EF>| p.final_poly.truncate(1),
        E::FinalPolyLengthMismatch { .. }
    );
    refused!(
        |p: &mut OpeningProof<EF>| drop(p.input_openings.pop()),
        E::InputProofBatchCountMismatch { .. }
    );
    refused!(
        |p: &mut OpeningProof<EF>| drop(p.input_openings[0].opened_values.pop()),
        E::InputOpeningsQueryCountMismatch { .. }
    );
    refused!(
        |p: &mut OpeningProof<EF>| drop(p.input_openings[0].opened_values[0].pop()),
        E::BatchOpenedValuesCountMismatch { .. }
    );
    // A value moved to the next row of a leaf: the same bytes are hashed.
    refused!(
        |p: &mut OpeningProof<EF>| {
            let rows = &mut p.input_openings[0].opened_values[0];
            let value = rows[0].pop().expect("a value");
            rows[1].insert(0, value);
        },
        E::InputError(_)
    );
    // Without grinding, a nonce is 0.
    refused!(
        |p: &mut OpeningProof<EF>| p.batch_pow_witness = F::ONE,
        E::NonCanonicalPowWitness { .. }
    );
    refused!(
        |p: &mut OpeningProof<EF>| p.commit_pow_witnesses[0] = F::ONE,
        E::NonCanonicalPowWitness { .. }
    );
    refused!(
        |p: &mut OpeningProof<EF>| p.query_pow_witness = F::ONE,
        E::NonCanonicalPowWitness { .. }
    );
}

/// Rows, in another order than the layout's: of groups, of queries, and of leaves.
#[test]
fn rows_are_where_they_were_committed_to() {
    let play = Play::new();
    let (claims, proof) = play.open();
    let refused = |change: &dyn Fn(&mut OpeningProof<EF>)| {
        let mut changed = proof.clone();
        change(&mut changed);
        matches!(
            play.verify(claims.clone(), &changed),
            Err(OpeningError::Fri(
                FriError::InputError(_)
                    | FriError::CommitPhaseMmcsError(_)
                    | FriError::FinalPolyMismatch
            ))
        )
    };
    for round in 0..proof.input_openings.len() {
        assert!(refused(&|p| p.input_openings[round]
            .opened_values
            .swap(0, 1)));
        assert!(refused(
            &|p| p.input_openings[round].opened_values[0].reverse()
        ));
        assert!(refused(
            &|p| p.input_openings[round].opened_values[3][0][0] += F::ONE
        ));
    }
    for layer in 0..proof.commit_phase_openings.len() {
        assert!(refused(&|p| p.commit_phase_openings[layer]
            .sibling_values
            .swap(0, 1)));
    }
    assert!(refused(&|p| p.final_poly[0] += EF::ONE));
}
