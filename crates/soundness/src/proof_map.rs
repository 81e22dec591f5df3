//! Where everything is in the bytes of a proof. Written from what docs/receipt.md says, not by the verifier's code; the
//! layout of columns is `Packing`, which docs/packing.md describes and tests of its own look at.

use std::ops::Range;
use vouch_air::tables::Table;
use vouch_verifier::config::{ChallengeField, Proof};
use vouch_verifier::packing::{Class, Kind, Packing, TableColumns};
use vouch_verifier::{Key, Parameters, Profile, SegmentReceipt, TableShape, decode_proof};

/// Bytes of an element of BabyBear.
pub const ELEMENT: usize = 4;
/// Bytes of a digest.
pub const DIGEST: usize = 32;
/// Bytes of a number of digests.
pub const COUNT: usize = 2;

/// What bytes stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Heights, log2, a byte each.
    Heights,
    /// Numbers of digests, two bytes each.
    Counts,
    /// Digests.
    Digests,
    /// Elements.
    Elements,
}

/// Neighbouring bytes of one kind.
#[derive(Clone, Debug)]
pub struct Section {
    /// What they are. Sections that are alike have one name.
    pub name: String,
    /// What they stand for.
    pub what: What,
    /// Where they are.
    pub range: Range<usize>,
    /// Bytes of an item: of a challenge, say, or of all rows of a query.
    pub item: usize,
}

/// The rows of a Merkle tree that queries open.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Leaves, log2.
    pub log_height: usize,
    /// Bytes of a query's rows.
    pub row: usize,
    /// Where in these each group's is.
    pub groups: Vec<Range<usize>>,
    /// The rows, query by query.
    pub rows: Range<usize>,
    /// Its digests.
    pub digests: Range<usize>,
    /// Where their number is.
    pub count: usize,
}

/// The claims about a matrix at a point.
#[derive(Clone, Debug)]
pub struct Claims {
    /// The round, and the matrix of it.
    pub place: (usize, usize),
    /// At the point of the next row.
    pub at_next: bool,
    /// Where they are, a challenge a column.
    pub range: Range<usize>,
}

/// A proof that is mapped.
#[derive(Clone, Debug)]
pub struct Map {
    /// Whose parameters its lengths follow.
    pub profile: Profile,
    /// Its tables with their heights, log2.
    pub tables: Vec<(Table, usize)>,
    /// Where its columns are.
    pub packing: Packing,
    /// All of it, in order.
    pub sections: Vec<Section>,
    /// Claims by round, matrix and point.
    pub claims: Vec<Claims>,
    /// The commitments, in p3's order.
    pub rounds: Vec<Tree>,
    /// FRI's.
    pub layers: Vec<Tree>,
    /// Its bytes.
    pub length: usize,
}

/// The layout of a proof of these tables.
pub fn packing(profile: Profile, tables: &[(Table, usize)]) -> Packing {
    let columns = |&(table, height): &(Table, usize)| {
        (TableColumns::new(table, &TableShape::of(table)), height)
    };
    let tables: Vec<_> = tables.iter().map(columns).collect();
    Packing::new(&profile.parameters(), &tables)
}

/// The tables of a segment with the heights that its proof says, log2.
pub fn tables_of(segment: &SegmentReceipt) -> Vec<(Table, usize)> {
    let heights = segment.proof.iter().map(|&height| height.into());
    segment.tables.tables().zip(heights).collect()
}

/// The proof of a segment, and its layout.
///
/// # Panics
/// If it does not decode: it is honest.
pub fn decoded<EF: ChallengeField>(
    profile: Profile,
    segment: &SegmentReceipt,
) -> (Proof<EF>, Packing) {
    let (tables, heights): (Vec<_>, Vec<_>) = tables_of(segment).into_iter().unzip();
    let key = Key::<EF>::new(profile).expect("the profile's degree");
    let packing = key.packing(&tables, &heights);
    let proof = decode_proof(&segment.proof, &packing).expect("an honest proof");
    (proof, packing)
}

