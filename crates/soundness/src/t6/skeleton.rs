//! Proofs of nothing but lengths: every list as long as its tables and heights make it, every element
//! zero. Written from what docs/receipt.md says of a proof's lists, not by the verifier's code.

use vouch_air::tables::Table;
use vouch_verifier::{Parameters, Profile, TableShape};

/// Bytes of an element of BabyBear.
const ELEMENT: usize = 4;
/// Bytes of a digest.
const DIGEST: usize = 32;

/// What a skeleton is of.
#[derive(Clone, Debug)]
pub struct Skeleton {
    /// Whose parameters its lengths follow.
    pub profile: Profile,
    /// Its tables, in the order of [`Table::ALL`], with their heights, log2.
    pub tables: Vec<(Table, usize)>,
    /// Digests that authenticate each tree's rows: honest proofs have some, for a skeleton none do.
    pub digests: usize,
}

impl Skeleton {
    /// Of these tables, all of this height, log2.
    pub fn of(profile: Profile, tables: &[Table], log_height: usize) -> Self {
        Self {
            profile,
            tables: tables.iter().map(|&table| (table, log_height)).collect(),
            digests: 0,
        }
    }

    /// The encoding of the proof.
    pub fn encoded(&self) -> Vec<u8> {
        let mut out = Out::default();
        out.commitments();
        out.length(self.tables.len());
        for (table, _) in &self.tables {
            self.opened_values(&mut out, *table);
        }
        self.opening_proof(&mut out);
        out.length(self.tables.len());
        for _ in &self.tables {
            out.option(true);
            out.zeros(self.degree() * ELEMENT);
        }
        out.tail(&self.tables);
        out.0
    }

    /// A proof that has as many tables as it should, with their heights, and every other list empty.
    pub fn hollow(&self) -> Vec<u8> {
        let mut out = Out::default();
        out.commitments();
        out.length(self.tables.len());
        // Of a table's values, three may be missing, and the others are lists.
        self.tables.iter().for_each(|_| out.zeros(8));
        // Two nonces around five lists.
        out.zeros(ELEMENT);
        out.zeros(5);
        out.zeros(ELEMENT);
        out.length(self.tables.len());
        self.tables.iter().for_each(|_| out.option(false));
        out.tail(&self.tables);
        out.0
    }

    fn parameters(&self) -> Parameters {
        self.profile.parameters()
    }

    fn degree(&self) -> usize {
        self.parameters().extension.degree()
    }

    fn logup(&self, shape: &TableShape) -> usize {
        self.degree() * (shape.logup_columns + 1)
    }

    fn opened_values(&self, out: &mut Out, table: Table) {
        let shape = TableShape::of(table);
        let challenge = self.degree() * ELEMENT;
        out.list(shape.width, challenge);
        out.option(table == Table::Claim);
        if table == Table::Claim {
            out.list(shape.width, challenge);
        }
        out.option(shape.fixed > 0);
        if shape.fixed > 0 {
            out.list(shape.fixed, challenge);
        }
        out.option(false);
        out.length(shape.quotient_chunks);
        for _ in 0..shape.quotient_chunks {
            out.list(self.degree(), challenge);
        }
        out.option(false);
        out.list(self.logup(&shape), challenge);
        out.list(self.logup(&shape), challenge);
    }

    fn opening_proof(&self, out: &mut Out) {
        let rounds = self.rounds();
        out.zeros(ELEMENT);
        out.length(rounds.len());
        rounds.iter().for_each(|_| out.list(1, DIGEST));
        out.list(rounds.len(), ELEMENT);
        let batches = self.batches();
        out.length(batches.len());
        for widths in &batches {
            out.length(self.parameters().queries);
            for _ in 0..self.parameters().queries {
                out.length(widths.len());
                widths.iter().for_each(|&width| out.list(width, ELEMENT));
            }
            out.list(self.digests, DIGEST);
        }
        out.length(rounds.len());
        for log_arity in rounds {
            out.length(self.parameters().queries);
            for _ in 0..self.parameters().queries {
                out.list((1 << log_arity) - 1, self.degree() * ELEMENT);
            }
            out.list(self.digests, DIGEST);
        }
        out.list(1, self.degree() * ELEMENT);
        out.zeros(ELEMENT);
    }

    /// Widths of the matrices of each commitment.
    fn batches(&self) -> Vec<Vec<usize>> {
        let shapes = || self.tables.iter().map(|(table, _)| TableShape::of(*table));
        let chunks = shapes().map(|shape| shape.quotient_chunks).sum();
        let fixed = shapes().map(|shape| shape.fixed).filter(|&fixed| fixed > 0);
        let mut batches = vec![
            shapes().map(|shape| shape.width).collect(),
            vec![self.degree(); chunks],
            fixed.collect(),
            shapes().map(|shape| self.logup(&shape)).collect(),
        ];
        batches.retain(|batch| !batch.is_empty());
        batches
    }

    /// By how much each round folds, log2: as far as it may, but not past a height at which other
    /// tables come in.
    fn rounds(&self) -> Vec<usize> {
        let heights = self.tables.iter().map(|(_, height)| *height);
        let mut height = heights.clone().max().unwrap_or(0);
        let mut rounds = Vec::new();
        while height > 0 {
            let next = heights.clone().filter(|&other| other < height).max();
            let fold = (height - next.unwrap_or(0)).min(self.parameters().max_log_arity);
            rounds.push(fold);
            height -= fold;
        }
        rounds
    }
}

#[derive(Default)]
struct Out(Vec<u8>);

impl Out {
    fn zeros(&mut self, bytes: usize) {
        self.0.resize(self.0.len() + bytes, 0);
    }

    fn option(&mut self, is_there: bool) {
        self.0.push(is_there.into());
    }

    fn length(&mut self, length: usize) {
        let encoded = postcard::to_allocvec(&length).expect("a number encodes");
        self.0.extend(encoded);
    }

    fn list(&mut self, length: usize, bytes: usize) {
        self.length(length);
        self.zeros(length * bytes);
    }

    /// Main columns, LogUp columns, quotients, and none of zero-knowledge proofs.
    fn commitments(&mut self) {
        self.list(1, DIGEST);
        self.option(true);
        self.list(1, DIGEST);
        self.list(1, DIGEST);
        self.option(false);
    }

    /// Heights and the last two nonces.
    fn tail(&mut self, tables: &[(Table, usize)]) {
        self.length(tables.len());
        tables.iter().for_each(|(_, height)| self.length(*height));
        self.option(true);
        self.zeros(2 * ELEMENT);
    }
}
