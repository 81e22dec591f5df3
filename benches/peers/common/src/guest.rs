//! The guests: one source for all provers, with a few instructions of each prover's own to halt.

use std::fmt;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::Config;

/// The bytes of `start.S` behind which the number of turns stands.
const MARK: &[u8] = b"peers: turns at ";

/// What is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Guest {
    /// A Fibonacci loop in assembly, five instructions a turn.
    Fibonacci,
    /// SHA-256 of zero bytes in C, without an accelerator; a turn is a block of 64 bytes.
    Sha256,
}

/// A prover that a guest is linked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[value(rename_all = "lower")]
pub enum Prover {
    /// Vouch, RV32IM.
    Vouch,
    /// RISC Zero 3, RV32IM.
    RiscZero,
    /// OpenVM 2, RV32IM.
    OpenVm,
    /// SP1 6, RV64IM.
    Sp1,
}

impl Guest {
    /// RV32IM instructions a turn takes, rounded down.
    const fn cycles_a_turn(self) -> u64 {
        match self {
            Self::Fibonacci => 5,
            Self::Sha256 => 5098,
        }
    }

    /// RV32IM instructions besides those of the turns: start and halt, and the block of SHA-256's
    /// padding.
    const fn cycles_around(self) -> u64 {
        match self {
            Self::Fibonacci => 16,
            Self::Sha256 => 5234,
        }
    }

    /// How many turns take about `cycles` RV32IM instructions: never more, but at least one.
    ///
    /// # Errors
    /// If the number of turns does not fit in the guest's 32 bits, of which it leaves out the sign.
    pub fn turns(self, cycles: u64) -> Result<u32> {
        let turns = cycles.saturating_sub(self.cycles_around()) / self.cycles_a_turn();
        ensure!(
            turns < 1 << 31,
            "{cycles} cycles are {turns} turns, more than 2^31 - 1"
        );
        Ok(u32::try_from(turns)?.max(1))
    }

    /// The ELF for a prover that does this many turns.
    ///
    /// # Errors
    /// If the prebuilt ELF has not exactly one place for the number of turns.
    pub fn elf(self, prover: Prover, turns: u32) -> Result<Vec<u8>> {
        let mut elf = self.prebuilt(prover).to_vec();
        let places: Vec<usize> = elf
            .windows(MARK.len())
            .enumerate()
            .filter(|(_, w)| *w == MARK)
            .map(|(i, _)| i)
            .collect();
        ensure!(
            places.len() == 1,
            "expected one mark for the turns, got {}",
            places.len()
        );
        let start = places[0] + MARK.len();
        elf.get_mut(start..start + 4)
            .context("the ELF ends behind the mark for the turns")?
            .copy_from_slice(&turns.to_le_bytes());
        Ok(elf)
    }

    fn prebuilt(self, prover: Prover) -> &'static [u8] {
        match (self, prover) {
            (Self::Fibonacci, Prover::Vouch) => {
                include_bytes!("../../guests/prebuilt/fibonacci-vouch.elf")
            }
            (Self::Fibonacci, Prover::RiscZero) => {
                include_bytes!("../../guests/prebuilt/fibonacci-risczero.elf")
            }
            (Self::Fibonacci, Prover::OpenVm) => {
                include_bytes!("../../guests/prebuilt/fibonacci-openvm.elf")
            }
            (Self::Fibonacci, Prover::Sp1) => {
                include_bytes!("../../guests/prebuilt/fibonacci-sp1.elf")
            }
            (Self::Sha256, Prover::Vouch) => {
                include_bytes!("../../guests/prebuilt/sha256-vouch.elf")
            }
            (Self::Sha256, Prover::RiscZero) => {
                include_bytes!("../../guests/prebuilt/sha256-risczero.elf")
            }
            (Self::Sha256, Prover::OpenVm) => {
                include_bytes!("../../guests/prebuilt/sha256-openvm.elf")
            }
            (Self::Sha256, Prover::Sp1) => include_bytes!("../../guests/prebuilt/sha256-sp1.elf"),
        }
    }
}

impl Prover {
    /// The configurations that it is measured in.
    pub const fn configs(self) -> &'static [Config] {
        match self {
            Self::Vouch => &[Config::Default, Config::Compact],
            Self::OpenVm => &[Config::Default, Config::Tuned],
            Self::RiscZero | Self::Sp1 => &[Config::Default],
        }
    }
}

impl fmt::Display for Prover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Vouch => "Vouch",
            Self::RiscZero => "RISC Zero",
            Self::OpenVm => "OpenVM",
            Self::Sp1 => "SP1",
        })
    }
}

impl fmt::Display for Guest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Fibonacci => "Fibonacci",
            Self::Sha256 => "SHA-256",
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::{Guest, MARK, Prover};

    #[test]
    fn turns_stay_within_the_cycles() {
        for guest in Guest::value_variants() {
            for cycles in [1 << 15, 1 << 18, 1 << 20] {
                let turns = u64::from(guest.turns(cycles).unwrap());
                let executed = guest.cycles_around() + turns * guest.cycles_a_turn();
                assert!(executed <= cycles, "{guest:?}: {executed} of {cycles}");
                assert!(
                    executed + guest.cycles_a_turn() > cycles,
                    "{guest:?}: {executed}"
                );
            }
            assert_eq!(guest.turns(0).unwrap(), 1);
            assert!(guest.turns(1 << 60).is_err());
        }
    }

    #[test]
    fn every_elf_takes_its_turns_at_one_place() {
        for guest in Guest::value_variants() {
            for prover in Prover::value_variants() {
                let prebuilt = guest.prebuilt(*prover);
                let elf = guest.elf(*prover, 0x0102_0304).unwrap();
                assert_eq!(elf.len(), prebuilt.len());
                let changed: Vec<usize> =
                    (0..elf.len()).filter(|i| elf[*i] != prebuilt[*i]).collect();
                assert_eq!(changed.len(), 4, "{guest:?} for {prover:?}");
                assert_eq!(&elf[changed[0] - MARK.len()..changed[0]], MARK);
                assert_eq!(&elf[changed[0]..=changed[3]], [4, 3, 2, 1]);
            }
        }
    }
}
