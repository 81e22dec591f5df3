//! The command line of `vouch run`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PathBufValueParser, TypedValueParser};
use vouch_sdk::{Backend, DEFAULT_SEGMENT_CELLS, units};

use super::InputArgs;
use super::values::{BackendName, RunProfile, SecurityBits, run_profile};

/// Of `vouch run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The guest: an ELF file
    pub elf: PathBuf,
    /// Its input.
    #[command(flatten)]
    pub input: InputArgs,
    /// Write the journal to a file
    #[arg(long, value_name = "FILE")]
    pub journal_out: Option<PathBuf>,
    /// Show how much was executed, and how fast
    #[arg(long)]
    pub stats: bool,
    /// Show which functions and tables cost most, and write flame graphs: in cycles to FILE, in
    /// committed cells beside it (out.svg, out.cells.svg)
    #[arg(long, value_name = "FILE")]
    pub flame_graph: Option<PathBuf>,
    /// With --estimate: what to favour, prover time or receipt size [possible values: fast, compact]
    // Once the name of --flame-graph, which it still is if its value is a file.
    #[arg(long, value_name = "PROFILE", conflicts_with = "flame_graph",
        value_parser = PathBufValueParser::new().try_map(run_profile))]
    pub profile: Option<RunProfile>,
    /// What its proof would take.
    #[command(flatten)]
    pub estimate: EstimateArgs,
    /// Wait on this port of 127.0.0.1 for a debugger that speaks gdb's protocol, and let it run the guest; 0 picks a
    /// free port
    #[arg(long, value_name = "PORT", conflicts_with_all = ["flame_graph", "estimate", "profile"])]
    pub gdb: Option<u16>,
    /// Execute at most so many instructions: a number or 2^N
    #[arg(long, value_name = "N", value_parser = units::number)]
    pub max_cycles: Option<u64>,
}

/// Of `vouch run --estimate`.
#[derive(Debug, Args)]
pub struct EstimateArgs {
    /// Show what a proof of the run would take on this machine: segments, cells, memory, bytes, seconds
    #[arg(long, conflicts_with = "flame_graph")]
    pub estimate: bool,
    /// With --estimate: provable bits of the proof system
    #[arg(long, value_enum, default_value_t = SecurityBits::Bits100, requires = "estimate")]
    pub security: SecurityBits,
    /// With --estimate: memory that proving may take, as in `prove`
    #[arg(long, value_name = "BYTES", value_parser = units::bytes, requires = "estimate")]
    pub max_memory: Option<u64>,
    /// With --estimate: committed cells in a segment, at most, as in `prove`
    #[arg(long, value_name = "N", value_parser = units::number, default_value_t = DEFAULT_SEGMENT_CELLS,
        requires = "estimate")]
    pub segment_cells: u64,
    /// With --estimate: threads to prove with [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), requires = "estimate")]
    pub threads: Option<u16>,
    /// With --estimate: where the proof would be computed
    #[arg(long, value_enum, default_value_t = BackendName::Auto, requires = "estimate")]
    backend: BackendName,
}

impl EstimateArgs {
    /// The backend asked for.
    pub fn backend(&self) -> Backend {
        self.backend.into()
    }
}