impl Map {
    /// Of a segment's proof, whose beginning is that of a proof of its tables.
    pub fn of(profile: Profile, segment: &SegmentReceipt) -> Self {
        let proof = &segment.proof;
        let first = segment.tables.tables().count();
        let count = |tree: usize| {
            let at = first + COUNT * tree;
            let bytes = proof.get(at..at + COUNT).and_then(<[u8]>::first_chunk);
            bytes.map_or(0, |bytes| u16::from_le_bytes(*bytes).into())
        };
        Self::new(profile, tables_of(segment), count)
    }

    /// Of a proof of these tables, with so many digests for each of its trees: rounds, then layers.
    pub fn new(
        profile: Profile,
        tables: Vec<(Table, usize)>,
        digests: impl Fn(usize) -> usize,
    ) -> Self {
        let packing = packing(profile, &tables);
        let mut map = Self {
            profile,
            tables,
            packing,
            sections: Vec::new(),
            claims: Vec::new(),
            rounds: Vec::new(),
            layers: Vec::new(),
            length: 0,
        };
        let parameters = profile.parameters();
        let rounds = map.packing.rounds().len();
        let folds = map.folds();
        map.add("heights", What::Heights, 1, map.tables.len());
        let counts = map.add("numbers of digests of rounds", What::Counts, COUNT, rounds);
        let layers = folds.len();
        map.add("numbers of digests of layers", What::Counts, COUNT, layers);
        map.add("roots", What::Digests, DIGEST, 3);
        map.add("nonce of the LogUp challenges", What::Elements, ELEMENT, 1);
        map.add("nonce of the point", What::Elements, ELEMENT, 1);
        let challenge = ELEMENT * map.degree();
        map.add("sums", What::Elements, challenge, map.tables.len());
        map.add_claims();
        map.add("nonce of batching", What::Elements, ELEMENT, 1);
        for _ in &folds {
            map.add("roots of layers", What::Digests, DIGEST, 1);
            map.add("nonces of layers", What::Elements, ELEMENT, 1);
        }
        let final_poly = 1 << parameters.log_final_poly;
        map.add("final polynomial", What::Elements, challenge, final_poly);
        map.add("nonce of the queries", What::Elements, ELEMENT, 1);
        for i in 0..rounds {
            let tree = map.round(i, counts.start + COUNT * i, digests(i));
            map.rounds.push(tree);
        }
        let mut log_height = map.packing.top() + parameters.log_blowup;
        for (i, fold) in folds.into_iter().enumerate() {
            log_height -= fold;
            let row = challenge * ((1 << fold) - 1);
            let at = counts.end + COUNT * i;
            let names = ("siblings", "digests of layers");
            let group = std::iter::once(0..row).collect();
            let tree = map.tree(names, log_height, group, at, digests(rounds + i));
            map.layers.push(tree);
        }
        map
    }

    /// Its parameters.
    pub fn parameters(&self) -> Parameters {
        self.profile.parameters()
    }

    /// Elements of a challenge.
    pub fn degree(&self) -> usize {
        self.parameters().extension.degree()
    }

    /// Its trees, rounds first.
    pub fn trees(&self) -> impl Iterator<Item = &Tree> {
        self.rounds.iter().chain(&self.layers)
    }

    /// A proof that is zeros but for its heights and numbers of digests.
    pub fn zeros(&self) -> Vec<u8> {
        let mut proof = vec![0; self.length];
        for (byte, (_, height)) in proof.iter_mut().zip(&self.tables) {
            *byte = u8::try_from(*height).unwrap_or(u8::MAX);
        }
        for tree in self.trees() {
            let count = (tree.digests.len() / DIGEST) as u16;
            proof[tree.count..][..COUNT].copy_from_slice(&count.to_le_bytes());
        }
        proof
    }

    /// The claim about a column of a class, at the point or at that of the next row.
    pub fn claim(&self, round: usize, class: &Class, column: usize, at_next: bool) -> Range<usize> {
        let challenge = ELEMENT * self.degree();
        let matrices = class.matrices.iter().flat_map(|&matrix| {
            let of = move |claims: &&Claims| {
                claims.place == (round, matrix) && claims.at_next == at_next
            };
            self.claims.iter().filter(of)
        });
        let mut claims = matrices.flat_map(|claims| claims.range.clone().step_by(challenge));
        let start = claims.nth(column).unwrap_or(0);
        start..start + challenge
    }

