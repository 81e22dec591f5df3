//! Which column is in which pack (docs/packing.md, "The layout"): from the tables of a proof and their
//! heights alone.

use alloc::vec::Vec;
use core::ops::Range;

use p3_field::{Field, PrimeCharacteristicRing};
use vouch_air::F;
use vouch_air::machine::MAX_LOG_HEIGHT;
use vouch_air::tables::{Instance, Table, lookup};

use crate::layout::TableShape;
use crate::profile::{MESSAGES, OPENINGS, Parameters};

/// Most columns of a pack, log2.
pub const LOG_MOST_COLUMNS: usize = 9;
/// The shift of the cosets that columns are extended to, of whatever height: `G^512`.
pub const COSET: F = F::new(762_057_780);
/// Highest level: coefficients of a committed polynomial, log2.
pub const MAX_LEVEL: usize = MAX_LOG_HEIGHT;
/// Bits between levels of the grid: what a fold takes.
const GRID_STEP: usize = 3;
/// A pack is padded if at least one part in so many of it is there.
const LEAST_PART: usize = 4;

/// The shift of the coset that packs of `2^log_size` columns are on; its `2^log_size`-th power is [`COSET`].
pub fn shift(log_size: usize) -> F {
    F::GENERATOR.exp_power_of_2(LOG_MOST_COLUMNS.saturating_sub(log_size))
}

/// The columns of a table, each in elements of its own field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableColumns {
    /// Main columns.
    pub main: usize,
    /// The next row of main columns is opened.
    pub at_next: bool,
    /// Fixed columns.
    pub fixed: usize,
    /// LogUp columns, the running sum among them: of challenges.
    pub logup: usize,
    /// Quotient chunks: of challenges.
    pub chunks: usize,
    /// Messages that a row sends or receives.
    pub messages: usize,
}

impl TableColumns {
    /// The columns of `table`, which has the shape `shape`.
    pub fn new(table: Table, shape: &TableShape) -> Self {
        use p3_air::BaseAir as _;
        let instance = Instance::new(table, 0, &[]);
        Self {
            main: shape.width,
            at_next: !instance.main_next_row_columns().is_empty(),
            fixed: shape.fixed,
            logup: shape.logup_columns + 1,
            chunks: shape.quotient_chunks,
            messages: shape.messages,
        }
    }

    /// Columns times the points that each is opened at, those over the challenge field counted once: as many openings
    /// as one challenge batches at most, when each column is a pack.
    pub const fn openings(&self) -> usize {
        points(self.at_next) * self.main + self.fixed + 2 * self.logup + self.chunks
    }
}

/// What a commitment is to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Main columns, over BabyBear.
    Main,
    /// Quotient chunks, over the challenge field.
    Quotient,
    /// Fixed columns, over BabyBear.
    Fixed,
    /// LogUp columns, over the challenge field.
    LogUp,
}

impl Kind {
    /// Its columns are over the challenge field: as many cells of BabyBear each as that has degree.
    pub const fn is_extension(self) -> bool {
        matches!(self, Self::Quotient | Self::LogUp)
    }
}

/// Columns of one table as they are committed to: main columns, say, or one chunk of a quotient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matrix {
    /// Rows, log2.
    pub log_height: usize,
    /// Columns, in elements of their field.
    pub columns: usize,
    /// Opened at the point of the next row, too.
    pub at_next: bool,
}

impl Matrix {
    /// Points at which it is opened.
    pub const fn points(&self) -> usize {
        points(self.at_next)
    }
}

/// Points at which columns are opened that are at the point of the next row, too, or not.
const fn points(at_next: bool) -> usize {
    if at_next { 2 } else { 1 }
}

/// The columns of a round with one height and the same points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// Rows, log2.
    pub log_height: usize,
    /// Opened at the point of the next row, too.
    pub at_next: bool,
    /// The round's matrices that are of it, by index, in order.
    pub matrices: Vec<usize>,
    /// Columns of all of them.
    pub columns: usize,
}

