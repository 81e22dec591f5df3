//! How long the lists of a proof are, checked on its bytes before anything is decoded.
//!
//! Which tables a proof holds and how high they are decides every length in it, but for the digests
//! that authenticate rows, which are bounded. [`Shape::check`] walks the encoding, keeps nothing and
//! compares; it costs a small part of what any proof of these lengths costs, and what is not a
//! proof's skeleton goes no further. Lengths and options have one encoding here, the shortest, and
//! elements have one for the decoder: what passes both is the only encoding of its proof.

use alloc::vec::Vec;

use p3_air::BaseAir;
use p3_fri::fold_schedule;
use vouch_air::tables::{Instance, Table};

const LOG_FINAL_POLY_LEN: usize = 0;
use crate::layout::TableShape;
use crate::profile::Parameters;
use crate::walk::{BROKEN, DIGEST, ELEMENT, LENGTH, ROOTS, Walk, Walked};

/// Coefficients of the final polynomial.
const FINAL_POLY: usize = 1 << LOG_FINAL_POLY_LEN;
/// Bytes before the number of tables opened: three commitments, one of them optional, and the option of a
/// fourth.
const HEAD: usize = 3 * (1 + ROOTS * DIGEST) + 2;
/// Bytes after the heights: the nonce of the LogUp challenges, which is optional, and that of the
/// out-of-domain point.
const TAIL: usize = 1 + ELEMENT + ELEMENT;

/// What of a profile decides lengths.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    /// Elements of BabyBear in a challenge.
    degree: usize,
    /// Queries of FRI.
    queries: usize,
    /// Inverse rate, log2.
    log_blowup: usize,
    /// Largest folding arity, log2.
    max_log_arity: usize,
    /// Of every table, in the order of [`Table::ALL`].
    columns: Vec<Columns>,
}

/// The columns of a table, in elements of BabyBear.
#[derive(Clone, Copy, Debug)]
struct Columns {
    main: usize,
    /// The next row of main columns is opened.
    has_next: bool,
    fixed: usize,
    /// The next row of fixed columns is opened.
    has_next_fixed: bool,
    logup: usize,
    /// Quotient chunks, of a challenge each.
    chunks: usize,
}

/// A list of matrices that one commitment is to: the width of each, in elements of BabyBear.
struct Batch {
    widths: Vec<usize>,
    log_height: usize,
}

impl Shape {
    /// The shape of proofs with these parameters, of tables of these shapes.
    pub(crate) fn new(parameters: &Parameters, shapes: &[TableShape]) -> Self {
        let degree = parameters.extension.degree();
        let columns = |(table, shape): (Table, &TableShape)| {
            let instance = Instance::new(table, 0, &[]);
            Columns {
                main: shape.width,
                has_next: !instance.main_next_row_columns().is_empty(),
                fixed: shape.fixed,
                has_next_fixed: shape.fixed > 0
                    && !instance.preprocessed_next_row_columns().is_empty(),
                logup: degree * (shape.logup_columns + 1),
                chunks: shape.quotient_chunks,
            }
        };
        Self {
            degree,
            queries: parameters.queries,
            log_blowup: parameters.log_blowup,
            max_log_arity: parameters.max_log_arity,
            columns: Table::ALL.into_iter().zip(shapes).map(columns).collect(),
        }
    }

    /// The degree of the constraints of `table`, which has as many quotient chunks as that needs.
    pub(crate) fn degree(&self, table: Table) -> usize {
        let columns = self.of([table]).next();
        columns.map_or(1, |columns| columns.chunks) + 1
    }

    fn of(&self, tables: impl IntoIterator<Item = Table>) -> impl Iterator<Item = &Columns> {
        let at = |table| Table::ALL.into_iter().position(|other| other == table);
        let found = tables.into_iter().filter_map(at);
        found.filter_map(|i| self.columns.get(i))
    }

