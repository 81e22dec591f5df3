//! The tables, one a file.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use p3_air::{Air, BaseAir, WindowAccess};
use p3_matrix::dense::RowMajorMatrix;
use vouch_isa::Family;

use crate::columns::Block;
use crate::machine::PUBLIC_VALUES;
use crate::{Builder, F, gadget};

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
pub mod leaf;
pub mod load_sub;
pub mod lookup;
pub mod merkle;
pub mod moves;
pub mod mul;
pub mod mul_high;
pub mod poseidon2;
pub mod program;
pub mod refresh;
pub mod shift;
pub mod store_sub;
pub mod word;

/// A table of the machine. The discriminant is its place in a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Table {
    /// [`claim`]
    Claim,
    /// [`lookup`]
    Lookup,
    /// [`program`]
    Program,
    /// [`add_sub`]
    AddSub,
    /// [`add_imm`]
    AddImm,
    /// [`bitwise`]
    Bitwise,
    /// [`compare`]
    Compare,
    /// [`shift`]
    Shift,
    /// [`branch_eq`]
    BranchEq,
    /// [`branch_lt`]
    BranchLt,
    /// [`jal`]
    Jal,
    /// [`jalr`]
    Jalr,
    /// [`mod@word`]
    Word,
    /// [`load_sub`]
    LoadSub,
    /// [`store_sub`]
    StoreSub,
    /// [`mul`]
    Mul,
    /// [`mul_high`]
    MulHigh,
    /// [`div_rem`]
    DivRem,
    /// [`ecall`]
    Ecall,
    /// [`moves`]
    Moves,
    /// [`refresh`]
    Refresh,
    /// [`leaf`]
    Leaf,
    /// [`merkle`]
    Merkle,
    /// [`poseidon2`]
    Poseidon2,
    /// [`journal`]
    Journal,
    /// [`facts`]
    Facts,
}

/// Calls `$then!(module)` for the module of a table whose columns are a struct.
macro_rules! with_columns {
    ($table:expr, $then:ident, $poseidon2:expr) => {
        match $table {
            Table::Claim => $then!(claim::Claim, claim),
            Table::Lookup => $then!(lookup::Lookup, lookup),
            Table::Program => $then!(program::Program, program),
            Table::AddSub => $then!(add_sub::AddSub, add_sub),
            Table::AddImm => $then!(add_imm::AddImm, add_imm),
            Table::Bitwise => $then!(bitwise::Bitwise, bitwise),
            Table::Compare => $then!(compare::Compare, compare),
            Table::Shift => $then!(shift::Shift, shift),
            Table::BranchEq => $then!(branch_eq::BranchEq, branch_eq),
            Table::BranchLt => $then!(branch_lt::BranchLt, branch_lt),
            Table::Jal => $then!(jal::Jal, jal),
            Table::Jalr => $then!(jalr::Jalr, jalr),
            Table::Word => $then!(word::Word, word),
            Table::LoadSub => $then!(load_sub::LoadSub, load_sub),
            Table::StoreSub => $then!(store_sub::StoreSub, store_sub),
            Table::Mul => $then!(mul::Mul, mul),
            Table::MulHigh => $then!(mul_high::MulHigh, mul_high),
            Table::DivRem => $then!(div_rem::DivRem, div_rem),
            Table::Ecall => $then!(ecall::Ecall, ecall),
            Table::Moves => $then!(moves::Moves, moves),
            Table::Refresh => $then!(refresh::Refresh, refresh),
            Table::Leaf => $then!(leaf::Leaf, leaf),
            Table::Merkle => $then!(merkle::Merkle, merkle),
            Table::Journal => $then!(journal::Journal, journal),
            Table::Facts => $then!(facts::Facts, facts),
            Table::Poseidon2 => $poseidon2,
        }
    };
}

impl Table {
    /// Every table, in the order of a proof.
    pub const ALL: [Self; 26] = [
        Self::Claim,
        Self::Lookup,
        Self::Program,
        Self::AddSub,
        Self::AddImm,
        Self::Bitwise,
        Self::Compare,
        Self::Shift,
        Self::BranchEq,
        Self::BranchLt,
        Self::Jal,
        Self::Jalr,
        Self::Word,
        Self::LoadSub,
        Self::StoreSub,
        Self::Mul,
        Self::MulHigh,
        Self::DivRem,
        Self::Ecall,
        Self::Moves,
        Self::Refresh,
        Self::Leaf,
        Self::Merkle,
        Self::Poseidon2,
        Self::Journal,
        Self::Facts,
    ];