/// The packs of a class at a level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The class, as an index into those of the round.
    pub class: usize,
    /// Rows of its columns, log2.
    pub log_height: usize,
    /// Opened at the point of the next row, too.
    pub at_next: bool,
    /// Which of the class's columns it holds. Number `c` of them is coefficient block `c / packs` of pack
    /// `c % packs`.
    pub columns: Range<usize>,
    /// Columns of a pack, log2; the last ones may be absent.
    pub log_size: usize,
    /// Packs.
    pub packs: usize,
    /// The power of the batching challenge that its first pack has at the out-of-domain point; the next packs have the next powers,
    /// and after them the packs again, at the point of the next row.
    pub first_term: usize,
}

impl Group {
    /// Coefficients of a pack, log2.
    pub const fn level(&self) -> usize {
        self.log_height + self.log_size
    }

    /// Points at which it is opened.
    pub const fn points(&self) -> usize {
        points(self.at_next)
    }

    /// Terms of FRI's sum.
    pub const fn terms(&self) -> usize {
        self.packs * self.points()
    }
}

/// A commitment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// To what.
    pub kind: Kind,
    /// Its matrices, in p3's order.
    pub matrices: Vec<Matrix>,
    /// Its classes, of falling height.
    pub classes: Vec<Class>,
    /// Its groups, of falling level: a matrix of its Merkle tree each.
    pub groups: Vec<Group>,
}

impl Round {
    /// Its highest level.
    pub fn top(&self) -> usize {
        self.groups.first().map_or(0, Group::level)
    }
}

/// What FRI is given one word of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Coefficients, log2.
    pub log_height: usize,
    /// Terms of the sum.
    pub terms: usize,
}

/// The layout of a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packing {
    parameters: Parameters,
    /// With their heights, log2.
    tables: Vec<(TableColumns, usize)>,
    rounds: Vec<Round>,
    levels: Vec<Level>,
}

impl Packing {
    /// The layout of a proof of `tables`, each with the height (log2) that it has.
    pub fn new(parameters: &Parameters, tables: &[(TableColumns, usize)]) -> Self {
        let rounds = rounds(tables);
        let tallest = tables.iter().fold(0, |most, &(_, height)| most.max(height));
        let fixed = rounds.iter().any(|round| round.kind == Kind::Fixed);
        let least = match fixed {
            true => fixed_level(parameters),
            false => 0,
        };
        let least = least.max(tallest).max(parameters.least_level);
        let mut packing = Self {
            parameters: *parameters,
            tables: tables.to_vec(),
            rounds,
            levels: Vec::new(),
        };
        // Beyond the highest level there is none: then the rows are longer.
        for top in least..=MAX_LEVEL {
            packing.place(parameters, top);
            if packing.row() <= parameters.most_packs {
                break;
            }
        }
        packing.number_terms();
        packing
    }

    /// The layout of the fixed columns alone: what a verifier knows the commitment of.
    pub fn fixed(parameters: &Parameters, columns: usize) -> Self {
        let table = TableColumns {
            main: 0,
            at_next: false,
            fixed: columns,
            logup: 0,
            chunks: 0,
            messages: 0,
        };
        Self::new(parameters, &[(table, lookup::LOG_HEIGHT)])
    }

    /// The parameters that it follows.
    pub const fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Openings of all tables: see [`TableColumns::openings`].
    pub fn openings(&self) -> usize {
        self.tables.iter().map(|(table, _)| table.openings()).sum()
    }

    /// Messages of a row of each table, all together.
    pub fn messages(&self) -> usize {
        self.tables.iter().map(|(table, _)| table.messages).sum()
    }

    /// `parameters` with as much grinding as the proof takes: what batches openings and what fingerprints messages is
    /// the weaker the more of them there are, so with each doubling grinding takes a bit more. Tables that a proof
    /// lacks cost it nothing.
    #[must_use]
    pub fn ground(&self, parameters: &Parameters) -> Parameters {
        let more = |of: usize, enough: usize| of.div_ceil(enough).next_power_of_two().ilog2();
        Parameters {
            batch_grinding: parameters.batch_grinding + more(self.openings(), OPENINGS) as usize,
            lookup_grinding: parameters.lookup_grinding + more(self.messages(), MESSAGES) as usize,
            ..*parameters
        }
    }

    /// The tables of the proof, each with its height, log2.
    pub fn tables(&self) -> &[(TableColumns, usize)] {
        &self.tables
    }

    /// The commitments, in p3's order.
    pub fn rounds(&self) -> &[Round] {
        &self.rounds
    }