    fn add(&mut self, name: &str, what: What, item: usize, count: usize) -> Range<usize> {
        let range = self.length..self.length + item * count;
        self.length = range.end;
        if !range.is_empty() {
            self.sections.push(Section {
                name: name.to_owned(),
                what,
                range: range.clone(),
                item,
            });
        }
        range
    }

    /// Main columns of each table, and of one table their next row; each chunk of each table; fixed columns; LogUp
    /// columns of each table, and their next row.
    fn add_claims(&mut self) {
        let challenge = ELEMENT * self.degree();
        let shapes: Vec<(Table, TableShape)> = { self.tables.iter() }
            .map(|&(table, _)| (table, TableShape::of(table)))
            .collect();
        let rounds: Vec<Kind> = self
            .packing
            .rounds()
            .iter()
            .map(|round| round.kind)
            .collect();
        for (i, kind) in rounds.into_iter().enumerate() {
            let columns = shapes.iter().flat_map(|(table, shape)| match kind {
                Kind::Main => vec![(shape.width, *table == Table::Claim)],
                Kind::Quotient => vec![(1, false); shape.quotient_chunks],
                Kind::Fixed if shape.fixed == 0 => vec![],
                Kind::Fixed => vec![(shape.fixed, false)],
                Kind::LogUp => vec![(shape.logup_columns + 1, true)],
            });
            let columns: Vec<(usize, bool)> = columns.collect();
            for (matrix, (columns, has_next)) in columns.into_iter().enumerate() {
                for at_next in [false, true].into_iter().take(1 + usize::from(has_next)) {
                    let next = if at_next { ", next row" } else { "" };
                    let name = format!("claims of {kind:?} columns{next}");
                    let range = self.add(&name, What::Elements, challenge, columns);
                    self.claims.push(Claims {
                        place: (i, matrix),
                        at_next,
                        range,
                    });
                }
            }
        }
    }

    fn round(&mut self, i: usize, count: usize, digests: usize) -> Tree {
        let round = &self.packing.rounds()[i];
        let cells = self.packing.cells(round.kind);
        let mut end = 0;
        let groups = round.groups.iter().map(|group| {
            let start = end;
            end += ELEMENT * cells * group.packs;
            start..end
        });
        let groups: Vec<Range<usize>> = groups.collect();
        let level = round.groups.iter().map(|group| group.level()).max();
        let log_height = level.unwrap_or(0) + self.parameters().log_blowup;
        let rows = format!("rows of {:?} columns", round.kind);
        let paths = format!("digests of {:?} columns", round.kind);
        self.tree((&rows, &paths), log_height, groups, count, digests)
    }

    fn tree(
        &mut self,
        (rows, paths): (&str, &str),
        log_height: usize,
        groups: Vec<Range<usize>>,
        count: usize,
        digests: usize,
    ) -> Tree {
        let row = groups.last().map_or(0, |group| group.end);
        let queries = self.parameters().queries;
        Tree {
            log_height,
            row,
            groups,
            rows: self.add(rows, What::Elements, row, queries),
            digests: self.add(paths, What::Digests, DIGEST, digests),
            count,
        }
    }

    /// By how much FRI folds each time, log2: as far as it may, but not past a level at which others come in.
    fn folds(&self) -> Vec<usize> {
        let parameters = self.parameters();
        let levels = self.packing.levels().iter().map(|level| level.log_height);
        let stops: Vec<usize> = levels.chain([parameters.log_final_poly]).collect();
        let between = stops.windows(2).flat_map(|pair| {
            let mut left = pair[0] - pair[1];
            std::iter::from_fn(move || {
                let fold = left.min(parameters.max_log_arity);
                left -= fold;
                (fold > 0).then_some(fold)
            })
        });
        between.collect()
    }
}
