//! The rules of the machine with the columns that they speak of, read from the tables' code.

use p3_air::symbolic::{BaseLeaf, SymbolicExpr};
use p3_field::PrimeField32;
use vouch_air::bus;
use vouch_air::tables::Table;
use vouch_air::testkit::lint::{Columns, symbolic};

use super::evidence::Breach;

/// A message of a table.
pub struct RuleMessage {
    /// Its bus, by its place in [`bus::ALL`].
    pub bus: usize,
    /// The names of the columns in its fields.
    pub columns: Vec<String>,
    /// The columns in each field.
    pub fields: Vec<Vec<usize>>,
    /// It asks the lookup or Poseidon2 table.
    pub is_question: bool,
    /// The fact of a question to the lookup table, as a number.
    pub fact: Option<u32>,
}

/// A table's rules.
pub struct Rules {
    /// The table.
    pub table: Table,
    /// The names of the columns of each constraint.
    pub constraints: Vec<Vec<String>>,
    /// The messages.
    pub messages: Vec<RuleMessage>,
}

/// All tables' rules.
pub fn rules() -> Vec<Rules> {
    Table::ALL.into_iter().map(of_table).collect()
}

fn of_table(table: Table) -> Rules {
    let (symbolic, names) = (symbolic(table), table.column_names());
    let named = |columns: Vec<usize>| columns.into_iter().map(|i| names[i].clone()).collect();
    let constraints = symbolic.base_constraints();
    let constraints = constraints
        .iter()
        .map(|constraint| named(Columns::of(constraint)));
    let messages = symbolic.global_interactions().iter().map(|message| {
        let fields: Vec<Vec<usize>> = message.fields.iter().map(Columns::of).collect();
        let mut columns = fields.concat();
        columns.sort_unstable();
        columns.dedup();
        let name = message.bus_name.as_str();
        RuleMessage {
            bus: crate::rules::bus_index(name),
            columns: named(columns),
            fields,
            is_question: message.count_weight > 0 && [bus::LOOKUP, bus::POSEIDON2].contains(&name),
            fact: match message.fields.first() {
                Some(SymbolicExpr::Leaf(BaseLeaf::Constant(fact))) if name == bus::LOOKUP => {
                    Some(fact.as_canonical_u32())
                }
                _ => None,
            },
        }
    });
    Rules {
        table,
        constraints: constraints.collect(),
        messages: messages.collect(),
    }
}

/// Whether a breach is of a rule of `table` that speaks of one of these columns. A name stands
/// for a column and for all of a block or array of that name.
pub fn speaks_of(rules: &[Rules], breach: &Breach, table: Table, columns: &[&str]) -> bool {
    let names = match *breach {
        Breach::Constraint(of, index) if of == table => &rules[of as usize].constraints[index],
        Breach::Question(of, index, _) if of == table => {
            &rules[of as usize].messages[index].columns
        }
        _ => return false,
    };
    names
        .iter()
        .any(|name| columns.iter().any(|column| is_part(name, column)))
}

pub(super) fn is_part(name: &str, column: &str) -> bool {
    let rest = name.strip_prefix(column);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