    /// The commitment to `kind`, if there is one.
    pub fn round(&self, kind: Kind) -> Option<&Round> {
        self.rounds.iter().find(|round| round.kind == kind)
    }

    /// The levels, of falling height.
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// Height of the highest level, log2.
    pub fn top(&self) -> usize {
        self.levels.first().map_or(0, |level| level.log_height)
    }

    /// Terms of FRI's sum at a level.
    pub fn terms(&self, level: usize) -> usize {
        let found = self.levels.iter().find(|l| l.log_height == level);
        found.map_or(0, |level| level.terms)
    }

    /// Cells of BabyBear in a column of `kind`.
    pub const fn cells(&self, kind: Kind) -> usize {
        match kind.is_extension() {
            true => self.parameters.extension.degree(),
            false => 1,
        }
    }

    /// Width of a group's matrix in a Merkle tree, in cells.
    pub const fn width(&self, kind: Kind, group: &Group) -> usize {
        group.packs * self.cells(kind)
    }

    /// Cells in the rows that a query opens.
    fn row(&self) -> usize {
        let widths = self.rounds.iter().map(|round| {
            let widths = round
                .groups
                .iter()
                .map(|group| self.width(round.kind, group));
            widths.sum::<usize>()
        });
        widths.sum()
    }

    /// Fills the groups, with `top` as the highest level.
    fn place(&mut self, parameters: &Parameters, top: usize) {
        for round in &mut self.rounds {
            let levels: Vec<usize> = match round.kind {
                Kind::Fixed => [fixed_level(parameters)].into(),
                _ => core::iter::once(top).chain(grid(parameters, top)).collect(),
            };
            let mut groups = Vec::new();
            for (class, of) in round.classes.iter().enumerate() {
                place(class, of, &levels, &mut groups);
            }
            // Stable: groups of one level stay in the order of their classes.
            groups.sort_by_key(|group| core::cmp::Reverse(group.level()));
            round.groups = groups;
        }
    }

    /// Gives every term its power of the batching challenge.
    fn number_terms(&mut self) {
        let groups = || self.rounds.iter().flat_map(|round| &round.groups);
        let mut heights: Vec<usize> = groups().map(Group::level).collect();
        heights.sort_unstable_by(|a, b| b.cmp(a));
        heights.dedup();
        let level = |log_height| Level {
            log_height,
            terms: 0,
        };
        self.levels = heights.into_iter().map(level).collect();
        for group in self.rounds.iter_mut().flat_map(|round| &mut round.groups) {
            let height = group.level();
            if let Some(level) = self.levels.iter_mut().find(|l| l.log_height == height) {
                group.first_term = level.terms;
                level.terms += group.terms();
            }
        }
    }
}

/// Levels below `top`, falling: above the final polynomial, a fold apart.
fn grid(parameters: &Parameters, top: usize) -> impl Iterator<Item = usize> {
    let first = parameters.log_final_poly + GRID_STEP;
    let levels = (first..top).step_by(GRID_STEP);
    levels.rev()
}

/// The level of the fixed columns: the lowest of the grid that is not below their height.
fn fixed_level(parameters: &Parameters) -> usize {
    let first = parameters.log_final_poly + GRID_STEP;
    let steps = lookup::LOG_HEIGHT.saturating_sub(first).div_ceil(GRID_STEP);
    first + GRID_STEP * steps
}

/// The packs of a class, given the levels that there are, falling.
fn place(class: usize, of: &Class, levels: &[usize], groups: &mut Vec<Group>) {
    let may = |level: &&usize| (of.log_height..=of.log_height + LOG_MOST_COLUMNS).contains(level);
    let mut levels = levels.iter().filter(may).peekable();
    let mut done = 0;
    while let Some(level) = levels.next().filter(|_| done < of.columns) {
        let log_size = level - of.log_height;
        let left = of.columns - done;
        let (full, rest) = (left >> log_size, left & ((1 << log_size) - 1));
        let is_padded = rest > 0 && (rest * LEAST_PART >= 1 << log_size || levels.peek().is_none());
        let (packs, end) = match is_padded {
            true => (full + 1, of.columns),
            false => (full, done + (full << log_size)),
        };
        if packs > 0 {
            groups.push(Group {
                class,
                log_height: of.log_height,
                at_next: of.at_next,
                columns: done..end,
                log_size,
                packs,
                first_term: 0,
            });
        }
        done = end;
    }
}

