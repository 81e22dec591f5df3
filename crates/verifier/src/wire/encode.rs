//! From a proof to its bytes.

use alloc::vec::Vec;

use p3_batch_stark::proof::{BatchOpenedValues, OpenedValuesWithLookups};
use p3_field::PrimeField32;
use p3_symmetric::MerkleCap;
use vouch_air::F;

use super::{EncodeError, Lengths};
use crate::config::{ChallengeField, Proof};
use crate::packing::{Packing, TableColumns};

type Root = MerkleCap<F, [u8; 32]>;

/// The one encoding of a proof that has the layout `packing`.
///
/// # Errors
/// [`EncodeError`] if it is not a proof of that layout.
pub fn encode_proof<EF: ChallengeField>(
    proof: &Proof<EF>,
    packing: &Packing,
) -> Result<Vec<u8>, EncodeError> {
    let lengths = Lengths::new(packing);
    let fri = &proof.opening_proof;
    let (rounds, layers) = (lengths.rounds.len(), lengths.layers.len());
    let inputs = exact("openings", &fri.input_openings, rounds)?;
    let folds = exact("openings of layers", &fri.commit_phase_openings, layers)?;
    let paths = inputs.iter().map(|input| &input.opening_proof);
    let paths = paths.chain(folds.iter().map(|fold| &fold.opening_proof));
    let paths: Vec<&[[u8; 32]]> = paths.map(|path| path.sibling_hashes.as_slice()).collect();

    let mut out = Out(Vec::with_capacity(
        lengths.bytes(paths.iter().map(|path| path.len()).sum()),
    ));
    out.heights(&proof.degree_bits, packing)?;
    for path in &paths {
        out.count(path.len())?;
    }
    let commitments = &proof.commitments;
    none("commitment of zero-knowledge proofs", &commitments.random)?;
    out.root(&commitments.main)?;
    out.root(one(
        "commitment to LogUp columns",
        &commitments.permutation,
    )?)?;
    out.root(&commitments.quotient_chunks)?;
    out.element(*one(
        "nonce of the LogUp challenges",
        &proof.lookup_pow_witness,
    )?);
    out.element(proof.ood_pow_witness);
    for terminal in exact("terminals", &proof.lookup_terminals, lengths.tables)? {
        out.challenge(&one("terminal", terminal)?.0);
    }
    out.claims(&proof.opened_values, packing)?;
    out.element(fri.batch_pow_witness);
    let roots = exact("roots of layers", &fri.commit_phase_commits, layers)?;
    let nonces = exact("nonces of layers", &fri.commit_pow_witnesses, layers)?;
    for (root, nonce) in roots.iter().zip(nonces) {
        out.root(root)?;
        out.element(*nonce);
    }
    out.challenges(exact(
        "final polynomial",
        &fri.final_poly,
        lengths.final_poly,
    )?);
    out.element(fri.query_pow_witness);
    let mut paths = paths.into_iter();
    for ((input, tree), path) in inputs.iter().zip(&lengths.rounds).zip(&mut paths) {
        for row in exact("queries", &input.opened_values, lengths.queries)? {
            let matrices = exact("matrices", row, tree.widths.len())?;
            for (cells, &width) in matrices.iter().zip(&tree.widths) {
                exact("row", cells, width)?
                    .iter()
                    .for_each(|cell| out.element(*cell));
            }
        }
        out.digests(path);
    }
    for ((fold, tree), path) in folds.iter().zip(&lengths.layers).zip(paths) {
        let siblings = tree.cells() / EF::DEGREE;
        for row in exact("queries of a layer", &fold.sibling_values, lengths.queries)? {
            out.challenges(exact("siblings", row, siblings)?);
        }
        out.digests(path);
    }
    Ok(out.0)
}

/// The items of a list that must have so many.
fn exact<'a, T>(
    list: &'static str,
    items: &'a [T],
    expected: usize,
) -> Result<&'a [T], EncodeError> {
    match items.len() {
        got if got != expected => Err(EncodeError::List {
            list,
            expected,
            got,
        }),
        _ => Ok(items),
    }
}

/// What must be there.
fn one<'a, T>(list: &'static str, item: &'a Option<T>) -> Result<&'a T, EncodeError> {
    item.as_ref().ok_or(EncodeError::List {
        list,
        expected: 1,
        got: 0,
    })
}

/// What must not be there.
fn none<T>(list: &'static str, item: &Option<T>) -> Result<(), EncodeError> {
    match item {
        None => Ok(()),
        Some(_) => Err(EncodeError::List {
            list,
            expected: 0,
            got: 1,
        }),
    }
}

