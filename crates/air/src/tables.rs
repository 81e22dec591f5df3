//! The tables, one a file, and the list of them: the machine.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use p3_air::{Air, AirBuilder, BaseAir};
use p3_lookup::InteractionBuilder;
use p3_matrix::dense::RowMajorMatrix;
use vouch_isa::Family;
use vouch_isa::event::Counts;

use crate::builder::Nameless;
use crate::machine::PublicValues;
use crate::table::{Context, Info, TableType, eval};
use crate::{Builder, F};

pub mod add_imm;
pub mod add_sub;
pub mod bitwise;
pub mod branch_eq;
pub mod branch_lt;
pub mod claim;
pub mod compare;
pub mod div_rem;
pub mod ecall;
pub mod facts;
pub mod jal;
pub mod jalr;
pub mod journal;
pub mod keccak_round;
pub mod leaf;
pub mod load_sub;
pub mod lookup;
pub mod merkle;
pub mod moves;
pub mod mul;
pub(crate) mod mul_add_mod;
pub mod mul_high;
pub mod poseidon2;
pub mod program;
pub mod refresh;
pub mod shift;
pub mod store_sub;
pub mod word;

macro_rules! modules {
    ($($module:ident::$table:ident,)*) => { $(pub mod $module;)* };
}
vouch_isa::accelerators!(modules!);

/// Calls `$then!` with the tables of the machine, each as `module::Type`, in the order of their
/// [`ID`](TableType::ID)s. There is no other list of them; those of accelerators come last.
macro_rules! all_tables {
    ($then:ident) => {
        vouch_isa::accelerators! { $then!
            claim::Claim,
            lookup::Lookup,
            program::Program,
            add_sub::AddSub,
            add_imm::AddImm,
            bitwise::Bitwise,
            compare::Compare,
            shift::Shift,
            branch_eq::BranchEq,
            branch_lt::BranchLt,
            jal::Jal,
            jalr::Jalr,
            word::Word,
            load_sub::LoadSub,
            store_sub::StoreSub,
            mul::Mul,
            mul_high::MulHigh,
            div_rem::DivRem,
            ecall::Ecall,
            moves::Moves,
            refresh::Refresh,
            leaf::Leaf,
            merkle::Merkle,
            poseidon2::Poseidon2,
            journal::Journal,
            facts::Facts,
            keccak_round::KeccakRound,
        }
    };
}
#[cfg(any(test, feature = "testing"))]
pub(crate) use all_tables;

macro_rules! machine {
    ($($module:ident::$table:ident,)*) => {
        /// A table of the machine. The discriminant is its place in a proof.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Table {
            $(
                #[doc = concat!("[`mod@", stringify!($module), "`]")]
                $table = <$module::$table<F> as TableType>::ID,
            )*
        }

        const MODULES: &[&str] = &[$(stringify!($module)),*];
        const INFO: &[Info; MODULES.len()] = &[$(Info::of::<$module::$table<F>>()),*];

        impl Table {
            /// Every table, in the order of a proof.
            pub const ALL: [Self; MODULES.len()] = [$(Self::$table),*];
        }

        impl Instance {
            /// The constraints and messages of the table, with their names.
            #[inline]
            pub fn eval<B: Builder>(&self, b: &mut B) {
                match self.table {
                    $(Table::$table => eval::<$module::$table<F>, B>(b),)*
                }
            }
        }
    };
}
all_tables!(machine);

// Tables are listed in the order of their IDs, each under the name of its module, and each family
// of instructions has one.
const _: () = {
    let (mut i, mut families) = (0, [0; Family::STEPS]);
    while i < INFO.len() {
        assert!(INFO[i].id as usize == i, "IDs count up from 0 in the list");
        assert!(
            is_equal(INFO[i].name, MODULES[i]),
            "a table is called as its module"
        );
        if let Some(family) = INFO[i].family {
            families[family as usize] += 1;
        }
        i += 1;
    }
    i = 0;
    while i < Family::STEPS {
        assert!(
            families[i] == 1,
            "each family of instructions has one table"
        );
        i += 1;
    }
};

const fn is_equal(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i == a.len() && i == b.len()
}

