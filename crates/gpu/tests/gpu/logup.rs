//! LogUp columns against those of the prover on the CPU.

use p3_field::extension::BinomiallyExtendable;
use vouch_air::F;
use vouch_air::tables::Table;
use vouch_air::witness::Trace;
use vouch_gpu::Gpu;
use vouch_gpu::ir::TableProgram;
use vouch_gpu::kernels::logup;
use vouch_prover::logup_columns;

use crate::common::on_devices;
use crate::tables::{challenges, download, executed, fixed, random, upload};

fn assert_same<const D: usize>(gpu: &Gpu, trace: &Trace)
where
    F: BinomiallyExtendable<D>,
{
    let table = trace.instance.table;
    let fixed = fixed(trace);
    let challenges = challenges::<D>(2 * TableProgram::of(table).plan.columns.len(), 3);
    let expected = logup_columns(trace, fixed.as_ref(), &challenges);
    let main = upload(gpu, &trace.matrix);
    let fixed = fixed.map(|fixed| upload(gpu, &fixed));
    let public_values = &trace.public_values;
    let got = logup(
        gpu,
        table,
        public_values,
        &main,
        fixed.as_ref(),
        &challenges,
    );
    let (columns, terminal) = got.expect("it runs");
    let name = table.name();
    assert_eq!(terminal, expected.1, "{name}: terminal");
    assert!(download(&columns) == expected.0, "{name}: columns");
}

fn all<const D: usize>()
where
    F: BinomiallyExtendable<D>,
{
    let traces: Vec<Trace> = executed().into_iter().chain(random(6)).collect();
    on_devices(|gpu| {
        for trace in &traces {
            assert_same::<D>(gpu, trace);
        }
    });
}

#[test]
fn columns_of_degree_4() {
    all::<4>();
}

#[test]
fn columns_of_degree_5() {
    all::<5>();
}

/// Sums of tiles that are themselves of tiles of tiles.
#[test]
fn long_columns() {
    let trace = random(17).find(|trace| trace.instance.table == Table::Refresh);
    let trace = trace.expect("it is a table");
    on_devices(|gpu| assert_same::<4>(gpu, &trace));
}
