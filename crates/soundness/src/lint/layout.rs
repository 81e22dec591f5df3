//! The layout of the machine, compared with a file that a reviewer reads.

use p3_lookup::SymbolicInteraction;
use vouch_air::F;
use vouch_air::bus;
use vouch_air::tables::Table;
use vouch_air::testkit::lint::symbolic;

use super::constraint_degree;
use crate::Outcome;

/// A path in the crate of the tables.
pub fn air(path: &str) -> String {
    format!("{}/../air/{path}", env!("CARGO_MANIFEST_DIR"))
}

/// A change of the layout is a change of the machine: it needs a new version, and shows in the
/// committed file. `UPDATE_LAYOUT=1 cargo test -p vouch-soundness --test lint` writes it
/// anew.
pub fn run() -> Outcome {
    let mut outcome = Outcome::default();
    let path = air("tests/layout.txt");
    let layout = layout();
    if std::env::var_os("UPDATE_LAYOUT").is_some() {
        std::fs::write(&path, &layout).expect("the file can be written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    if committed != layout {
        outcome.fail(format!("{path} is not:\n{layout}"));
    }
    outcome
}

/// Every table's columns, constraints and messages.
fn layout() -> String {
    let mut text = String::new();
    for table in Table::ALL {
        let symbolic = symbolic(table);
        let buses = bus::ALL.iter().filter_map(|(bus, _)| {
            let of_bus = |m: &&SymbolicInteraction<F>| m.bus_name == *bus;
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
        // The permutation's columns are p3's.
        let shown = match table {
            Table::Poseidon2 => &names[..0],
            _ => &names[..],
        };
        for line in shown.chunks(8) {
            text += &format!("    {}\n", line.join(" "));
        }
    }
    text
}