struct Out(Vec<u8>);

impl Out {
    fn heights(&mut self, heights: &[usize], packing: &Packing) -> Result<(), EncodeError> {
        let of_layout = packing.tables().iter().map(|(_, height)| height);
        if !heights.iter().eq(of_layout) {
            return Err(EncodeError::Heights);
        }
        for &height in heights {
            self.0
                .push(u8::try_from(height).map_err(|_| EncodeError::Heights)?);
        }
        Ok(())
    }

    fn count(&mut self, count: usize) -> Result<(), EncodeError> {
        let number = u16::try_from(count).map_err(|_| EncodeError::List {
            list: "digests",
            expected: u16::MAX.into(),
            got: count,
        })?;
        self.0.extend_from_slice(&number.to_le_bytes());
        Ok(())
    }

    fn digests(&mut self, digests: &[[u8; 32]]) {
        self.0.extend(digests.as_flattened());
    }

    fn root(&mut self, root: &Root) -> Result<(), EncodeError> {
        self.digests(exact("roots of a tree", root.roots(), 1)?);
        Ok(())
    }

    fn element(&mut self, element: F) {
        self.0
            .extend_from_slice(&element.as_canonical_u32().to_le_bytes());
    }

    fn challenge<EF: ChallengeField>(&mut self, challenge: &EF) {
        let cells: &[F] = challenge.as_basis_coefficients_slice();
        cells.iter().for_each(|cell| self.element(*cell));
    }

    fn challenges<EF: ChallengeField>(&mut self, challenges: &[EF]) {
        challenges
            .iter()
            .for_each(|challenge| self.challenge(challenge));
    }

    /// The claims about all columns, commitment by commitment.
    fn claims<EF: ChallengeField>(
        &mut self,
        values: &BatchOpenedValues<EF>,
        packing: &Packing,
    ) -> Result<(), EncodeError> {
        let tables = packing.tables();
        let tables = || tables.iter().map(|(columns, _)| columns);
        let values = exact("tables opened", &values.instances, packing.tables().len())?;
        for (of, columns) in values.iter().zip(tables()) {
            self.main(of, columns)?;
        }
        for (of, columns) in values.iter().zip(tables()) {
            let chunks = &of.base_opened_values.quotient_chunks;
            for chunk in exact("quotient chunks", chunks, columns.chunks)? {
                self.columns(exact("quotient chunk", chunk, EF::DEGREE)?)?;
            }
        }
        for (of, columns) in values.iter().zip(tables()) {
            self.fixed(of, columns)?;
        }
        for (of, columns) in values.iter().zip(tables()) {
            for row in [&of.permutation_local, &of.permutation_next] {
                self.columns(exact("LogUp columns", row, EF::DEGREE * columns.logup)?)?;
            }
        }
        Ok(())
    }

    fn main<EF: ChallengeField>(
        &mut self,
        of: &OpenedValuesWithLookups<EF>,
        columns: &TableColumns,
    ) -> Result<(), EncodeError> {
        let values = &of.base_opened_values;
        none("values of zero-knowledge proofs", &values.random)?;
        self.challenges(exact("main columns", &values.trace_local, columns.main)?);
        let list = "next row of main columns";
        match columns.at_next {
            true => {
                let next = one(list, &values.trace_next)?;
                self.challenges(exact(list, next, columns.main)?);
                Ok(())
            }
            false => none(list, &values.trace_next),
        }
    }

    fn fixed<EF: ChallengeField>(
        &mut self,
        of: &OpenedValuesWithLookups<EF>,
        columns: &TableColumns,
    ) -> Result<(), EncodeError> {
        let (list, values) = ("fixed columns", &of.base_opened_values.preprocessed);
        if columns.fixed == 0 {
            return none(list, values);
        }
        let values = one(list, values)?;
        none("next row of fixed columns", &values.next)?;
        self.challenges(exact(list, &values.local, columns.fixed)?);
        Ok(())
    }

    /// Columns over the challenge field, of which p3 has `EF::DEGREE` coordinates: the claim is the first.
    fn columns<EF: ChallengeField>(&mut self, values: &[EF]) -> Result<(), EncodeError> {
        let claims = values
            .chunks_exact(EF::DEGREE)
            .filter_map(<[_]>::split_first);
        for (claim, rest) in claims {
            if rest.iter().any(|value| *value != EF::ZERO) {
                return Err(EncodeError::Coordinates);
            }
            self.challenge(claim);
        }
        Ok(())
    }
}
