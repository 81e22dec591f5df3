//! Provable security, computed from the parameters and the machine as they are.
//!
//! Every challenge has an error; the sum of all errors bounds what a cheating prover can
//! gain per unit of work. Terms by p3-security (its sources are cited there): no conjecture
//! about decoding beyond the Johnson bound is used. docs/packing.md shows what of a proof they are
//! about: columns have less coefficients than their tables have rows, packs no more than the domain's
//! rate gives them, whatever their number and heights.

use alloc::vec::Vec;

use p3_security::assumption::SecurityAssumption;
use p3_security::error::ErrorBits;
use p3_security::fri::{
    FriRegime, commit_phase_error_ldr_m, commit_phase_error_udr, query_phase_error,
};
use p3_security::logup::{LogUpAir, fingerprint_error};
use p3_security::proximity::{LDR_M_CAP, alpha_ldr_m, alpha_udr, list_size_udr};
use p3_security::shape::{InstanceShape, StarkAirParams};
use p3_security::{air, deep};
use serde::Serialize;
use vouch_air::bus;
use vouch_air::machine::MAX_LOG_HEIGHT;
use vouch_air::tables::Table;

use crate::layout::{CONSTRAINT_DEGREE, TableShape};
use crate::packing::MAX_LEVEL;
use crate::profile::{MESSAGES, OPENINGS, Parameters, Profile};

/// Collision resistance of Blake3, in bits.
const HASH_BITS: usize = 128;
/// Collision resistance of the memory tree's compression: half of 8 BabyBear elements.
const TREE_BITS: f64 = 123.0;
/// By how many coefficients a polynomial that FRI shows may exceed what was committed to: the
/// correction of degrees leaves none (docs/packing.md).
const EXCESS: usize = 0;
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
        let hashes = self.hashes.iter().map(|hash| hash.bits);
        hashes.fold(self.proof_bits, f64::min)
    }
}

/// What of the machine matters to security, added up over its tables.
struct MachineShape {
    /// Constraints, LogUp included.
    constraints: usize,
    /// Fields of the widest message.
    message_width: usize,
    /// Number of tables.
    tables: usize,
}

/// The machine with every table present.
fn machine_shape() -> MachineShape {
    let mut machine = MachineShape {
        constraints: 0,
        message_width: bus::ALL.iter().map(|(_, width)| *width).max().unwrap_or(0),
        tables: Table::ALL.len(),
    };
    for table in Table::ALL {
        let shape = TableShape::of(table);
        // One constraint for each LogUp column and three for the running sum.
        machine.constraints += shape.constraints + shape.logup_columns + 3;
    }
    machine
}

/// The security of `profile` for the largest proofs that the verifier accepts.
pub fn security(profile: Profile) -> Security {
    security_of(&profile.parameters())
}

/// The security that a profile of these parameters would have: in the better of unique decoding and
/// the Johnson regime.
///
/// As `m` grows, queries gain ever less and batching and folding lose as the third power of it, so the
/// search ends where the sum falls. Each `m` is a bound of its own: one that is not tried could only
/// show more.
pub fn security_of(parameters: &Parameters) -> Security {
    let machine = machine_shape();
    let unique = in_regime(parameters, &machine, None);
    let mut johnson = in_regime(parameters, &machine, Some(LEAST_M));
    for m in LEAST_M + 1..=LDR_M_CAP {
        let next = in_regime(parameters, &machine, Some(m));
        if next.proof_bits < johnson.proof_bits {
            break;
        }
        johnson = next;
    }
    match johnson.proof_bits > unique.proof_bits {
        true => johnson,
        false => unique,
    }
}

/// Security in unique decoding, or in the Johnson regime at `m`. Each is a bound of its own.
fn in_regime(
    parameters: &Parameters,
    machine: &MachineShape,
    johnson_m: Option<usize>,
) -> Security {
    let terms = terms(parameters, machine, johnson_m);
    let errors = terms.iter().map(|term| ErrorBits::from_log2(term.bits));
    let errors: Vec<_> = errors.collect();
    Security {
        johnson_m,
        proof_bits: ErrorBits::sum(&errors).bits(),
        terms,
        hashes: [
            ("Blake3", HASH_BITS as f64),
            ("Poseidon2 in the memory tree and the image ID", TREE_BITS),
        ]
        .map(term)
        .into(),
    }
}

