//! The command line.

mod run;
mod values;

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};
use vouch_sdk::{Backend, DEFAULT_SEGMENT_CELLS, ImageId, Profile, parse_image_id, units};

use crate::commands::Guest;
use values::{BackendName, allowed_exit};

pub use run::RunArgs;
pub use values::{AllowedExit, LogFormatName, ProfileName, RunProfile, SecurityBits};

/// Proves and verifies runs of RISC-V programs.
///
/// Exit codes: 0 yes; 1 the answer is no (a receipt does not verify, a journal differs, a
/// guest exited with a code other than 0); 2 bad usage or input; 3 guest fault; 4 limit
/// reached; 5 a bug in Vouch; 128 + N stopped by signal N (141: stdout was closed).
#[derive(Debug, Parser)]
#[command(name = "vouch", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Print exactly one JSON object on stdout, for errors as well; everything else goes to stderr
    #[arg(long, global = true)]
    pub json: bool,
    /// Log each phase and its time to stderr; given twice, those of the proof system as well
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Prove and verify the four-hash commitment, and try to cheat
    Demo,
    /// Create a project: a guest, and a host that proves and verifies it
    New(NewArgs),
    /// Build a guest crate and print its image ID
    Build(BuildArgs),
    /// Run a guest without proving anything
    Run(RunArgs),
    /// Run a guest, prove the run and write the verified receipt
    Prove(ProveArgs),
    /// Verify a receipt
    Verify(VerifyArgs),
    /// Show what a receipt says, without verifying it
    Inspect {
        /// The receipt
        receipt: PathBuf,
    },
    /// Print the image ID of a guest
    ImageId {
        /// The guest: an ELF file
        elf: PathBuf,
    },
    /// Measure proofs of the guests that come with Vouch
    Bench(BenchArgs),
    /// Serve proofs: JSON-RPC and gRPC, with a queue that survives restarts
    Serve(ServeArgs),
    /// One run of `bench`, which starts a process for each
    #[command(hide = true)]
    BenchRun(BenchRunArgs),
}

/// Of `vouch new`.
#[derive(Debug, Args)]
pub struct NewArgs {
    /// Folder for the project, new or empty (`.` is fine); the project is named after it
    #[arg(value_name = "PROJECT")]
    pub folder: PathBuf,
    /// Create a guest that uses Rust's standard library
    #[arg(long)]
    pub std: bool,
    /// Depend on the crates in a checkout of Vouch [default: those on crates.io, or those of the checkout
    /// whose target directory this program is in]
    #[arg(long, value_name = "DIR")]
    pub vouch: Option<PathBuf>,
}

/// Of `vouch build`.
#[derive(Debug, Args)]
pub struct BuildArgs {
    /// Directory of the guest's Cargo.toml
    pub guest_dir: PathBuf,
    /// Write the ELF to a file
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Mark the scopes that the guest names, for `vouch run --stats`; this makes a different program, with its own
    /// image ID
    #[arg(long)]
    pub scopes: bool,
    /// Features of the guest's crate to turn on, besides those that are on by default
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub features: Vec<String>,
}

/// The private input.
#[derive(Args)]
pub struct InputArgs {
    /// File with private input, `-` for stdin; may be given several times, and the guest reads the files in this order
    #[arg(long, value_name = "FILE")]
    pub input: Vec<PathBuf>,
    /// Private input in hexadecimal
    // No parser of clap's: its errors repeat what they refuse, and this is private.
    #[arg(long, value_name = "HEX", conflicts_with = "input")]
    pub input_hex: Option<String>,
    /// Put the length of each file before it, as guests with typed input expect (docs/encoding.md)
    #[arg(long)]
    pub frames: bool,
}

/// Without the input, which is private.
impl std::fmt::Debug for InputArgs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InputArgs")
            .field("input", &self.input)
            .finish_non_exhaustive()
    }
}

/// Of `vouch prove`.
#[derive(Debug, Args)]
pub struct ProveArgs {
    /// The guest: an ELF file
    pub elf: PathBuf,
    /// Its input.
    #[command(flatten)]
    pub input: InputArgs,
    /// Write the receipt to a file
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Write the journal to a file
    #[arg(long, value_name = "FILE")]
    pub journal_out: Option<PathBuf>,
    /// Its parameters.
    #[command(flatten)]
    pub profile: ProfileArgs,
    /// Prove the run also if it exits with this code, or with any code if this is `any`; may be given several
    /// times [default: only 0]
    #[arg(long, value_name = "CODE", value_parser = allowed_exit)]
    pub allow_exit: Vec<AllowedExit>,
    /// Execute at most so many instructions: a number or 2^N
    #[arg(long, value_name = "N", value_parser = units::number)]
    pub max_cycles: Option<u64>,
    /// Memory that proving may take, by estimate: a number of bytes, 2^N, or a number with KiB, MiB, GiB or
    /// TiB [default: 4 GiB, or half of this machine's memory if that is less]
    #[arg(long, value_name = "BYTES", value_parser = units::bytes)]
    pub max_memory: Option<u64>,
    /// Committed cells in a segment, at most; a cycle takes 60 to 110. Larger segments make a smaller
    /// receipt and need more memory
    #[arg(long, value_name = "N", value_parser = units::number, default_value_t = DEFAULT_SEGMENT_CELLS)]
    pub segment_cells: u64,
    /// Threads to prove with [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
    /// What computes it.
    #[command(flatten)]
    pub backend: BackendArgs,
    /// Keep proven segments in a folder, which is created if necessary; if the proof is stopped, the same
    /// command continues from there
    #[arg(long, value_name = "DIR")]
    pub work_dir: Option<PathBuf>,
}