    /// Name of the table, as its file is called.
    pub fn name(self) -> &'static str {
        macro_rules! name {
            ($cols:ident::$ty:ident, $module:ident) => {
                stringify!($module)
            };
        }
        with_columns!(self, name, "poseidon2")
    }

    /// Number of main columns.
    pub fn width(self) -> usize {
        macro_rules! width {
            ($cols:ident::$ty:ident, $module:ident) => {
                crate::columns::width::<F, $cols::$ty<F>>()
            };
        }
        with_columns!(self, width, poseidon2::COLUMNS)
    }

    /// Names of the main columns.
    pub fn column_names(self) -> Vec<String> {
        let mut names = Vec::new();
        macro_rules! names {
            ($cols:ident::$ty:ident, $module:ident) => {
                <$cols::$ty<F> as Block<F>>::names("", &mut names)
            };
        }
        with_columns!(
            self,
            names,
            names.extend((0..poseidon2::COLUMNS).map(|i| format!("permutation[{i}]")))
        );
        names
    }

    /// The instructions that it proves, a row each; `None` if its rows are no plain instructions.
    pub const fn family(self) -> Option<Family> {
        Some(match self {
            Self::AddSub => Family::AddSub,
            Self::AddImm => Family::AddImm,
            Self::Bitwise => Family::Bitwise,
            Self::Compare => Family::Compare,
            Self::Shift => Family::Shift,
            Self::BranchEq => Family::BranchEq,
            Self::BranchLt => Family::BranchLt,
            Self::Jal => Family::Jal,
            Self::Jalr => Family::Jalr,
            Self::Word => Family::Word,
            Self::LoadSub => Family::LoadSub,
            Self::StoreSub => Family::StoreSub,
            Self::Mul => Family::Mul,
            Self::MulHigh => Family::MulHigh,
            Self::DivRem => Family::DivRem,
            Self::Claim
            | Self::Lookup
            | Self::Facts
            | Self::Program
            | Self::Ecall
            | Self::Moves
            | Self::Refresh
            | Self::Leaf
            | Self::Merkle
            | Self::Poseidon2
            | Self::Journal => return None,
        })
    }

    /// True of the tables that are filled from what the others ask.
    pub const fn answers(self) -> bool {
        matches!(self, Self::Lookup | Self::Facts | Self::Poseidon2)
    }

    /// Number of public values.
    pub const fn public_values(self) -> usize {
        match self {
            Self::Claim => PUBLIC_VALUES,
            Self::Program => gadget::PROGRAM_VALUES,
            Self::Word | Self::StoreSub | Self::Ecall => gadget::STORE_VALUES,
            _ => 0,
        }
    }
}

/// A table with what the verifier knows of it: an AIR.
#[derive(Clone, Debug)]
pub struct Instance {
    /// The table.
    pub table: Table,
    /// [`journal::periodic_columns`] in the journal table, else none.
    pub periodic: Vec<Vec<F>>,
}

impl Instance {
    /// `table` in a segment that wrote `journal` from index `journal_start` on.
    pub fn new(table: Table, journal_start: u32, journal: &[u8]) -> Self {
        let periodic = match table {
            Table::Journal => journal::periodic_columns(journal_start, journal),
            _ => Vec::new(),
        };
        Self { table, periodic }
    }
}

impl BaseAir<F> for Instance {
    fn width(&self) -> usize {
        self.table.width()
    }

    fn preprocessed_trace(&self) -> Option<RowMajorMatrix<F>> {
        (self.table == Table::Lookup).then(lookup::fixed)
    }

    fn preprocessed_width(&self) -> usize {
        match self.table {
            Table::Lookup => crate::columns::width::<F, lookup::Fixed<F>>(),
            _ => 0,
        }
    }

    fn num_periodic_columns(&self) -> usize {
        self.periodic.len()
    }

    fn periodic_columns(&self) -> Cow<'_, [Vec<F>]> {
        Cow::Borrowed(&self.periodic)
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        match self.table {
            Table::Claim => alloc::vec![0],
            _ => Vec::new(),
        }
    }

    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        Vec::new()
    }

    fn num_public_values(&self) -> usize {
        self.table.public_values()
    }
}

impl<B: Builder> Air<B> for Instance {
    fn eval(&self, b: &mut B) {
        let main = b.main();
        let row = main.current_slice();
        macro_rules! eval {
            ($cols:ident::$ty:ident, $module:ident) => {
                $module::eval(b, &$cols::$ty::of(row))
            };
        }
        with_columns!(self.table, eval, poseidon2::eval(b))
    }
}
