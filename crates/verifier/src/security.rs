//! Provable security, computed from the parameters and the machine as they are.
//!
//! Every challenge has an error; the sum of all errors bounds what a cheating prover can
//! gain per unit of work. Terms by p3-security (its sources are cited there): no conjecture
//! about decoding beyond the Johnson bound is used.

use alloc::vec::Vec;

use p3_batch_stark::num_batched_openings;
use p3_security::assumption::SecurityAssumption;
use p3_security::error::ErrorBits;
use p3_security::fri::{
    FriRegime, commit_phase_error_ldr_m, commit_phase_error_udr, query_phase_error,
};
use p3_security::logup::{LogUpAir, fingerprint_error};
use p3_security::proximity::{alpha_ldr_m, alpha_udr, list_size_udr};
use p3_security::shape::{InstanceShape, StarkAirParams};
use p3_security::{air, deep};
use p3_uni_stark::OpeningShape;
use serde::Serialize;
use vouch_air::bus;
use vouch_air::machine::{MAX_LOG_HEIGHT, MIN_LOG_HEIGHT};
use vouch_air::tables::Table;

use crate::layout::{CONSTRAINT_DEGREE, TableShape};
use crate::profile::{Parameters, Profile};

/// Collision resistance of Blake3, in bits.
const HASH_BITS: usize = 128;
/// Collision resistance of the memory tree's compression: half of 8 BabyBear elements.
const TREE_BITS: f64 = 123.0;
/// Points, at most, at which a column is opened: the out-of-domain point and the one after it.
const POINTS: usize = 2;
/// The least `m` for which the proximity gaps of the Johnson regime are proven.
const LEAST_M: usize = 3;

/// One source of error: `2^-bits`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Term {
    /// What could go wrong.
    pub label: &'static str,
    /// `-log2` of the error, grinding included.
    pub bits: f64,
}

/// The security of a profile.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Security {
    /// Proximity parameter `m` of the Johnson regime; none in unique decoding.
    pub johnson_m: Option<usize>,
    /// Errors of the proof system's challenges.
    pub terms: Vec<Term>,
    /// `-log2` of their sum.
    pub proof_bits: f64,
    /// Collision resistance of the hashes.
    pub hashes: Vec<Term>,
}

impl Security {
    /// Provable bits: of the proof system, and no more than any hash resists collisions.
    pub fn bits(&self) -> f64 {
        self.hashes
            .iter()
            .map(|hash| hash.bits)
            .fold(self.proof_bits, f64::min)
    }
}

/// What of the machine matters to security, added up over its tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MachineShape {
    /// Constraints, LogUp included.
    pub constraints: usize,
    /// Openings that one challenge batches.
    pub openings: usize,
    /// Messages a row, all tables together.
    pub messages: usize,
    /// Fields of the widest message.
    pub message_width: usize,
    /// Number of tables.
    pub tables: usize,
}

/// The shape of the machine with every table present, for challenges of degree `degree`.
pub fn machine_shape(degree: usize) -> MachineShape {
    let mut machine = MachineShape {
        constraints: 0,
        openings: 0,
        messages: 0,
        message_width: bus::ALL.iter().map(|(_, width)| *width).max().unwrap_or(0),
        tables: Table::ALL.len(),
    };
    for table in Table::ALL {
        let shape = TableShape::of(table);
        machine.messages += shape.messages;
        // One constraint for each LogUp column and three for the running sum.
        machine.constraints += shape.constraints + shape.logup_columns + 3;
        machine.openings += num_batched_openings(
            shape.width,
            table == Table::Claim,
            shape.fixed,
            false,
            shape.quotient_chunks,
            shape.logup_columns,
            degree,
            OpeningShape::new(),
        );
    }
    machine
}

/// The security of `profile` for the largest proofs that the verifier accepts.
pub fn security(profile: Profile) -> Security {
    security_of(&profile.parameters())
}