/// What computes a proof.
#[derive(Clone, Copy, Debug, Args)]
pub struct BackendArgs {
    /// Where to compute the proof
    #[arg(long, value_enum, default_value_t = BackendName::Auto)]
    backend: BackendName,
}

impl BackendArgs {
    /// The backend asked for.
    pub fn backend(self) -> Backend {
        self.backend.into()
    }
}

/// The parameters of a proof.
#[derive(Clone, Copy, Debug, Args)]
pub struct ProfileArgs {
    /// What to favour: prover time or receipt size
    #[arg(long, value_enum, default_value_t = ProfileName::Fast)]
    profile: ProfileName,
    /// Provable bits of the proof system; the memory's hash resists collisions to 123 bits
    #[arg(long, value_enum, default_value_t = SecurityBits::Bits100)]
    security: SecurityBits,
}

impl ProfileArgs {
    /// The profile asked for.
    pub fn profile(self) -> Profile {
        self.profile.at(self.security)
    }
}

/// Of `vouch verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The receipt
    pub receipt: PathBuf,
    /// The program that should have run.
    #[command(flatten)]
    pub program: ProgramArgs,
    /// File with the journal that the receipt is expected to prove
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
    /// Exit code that the receipt is expected to prove
    #[arg(long, value_name = "CODE", default_value_t = 0)]
    pub expect_exit: u32,
    /// Security that the receipt's profile must have at least, in bits
    #[arg(long, value_enum, default_value_t = SecurityBits::Bits100)]
    pub security: SecurityBits,
}

/// Of `vouch bench`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// Lengths of the runs, in cycles, approximately: numbers or 2^N [default: each guest's natural size; for guests
    /// that have none, 2^15 to 2^20]
    #[arg(long, value_name = "N,...", value_parser = units::number, value_delimiter = ',')]
    pub cycles: Vec<u64>,
    /// Guests to measure [default: all]
    #[arg(long, value_name = "NAMES", value_enum, value_delimiter = ',')]
    pub guests: Vec<Guest>,
    /// Measure each guest without accelerators, where it has them; the name of such a run ends in -software
    #[arg(long)]
    pub software: bool,
    /// The parameters of the proofs.
    #[command(flatten)]
    pub profile: ProfileArgs,
    /// What computes them.
    #[command(flatten)]
    pub backend: BackendArgs,
    /// Runs of each case; the median is shown
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    pub runs: u16,
    /// Write every run to a file, as JSON
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write the medians to a file, as Markdown; only the text between its marks is replaced
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
    /// Write a chart of the time of each phase against cycles to a file, as SVG
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
}

/// Of `vouch serve`. Flags override the file.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Configuration file, in TOML (docs/operations.md)
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Address and port to listen on; port 0 picks a free one [default: 127.0.0.1:8420]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<std::net::SocketAddr>,
    /// Folder for the database, inputs and segments [default: vouch-data]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Memory that all running jobs together may take, by estimate, as in `prove` [default: 4 GiB, or half of
    /// this machine's memory if that is less]
    #[arg(long, value_name = "BYTES", value_parser = units::bytes)]
    pub max_memory: Option<u64>,
    /// Jobs to run at once [default: one for each GiB of that memory, but at most two per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub concurrency: Option<u16>,
    /// Where to compute proofs [default: auto]
    #[arg(long, value_enum)]
    pub backend: Option<BackendName>,
    /// Format of the log [default: json]
    #[arg(long, value_enum)]
    pub log_format: Option<LogFormatName>,
}

/// Of `vouch bench-run`.
#[derive(Debug, Args)]
pub struct BenchRunArgs {
    /// The guest
    #[arg(value_enum)]
    pub guest: Guest,
    /// Size of its input
    pub size: u64,
    /// The parameters of the proof.
    #[command(flatten)]
    pub profile: ProfileArgs,
    /// What computes it.
    #[command(flatten)]
    pub backend: BackendArgs,
}

/// The program that a receipt should be about.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct ProgramArgs {
    /// Its image ID: 64 hexadecimal digits
    #[arg(long, value_name = "HEX", value_parser = parse_image_id)]
    pub image_id: Option<ImageId>,
    /// Its ELF
    #[arg(long, value_name = "FILE")]
    pub elf: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    fn bench(arguments: &[&str]) -> Result<BenchArgs, clap::Error> {
        let all = [&["vouch", "bench"][..], arguments].concat();
        match Cli::try_parse_from(all)?.command {
            Command::Bench(arguments) => Ok(arguments),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn lists_are_separated_by_commas() {
        let default = bench(&[]).expect("nothing is required");
        assert!(default.cycles.is_empty() && default.guests.is_empty());
        let some = ["--cycles", "2^15,32769", "--guests", "sort,fibonacci"];
        let some = bench(&some).expect("two lists");
        assert_eq!(some.cycles, [32768, 32769]);
        let names = some.guests.iter().map(|guest| guest.name);
        assert_eq!(names.collect::<Vec<_>>(), ["sort", "fibonacci"]);
        for wrong in [
            ["--cycles", ""],
            ["--cycles", "2^15,"],
            ["--cycles", "2^15;2^16"],
            ["--cycles", "2^64"],
            ["--guests", ""],
            ["--guests", "runtime"],
            ["--guests", "sort,sha-256"],
            ["--runs", "0"],
        ] {
            assert!(bench(&wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn private_input_is_not_printed() {
        let input = InputArgs {
            input: Vec::new(),
            input_hex: Some("c0ffee".into()),
            frames: false,
        };
        assert!(!format!("{input:?}").contains("c0ffee"));
    }
}
