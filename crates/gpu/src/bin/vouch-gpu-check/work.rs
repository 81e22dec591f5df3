//! What operations have to do at least: what their times are compared with.

use serde::Serialize;
use vouch_air::tables::Table;
use vouch_gpu::ir::{IrStep, Node, Part, TableProgram};
use vouch_verifier::TableShape;
use vouch_verifier::packing::{Group, Packing, Round};

use crate::report::Ceilings;

/// The least that an operation has to do, whatever its kernels are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Work {
    /// Bytes read and written.
    pub bytes: u64,
    /// Additions of the base field.
    pub additions: u64,
    /// Multiplications of the base field.
    pub multiplications: u64,
    /// Multiplications of the challenge field of degree 4.
    pub multiplications_4: u64,
    /// Multiplications of the challenge field of degree 5.
    pub multiplications_5: u64,
    /// Blocks that Blake3 compresses.
    pub blake3_blocks: u64,
}

/// What an operation is bound by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Bound {
    /// Copies.
    Memory,
    /// Arithmetic and hashes.
    Arithmetic,
}

impl Work {
    /// The seconds that it takes at least, and why.
    pub fn least_seconds(&self, ceilings: &Ceilings) -> (f64, Bound) {
        let memory = self.bytes as f64 / (1e9 * ceilings.copy_gb);
        let arithmetic = [
            (self.additions, ceilings.additions),
            (self.multiplications, ceilings.multiplications),
            (self.multiplications_4, ceilings.multiplications_4),
            (self.multiplications_5, ceilings.multiplications_5),
            (self.blake3_blocks, ceilings.blake3_blocks),
        ];
        let arithmetic = { arithmetic.iter() }
            .map(|&(count, rate)| count as f64 / rate)
            .sum();
        match memory > arithmetic {
            true => (memory, Bound::Memory),
            false => (arithmetic, Bound::Arithmetic),
        }
    }
}

impl Work {
    /// The same so many times.
    fn times(self, count: u64) -> Self {
        Self {
            bytes: self.bytes * count,
            additions: self.additions * count,
            multiplications: self.multiplications * count,
            multiplications_4: self.multiplications_4 * count,
            multiplications_5: self.multiplications_5 * count,
            blake3_blocks: self.blake3_blocks * count,
        }
    }
}

impl core::ops::Add for Work {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            bytes: self.bytes + other.bytes,
            additions: self.additions + other.additions,
            multiplications: self.multiplications + other.multiplications,
            multiplications_4: self.multiplications_4 + other.multiplications_4,
            multiplications_5: self.multiplications_5 + other.multiplications_5,
            blake3_blocks: self.blake3_blocks + other.blake3_blocks,
        }
    }
}

/// The work of extending `width` columns of `2^log_height` rows to `2^added_bits` cosets.
pub fn extension(width: usize, log_height: usize, added_bits: usize) -> Work {
    let cells = (width as u64) << log_height;
    let transforms = 1 + (1u64 << added_bits);
    // Half a multiplication and an addition a value and layer.
    let butterflies = cells / 2 * log_height as u64 * transforms;
    Work {
        bytes: 4 * cells * transforms,
        additions: 2 * butterflies,
        multiplications: butterflies + cells,
        ..Work::default()
    }
}

/// Bytes of a digest, and words of a block of Blake3.
const DIGEST: u64 = 32;
const BLOCK_WORDS: u64 = 16;

/// The work of a Merkle tree over `leaves` rows of `words` words.
pub fn tree(leaves: u64, words: u64) -> Work {
    Work {
        // Every node is written once and read once.
        bytes: leaves * (4 * words + 4 * DIGEST),
        blake3_blocks: leaves * (words.div_ceil(BLOCK_WORDS) + 1),
        ..Work::default()
    }
}

/// The work of the transforms of packs whose columns are `cells` columns each, on `2^log_cosets` cosets.
pub fn packing(group: &Group, cells: usize, log_cosets: usize) -> Work {
    let words = ((group.packs * cells) as u64) << (group.level() + log_cosets);
    let butterflies = words / 2 * group.log_size as u64;
    Work {
        additions: 2 * butterflies,
        // The shift, but of columns that are packs of their own.
        multiplications: butterflies + if group.log_size > 0 { words } else { 0 },
        ..Work::default()
    }
}

/// The work of the Merkle tree of a round: of its packs' transforms and of their rows' hashes.
pub fn committing(packing_of: &Packing, round: &Round, log_cosets: usize) -> Work {
    let cells = packing_of.cells(round.kind);
    let transforms = round
        .groups
        .iter()
        .map(|group| packing(group, cells, log_cosets));
    let levels = round
        .groups
        .chunk_by(|a, b| a.level() == b.level())
        .map(|groups| {
            let width = groups
                .iter()
                .map(|group| packing_of.width(round.kind, group))
                .sum::<usize>();
            (groups.first().map_or(0, Group::level), width as u64)
        });
    let hashes = levels.map(|(level, width)| tree(1 << (level + log_cosets), width));
    transforms
        .chain(hashes)
        .fold(Work::default(), |sum, work| sum + work)
}

/// The work of folding `2^log_rows` challenges of `degree` by `2^log_arity`.
pub fn folding(degree: usize, log_rows: usize, log_arity: usize) -> Work {
    let degree_words = degree as u64;
    let (rows, groups) = (1u64 << log_rows, 1u64 << (log_rows - log_arity));
    let pairs = groups * ((1 << log_arity) - 1);
    let folded = Work {
        bytes: 4 * degree_words * (rows + groups),
        additions: 3 * degree_words * pairs,
        multiplications: degree_words * pairs,
        ..Work::default()
    };
    folded + products(degree, 1).times(pairs)
}