    /// Walks `proof`, the encoding of a p3-batch-stark `BatchProof` by postcard, which holds
    /// `tables` of these heights, log2.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn check(&self, proof: &[u8], tables: &[Table], heights: &[usize]) -> Walked {
        let columns: Vec<Columns> = self.of(tables.iter().copied()).copied().collect();
        let mut walk = Walk::new(proof);
        // Of main columns, LogUp columns and quotients; the last is of zero-knowledge proofs.
        walk.commitment()?;
        walk.option(true)?;
        walk.commitment()?;
        walk.commitment()?;
        walk.option(false)?;
        walk.length(columns.len())?;
        for table in &columns {
            self.opened_values(&mut walk, table)?;
        }
        self.opening_proof(&mut walk, &columns, heights)?;
        // Terminals.
        walk.length(columns.len())?;
        for _ in &columns {
            walk.option(true)?;
            walk.skip(self.degree * ELEMENT)?;
        }
        walk.length(heights.len())?;
        for &height in heights {
            walk.length(height)?;
        }
        walk.option(true)?;
        walk.elements(2)?;
        walk.finish()
    }

    /// The values of a table at the out-of-domain point and next to it.
    fn opened_values(&self, walk: &mut Walk<'_>, table: &Columns) -> Walked {
        let row = |walk: &mut Walk<'_>, length| {
            walk.length(length)?;
            walk.elements(length * self.degree)
        };
        let optional = |walk: &mut Walk<'_>, is_there, length| {
            walk.option(is_there)?;
            match is_there {
                true => row(walk, length),
                false => Ok(()),
            }
        };
        row(walk, table.main)?;
        optional(walk, table.has_next, table.main)?;
        optional(walk, table.fixed > 0, table.fixed)?;
        optional(walk, table.has_next_fixed, table.fixed)?;
        walk.length(table.chunks)?;
        for _ in 0..table.chunks {
            row(walk, self.degree)?;
        }
        // Of zero-knowledge proofs.
        walk.option(false)?;
        row(walk, table.logup)?;
        row(walk, table.logup)
    }

    /// FRI: `FriProof`.
    fn opening_proof(&self, walk: &mut Walk<'_>, tables: &[Columns], heights: &[usize]) -> Walked {
        let log_arities = self.log_arities(heights);
        let rounds = log_arities.len();
        walk.elements(1)?;
        walk.length(rounds)?;
        for _ in 0..rounds {
            walk.commitment()?;
        }
        walk.length(rounds)?;
        walk.elements(rounds)?;
        let batches = self.batches(tables, heights);
        walk.length(batches.len())?;
        for batch in &batches {
            self.rows(walk, batch)?;
        }
        walk.length(rounds)?;
        let mut log_height = self.tallest(heights);
        for log_arity in log_arities {
            log_height = log_height.saturating_sub(log_arity);
            self.round(walk, (1 << log_arity) - 1, log_height)?;
        }
        walk.length(FINAL_POLY)?;
        walk.elements(FINAL_POLY * self.degree)?;
        walk.elements(1)
    }

    /// Height of the tree over the tallest table, log2.
    fn tallest(&self, heights: &[usize]) -> usize {
        heights.iter().fold(0, |most, &height| most.max(height)) + self.log_blowup
    }

    /// By how much each round folds, log2.
    fn log_arities(&self, heights: &[usize]) -> Vec<usize> {
        let mut domains: Vec<usize> = heights.iter().map(|h| h + self.log_blowup).collect();
        domains.sort_unstable_by(|a, b| b.cmp(a));
        domains.dedup();
        let last = self.log_blowup + LOG_FINAL_POLY_LEN;
        fold_schedule(&domains, last, self.max_log_arity)
    }

    /// The commitments that are opened, in the order of a proof: main columns, quotients, fixed
    /// columns if there are any, LogUp columns.
    fn batches(&self, tables: &[Columns], heights: &[usize]) -> Vec<Batch> {
        let chunks = tables.iter().map(|table| table.chunks).sum();
        let fixed = tables
            .iter()
            .zip(heights)
            .filter(|(table, _)| table.fixed > 0);
        let (fixed, fixed_heights): (Vec<_>, Vec<_>) =
            fixed.map(|(table, &height)| (table.fixed, height)).unzip();
        let batch = |widths, heights| Batch {
            widths,
            log_height: self.tallest(heights),
        };
        let mut batches = Vec::from([
            batch(tables.iter().map(|table| table.main).collect(), heights),
            batch(alloc::vec![self.degree; chunks], heights),
            batch(fixed, &fixed_heights),
            batch(tables.iter().map(|table| table.logup).collect(), heights),
        ]);
        batches.retain(|batch| !batch.widths.is_empty());
        batches
    }

    /// The rows of a commitment's matrices at all queries.
    fn rows(&self, walk: &mut Walk<'_>, batch: &Batch) -> Walked {
        walk.length(self.queries)?;
        for _ in 0..self.queries {
            walk.length(batch.widths.len())?;
            for &width in &batch.widths {
                walk.length(width)?;
                walk.elements(width)?;
            }
        }
        self.paths(walk, batch.log_height)
    }

    /// The values of a folding round at all queries, but for those that are known.
    fn round(&self, walk: &mut Walk<'_>, siblings: usize, log_height: usize) -> Walked {
        walk.length(self.queries)?;
        for _ in 0..self.queries {
            walk.length(siblings)?;
            walk.elements(siblings * self.degree)?;
        }
        self.paths(walk, log_height)
    }

    /// The digests that authenticate all queries of a tree: a path each, but for what they share.
    fn paths(&self, walk: &mut Walk<'_>, log_height: usize) -> Walked {
        let digests = walk.length_up_to(self.queries * log_height)?;
        walk.skip(digests.saturating_mul(DIGEST))
    }
}