/// The commitments to `tables`, without their groups.
fn rounds(tables: &[(TableColumns, usize)]) -> Vec<Round> {
    let matrices = |columns: &dyn Fn(&TableColumns) -> (usize, bool)| -> Vec<Matrix> {
        let matrix = |(table, log_height): &(TableColumns, usize)| {
            let (columns, at_next) = columns(table);
            Matrix {
                log_height: *log_height,
                columns,
                at_next,
            }
        };
        tables
            .iter()
            .map(matrix)
            .filter(|m| m.columns > 0)
            .collect()
    };
    let chunks = tables.iter().flat_map(|&(table, log_height)| {
        core::iter::repeat_n(
            Matrix {
                log_height,
                columns: 1,
                at_next: false,
            },
            table.chunks,
        )
    });
    let rounds = [
        (Kind::Main, matrices(&|table| (table.main, table.at_next))),
        (Kind::Quotient, chunks.collect()),
        (Kind::Fixed, matrices(&|table| (table.fixed, false))),
        (Kind::LogUp, matrices(&|table| (table.logup, true))),
    ];
    let rounds = rounds
        .into_iter()
        .filter(|(_, matrices)| !matrices.is_empty());
    rounds
        .map(|(kind, matrices)| Round {
            kind,
            classes: classes(&matrices),
            matrices,
            groups: Vec::new(),
        })
        .collect()
}

/// The classes of a round, of falling height, those opened at one point first.
fn classes(matrices: &[Matrix]) -> Vec<Class> {
    let mut classes: Vec<Class> = Vec::new();
    for (i, matrix) in matrices.iter().enumerate() {
        let same = |class: &&mut Class| {
            (class.log_height, class.at_next) == (matrix.log_height, matrix.at_next)
        };
        match classes.iter_mut().find(same) {
            Some(class) => {
                class.matrices.push(i);
                class.columns += matrix.columns;
            }
            None => classes.push(Class {
                log_height: matrix.log_height,
                at_next: matrix.at_next,
                matrices: [i].into(),
                columns: matrix.columns,
            }),
        }
    }
    classes.sort_by_key(|class| (core::cmp::Reverse(class.log_height), class.at_next));
    classes
}

#[cfg(test)]
mod tests {
    use vouch_air::machine::MIN_LOG_HEIGHT;

    use super::*;
    use crate::profile::Profile;

    fn columns(tables: &[(Table, usize)]) -> Vec<(TableColumns, usize)> {
        let columns = |&(table, height): &(Table, usize)| {
            (TableColumns::new(table, &TableShape::of(table)), height)
        };
        tables.iter().map(columns).collect()
    }

    /// Sets of tables and heights: each table alone and all, low, high and mixed.
    fn cases() -> Vec<Vec<(Table, usize)>> {
        let mut cases = Vec::new();
        for height in [MIN_LOG_HEIGHT, 9, 16, MAX_LOG_HEIGHT] {
            cases.extend(Table::ALL.map(|table| Vec::from([(table, height)])));
            cases.push(Table::ALL.map(|table| (table, height)).into());
            let mixed = (0..).zip(Table::ALL);
            cases.push(
                mixed
                    .map(|(i, table)| (table, (6 + i * 7 % 13).max(height)))
                    .collect(),
            );
        }
        for case in &mut cases {
            for (table, height) in case {
                if *table == Table::Lookup {
                    *height = lookup::LOG_HEIGHT;
                }
            }
        }
        cases
    }

