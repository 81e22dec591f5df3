//! Values of flags that are neither numbers nor files.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use vouch_sdk::Backend;

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

/// A file for flame graphs. Who means the parameters of a proof does not get a file of their name.
///
/// # Errors
/// It is called as they are.
pub fn no_profile_of_proofs(path: PathBuf) -> Result<PathBuf, String> {
    let mut names = ProfileName::value_variants()
        .iter()
        .filter_map(ValueEnum::to_possible_value);
    match names.any(|name| path == Path::new(name.get_name())) {
        false => Ok(path),
        true => Err(
            "expected a file for flame graphs; nothing is proven here (for a file of that name: \
             --flame-graph)"
                .into(),
        ),
    }
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
    /// An object a line
    Json,
    /// For people
    Text,
}
