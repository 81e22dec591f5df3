//! `vouch run --flame-graph`: flame graphs, and the costliest functions and tables.

use std::path::{Path, PathBuf};

use inferno::flamegraph::{self, Options};
use serde_json::json;
use vouch_sdk::Error as SdkError;
use vouch_sdk::profile::{GuestProfile, Unit};

use super::{fields, path_text};
use crate::error::Error;
use crate::output::{Fields, Output};
use crate::places::Places;

/// Functions and tables that are listed.
const LISTED: usize = 10;

/// Where the flame graphs go.
pub struct Graphs {
    cycles: PathBuf,
    cells: PathBuf,
}

impl Graphs {
    /// `path` and, for committed cells, one beside it: `out.svg` and `out.cells.svg`.
    ///
    /// # Errors
    /// One of them cannot be written, or is one of the command's other files.
    pub fn new(path: &Path, places: &mut Places) -> Result<Self, Error> {
        let graphs = Self {
            cycles: path.into(),
            cells: path.with_extension("cells.svg"),
        };
        places.writes("the flame graph in cycles", &graphs.cycles)?;
        places.writes("the flame graph in cells", &graphs.cells)?;
        Ok(graphs)
    }
}

/// Writes the flame graphs of a run, and says what is costliest. Nothing is said or written of a
/// run that ended before its first instruction.
///
/// # Errors
/// A file cannot be written, or stdout.
pub fn report(profile: &GuestProfile, graphs: &Graphs, output: &Output) -> Result<Fields, Error> {
    if profile.total().cycles == 0 {
        return Ok(Fields::new());
    }
    for (unit, path) in [(Unit::Cycles, &graphs.cycles), (Unit::Cells, &graphs.cells)] {
        output.write(path, &flame_graph(profile, unit, path)?)?;
    }
    say(profile, graphs, output)?;
    Ok(fields([("profile", json(profile, graphs))]))
}

fn flame_graph(profile: &GuestProfile, unit: Unit, path: &Path) -> Result<Vec<u8>, Error> {
    let mut options = Options::default();
    (options.title, options.count_name) = match unit {
        Unit::Cycles => ("Cycles by function".into(), "cycles".into()),
        Unit::Cells => ("Committed cells by function".into(), "cells".into()),
    };
    options.deterministic = true;
    // Lines are taken as they are, last first: sorting them would tear `a` and what it calls apart
    // where there is an `a::b`.
    options.flame_chart = true;
    let lines = profile.folded(unit);
    let mut svg = Vec::new();
    flamegraph::from_lines(
        &mut options,
        lines.iter().rev().map(String::as_str),
        &mut svg,
    )
    .map_err(|source| SdkError::File {
        action: "draw",
        path: path.into(),
        source,
    })?;
    Ok(svg)
}

fn say(profile: &GuestProfile, graphs: &Graphs, output: &Output) -> Result<(), Error> {
    let total = profile.total();
    output.say("       cells      %        cycles      %  function")?;
    for (name, own) in profile.functions().iter().take(LISTED) {
        output.say(format_args!(
            "{:>12} {:>6.1}  {:>12} {:>6.1}  {name}",
            own.cells,
            percent(own.cells, total.cells),
            own.cycles,
            percent(own.cycles, total.cycles),
        ))?;
    }
    output.say("       cells      %          rows         table")?;
    for table in profile
        .tables()
        .iter()
        .take(LISTED)
        .filter(|table| table.rows > 0)
    {
        output.say(format_args!(
            "{:>12} {:>6.1}  {:>12}         {}",
            table.cells,
            percent(table.cells, total.cells),
            table.rows,
            table.table,
        ))?;
    }
    if !profile.has_symbols() {
        output.say(
            "the ELF has no function names, so code is listed by address (docs/profiling.md)",
        )?;
    }
    output.say(format_args!(
        "cycles by function     {}",
        graphs.cycles.display()
    ))?;
    output.say(format_args!(
        "cells by function      {}",
        graphs.cells.display()
    ))
}

fn json(profile: &GuestProfile, graphs: &Graphs) -> serde_json::Value {
    let functions = profile.functions();
    let functions = functions.iter().take(LISTED);
    let functions = functions
        .map(|(name, own)| json!({"name": name, "cycles": own.cycles, "cells": own.cells}));
    let tables = profile
        .tables()
        .iter()
        .take(LISTED)
        .filter(|table| table.rows > 0);
    let tables =
        tables.map(|table| json!({"table": table.table, "rows": table.rows, "cells": table.cells}));
    json!({
        "cycles_svg": path_text(&graphs.cycles),
        "cells_svg": path_text(&graphs.cells),
        "cells": profile.total().cells,
        "has_symbols": profile.has_symbols(),
        "functions": functions.collect::<Vec<_>>(),
        "tables": tables.collect::<Vec<_>>(),
    })
}

/// A part of a whole, in hundredths.
pub fn percent(part: u64, whole: u64) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_graph_in_cells_is_beside_that_in_cycles() {
        let directory = tempfile::tempdir().expect("a directory");
        for (name, beside) in [
            ("out.svg", "out.cells.svg"),
            ("out", "out.cells.svg"),
            ("a.b.svg", "a.b.cells.svg"),
        ] {
            let path = directory.path().join(name);
            let graphs = Graphs::new(&path, &mut Places::default()).expect("writable");
            assert_eq!(graphs.cells, directory.path().join(beside));
        }
    }
}
