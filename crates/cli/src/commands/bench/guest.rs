//! The guests that are measured, and how large their inputs are.

use core::fmt;

use super::inputs;
use clap::ValueEnum;
use clap::builder::PossibleValue;
use vouch_sdk::{
    Error, ExecuteError, Input, LimitKind, LimitReached, Limits, Program, execute, guests,
};

/// What the names of guests end in that have no accelerators although others do the same with them.
const IN_SOFTWARE: &str = "-software";

/// A guest whose input has a size.
#[derive(Clone, Copy)]
pub struct Guest {
    /// Its name.
    pub name: &'static str,
    elf: &'static [u8],
    /// The size at which it is compared with other systems, if there is one.
    pub natural: Option<u64>,
    /// Largest size of its input.
    largest: u64,
    /// The input of a size.
    make: fn(u64) -> Input,
}

/// Every guest that is measured.
const GUESTS: [Guest; 12] = [
    // It reads four hashes, no more and no less.
    fixed("commitment", guests::COMMITMENT, |_| {
        Input::new().bytes(&[0; 4 * 32])
    }),
    counting("fibonacci", guests::FIBONACCI),
    hashing("sha256", guests::SHA256),
    hashing("keccak", guests::KECCAK),
    counting("sort", guests::SORT),
    counting("primes", guests::PRIMES),
    fixed("k256", guests::K256, |_| inputs::k256()),
    fixed("ed25519", guests::ED25519, |_| inputs::ed25519()),
    hashing("blake3", guests::BLAKE3),
    // The largest inputs are of 25 to 32 MiB.
    Guest {
        name: "merkle",
        elf: guests::MERKLE,
        natural: Some(1_000),
        largest: 1 << 20,
        make: inputs::leaves,
    },
    Guest {
        name: "matmul",
        elf: guests::MATMUL,
        natural: Some(64),
        largest: 1 << 12,
        make: inputs::matrices,
    },
    Guest {
        name: "mlp",
        elf: guests::MLP,
        natural: Some(1_000),
        largest: 1 << 20,
        make: inputs::samples,
    },
];

/// Those of them that have accelerators, without.
const SOFTWARE: [Guest; 8] = [
    in_software("k256", "k256-software", guests::K256_SOFTWARE),
    in_software("ed25519", "ed25519-software", guests::ED25519_SOFTWARE),
    in_software("keccak", "keccak-software", guests::KECCAK_SOFTWARE),
    in_software("sha256", "sha256-software", guests::SHA256_SOFTWARE),
    in_software("blake3", "blake3-software", guests::BLAKE3_SOFTWARE),
    in_software("merkle", "merkle-software", guests::MERKLE_SOFTWARE),
    in_software("matmul", "matmul-software", guests::MATMUL_SOFTWARE),
    in_software("mlp", "mlp-software", guests::MLP_SOFTWARE),
];

/// All that have a name: [`SOFTWARE`] behind [`GUESTS`].
static NAMED: [Guest; GUESTS.len() + SOFTWARE.len()] = {
    let mut all = [GUESTS[0]; GUESTS.len() + SOFTWARE.len()];
    let mut i = 1;
    while i < all.len() {
        all[i] = match i < GUESTS.len() {
            true => GUESTS[i],
            false => SOFTWARE[i - GUESTS.len()],
        };
        i += 1;
    }
    all
};

/// The guest of [`GUESTS`] with this name, as another program with another name.
const fn in_software(of: &str, name: &'static str, elf: &'static [u8]) -> Guest {
    let mut i = 0;
    while !is_same(GUESTS[i].name.as_bytes(), of.as_bytes()) {
        i += 1;
    }
    Guest {
        name,
        elf,
        ..GUESTS[i]
    }
}

/// Comparing text is for run time.
const fn is_same(a: &[u8], b: &[u8]) -> bool {
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i == a.len() && i == b.len()
}

/// A guest that has one input.
const fn fixed(name: &'static str, elf: &'static [u8], make: fn(u64) -> Input) -> Guest {
    Guest {
        name,
        elf,
        natural: Some(0),
        largest: 0,
        make,
    }
}

/// A guest that reads a number.
const fn counting(name: &'static str, elf: &'static [u8]) -> Guest {
    Guest {
        name,
        elf,
        natural: None,
        largest: u32::MAX as u64,
        make: |size| Input::new().word(u32::try_from(size).unwrap_or(u32::MAX)),
    }
}

/// A guest that reads any number of bytes. They are zero: what they are makes no difference.
const fn hashing(name: &'static str, elf: &'static [u8]) -> Guest {
    Guest {
        name,
        elf,
        natural: Some(64 << 10),
        largest: 256 << 20,
        make: |size| Input::new().bytes(&vec![0; usize::try_from(size).unwrap_or(usize::MAX)]),
    }
}

impl Guest {
    /// All that `bench` measures if nobody says which.
    pub fn all() -> Vec<Self> {
        GUESTS.into()
    }

    /// The same without accelerators, if it has any.
    pub fn in_software(self) -> Self {
        let name = format!("{}{IN_SOFTWARE}", self.name);
        let mut found = SOFTWARE.into_iter().filter(|guest| guest.name == name);
        found.next().unwrap_or(self)
    }

    /// The program.
    ///
    /// # Errors
    /// None, as these guests are sound.
    pub fn program(&self) -> Result<Program, Error> {
        Ok(Program::from_elf(self.elf)?)
    }

