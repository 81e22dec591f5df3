//! Values of flags that are neither numbers nor files.

use std::convert::Infallible;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use vouch_sdk::{Backend, Profile};

/// An exit code that is proven as 0 is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllowedExit {
    /// All of them.
    Any,
    /// This one.
    Code(u32),
}

/// From `any` or a number.
///
/// # Errors
/// It is neither.
pub fn allowed_exit(text: &str) -> Result<AllowedExit, String> {
    match text {
        "any" => Ok(AllowedExit::Any),
        _ => text
            .parse()
            .map(AllowedExit::Code)
            .map_err(|_| "expected an exit code below 2^32, or `any`".into()),
    }
}

/// What `--profile` of `vouch run` means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunProfile {
    /// Parameters of the proof to be estimated.
    Proof(ProfileName),
    /// A file for flame graphs, as the flag once meant.
    Graph(PathBuf),
}

/// The parameters of a proof, if it is called as they are; else a file.
pub fn run_profile(path: PathBuf) -> Result<RunProfile, Infallible> {
    let named = |name: &&ProfileName| {
        let value = name.to_possible_value();
        value.is_some_and(|value| path == Path::new(value.get_name()))
    };
    Ok(match ProfileName::value_variants().iter().find(named) {
        Some(&name) => RunProfile::Proof(name),
        None => RunProfile::Graph(path),
    })
}

/// What proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BackendName {
    /// An NVIDIA GPU if there is one, else the CPU
    Auto,
    /// The CPU
    Cpu,
    /// An NVIDIA GPU
    Cuda,
}

impl From<BackendName> for Backend {
    fn from(name: BackendName) -> Self {
        match name {
            BackendName::Auto => Self::Auto,
            BackendName::Cpu => Self::Cpu,
            BackendName::Cuda => Self::Cuda,
        }
    }
}

/// What a profile favours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProfileName {
    /// Prover time
    Fast,
    /// Receipt size
    Compact,
}

impl ProfileName {
    /// The profile with so many bits.
    pub const fn at(self, security: SecurityBits) -> Profile {
        match (self, security) {
            (Self::Fast, SecurityBits::Bits100) => Profile::Fast100,
            (Self::Compact, SecurityBits::Bits100) => Profile::Compact100,
            (Self::Fast, SecurityBits::Bits128) => Profile::Fast128,
            (Self::Compact, SecurityBits::Bits128) => Profile::Compact128,
        }
    }
}

/// Least security of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SecurityBits {
    /// 100 bits
    #[value(name = "100")]
    Bits100,
    /// 128 bits
    #[value(name = "128")]
    Bits128,
}

impl SecurityBits {
    /// As a number.
    pub const fn bits(self) -> u32 {
        match self {
            Self::Bits100 => 100,
            Self::Bits128 => 128,
        }
    }
}

/// How lines of the log look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormatName {
    /// One JSON object per line
    Json,
    /// Text for people
    Text,
}
