//! Named parameter sets. A proof names one; it never chooses its own.

use serde::Serialize;

/// Degree of the field that challenges are drawn from, over BabyBear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ExtensionDegree {
    /// About 123.6 bits.
    Four,
    /// About 154.5 bits.
    Five,
}

impl ExtensionDegree {
    /// Bits of the field, rounded down.
    pub const fn bits(self) -> usize {
        match self {
            Self::Four => 123,
            Self::Five => 154,
        }
    }

    /// The degree as a number.
    pub const fn degree(self) -> usize {
        match self {
            Self::Four => 4,
            Self::Five => 5,
        }
    }
}

/// `$then`, with `$field` the type of the challenge field that has the degree `$degree`: the only place where a
/// profile's degree becomes a type. A macro, because no closure is generic over a type.
///
/// ```
/// use vouch_verifier::{ExtensionDegree, config::ChallengeField, with_challenge_field};
///
/// let degree = ExtensionDegree::Five;
/// assert_eq!(with_challenge_field!(degree, EF => EF::DEGREE), degree.degree());
/// ```
#[macro_export]
macro_rules! with_challenge_field {
    ($degree:expr, $field:ident => $then:expr) => {
        match $degree {
            $crate::ExtensionDegree::Four => {
                type $field = $crate::config::Quartic;
                $then
            }
            $crate::ExtensionDegree::Five => {
                type $field = $crate::config::Quintic;
                $then
            }
        }
    };
}

/// A parameter set: what to favour, and how many bits of provable security to reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Profile {
    /// Prover time, 100 bits.
    Fast100,
    /// Proof size, 100 bits.
    Compact100,
    /// Prover time, 128 bits.
    Fast128,
    /// Proof size, 128 bits.
    Compact128,
}

/// The parameters of a profile. Grinding counts bits of work before a challenge is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Parameters {
    /// Field of the challenges.
    pub extension: ExtensionDegree,
    /// FRI: inverse of the rate, log2.
    pub log_blowup: usize,
    /// FRI: number of queries.
    pub queries: usize,
    /// FRI: largest folding arity, log2.
    pub max_log_arity: usize,
    /// Grinding before the queries.
    pub query_grinding: usize,
    /// Grinding before each folding challenge.
    pub fold_grinding: usize,
    /// Grinding before the challenge that batches the openings, if they are no more than `OPENINGS`.
    pub batch_grinding: usize,
    /// Grinding before the LogUp challenges, if the tables' rows send no more than `MESSAGES`.
    pub lookup_grinding: usize,
    /// Grinding before the out-of-domain point.
    pub point_grinding: usize,
    /// Coefficients of FRI's final polynomial, log2: less than those of any pack.
    pub log_final_poly: usize,
    /// Packing: coefficients of the longest packs, log2, at least. More than those of the final polynomial.
    pub least_level: usize,
    /// Packing: numbers in the rows that a query opens, at most, unless no level has as few.
    pub most_packs: usize,
}

/// Openings of a proof ([`Packing::openings`](crate::packing::Packing::openings)) that [`Parameters::batch_grinding`] is enough for: those of a proof
/// without accelerators.
pub const OPENINGS: usize = 3 << 9;
/// Messages ([`Packing::messages`](crate::packing::Packing::messages)) that [`Parameters::lookup_grinding`] is enough for, likewise.
pub const MESSAGES: usize = 3 << 7;

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 4] = [
        Self::Fast100,
        Self::Compact100,
        Self::Fast128,
        Self::Compact128,
    ];

    /// `fast` or `compact`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fast100 | Self::Fast128 => "fast",
            Self::Compact100 | Self::Compact128 => "compact",
        }
    }

    /// Bits of provable security of the proof system, at least. The digests of the memory tree
    /// limit the whole to 123.
    pub const fn target_bits(self) -> u32 {
        match self {
            Self::Fast100 | Self::Compact100 => 100,
            Self::Fast128 | Self::Compact128 => 128,
        }
    }

    /// The profile of a name and a number of bits.
    pub fn find(name: &str, bits: u32) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|profile| profile.name() == name && profile.target_bits() == bits)
    }

    /// Number in a receipt.
    pub const fn number(self) -> u8 {
        match self {
            Self::Fast100 => 1,
            Self::Compact100 => 2,
            Self::Fast128 => 3,
            Self::Compact128 => 4,
        }
    }

    /// The profile of a number in a receipt.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|profile| profile.number() == number)
    }

    /// Its parameters, chosen from what `cargo xtask sweep` found. docs/security.md shows what
    /// each contributes, and what else there was to choose from.
    pub const fn parameters(self) -> Parameters {
        match self {
            Self::Fast100 => Parameters {
                extension: ExtensionDegree::Four,
                log_blowup: 1,
                queries: 201,
                max_log_arity: 3,
                query_grinding: 17,
                fold_grinding: 8,
                batch_grinding: 16,
                lookup_grinding: 16,
                point_grinding: 11,
                log_final_poly: 9,
                least_level: 11,
                most_packs: 250,
            },
            Self::Compact100 => Parameters {
                extension: ExtensionDegree::Five,
                log_blowup: 5,
                queries: 33,
                max_log_arity: 3,
                query_grinding: 18,
                fold_grinding: 8,
                batch_grinding: 14,
                lookup_grinding: 0,
                point_grinding: 0,
                log_final_poly: 7,
                least_level: 10,
                most_packs: 250,
            },
            Self::Fast128 => Parameters {
                extension: ExtensionDegree::Five,
                log_blowup: 1,
                queries: 268,
                max_log_arity: 3,
                query_grinding: 17,
                fold_grinding: 7,
                batch_grinding: 14,
                lookup_grinding: 14,
                point_grinding: 8,
                log_final_poly: 9,
                least_level: 11,
                most_packs: 250,
            },
            Self::Compact128 => Parameters {
                extension: ExtensionDegree::Five,
                log_blowup: 3,
                queries: 131,
                max_log_arity: 3,
                query_grinding: 20,
                fold_grinding: 7,
                batch_grinding: 14,
                lookup_grinding: 14,
                point_grinding: 8,
                log_final_poly: 9,
                least_level: 11,
                most_packs: 250,
            },
        }
    }
}

/// Every pack has more coefficients than the final polynomial, which FRI folds them down to. And of the
/// levels that the columns of the lowest tables may be at, one is of the grid above it.
const _: () = {
    let mut i = 0;
    while i < Profile::ALL.len() {
        let parameters = Profile::ALL[i].parameters();
        assert!(parameters.least_level > parameters.log_final_poly);
        assert!(parameters.log_final_poly <= 12);
        i += 1;
    }
};