/// The errors of a regime.
fn terms(parameters: &Parameters, machine: &MachineShape, johnson_m: Option<usize>) -> Vec<Term> {
    let (field, blowup) = (parameters.extension.bits(), parameters.log_blowup);
    let fri = FriRegime {
        log_blowup: blowup,
        num_queries: parameters.queries,
        log_final_poly_len: parameters.log_final_poly,
        max_log_arity: parameters.max_log_arity,
        commit_pow_bits: parameters.fold_grinding,
        query_pow_bits: parameters.query_grinding,
    };
    let air = StarkAirParams {
        num_constraints: machine.constraints,
        max_constraint_degree: CONSTRAINT_DEGREE,
        num_quotient_chunks: CONSTRAINT_DEGREE - 1,
        max_combo: EXCESS,
    };
    let logup = LogUpAir {
        // With more messages, grinding makes up for it; so with openings.
        num_interactions: MESSAGES,
        max_message_width: machine.message_width,
    };
    // Columns have the heights of tables, packs those of levels.
    let columns = InstanceShape {
        log_trace_length: MAX_LOG_HEIGHT,
        modulus_bits: field,
        collision_resistance: HASH_BITS,
        // Each opening, and each times the correction.
        num_batched_functions: 2 * OPENINGS,
    };
    let packs = InstanceShape {
        log_trace_length: MAX_LEVEL,
        ..columns
    };
    let batched = packs.num_batched_functions;
    let (list, alpha, batch) = match johnson_m {
        None => (
            list_size_udr(),
            alpha_udr(MAX_LEVEL, blowup, EXCESS),
            SecurityAssumption::UniqueDecoding.prox_gaps_error(MAX_LEVEL, blowup, field, batched),
        ),
        Some(m) => (
            list_size(blowup, m),
            alpha_ldr_m(blowup, m),
            SecurityAssumption::prox_gaps_error_jb_at_m(MAX_LEVEL, blowup, field, batched, m),
        ),
    };
    // The sums of LogUp are of one of `list` traces, and each may be the lucky one. The out-of-domain
    // point is one for all tables: their errors add up.
    let fingerprint = fingerprint_error(&logup, &columns).bits() - log2(list);
    let constraints = air::composition_error(air.num_constraints, list, field).bits();
    let point = deep::deep_ali_error(&air, &columns, list).bits() - log2(machine.tables as f64);
    let queries = query_phase_error(alpha, fri.num_queries, fri.query_pow_bits).bits();
    let ground = |bits: f64, grinding: usize| bits + grinding as f64;
    let terms = [
        (
            "LogUp fingerprint",
            ground(fingerprint, parameters.lookup_grinding),
        ),
        ("constraint batching (ALI)", constraints),
        (
            "out-of-domain point (DEEP-ALI)",
            ground(point, parameters.point_grinding),
        ),
        ("opening batching", ground(batch, parameters.batch_grinding)),
        ("FRI folding", folding(&fri, &packs, johnson_m).bits()),
        ("FRI queries", queries),
    ];
    terms.map(term).into()
}

