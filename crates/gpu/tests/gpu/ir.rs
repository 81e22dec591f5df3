//! Programs against the tables' own code.

use p3_air::BaseAir;
use vouch_air::F;
use vouch_air::capture::{Capture, Row, Sink};
use vouch_air::tables::{Instance, Table};
use vouch_gpu::ir::{TableProgram, evaluate};

use crate::common::numbers;

/// What a row emits, as the table has it.
#[derive(Default)]
struct Emitted {
    constraints: Vec<F>,
    messages: Vec<(Vec<F>, F)>,
}

impl Sink for Emitted {
    fn constraint(&mut self, value: F) {
        self.constraints.push(value);
    }

    fn message(&mut self, _: &str, fields: &[F], count: F, _: u32) {
        self.messages.push((fields.to_vec(), count));
    }
}

/// Every constraint, field and count of random rows.
#[test]
fn programs_say_what_tables_say() {
    for table in Table::ALL {
        let instance = Instance::new(table, 0, &[]);
        let program = TableProgram::of(table);
        for seed in 0..8 {
            let width = instance.width();
            // Without the edges that numbers begin with.
            let cells = numbers(2 * width + 200, seed)[6..].to_vec();
            let (current, rest) = cells.split_at(width);
            let (next, rest) = rest.split_at(width);
            let (public, rest) = rest.split_at(100);
            let row = Row {
                current,
                next,
                preprocessed: &rest[..instance.preprocessed_width()],
                periodic: &rest[40..43],
                public,
                is_first: rest[50],
                is_last: rest[51],
                is_transition: rest[52],
            };
            let mut emitted = Emitted::default();
            instance.eval(&mut Capture::new(row.clone(), &mut emitted));
            let evaluated = evaluate(program, &row);
            let name = table.name();
            assert_eq!(evaluated.constraints, emitted.constraints, "{name}");
            assert_eq!(evaluated.messages.len(), emitted.messages.len(), "{name}");
            for (place, (fields, count)) in program.plan.messages.iter().zip(&emitted.messages) {
                let varying = place.varying.iter().map(|&i| fields[i]);
                let expected = (varying.collect(), *count);
                assert_eq!(evaluated.messages[place.slot], expected, "{name}");
            }
        }
    }
}

/// Programs fit the registers of a GPU: but for one LogUp column of the program table, which cannot
/// be cut, no part keeps more than 48 values.
#[test]
fn parts_are_small() {
    let of = |table| (table, TableProgram::of(table).statistics());
    let statistics: Vec<_> = Table::ALL.map(of).into();
    for (table, statistics) in &statistics {
        println!("{}: {statistics:?}", table.name());
    }
    // The longest are interpreted, and keep what they keep in memory.
    let compiled =
        { statistics.iter() }.filter(|(table, _)| TableProgram::of(*table).encoded.is_none());
    assert_eq!(compiled.clone().count(), Table::ALL.len() - 7);
    for (table, statistics) in compiled {
        let limit = if *table == Table::Program { 64 } else { 48 };
        assert!(statistics.live <= limit, "{}: {statistics:?}", table.name());
    }
}

/// Programs have all that the prover expects of a table, so that no comparison is one of nothing.
#[test]
fn programs_are_complete() {
    for table in Table::ALL {
        let program = TableProgram::of(table);
        let name = table.name();
        assert_eq!(
            program.constraints.len(),
            program.plan.constraints,
            "{name}"
        );
        let columns = program.messages.iter().map(|message| message.column);
        let expected = { program.plan.columns.iter().enumerate() }
            .flat_map(|(column, slots)| slots.clone().map(move |_| column));
        assert!(columns.eq(expected), "{name}");
        assert!(!program.messages.is_empty(), "{name}");
    }
}
