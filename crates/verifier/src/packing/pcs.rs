//! The polynomial commitment scheme of a proof, as p3 asks for one.

use alloc::vec::Vec;

use p3_commit::{CommitmentOpening, Mmcs, OpenedValues, OpeningRequest, UnivariateStarkPcs};
use p3_dft::Radix2DitParallel;
use p3_field::coset::TwoAdicMultiplicativeCoset;
use p3_field::{PrimeCharacteristicRing, TwoAdicField};
use p3_fri::verifier::FriError;
use p3_fri::{BatchMultiOpening, FriParameters, FriProof};
use p3_matrix::dense::RowMajorMatrix;
use thiserror::Error;
use vouch_air::F;

use super::layout::{Kind, Packing};
use super::reference::{Committed, ReferenceError};
use super::{reference, verify};
use crate::config::{ChallengeField, ChallengeMmcs, Challenger, ValueMmcs, fri, value_mmcs};
use crate::profile::Parameters;

/// A coset of a subgroup, which columns are given on.
pub type Domain = TwoAdicMultiplicativeCoset<F>;
/// The root of a Merkle tree.
pub type Commitment = <ValueMmcs as Mmcs<F>>::Commitment;
/// That the columns have the values they are claimed to have: p3's proof, whose rows are those of packs. Of every
/// query, a row for each group of a round.
pub type OpeningProof<EF> =
    FriProof<EF, ChallengeMmcs<EF>, F, Vec<BatchMultiOpening<F, ValueMmcs>>>;
/// What p3's Merkle trees say.
pub(super) type TreeError = <ValueMmcs as Mmcs<F>>::Error;

/// Commits to columns in packs of one layout, and opens them.
#[derive(Clone, Debug)]
pub struct PackedPcs<EF: ChallengeField> {
    pub(super) packing: Packing,
    pub(super) fri: FriParameters<ChallengeMmcs<EF>>,
    pub(super) mmcs: ValueMmcs,
    pub(super) dft: Radix2DitParallel<F>,
}

/// Why openings prove nothing.
#[derive(Debug, Error)]
pub enum OpeningError {
    /// They are of other columns than the layout has.
    #[error("opened are other {what} than the layout has")]
    Claims {
        /// What differs.
        what: &'static str,
    },
    /// The value of a challenge column is one challenge; the places of its other coordinates are not 0.
    #[error("the value of a column of challenges is not one challenge")]
    Coordinates,
    /// FRI, or a Merkle tree.
    #[error(transparent)]
    Fri(#[from] FriError<TreeError, TreeError>),
}

impl<EF: ChallengeField> PackedPcs<EF> {
    /// The scheme for proofs with `parameters` and the layout `packing`.
    pub fn new(parameters: &Parameters, packing: Packing) -> Self {
        Self {
            packing,
            fri: fri(parameters),
            mmcs: value_mmcs(),
            dft: Radix2DitParallel::default(),
        }
    }

    /// The layout.
    pub const fn packing(&self) -> &Packing {
        &self.packing
    }
}

impl<EF: ChallengeField> p3_commit::Pcs<EF, Challenger> for PackedPcs<EF> {
    type Domain = Domain;
    type Commitment = Commitment;
    type ProverData = Committed;
    type Proof = OpeningProof<EF>;
    type Error = OpeningError;
    type ProverError = ReferenceError;

    fn natural_domain_for_degree(&self, degree: usize) -> Domain {
        let log_size = degree.trailing_zeros().try_into().unwrap_or(usize::MAX);
        Domain::new(F::ONE, log_size)
            .expect("heights are checked to be within the field's two-adicity")
    }

    fn commit(
        &self,
        columns: impl IntoIterator<Item = (Domain, RowMajorMatrix<F>)>,
    ) -> Result<(Commitment, Committed), ReferenceError> {
        reference::commit(self, &[Kind::Main, Kind::LogUp], columns)
    }

    fn open(
        &self,
        rounds: Vec<OpeningRequest<'_, Committed, EF>>,
        challenger: &mut Challenger,
    ) -> Result<(OpenedValues<EF>, OpeningProof<EF>), ReferenceError> {
        reference::open(self, &rounds, challenger)
    }

    fn verify(
        &self,
        claims: Vec<CommitmentOpening<EF, Commitment, Domain>>,
        proof: &OpeningProof<EF>,
        challenger: &mut Challenger,
    ) -> Result<(), OpeningError> {
        verify::verify(self, &claims, proof, challenger)
    }
}

impl<EF: ChallengeField> UnivariateStarkPcs<EF, Challenger> for PackedPcs<EF> {
    type EvaluationsOnDomain<'a> = RowMajorMatrix<F>;

    const ZK: bool = false;

    fn log_max_trace_height(&self) -> usize {
        F::TWO_ADICITY
    }

    fn log_min_trace_height(&self) -> usize {
        0
    }

    fn commit_preprocessing(
        &self,
        columns: impl IntoIterator<Item = (Domain, RowMajorMatrix<F>)>,
    ) -> Result<(Commitment, Committed), ReferenceError> {
        reference::commit(self, &[Kind::Fixed], columns)
    }

    /// The chunks by their values on the tables' own domains; [`Self::commit_ldes`] extends them.
    fn get_quotient_ldes(
        &self,
        chunks: impl IntoIterator<Item = (Domain, RowMajorMatrix<F>)>,
        _: usize,
    ) -> Result<Vec<RowMajorMatrix<F>>, ReferenceError> {
        Ok(reference::on_subgroups(self, chunks))
    }

    fn commit_ldes(
        &self,
        chunks: Vec<RowMajorMatrix<F>>,
    ) -> Result<(Commitment, Committed), ReferenceError> {
        use p3_matrix::Matrix as _;
        let domain = |chunk: &RowMajorMatrix<F>| {
            <Self as p3_commit::Pcs<_, _>>::natural_domain_for_degree(self, chunk.height())
        };
        let columns = chunks.into_iter().map(|chunk| (domain(&chunk), chunk));
        reference::commit(self, &[Kind::Quotient], columns)
    }

    fn get_evaluations_on_domain(
        &self,
        committed: &Committed,
        matrix: usize,
        domain: Domain,
    ) -> RowMajorMatrix<F> {
        committed.on_domain(&self.dft, matrix, domain.shift(), domain.size())
    }
}
