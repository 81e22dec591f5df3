//! Cells that may hold anything in some rows: `free-cells.txt`, a reviewed list with a reason
//! each.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use std::sync::OnceLock;

use p3_field::PrimeField32;

use crate::F;
use crate::columns::Block;
use crate::machine::PublicValues;
use crate::tables::Table;

/// A line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreeCell {
    /// Its number, from 1.
    pub line: usize,
    /// The table.
    pub table: Table,
    /// The column, counted from 0.
    pub column: usize,
    /// The rows.
    pub when: Condition,
    /// Why it does no harm.
    pub reason: String,
}

/// In which rows a cell is free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// In all of them, but only if others change with it.
    Together,
    /// In those in which all of these hold.
    All(Vec<Comparison>),
}

/// A comparison of a column with a value or another column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    left: Operand,
    /// `>=`, not `=`.
    is_at_least: bool,
    right: Operand,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operand {
    Column(usize),
    Public(usize),
    Value(u32),
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It is not `table column : condition : reason`.
    Form,
    /// There is no such table.
    Table(String),
    /// The table has no such column (or the claim no such public value).
    Column(String),
    /// This is no comparison.
    Comparison(String),
}

/// A line that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: Problem,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        match &self.problem {
            Problem::Form => write!(f, "expected `table column : condition : reason`"),
            Problem::Table(name) => write!(f, "no table {name}"),
            Problem::Column(name) => write!(f, "no column {name}"),
            Problem::Comparison(text) => write!(f, "no comparison: {text}"),
        }
    }
}

/// Parses a list: lines `table column : condition : reason`, empty lines, and comments after
/// `#`. A condition is `together`, or `a = b` and `a >= b` joined by ` and `, where `a` is a
/// column or `public.` and a public value of the claim, and `b` is one or a number.
///
/// # Errors
/// The first line that is none of these, or names a table or column that does not exist.
pub fn parse(text: &str) -> Result<Vec<FreeCell>, ParseError> {
    let lines = (1..).zip(text.lines());
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|(line, text)| parse_line(line, text).map_err(|problem| ParseError { line, problem }))
        .collect()
}

fn parse_line(line: usize, text: &str) -> Result<FreeCell, Problem> {
    let mut parts = text.splitn(3, " : ").map(str::trim);
    let (Some(cell), Some(when), Some(reason)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(Problem::Form);
    };
    let (table, column) = cell.split_once(' ').ok_or(Problem::Form)?;
    if reason.is_empty() {
        return Err(Problem::Form);
    }
    let table = Table::ALL
        .into_iter()
        .find(|known| known.name() == table)
        .ok_or_else(|| Problem::Table(table.to_owned()))?;
    let Operand::Column(column) = operand(table, column)? else {
        return Err(Problem::Column(column.to_owned()));
    };
    let when = match when {
        "together" => Condition::Together,
        _ => {
            let all = when.split(" and ").map(|part| comparison(table, part));
            Condition::All(all.collect::<Result<_, _>>()?)
        }
    };
    Ok(FreeCell {
        line,
        table,
        column,
        when,
        reason: reason.to_owned(),
    })
}

fn comparison(table: Table, text: &str) -> Result<Comparison, Problem> {
    let (left, right, is_at_least) = match (text.split_once(" >= "), text.split_once(" = ")) {
        (Some((left, right)), _) => (left, right, true),
        (None, Some((left, right))) => (left, right, false),
        (None, None) => return Err(Problem::Comparison(text.to_owned())),
    };
    Ok(Comparison {
        left: operand(table, left)?,
        is_at_least,
        right: match right.parse() {
            Ok(value) => Operand::Value(value),
            Err(_) => operand(table, right)?,
        },
    })
}

fn operand(table: Table, name: &str) -> Result<Operand, Problem> {
    let find = |names: &[String], name: &str| names.iter().position(|known| known == name);
    let found = match (name.strip_prefix("public."), table) {
        (Some(name), Table::Claim) => {
            let mut names = Vec::new();
            <PublicValues<F> as Block<F>>::names("", &mut names);
            find(&names, name).map(Operand::Public)
        }
        _ => find(&table.column_names(), name).map(Operand::Column),
    };
    found.ok_or_else(|| Problem::Column(name.to_owned()))
}

impl Comparison {
    fn holds(&self, cells: &[F], public: &[F]) -> bool {
        let value = |operand: Operand| match operand {
            Operand::Column(column) => cells[column].as_canonical_u32(),
            Operand::Public(index) => public[index].as_canonical_u32(),
            Operand::Value(value) => value,
        };
        let (left, right) = (value(self.left), value(self.right));
        if self.is_at_least {
            left >= right
        } else {
            left == right
        }
    }
}

impl FreeCell {
    /// Whether the cell is free in a row with these cells, of a table with these public
    /// values, if it alone changes, or `together` with others.
    ///
    /// # Panics
    /// If the row or the public values are not those of the table.
    pub fn applies(&self, cells: &[F], public: &[F], together: bool) -> bool {
        match &self.when {
            Condition::Together => together,
            Condition::All(all) => all.iter().all(|one| one.holds(cells, public)),
        }
    }
}

