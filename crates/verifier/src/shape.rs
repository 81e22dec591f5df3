//! How long the lists of a proof can be, checked on its bytes before anything is decoded.
//!
//! A list of empty lists takes a byte an item in a proof and two dozen in memory, so decoding
//! comes after bounding. [`Shape::check`] walks the encoding, keeps nothing and compares each
//! length with the greatest that any proof of the profile has. It says nothing about what a
//! proof means: lengths that fit this proof rather than any, and every value, are left to the
//! decoder and to p3.

use p3_lookup::Lookups;
use vouch_air::F;
use vouch_air::columns::width;
use vouch_air::machine::MAX_LOG_HEIGHT;
use vouch_air::tables::{Table, lookup};

use crate::config::LOG_FINAL_POLY_LEN;
use crate::layout::CONSTRAINT_DEGREE;
use crate::profile::Parameters;

/// Bytes of an element of BabyBear.
const ELEMENT: usize = 4;
/// Bytes of a Blake3 digest.
const DIGEST: usize = 32;
/// Digests in a commitment: the root of a tree.
const ROOTS: usize = 1;
/// Commitments that are opened: main columns, quotients, fixed columns, LogUp columns.
const BATCHES: usize = 4;

/// The greatest lengths of a profile's proofs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Elements of BabyBear in a challenge.
    degree: usize,
    /// Columns of the widest matrix: main columns, or LogUp columns flattened to BabyBear.
    columns: usize,
    /// Quotient chunks of a table; each is a matrix.
    chunks: usize,
    /// Queries of FRI.
    queries: usize,
    /// Folding rounds: each halves the height at least once.
    rounds: usize,
    /// Values of a folding round at a query, beside the one that is known.
    siblings: usize,
    /// Digests that authenticate all queries of a tree: a path each.
    paths: usize,
    /// Coefficients of the final polynomial.
    final_poly: usize,
}

type Walked = Result<(), &'static str>;

impl Shape {
    /// The shape of proofs with these parameters; `lookups` are the LogUp columns of each
    /// table, but for the running sum.
    pub(crate) fn new(parameters: &Parameters, lookups: &[Lookups<F>]) -> Self {
        let degree = parameters.extension.degree();
        let logup = lookups.iter().map(|lookups| degree * (lookups.len() + 1));
        let main = Table::ALL.into_iter().map(Table::width);
        let fixed = width::<F, lookup::Fixed<F>>();
        Self {
            degree,
            columns: main.chain(logup).chain([fixed, degree]).fold(0, usize::max),
            chunks: CONSTRAINT_DEGREE - 1,
            queries: parameters.queries,
            rounds: MAX_LOG_HEIGHT,
            siblings: (1 << parameters.max_log_arity) - 1,
            paths: parameters.queries * (MAX_LOG_HEIGHT + parameters.log_blowup),
            final_poly: 1 << LOG_FINAL_POLY_LEN,
        }
    }

    /// Walks `proof`, the encoding of a p3-batch-stark `BatchProof` by postcard.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn check(&self, proof: &[u8]) -> Walked {
        let mut walk = Walk { rest: proof };
        self.commitments(&mut walk)?;
        walk.list(Table::ALL.len(), |walk| self.opened_values(walk))?;
        self.opening_proof(&mut walk)?;
        let terminal = |walk: &mut Walk<'_>| walk.option(|walk| self.challenge(walk));
        walk.list(Table::ALL.len(), terminal)?;
        walk.list(Table::ALL.len(), |walk| walk.number().map(drop))?;
        // Nonces of the LogUp challenges and of the out-of-domain point.
        walk.option(element)?;
        element(&mut walk)?;
        match walk.rest {
            [] => Ok(()),
            _ => Err("bytes follow it"),
        }
    }

    /// Of main columns, LogUp columns and quotients; the last is of zero-knowledge proofs.
    fn commitments(&self, walk: &mut Walk<'_>) -> Walked {
        commitment(walk)?;
        walk.option(commitment)?;
        commitment(walk)?;
        walk.option(commitment)
    }

    /// The values of a table at the out-of-domain point and next to it.
    fn opened_values(&self, walk: &mut Walk<'_>) -> Walked {
        let row = |walk: &mut Walk<'_>| walk.list(self.columns, |walk| self.challenge(walk));
        row(walk)?;
        // The next row; the fixed columns and their next row.
        for _ in 0..3 {
            walk.option(row)?;
        }
        walk.list(self.chunks, row)?;
        // Of zero-knowledge proofs.
        walk.option(row)?;
        // LogUp columns.
        row(walk)?;
        row(walk)
    }

    /// FRI: `FriProof`.
    fn opening_proof(&self, walk: &mut Walk<'_>) -> Walked {
        element(walk)?;
        walk.list(self.rounds, commitment)?;
        walk.list(self.rounds, element)?;
        walk.list(BATCHES, |walk| self.rows(walk))?;
        walk.list(self.rounds, |walk| self.round(walk))?;
        walk.list(self.final_poly, |walk| self.challenge(walk))?;
        element(walk)
    }

    /// The rows of a commitment's matrices at all queries.
    fn rows(&self, walk: &mut Walk<'_>) -> Walked {
        let matrices = Table::ALL.len() * self.chunks;
        let row = |walk: &mut Walk<'_>| walk.list(self.columns, element);
        walk.list(self.queries, |walk| walk.list(matrices, row))?;
        walk.list(self.paths, digest)
    }

    /// The values of a folding round at all queries.
    fn round(&self, walk: &mut Walk<'_>) -> Walked {
        walk.list(self.queries, |walk| {
            walk.list(self.siblings, |walk| self.challenge(walk))
        })?;
        walk.list(self.paths, digest)
    }

    fn challenge(&self, walk: &mut Walk<'_>) -> Walked {
        walk.skip(self.degree * ELEMENT)
    }
}

fn element(walk: &mut Walk<'_>) -> Walked {
    walk.skip(ELEMENT)
}

fn digest(walk: &mut Walk<'_>) -> Walked {
    walk.skip(DIGEST)
}

fn commitment(walk: &mut Walk<'_>) -> Walked {
    walk.list(ROOTS, digest)
}

/// Goes over the values of an encoding, front to back.
struct Walk<'a> {
    rest: &'a [u8],
}

/// What is wrong with bytes that end too early or encode no number.
const BROKEN: &str = "it does not decode";

impl Walk<'_> {
    fn skip(&mut self, bytes: usize) -> Walked {
        self.rest = self.rest.get(bytes..).ok_or(BROKEN)?;
        Ok(())
    }

    fn number(&mut self) -> Result<usize, &'static str> {
        let (number, rest) = postcard::take_from_bytes(self.rest).map_err(|_| BROKEN)?;
        self.rest = rest;
        Ok(number)
    }

    /// A list of at most `most` items.
    fn list(&mut self, most: usize, mut item: impl FnMut(&mut Self) -> Walked) -> Walked {
        let length = self.number()?;
        if length > most {
            return Err("a list is longer than in any proof");
        }
        (0..length).try_for_each(|_| item(self))
    }

    /// A value or none.
    fn option(&mut self, value: impl FnOnce(&mut Self) -> Walked) -> Walked {
        let (&is_some, rest) = self.rest.split_first().ok_or(BROKEN)?;
        self.rest = rest;
        match is_some {
            0 => Ok(()),
            1 => value(self),
            _ => Err(BROKEN),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::TableShape;
    use crate::profile::Profile;
    use crate::segment::MAX_PROOF_BYTES;

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
