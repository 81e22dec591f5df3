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
    FriRegime, commit_phase_error_ldr_m, commit_phase_error_udr, ldr_candidates, query_phase_error,
};
use p3_security::logup::{LogUpAir, fingerprint_error};
use p3_security::proximity::{
    alpha_ldr_m, alpha_udr, compute_upper_m, list_size_ldr_m, list_size_udr,
};
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
        max_combo: 2,
    };
    let shape = InstanceShape {
        log_trace_length: MAX_LOG_HEIGHT,
        modulus_bits: parameters.extension.bits(),
        collision_resistance: HASH_BITS,
        num_batched_functions: machine.openings,
    };
    // All tables share one FRI: `m` must be admissible for the shortest of them.
    let most = compute_upper_m(1 << MIN_LOG_HEIGHT, air.max_combo);
    let regimes = core::iter::once(None).chain(
        ldr_candidates(&fri, &air, &shape)
            .into_iter()
            .map(|(m, _)| m)
            .filter(|&m| m <= most)
            .map(Some),
    );
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
            list_size_ldr_m(log_blowup, m),
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
            // One challenge a round, and no more rounds than bits of the domain.
            bits: fold.map_or(0.0, |error| error.bits())
                - log2((log_height + log_blowup).div_ceil(fri.max_log_arity)),
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

/// log2 of a small number.
fn log2(x: usize) -> f64 {
    list_bits(x as f64)
}

/// log2 of the number of codewords that are near a word, at least 1.
fn list_bits(list: f64) -> f64 {
    ErrorBits::from_prob(1.0 / list).bits()
}