/// The security that a profile of these parameters would have.
pub fn security_of(parameters: &Parameters) -> Security {
    let machine = machine_shape(parameters.extension.degree());
    let fri = FriRegime {
        log_blowup: parameters.log_blowup,
        num_queries: parameters.queries,
        log_final_poly_len: 0,
        max_log_arity: parameters.max_log_arity,
        commit_pow_bits: parameters.fold_grinding,
        query_pow_bits: parameters.query_grinding,
    };
    let air = StarkAirParams {
        num_constraints: machine.constraints,
        max_constraint_degree: CONSTRAINT_DEGREE,
        num_quotient_chunks: CONSTRAINT_DEGREE - 1,
        max_combo: POINTS,
    };
    let shape = InstanceShape {
        log_trace_length: MAX_LOG_HEIGHT,
        modulus_bits: parameters.extension.bits(),
        collision_resistance: HASH_BITS,
        num_batched_functions: machine.openings,
    };
    // All tables share one FRI: `m` must be admissible for the shortest of them.
    let most = greatest_m(MIN_LOG_HEIGHT, POINTS);
    let regimes = core::iter::once(None).chain((LEAST_M..=most).map(Some));
    regimes
        .map(|m| in_regime(parameters, &machine, &fri, &air, &shape, m))
        .max_by(|a, b| a.proof_bits.total_cmp(&b.proof_bits))
        .unwrap_or(Security {
            johnson_m: None,
            terms: Vec::new(),
            proof_bits: 0.0,
            hashes: Vec::new(),
        })
}

/// Security in unique decoding, or in the Johnson regime at `m`. Each is a bound of its own.
fn in_regime(
    parameters: &Parameters,
    machine: &MachineShape,
    fri: &FriRegime,
    air: &StarkAirParams,
    shape: &InstanceShape,
    johnson_m: Option<usize>,
) -> Security {
    let ground = |bits: f64, grinding: usize| bits + grinding as f64;
    let arity = 1usize << fri.max_log_arity;
    let (log_height, log_blowup) = (shape.log_trace_length, fri.log_blowup);
    let (list, alpha, fold, batch) = match johnson_m {
        None => (
            list_size_udr(),
            alpha_udr(log_height, log_blowup, air.max_combo),
            commit_phase_error_udr(fri, shape),
            SecurityAssumption::UniqueDecoding.prox_gaps_error(
                log_height,
                log_blowup,
                shape.modulus_bits,
                shape.num_batched_functions,
            ),
        ),
        Some(m) => (
            list_size(log_blowup, MIN_LOG_HEIGHT, POINTS, m),
            alpha_ldr_m(log_blowup, m),
            commit_phase_error_ldr_m(fri, shape, m),
            SecurityAssumption::prox_gaps_error_jb_at_m(
                log_height,
                log_blowup,
                shape.modulus_bits,
                shape.num_batched_functions,
                m,
            ),
        ),
    };
    let logup = LogUpAir {
        num_interactions: machine.messages,
        max_message_width: machine.message_width,
    };
    // The out-of-domain point is one for all tables: their errors add up.
    let tables = log2(machine.tables);
    let constraints = air::composition_error(air.num_constraints, list, shape.modulus_bits);
    // The sums of LogUp are of one of `list` traces, and each may be the lucky one.
    let fingerprint = fingerprint_error(&logup, shape).bits() - list_bits(list);
    let point = deep::deep_ali_error(air, shape, list).bits() - tables;
    let terms = alloc::vec![
        Term {
            label: "LogUp fingerprint",
            bits: ground(fingerprint, parameters.lookup_grinding),
        },
        Term {
            label: "constraint batching (ALI)",
            bits: constraints.bits()
        },
        Term {
            label: "out-of-domain point (DEEP-ALI)",
            bits: ground(point, parameters.point_grinding)
        },
        Term {
            label: "opening batching",
            bits: ground(batch, parameters.batch_grinding)
        },
        Term {
            label: "FRI folding",
            // One challenge a round, and no more rounds than bits of the domain. The words of
            // shorter tables come in with one power of the challenge more than a fold has.
            bits: fold.map_or(0.0, |error| error.bits())
                - log2((log_height + log_blowup).div_ceil(fri.max_log_arity))
                - (log2(arity) - log2(arity.saturating_sub(1).max(1))),
        },
        Term {
            label: "FRI queries",
            bits: query_phase_error(alpha, fri.num_queries, fri.query_pow_bits).bits(),
        },
    ];
    let errors: Vec<_> = terms
        .iter()
        .map(|term| ErrorBits::from_log2(term.bits))
        .collect();
    Security {
        johnson_m,
        proof_bits: ErrorBits::sum(&errors).bits(),
        terms,
        hashes: alloc::vec![
            Term {
                label: "Blake3",
                bits: HASH_BITS as f64
            },
            Term {
                label: "Poseidon2 in the memory tree and the image ID",
                bits: TREE_BITS
            },
        ],
    }
}