    /// The input of a size: bytes, leaves, rows, samples, or the number that it consists of. `None` if the guest has
    /// no input so large.
    pub fn input(&self, size: u64) -> Option<Input> {
        (size <= self.largest).then(|| (self.make)(size))
    }

    /// The size whose run takes the most cycles up to `target`; `None` if all take more.
    ///
    /// # Errors
    /// A run fails.
    pub fn size_for(&self, target: u64) -> Result<Option<u64>, Error> {
        let program = self.program()?;
        let limits = Limits {
            cycles: target,
            ..Limits::default()
        };
        largest_that_fits(self.largest, |size| {
            let input = (self.make)(size);
            match execute(&program, &input, &limits, &mut |_, _| {}) {
                Ok(run) if run.exit_code == 0 => Ok(true),
                Ok(run) => Err(Error::GuestExit(run)),
                Err(Error::Execute(ExecuteError::Limit(LimitReached {
                    limit: LimitKind::Cycles,
                    ..
                }))) => Ok(false),
                Err(error) => Err(error),
            }
        })
    }
}

/// By its name: the ELF is long.
impl fmt::Debug for Guest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl ValueEnum for Guest {
    fn value_variants<'a>() -> &'a [Self] {
        &NAMED
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let is_software = self.name.ends_with(IN_SOFTWARE);
        Some(PossibleValue::new(self.name).hide(is_software))
    }
}

/// The largest size up to `largest` that fits, where smaller ones fit, too; `None` if 0 does
/// not. Tries no size of more than twice one that fits.
fn largest_that_fits<E>(
    largest: u64,
    mut fits: impl FnMut(u64) -> Result<bool, E>,
) -> Result<Option<u64>, E> {
    if !fits(0)? {
        return Ok(None);
    }
    let mut good = 0;
    let mut bad = loop {
        if good == largest {
            return Ok(Some(good));
        }
        let next = good.saturating_mul(2).clamp(1, largest);
        match fits(next)? {
            true => good = next,
            false => break next,
        }
    };
    while bad - good > 1 {
        let middle = good + (bad - good) / 2;
        match fits(middle)? {
            true => good = middle,
            false => bad = middle,
        }
    }
    Ok(Some(good))
}

#[cfg(test)]
mod tests {
    use super::*;
    use vouch_sdk::Execution;

    fn find(largest: u64, most: u64) -> Option<u64> {
        let fits = |size| {
            assert!(size <= largest, "{size} was never asked for");
            assert!(size <= 2 * most.max(1), "{size} takes too long");
            Ok::<_, ()>(size <= most)
        };
        largest_that_fits(largest, fits).expect("no error")
    }

    #[test]
    fn sizes_are_found() {
        for most in (0..70).chain([1000, 1 << 40, (1 << 40) + 1]) {
            assert_eq!(find(u64::MAX, most), Some(most));
            assert_eq!(find(most, most), Some(most));
            assert_eq!(find(most / 2, most), Some(most / 2));
        }
        assert_eq!(largest_that_fits(9, |_| Ok::<_, ()>(false)), Ok(None));
        let fails_at_7 = |size| if size == 7 { Err(()) } else { Ok(size < 8) };
        assert_eq!(largest_that_fits(100, fails_at_7), Err(()));
    }

    /// Runs a guest.
    fn run(guest: &Guest, size: u64) -> Execution {
        let program = guest.program().expect(guest.name);
        let input = guest.input(size).expect("an input");
        execute(&program, &input, &Limits::default(), &mut |_, _| {}).expect(guest.name)
    }

    #[test]
    fn runs_take_no_more_cycles_than_asked_for() {
        for guest in NAMED {
            let cycles = |size| run(&guest, size).cycles;
            let least = cycles(0);
            let target = least.max(1 << 17);
            let size = guest.size_for(target).expect(guest.name).expect("it fits");
            assert!(cycles(size) <= target, "{}", guest.name);
            match size == guest.largest {
                true => assert!(guest.input(size + 1).is_none()),
                false => assert!(cycles(size + 1) > target, "{}", guest.name),
            }
            assert_eq!(guest.size_for(least - 1).expect(guest.name), None);
            assert!(guest.size_for(least).expect(guest.name).is_some());
        }
    }

    #[test]
    fn natural_sizes_are_sizes() {
        for guest in NAMED {
            if let Some(size) = guest.natural {
                assert_eq!(run(&guest, size).exit_code, 0, "{}", guest.name);
            }
        }
    }

    /// With accelerators and without, a guest says the same of the same input.
    #[test]
    fn software_says_the_same() {
        for accelerated in GUESTS {
            let software = accelerated.in_software();
            let is_other = SOFTWARE.iter().any(|guest| guest.name == software.name);
            assert_eq!(is_other, software.name != accelerated.name);
            let size = accelerated.natural.unwrap_or(100).min(1000);
            let journal = |guest: &Guest| run(guest, size).journal;
            assert_eq!(
                journal(&software),
                journal(&accelerated),
                "{}",
                software.name
            );
        }
        let known: Vec<_> = GUESTS
            .iter()
            .map(|guest| guest.in_software().name)
            .collect();
        assert!(SOFTWARE.iter().all(|guest| known.contains(&guest.name)));
    }

    /// One that is not would be measured as well.
    #[test]
    fn signatures_are_valid() {
        for name in ["k256", "ed25519", "k256-software", "ed25519-software"] {
            let guest = Guest::from_str(name, false).expect(name);
            assert_eq!(run(&guest, 0).journal[..4], [1, 0, 0, 0], "{name}");
        }
    }
}