/// The work of the LogUp columns of a table of `rows` rows, inversions aside.
pub fn logup(table: Table, rows: u64, degree: usize) -> Work {
    let program = TableProgram::of(table);
    let mut row = computed(program, &program.message_parts) + messages(program, degree);
    // A prefix product, and on the way back the fraction and the next denominator.
    row = row + products(degree, 3 * program.plan.columns.len());
    row.bytes = 4 * columns(table, degree);
    row.times(rows)
}

/// The work of the quotient of a table of `rows` rows.
pub fn quotient(table: Table, rows: u64, degree: usize) -> Work {
    let program = TableProgram::of(table);
    let columns_of_logup = program.plan.columns.len();
    let mut point = computed(program, &program.message_parts)
        + computed(program, &program.constraint_parts)
        + messages(program, degree);
    // Each constraint by its power; those of LogUp columns are challenges, and three are of the sum.
    point = point + scaled(degree, program.constraints.len() + 3);
    point = point + products(degree, 2 * columns_of_logup + 3);
    point.bytes = 4 * (columns(table, degree) + degree as u64);
    point.times(rows * TableShape::of(table).quotient_chunks as u64)
}

/// Columns of a table, those of LogUp included, in words a row.
fn columns(table: Table, degree: usize) -> u64 {
    let shape = TableShape::of(table);
    (shape.width + shape.fixed + degree * (shape.logup_columns + 1)) as u64
}

/// What some parts of a program compute.
fn computed(program: &TableProgram, parts: &[Part]) -> Work {
    let mut work = Work::default();
    for step in parts.iter().flat_map(|part| &part.steps) {
        let IrStep::Compute(id) = *step else { continue };
        match program.graph.node(id) {
            Node::Mul(..) => work.multiplications += 1,
            Node::Add(..) | Node::Sub(..) | Node::Neg(..) => work.additions += 1,
            _ => {}
        }
    }
    work
}

/// Combines the fields of all messages, and those messages that share a column.
fn messages(program: &TableProgram, degree: usize) -> Work {
    let fields = program.messages.iter().map(|message| message.fields.len());
    let shared = program.messages.len() - program.plan.columns.len();
    scaled(degree, fields.sum()) + products(degree, shared)
}

/// Adds `count` challenges, each a number of the base field times one. Such a sum is reduced once:
/// a product that is added takes about as long as one that is reduced.
fn scaled(degree: usize, count: usize) -> Work {
    Work {
        multiplications: (degree * count) as u64,
        ..Work::default()
    }
}

/// Multiplies challenges `count` times.
fn products(degree: usize, count: usize) -> Work {
    let of = |this: usize| if this == degree { count as u64 } else { 0 };
    Work {
        multiplications_4: of(4),
        multiplications_5: of(5),
        ..Work::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packed::group;

    #[test]
    fn the_greater_bound_counts() {
        let ceilings = Ceilings {
            copy_gb: 1.0,
            additions: 1e9,
            multiplications: 5e8,
            ..Ceilings::of_one()
        };
        let work = Work {
            bytes: 3_000_000_000,
            additions: 1_000_000_000,
            multiplications: 500_000_000,
            ..Work::default()
        };
        assert_eq!(work.least_seconds(&ceilings), (3.0, Bound::Memory));
        let more = work + work.arithmetic_only();
        assert_eq!(more.least_seconds(&ceilings), (4.0, Bound::Arithmetic));
    }

    #[test]
    fn the_work_of_tables_grows_with_them() {
        for table in Table::ALL {
            for degree in [4, 5] {
                for work in [logup, quotient] {
                    let (one, two) = (work(table, 8, degree), work(table, 16, degree));
                    assert_eq!(one + one, two);
                    assert!(one.bytes > 0 && one.multiplications > 0, "{}", table.name());
                }
            }
        }
    }

    impl Work {
        fn arithmetic_only(self) -> Self {
            Self { bytes: 0, ..self }
        }
    }

    impl Ceilings {
        fn of_one() -> Self {
            Self {
                copy_gb: 1.0,
                to_device_gb: 1.0,
                from_device_gb: 1.0,
                additions: 1.0,
                multiplications: 1.0,
                multiplications_4: 1.0,
                multiplications_5: 1.0,
                blake3_blocks: 1.0,
            }
        }
    }

    #[test]
    fn work_is_counted() {
        // 8 values: three layers of 4 butterflies, in three transforms; scaled once.
        let work = extension(1, 3, 1);
        assert_eq!(
            (work.multiplications, work.additions, work.bytes),
            (44, 72, 96)
        );
        // Two blocks a leaf, and one for each node above; the last is counted too many.
        assert_eq!(tree(4, 17).blake3_blocks, 12);
        // 16 words: three layers of 8 butterflies, and the shift.
        let packs = group(0, 3, 1, 5);
        let work = packing(&packs, 1, 1);
        assert_eq!(
            (work.multiplications, work.additions, work.bytes),
            (40, 48, 0)
        );
        let work = packing(&group(3, 0, 1, 1), 5, 1);
        assert_eq!(work, Work::default());
        // Four values to one: three pairs.
        let work = folding(5, 2, 2);
        assert_eq!((work.multiplications_5, work.multiplications_4), (3, 0));
        assert_eq!((work.bytes, work.additions), (100, 45));
    }
}