/// How many tables `proof` opens, as it says; 0 if it is too short to say so.
pub(crate) fn opened_tables(proof: &[u8]) -> usize {
    proof.get(HEAD).copied().map_or(0, usize::from)
}

/// The heights, log2, of the `tables` tables of `proof`, as it says: they stand before its end. None
/// of them is known to be one.
///
/// # Errors
/// There are not as many.
pub(crate) fn heights(proof: &[u8], tables: usize) -> Walked<Vec<usize>> {
    // A number below 128 is a byte, and the number of tables comes first.
    let end = proof.len().checked_sub(TAIL).ok_or(BROKEN)?;
    let start = end.checked_sub(tables).ok_or(BROKEN)?;
    let count = start.checked_sub(1).and_then(|at| proof.get(at));
    if count.copied().map(usize::from) != Some(tables) {
        return Err(LENGTH);
    }
    let heights = proof.iter().skip(start).take(tables);
    Ok(heights.copied().map(usize::from).collect())
}

#[cfg(test)]
mod tests {
    use vouch_air::machine::MAX_LOG_HEIGHT;

    use super::*;
    use crate::profile::Profile;
    use crate::segment::MAX_PROOF_BYTES;

    /// Commitments that are opened: main columns, quotients, fixed columns, LogUp columns.
    const BATCHES: usize = 4;

    /// Digests that `queries` leaves of a tree of `2^log_height` need at most: a sibling for
    /// each at every level, as long as there are as many.
    fn siblings(queries: usize, log_height: usize) -> usize {
        (0..log_height).map(|level| queries.min(1 << level)).sum()
    }

    /// Bytes that the largest proof of `profile` takes, at most: every table present, as high as
    /// it may be, and a folding round for each halving.
    fn largest(profile: Profile) -> usize {
        let parameters = profile.parameters();
        let (degree, queries) = (parameters.extension.degree(), parameters.queries);
        // A length takes two bytes at most, but for the one of all digests of a tree.
        let length = 2;
        let tree = |log_height| {
            let digests = siblings(queries, log_height + parameters.log_blowup);
            DIGEST * (ROOTS + digests) + 2 * length
        };
        let mut bytes = 0;
        for table in Table::ALL {
            let shape = TableShape::of(table);
            let logup = degree * (shape.logup_columns + 1);
            let quotients = degree * shape.quotient_chunks;
            let row = ELEMENT * (shape.width + shape.fixed + logup + quotients);
            // The next row of main columns is there for one table, and is allowed for in all.
            let opened = degree * ELEMENT * (2 * shape.width + shape.fixed + 2 * logup + quotients);
            let lists = length * (3 + shape.quotient_chunks);
            bytes += opened + queries * (row + lists) + 10 * length;
            // Terminal and height.
            bytes += 1 + degree * ELEMENT + 1;
        }
        bytes += BATCHES * (tree(MAX_LOG_HEIGHT) + queries * length);
        for log_height in 0..MAX_LOG_HEIGHT {
            bytes += tree(log_height) + queries * (length + degree * ELEMENT) + ELEMENT;
        }
        bytes + 10 * ELEMENT + degree * ELEMENT
    }

    #[test]
    fn the_largest_proof_is_read() {
        for profile in Profile::ALL {
            let bytes = largest(profile);
            assert!(bytes <= MAX_PROOF_BYTES, "{profile:?}: {bytes}");
        }
    }
}