    /// Every column is in one pack, at a level that it may be at, and every power of the challenge is
    /// used once.
    #[test]
    fn every_column_has_one_place() {
        for (profile, case) in Profile::ALL
            .into_iter()
            .flat_map(|p| cases().into_iter().map(move |c| (p, c)))
        {
            let parameters = profile.parameters();
            let packing = Packing::new(&parameters, &columns(&case));
            let mut used: Vec<(usize, usize)> = Vec::new();
            for round in packing.rounds() {
                let matrices = round.classes.iter().flat_map(|class| &class.matrices);
                assert_eq!(matrices.count(), round.matrices.len());
                for (i, class) in round.classes.iter().enumerate() {
                    let mut next = 0;
                    let mut groups: Vec<&Group> = round
                        .groups
                        .iter()
                        .filter(|group| group.class == i)
                        .collect();
                    groups.sort_by_key(|group| group.columns.start);
                    for group in groups {
                        assert_eq!(group.columns.start, next, "{profile:?} {case:?}");
                        next = group.columns.end;
                        let room = group.packs << group.log_size;
                        assert!(
                            group.columns.len() <= room
                                && group.columns.len() + (1 << group.log_size) > room
                        );
                        assert!(group.log_size <= LOG_MOST_COLUMNS);
                        assert!(
                            group.level() > parameters.log_final_poly && group.level() <= MAX_LEVEL
                        );
                    }
                    assert_eq!(next, class.columns, "{profile:?} {case:?}");
                }
                for group in &round.groups {
                    used.extend(
                        (0..group.terms()).map(|term| (group.level(), group.first_term + term)),
                    );
                }
                assert!(
                    round
                        .groups
                        .is_sorted_by_key(|group| core::cmp::Reverse(group.level()))
                );
            }
            used.sort_unstable();
            let expected = packing.levels().iter().rev();
            let expected: Vec<(usize, usize)> = expected
                .flat_map(|level| (0..level.terms).map(|term| (level.log_height, term)))
                .collect();
            assert_eq!(used, expected);
        }
    }

    /// The fixed columns are where they are alone, whatever else is in the proof.
    #[test]
    fn fixed_columns_stay_where_they_are() {
        for profile in Profile::ALL {
            let parameters = profile.parameters();
            let alone = Packing::fixed(&parameters, TableShape::of(Table::Lookup).fixed);
            for case in cases() {
                let packing = Packing::new(&parameters, &columns(&case));
                if let Some(round) = packing.round(Kind::Fixed) {
                    let place =
                        |group: &Group| (group.columns.clone(), group.log_size, group.packs);
                    let expected: Vec<_> = alone.rounds()[0].groups.iter().map(place).collect();
                    let got: Vec<_> = round.groups.iter().map(place).collect();
                    assert_eq!(got, expected);
                    assert!(packing.top() >= round.groups[0].level());
                }
            }
        }
    }

    /// Whatever packs columns are in, one extension of them will do.
    #[test]
    fn all_packs_are_over_one_coset() {
        assert_eq!(F::GENERATOR.exp_u64(512), COSET);
        for log_size in 0..=LOG_MOST_COLUMNS {
            assert_eq!(shift(log_size).exp_power_of_2(log_size), COSET);
        }
        // In no subgroup of a power of two.
        assert_ne!(COSET.exp_power_of_2(27), F::ONE);
    }

    /// The rule, by hand: 21 columns of `2^6` rows, of which one pack at `2^11` is more than a
    /// quarter full; 5 of `2^8`.
    #[test]
    fn packs_are_filled_from_the_highest_level_down() {
        let class = |log_height, columns| Class {
            log_height,
            at_next: false,
            matrices: Vec::new(),
            columns,
        };
        let placed = |class: &Class, levels: &[usize]| {
            let mut groups = Vec::new();
            place(0, class, levels, &mut groups);
            let groups = groups
                .into_iter()
                .map(|group| (group.level(), group.packs, group.columns));
            groups.collect::<Vec<_>>()
        };
        assert_eq!(placed(&class(6, 21), &[11]), [(11, 1, 0..21)]);
        // Less than a quarter of a pack of 128: they go further down.
        assert_eq!(placed(&class(6, 21), &[13, 10]), [(10, 2, 0..21)]);
        // A quarter: 32 of 128.
        assert_eq!(placed(&class(6, 160), &[13, 10]), [(13, 2, 0..160)]);
        assert_eq!(
            placed(&class(6, 159), &[13, 10]),
            [(13, 1, 0..128), (10, 2, 128..159)]
        );
        // Not below its height, nor more than 9 bits above it.
        assert_eq!(placed(&class(8, 5), &[18, 15, 12, 9, 6]), [(12, 1, 0..5)]);
        assert_eq!(placed(&class(9, 5), &[12, 9, 6]), [(12, 1, 0..5)]);
        assert_eq!(placed(&class(9, 1), &[12, 9, 6]), [(9, 1, 0..1)]);
    }
}