/// The greatest `m` of the Johnson regime that tables of `2^log_least_height` rows and more admit,
/// if a column is opened at `points` points.
///
/// What FRI shows of a column of `h` rows is a polynomial of less than `h + points` coefficients, so
/// two candidates for it agree in less than `h + points` of the `h / rate` places. A list is bounded
/// as long as they agree in a lesser share than the square of the agreement with the word,
/// `alpha = (1 + 1/2m) sqrt(rate)`: as long as `(1 + 1/2m)^2 > 1 + points / h`, whatever the rate.
pub fn greatest_m(log_least_height: usize, points: usize) -> usize {
    let is_admissible = |m: &usize| {
        // (4m + 1) / 4m^2 > points / h, in whole numbers.
        let (left, right) = ((4 * m + 1) << log_least_height, 4 * m * m * points);
        left > right
    };
    // It is admissible up to about twice the height, and beyond none is of use.
    (1..=2 << log_least_height)
        .take_while(is_admissible)
        .last()
        .unwrap_or(0)
}

/// How many candidates there are at most for all that was committed, columns of all tables and
/// heights together, in the Johnson regime at an admissible `m`: `(alpha - gamma) / (alpha^2 -
/// gamma)`, where two of them agree in a share `gamma` of the places at most. docs/security.md proves
/// it, and says why it is one list for all heights.
fn list_size(log_blowup: usize, log_least_height: usize, points: usize, m: usize) -> f64 {
    let rate = 1.0 / (1u64 << log_blowup) as f64;
    let alpha = alpha_ldr_m(log_blowup, m);
    let gamma = rate * (1.0 + points as f64 / (1u64 << log_least_height) as f64);
    (alpha - gamma) / (alpha * alpha - gamma)
}

/// Bits as they are shown: to a tenth, rounded down. Never more than is proven.
pub fn tenths(bits: f64) -> f64 {
    let tenths = bits * 10.0;
    (tenths - tenths % 1.0) / 10.0
}

/// log2 of a small number.
fn log2(x: usize) -> f64 {
    list_bits(x as f64)
}

/// log2 of the number of codewords that are near a word, at least 1.
fn list_bits(list: f64) -> f64 {
    ErrorBits::from_prob(1.0 / list).bits()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1 / sqrt(rate) at 1/32.
    const ROOT_OF_32: f64 = 4.0 * core::f64::consts::SQRT_2;

    /// As the definition has it, in floating point: far from the edges where that may err.
    #[test]
    fn the_greatest_m_is_the_last_that_is_admissible() {
        for (log_least_height, points, expected) in
            [(2, 2, 2), (6, 2, 32), (6, 1, 64), (10, 2, 512)]
        {
            let most = greatest_m(log_least_height, points);
            assert_eq!(most, expected, "2^{log_least_height} rows");
            let gamma = 1.0 + points as f64 / (1u64 << log_least_height) as f64;
            let slack = |m: usize| (1.0 + 0.5 / m as f64) * (1.0 + 0.5 / m as f64) - gamma;
            assert!(slack(most) > 0.0 && slack(most + 1) < 0.0);
        }
        // No `m` is admissible where two candidates may be the same everywhere.
        assert_eq!(greatest_m(0, 2), 0);
    }

    /// A list that is only just bounded is long: what the usual formula leaves out.
    #[test]
    fn near_the_greatest_m_lists_grow() {
        let usual = |m: usize| (m as f64 + 0.5) * ROOT_OF_32;
        let at = |log_least_height, m| list_size(5, log_least_height, POINTS, m);
        for m in LEAST_M..=greatest_m(6, POINTS) {
            // Among tall tables it is what is usual, and a little less.
            assert!(at(22, m) <= usual(m), "{m}");
            assert!(at(6, m) > at(22, m) && at(6, m) > 1.0, "{m}");
        }
        assert!(at(6, 32) > 100.0 * usual(32));
        assert!(at(6, 24) < 5.0 * usual(24));
        // Beyond, there is no bound at all.
        assert!(at(6, 33) < 0.0);
    }

    /// Every profile is in a regime that its shortest tables admit, and not at its edge.
    #[test]
    fn profiles_keep_away_from_the_edge() {
        for profile in Profile::ALL {
            let security = security(profile);
            let Some(m) = security.johnson_m else {
                continue;
            };
            assert!(m < greatest_m(MIN_LOG_HEIGHT, POINTS), "{profile:?}: {m}");
        }
    }

    #[test]
    fn tenths_are_rounded_down() {
        for (bits, expected) in [
            (100.27, 100.2),
            (99.99, 99.9),
            (100.0, 100.0),
            (123.0, 123.0),
        ] {
            assert!((tenths(bits) - expected).abs() < 1e-9, "{bits}");
            assert!(tenths(bits) <= bits);
        }
    }
}
