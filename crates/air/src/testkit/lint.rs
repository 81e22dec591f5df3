//! The machine as a whole: degrees, widths, unused columns, layout.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use std::sync::Arc;

use p3_air::symbolic::{AirLayout, BaseEntry, BaseLeaf, SymbolicExpr, SymbolicExpression};
use p3_lookup::symbolic::InteractionSymbolicBuilder;

use crate::F;
use crate::bus;
use crate::tables::{Instance, Table};

/// Highest degree of a constraint at the lowest rate in use.
const MAX_DEGREE: usize = 3;

pub(super) type Symbolic = InteractionSymbolicBuilder<F>;

pub(super) fn symbolic(table: Table) -> Symbolic {
    let instance = Instance::new(table, 0, &[1]);
    Symbolic::from_air(&instance, AirLayout::from_air::<F>(&instance))
}

fn constraint_degree(table: Table) -> usize {
    let constraints = symbolic(table).base_constraints();
    constraints
        .iter()
        .map(SymbolicExpr::degree_multiple)
        .max()
        .unwrap_or(0)
}

/// Degree of a LogUp constraint on one message of the table: `denominator * fraction = count`.
fn message_degree(table: Table) -> usize {
    let of = |m: &p3_lookup::SymbolicInteraction<F>| {
        let fields = m
            .fields
            .iter()
            .map(SymbolicExpr::degree_multiple)
            .max()
            .unwrap_or(0);
        (fields + 1).max(m.count.degree_multiple())
    };
    symbolic(table)
        .global_interactions()
        .iter()
        .map(of)
        .max()
        .unwrap_or(0)
}

/// The main columns that expressions name.
#[derive(Default)]
pub(super) struct Columns {
    found: BTreeSet<usize>,
    /// Expressions share their parts: a permutation's trees are too large to be walked.
    seen: BTreeSet<*const SymbolicExpression<F>>,
}

impl Columns {
    /// The main columns of one expression.
    pub(super) fn of(expression: &SymbolicExpression<F>) -> Vec<usize> {
        let mut columns = Self::default();
        columns.add(expression);
        columns.found.into_iter().collect()
    }

    fn add(&mut self, expression: &SymbolicExpression<F>) {
        match expression {
            SymbolicExpr::Add { x, y, .. }
            | SymbolicExpr::Sub { x, y, .. }
            | SymbolicExpr::Mul { x, y, .. } => {
                self.add_shared(x);
                self.add_shared(y);
            }
            SymbolicExpr::Neg { x, .. } => self.add_shared(x),
            SymbolicExpr::Leaf(BaseLeaf::Variable(variable)) => {
                if let BaseEntry::Main { .. } = variable.entry {
                    self.found.insert(variable.index);
                }
            }
            SymbolicExpr::Leaf(_) => {}
        }
    }

    fn add_shared(&mut self, expression: &Arc<SymbolicExpression<F>>) {
        if self.seen.insert(Arc::as_ptr(expression)) {
            self.add(expression);
        }
    }
}

#[test]
fn degrees_are_at_most_three() {
    for table in Table::ALL {
        assert!(constraint_degree(table) <= MAX_DEGREE, "{}", table.name());
        assert!(message_degree(table) <= MAX_DEGREE, "{}", table.name());
    }
}

/// The degree that a table's file states: that of its constraints, or of LogUp's, which is
/// [`MAX_DEGREE`] because messages are packed until it is reached.
#[test]
fn declared_degrees_are_computed_ones() {
    for table in Table::ALL {
        let path = format!(
            "{}/src/tables/{}.rs",
            env!("CARGO_MANIFEST_DIR"),
            table.name()
        );
        let source = std::fs::read_to_string(&path).expect("a table's file has its name");
        let degree = constraint_degree(table);
        let declared = match degree {
            MAX_DEGREE => format!("Degree {MAX_DEGREE}."),
            _ => format!("Degree {MAX_DEGREE} (LogUp)"),
        };
        let statement = source.split("\nuse ").next().unwrap_or_default();
        assert!(
            statement.contains(&declared),
            "{path} should say: {declared}"
        );
    }
}

#[test]
fn every_message_has_the_width_of_its_bus() {
    let mut used = BTreeSet::new();
    for table in Table::ALL {
        for message in symbolic(table).global_interactions() {
            let known = bus::ALL.iter().find(|(name, _)| *name == message.bus_name);
            let (name, width) = known.expect("every bus is listed");
            assert_eq!(message.fields.len(), *width, "{} on {name}", table.name());
            used.insert(*name);
        }
    }
    assert_eq!(used.len(), bus::ALL.len(), "every bus is used");
}

#[test]
fn every_column_is_used() {
    for table in Table::ALL {
        let symbolic = symbolic(table);
        let mut columns = Columns::default();
        // Kept as long as the addresses of their parts are.
        let constraints = symbolic.base_constraints();
        constraints
            .iter()
            .for_each(|constraint| columns.add(constraint));
        for message in symbolic.global_interactions() {
            let expressions = message.fields.iter().chain([&message.count]);
            expressions.for_each(|expression| columns.add(expression));
        }
        let all: BTreeSet<usize> = (0..table.width()).collect();
        assert_eq!(columns.found, all, "{}", table.name());
    }
}

/// Every table's columns, constraints and messages in a form that a reviewer reads.
fn layout() -> String {
    let mut text = String::new();
    for table in Table::ALL {
        let symbolic = symbolic(table);
        let buses = bus::ALL.iter().filter_map(|(bus, _)| {
            let of_bus = |m: &&p3_lookup::SymbolicInteraction<F>| m.bus_name == *bus;
            let count = symbolic.global_interactions().iter().filter(of_bus).count();
            (count > 0).then(|| format!("{bus} {count}"))
        });
        let buses: Vec<String> = buses.collect();
        text += &format!(
            "{}: {} columns, {} constraints of degree {}, messages: {}\n",
            table.name(),
            table.width(),
            symbolic.base_constraints().len(),
            constraint_degree(table),
            buses.join(", "),
        );
        let names = table.column_names();
        assert_eq!(names.len(), table.width(), "{}", table.name());
        // The permutation's columns are p3's.
        let shown = if table == Table::Poseidon2 {
            &names[..0]
        } else {
            &names[..]
        };
        for line in shown.chunks(8) {
            text += &format!("    {}\n", line.join(" "));
        }
    }
    text
}

/// A change of the layout is a change of the machine: it needs a new version, and shows in
/// the committed file. `UPDATE_LAYOUT=1 cargo test -p vouch-air layout` writes it anew.
#[test]
fn layout_is_the_committed_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/layout.txt");
    let layout = layout();
    if std::env::var_os("UPDATE_LAYOUT").is_some() {
        std::fs::write(path, &layout).expect("the file can be written");
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(committed == layout, "tests/layout.txt is not:\n{layout}");
}