/// The list of the machine's free cells.
///
/// # Panics
/// If it cannot be parsed: it is a file of this crate, and tested.
pub fn free_cells() -> &'static [FreeCell] {
    static CELLS: OnceLock<Vec<FreeCell>> = OnceLock::new();
    CELLS.get_or_init(|| match parse(include_str!("../../free-cells.txt")) {
        Ok(cells) => cells,
        Err(error) => panic!("free-cells.txt: {error}"),
    })
}

/// Whether the list has it that a cell may hold anything, in a row with these cells of a table
/// with these public values, which sends something. (A row that sends nothing may hold anything
/// that leaves it silent.)
///
/// # Panics
/// If the row or the public values are not those of the table.
pub fn is_free(table: Table, column: &str, cells: &[F], public: &[F]) -> bool {
    let names = table.column_names();
    let is_it = |free: &&FreeCell| free.table == table && names[free.column] == column;
    let mut listed = free_cells().iter().filter(is_it);
    listed.any(|free| free.applies(cells, public, false))
}

#[cfg(test)]
mod tests {
    use p3_field::{PrimeCharacteristicRing, integers::QuotientMap};

    use super::*;

    fn problem(text: &str) -> Problem {
        parse(text).expect_err("the line is none").problem
    }

    #[test]
    fn lines_are_parsed() {
        let text = "# none\n\ncompare b.prev_ts : is_imm = 1 : why not\n";
        let cells = parse(text).expect("one line");
        let [cell] = cells.as_slice() else {
            panic!("one line: {cells:?}");
        };
        let names = Table::Compare.column_names();
        assert_eq!((cell.line, cell.table), (3, Table::Compare));
        assert_eq!(
            (&names[cell.column][..], &cell.reason[..]),
            ("b.prev_ts", "why not")
        );
    }

    #[test]
    fn conditions_are_evaluated() {
        let text = "refresh ts_lo : ts >= 7 and value[0] = value[1] and cell = 3 : x";
        let cells = parse(text).expect("one line");
        let row = |ts: u32, lo: u32, cell: u32| {
            // cell, value[0], value[1], ts, ts_lo and the rest
            let mut row = [F::ZERO; 8];
            row[..4].copy_from_slice(&[cell, lo, 5, ts].map(F::from_int));
            row
        };
        for (ts, lo, cell, expected) in [
            (7, 5, 3, true),
            (9, 5, 3, true),
            (6, 5, 3, false),
            (7, 4, 3, false),
            (7, 5, 2, false),
        ] {
            assert_eq!(cells[0].applies(&row(ts, lo, cell), &[], false), expected);
        }
    }

    #[test]
    fn public_values_and_companions() {
        let text = "claim end_ts : public.halted = 1 : x\nbranch_eq witness[0] : together : y";
        let cells = parse(text).expect("two lines");
        let mut public = PublicValues::splat(F::ZERO);
        for halted in [F::ZERO, F::ONE] {
            public.halted = halted;
            let mut values = F::zero_vec(<PublicValues<F> as Block<F>>::WIDTH);
            public.put(&mut values.iter_mut());
            assert_eq!(
                cells[0].applies(&[F::ZERO; 34], &values, false),
                halted == F::ONE
            );
        }
        assert!(cells[1].applies(&[], &[], true) && !cells[1].applies(&[], &[], false));
    }

    #[test]
    fn what_is_no_line_is_refused() {
        assert_eq!(problem("compare b.prev_ts : is_imm = 1"), Problem::Form);
        assert_eq!(problem("compare b.prev_ts : is_imm = 1 : "), Problem::Form);
        assert_eq!(problem("compare : is_imm = 1 : x"), Problem::Form);
        assert_eq!(problem("cpu pc : pc = 1 : x"), Problem::Table("cpu".into()));
        assert_eq!(problem("jal a : pc = 1 : x"), Problem::Column("a".into()));
        assert_eq!(problem("jal pc : a = 1 : x"), Problem::Column("a".into()));
        assert_eq!(problem("jal pc : pc = a : x"), Problem::Column("a".into()));
        let public = "public.halted";
        assert_eq!(
            problem("jal pc : public.halted = 1 : x"),
            Problem::Column(public.into())
        );
        assert_eq!(
            problem("claim public.halted : together : x"),
            Problem::Column(public.into())
        );
        assert_eq!(
            problem("jal pc : always : x"),
            Problem::Comparison("always".into())
        );
        let error = parse("jal pc : together : x\nnothing").expect_err("the second");
        assert_eq!(error.line, 2);
    }

    /// The file itself; that every line is needed is up to the campaigns.
    #[test]
    fn the_list_is_parsed() {
        assert!(!free_cells().is_empty());
        let row = F::zero_vec(Table::Compare.width());
        assert!(!is_free(Table::Compare, "b.prev_ts", &row, &[]));
        let is_imm = Table::Compare
            .column_names()
            .iter()
            .position(|name| name == "is_imm");
        let mut row = row;
        row[is_imm.expect("it has one")] = F::ONE;
        assert!(is_free(Table::Compare, "b.prev_ts", &row, &[]));
        assert!(!is_free(Table::Compare, "pc", &row, &[]));
    }
}