impl Table {
    /// All that the table says of itself.
    pub const fn info(self) -> &'static Info {
        &INFO[self as usize]
    }

    /// Name of the table, as its file is called.
    pub const fn name(self) -> &'static str {
        self.info().name
    }

    /// Number of main columns.
    pub const fn width(self) -> usize {
        self.info().width
    }

    /// Names of the main columns.
    pub fn column_names(self) -> Vec<String> {
        let mut names = Vec::new();
        (self.info().names)(&mut names);
        names
    }

    /// The instructions that it proves, a row each; `None` if its rows are no plain instructions.
    pub const fn family(self) -> Option<Family> {
        self.info().family
    }

    /// True of the tables that are filled from what the others ask.
    pub const fn answers(self) -> bool {
        self.info().answers
    }

    /// True of the tables that every proof holds.
    pub const fn is_required(self) -> bool {
        self.info().is_required
    }

    /// True of the table that has fixed columns.
    pub const fn is_fixed(self) -> bool {
        self.info().fixed.is_some()
    }

    /// Rows that a proof may hold of it at most, log2.
    pub const fn max_log_height(self) -> usize {
        self.info().max_log_height
    }

    /// Number of public values.
    pub const fn public_values(self) -> usize {
        self.info().public.len()
    }

    /// The public values, given those of the claim and the executable range (word indices).
    pub fn values(self, public: &PublicValues<F>, text: &Range<u32>) -> Vec<F> {
        self.info().public.values(public, text)
    }

    /// Rows of a segment that holds `counts` at most, padding aside, if the tables that are
    /// filled from events ask for `questions` facts at most.
    pub fn rows(self, counts: &Counts, questions: u64) -> u64 {
        (self.info().rows)(counts, questions)
    }

    /// The table filled; `None` if it has no events.
    pub(crate) fn filled(self, cx: &Context<'_>) -> Option<RowMajorMatrix<F>> {
        (self.info().filled)(cx)
    }
}

/// A table with what the verifier knows of it: an AIR.
#[derive(Clone, Debug)]
pub struct Instance {
    /// The table.
    pub table: Table,
    /// Columns that the verifier computes: of the journal table, else none.
    pub periodic: Vec<Vec<F>>,
}

impl Instance {
    /// `table` in a segment that wrote `journal` from index `journal_start` on.
    pub fn new(table: Table, journal_start: u32, journal: &[u8]) -> Self {
        let periodic = (table.info().periodic)(journal_start, journal);
        Self { table, periodic }
    }
}

/// For builders of p3's, which know no names.
impl<B: AirBuilder<F = F> + InteractionBuilder> Air<B> for Instance {
    #[inline]
    fn eval(&self, b: &mut B) {
        Self::eval(self, &mut Nameless(b));
    }
}

impl BaseAir<F> for Instance {
    fn width(&self) -> usize {
        self.table.width()
    }

    fn preprocessed_trace(&self) -> Option<RowMajorMatrix<F>> {
        self.table.info().fixed.map(|fixed| (fixed.cells)())
    }

    fn preprocessed_width(&self) -> usize {
        let fixed = self.table.info().fixed;
        fixed.map_or(0, |fixed| fixed.width)
    }

    fn num_periodic_columns(&self) -> usize {
        self.periodic.len()
    }

    fn periodic_columns(&self) -> Cow<'_, [Vec<F>]> {
        Cow::Borrowed(&self.periodic)
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        self.table.info().next_row.to_vec()
    }

    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        Vec::new()
    }

    fn num_public_values(&self) -> usize {
        self.table.public_values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No file of a table is forgotten in the list.
    #[test]
    fn every_file_is_listed() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tables");
        let entries = std::fs::read_dir(folder).expect("the tables are there");
        let names = entries.map(|entry| entry.expect("a file").file_name());
        let mut files: Vec<_> = { names }
            .filter_map(|name| Some(String::from(name.to_str()?.strip_suffix(".rs")?)))
            .filter(|name| name != "mod")
            .collect();
        files.sort();
        let mut listed = Table::ALL.map(Table::name);
        listed.sort_unstable();
        assert_eq!(files, listed);
    }
}