fn term((label, bits): (&'static str, f64)) -> Term {
    Term { label, bits }
}

/// All folds from the highest level to the final polynomial: the sum of their errors, for the dearest
/// way there. By how much a fold is depends on which levels a proof has.
fn folding(fri: &FriRegime, shape: &InstanceShape, johnson_m: Option<usize>) -> ErrorBits {
    // The last is that of the level reached so far.
    let mut dearest = alloc::vec![ErrorBits::from_log2(f64::INFINITY)];
    for level in fri.log_final_poly_len + 1..=shape.log_trace_length {
        let level = InstanceShape {
            log_trace_length: level,
            ..*shape
        };
        let ways: Vec<_> = (1..=fri.max_log_arity.max(1))
            .zip(dearest.iter().rev())
            .map(|(arity, rest)| ErrorBits::sum(&[fold(fri, &level, arity, johnson_m), *rest]))
            .collect();
        dearest.push(ErrorBits::min(&ways));
    }
    ErrorBits::min(&dearest)
}

/// One fold by `2^log_arity`. The word of a lower level may come in, with one power of the challenge
/// more than a fold has.
fn fold(
    fri: &FriRegime,
    shape: &InstanceShape,
    log_arity: usize,
    johnson_m: Option<usize>,
) -> ErrorBits {
    let fri = FriRegime {
        max_log_arity: log_arity,
        ..*fri
    };
    let error = match johnson_m {
        None => commit_phase_error_udr(&fri, shape),
        Some(m) => commit_phase_error_ldr_m(&fri, shape, m),
    };
    let arity = (1u64 << log_arity) as f64;
    let powers = log2(arity) - log2(arity - 1.0);
    ErrorBits::from_log2(error.map_or(0.0, ErrorBits::bits) - powers)
}

/// How many candidates there are at most for all that was committed, packs of all levels together,
/// in the Johnson regime at `m`: `(alpha - rate) / (alpha^2 - rate)`, as two of them agree in a share
/// `rate` of the places at most. docs/security.md proves it, and says why it is one list.
fn list_size(log_blowup: usize, m: usize) -> f64 {
    let rate = 1.0 / (1u64 << log_blowup) as f64;
    let alpha = alpha_ldr_m(log_blowup, m);
    (alpha - rate) / (alpha * alpha - rate)
}

/// Bits as they are shown: to a tenth, rounded down. Never more than is proven.
pub fn tenths(bits: f64) -> f64 {
    let tenths = bits * 10.0;
    (tenths - tenths % 1.0) / 10.0
}

/// Its binary logarithm.
fn log2(x: f64) -> f64 {
    ErrorBits::from_prob(1.0 / x).bits()
}

#[cfg(test)]
mod tests {
    use vouch_air::machine::MIN_LOG_HEIGHT;
    use vouch_air::tables::lookup;

    use super::*;
    use crate::packing::{Packing, TableColumns};

    fn columns() -> [TableColumns; Table::ALL.len()] {
        Table::ALL.map(|table| TableColumns::new(table, &TableShape::of(table)))
    }

    fn packing(profile: Profile, tables: &[Table], height: usize) -> Packing {
        let columns = columns();
        let columns = tables.iter().map(|&table| match table {
            Table::Lookup => (columns[table as usize], lookup::LOG_HEIGHT),
            _ => (columns[table as usize], height),
        });
        Packing::new(&profile.parameters(), &columns.collect::<Vec<_>>())
    }

    /// What is batched at all levels together is no more than is reckoned.
    #[test]
    fn no_layout_has_more_terms_than_there_are_openings() {
        let mut least = usize::MAX;
        for profile in Profile::ALL {
            for height in MIN_LOG_HEIGHT..=MAX_LOG_HEIGHT {
                let packing = packing(profile, &Table::ALL, height);
                let terms: usize = packing.levels().iter().map(|level| level.terms).sum();
                let most = packing.openings();
                assert!(terms <= most, "{profile:?}, 2^{height}: {terms} of {most}");
                least = least.min(most - terms);
            }
        }
        // Packs of one column: the tallest tables reach it, the lookup table aside.
        assert!(least < 20, "{least} to spare");
    }

    /// A proof without accelerators takes no more grinding than its profile says, and any other one what makes up
    /// for its tables.
    #[test]
    fn grinding_makes_up_for_more_tables() {
        let parameters = Profile::Fast100.parameters();
        let plain: Vec<_> = { Table::ALL.into_iter() }
            .filter(|&table| table <= Table::Facts)
            .collect();
        let plain = packing(Profile::Fast100, &plain, 10);
        assert_eq!(plain.ground(&parameters), parameters);
        let all = packing(Profile::Fast100, &Table::ALL, 10);
        assert!(all.openings() > plain.openings() && all.messages() > plain.messages());
        for packing in [plain, all] {
            let ground = packing.ground(&parameters);
            let more = |after: usize, before: usize| 1 << (after - before);
            let openings = OPENINGS * more(ground.batch_grinding, parameters.batch_grinding);
            let messages = MESSAGES * more(ground.lookup_grinding, parameters.lookup_grinding);
            assert!((packing.openings()..2 * packing.openings().max(OPENINGS)).contains(&openings));
            assert!((packing.messages()..2 * packing.messages().max(MESSAGES)).contains(&messages));
        }
    }

    /// Never longer than what is often quoted, `(m + 1/2) / sqrt(rate)`.
    #[test]
    fn lists_are_what_is_usual_at_most() {
        for log_blowup in 1..=6 {
            for m in LEAST_M..=LDR_M_CAP {
                let (list, m) = (list_size(log_blowup, m), m as f64 + 0.5);
                let part = list * list / (m * m * f64::from(1 << log_blowup));
                assert!(
                    list > 1.0 && (0.05..1.0).contains(&part),
                    "{log_blowup}, {m}: {list}"
                );
            }
        }
    }

    /// By 8 each round is the dearest way, and the first round by far the dearest on it; whatever is
    /// left at the end is folded, too.
    #[test]
    fn folds_add_up_for_the_dearest_way() {
        let shape = InstanceShape {
            log_trace_length: MAX_LEVEL,
            modulus_bits: 123,
            collision_resistance: HASH_BITS,
            num_batched_functions: 2,
        };
        let bits = |log_final_poly_len, max_log_arity, johnson_m| {
            let fri = FriRegime {
                log_blowup: 1,
                num_queries: 1,
                log_final_poly_len,
                max_log_arity,
                commit_pow_bits: 0,
                query_pow_bits: 0,
            };
            folding(&fri, &shape, johnson_m).bits()
        };
        let near = |got: f64, expected: f64| (got - expected).abs() < 1e-3;
        // 8 (2^23 + 1) of 2^123, and a seventh of it for the rest.
        assert!(near(bits(9, 3, None), 123.0 - 26.0 - log2(8.0 / 7.0)));
        // One fold of one bit: 2 (2^23 + 1).
        assert!(near(bits(MAX_LEVEL - 1, 3, None), 123.0 - 24.0));
        // More of them where folds are smaller, and each of them less.
        assert!(near(bits(9, 1, None), 123.0 - 25.0));
        // Beyond unique decoding it grows with the third power of m.
        let at = |m| bits(9, 3, Some(m));
        assert!(near(at(3) - at(10), 3.0 * log2(10.5 / 3.5)));
    }

    /// The search ends at the best `m` there is.
    #[test]
    fn no_other_m_shows_more() {
        for profile in Profile::ALL {
            let (parameters, machine) = (profile.parameters(), machine_shape());
            let best = security(profile);
            for m in core::iter::once(None).chain((LEAST_M..=LDR_M_CAP).map(Some)) {
                let other = in_regime(&parameters, &machine, m);
                assert!(other.proof_bits <= best.proof_bits, "{profile:?}, {m:?}");
            }
            assert!(best.johnson_m.is_none_or(|m| m < LDR_M_CAP), "{profile:?}");
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
