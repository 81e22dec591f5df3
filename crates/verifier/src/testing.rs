//! The key's constants computed anew, for the test that compares, behind the feature `testing`. Never part of the product.

use alloc::vec::Vec;
use core::iter::repeat_with;

use p3_air::BaseAir;
use p3_batch_stark::ProverData;
use p3_challenger::{CanObserve, CanSample};
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use vouch_air::F;
use vouch_air::capture::{Capture, Row, Sink};
use vouch_air::machine::VERSION;
use vouch_air::tables::{Instance, Table, lookup};

use crate::config::{Challenger, Config, Quartic, config};
use crate::layout::TableShape;
use crate::packing::Packing;
use crate::profile::Profile;
use crate::transcript::Transcript;

/// Points at which [`machine_digest`] evaluates each table.
const POINTS: usize = 4;

/// A digest of everything that the tables accept: their shapes, LogUp columns, fixed columns,
/// constraints and messages, the latter two by their values at pseudo-random points. Machines that differ
/// in a message or in a constraint on all rows have equal values with probability below
/// `2^-100`; in a constraint on the first row, the last or all but the last, which count at two
/// of the points only, below `2^-50`. It keeps versions apart; nobody gets to choose a machine.
///
/// p3's transcript binds the shapes of tables, but not their constraints or messages; this
/// binds them.
pub fn machine_digest() -> [u8; 32] {
    let mut digest = Digest {
        transcript: Challenger::new(Transcript::new(b"vouch machine".to_vec())),
    };
    digest.number(VERSION);
    for table in Table::ALL {
        let instance = Instance::new(table, 0, &[]);
        let shape = TableShape::of(table);
        digest.text(table.name());
        for number in [
            shape.logup_columns,
            shape.quotient_chunks,
            instance.width(),
            instance.preprocessed_width(),
            instance.num_public_values(),
            instance.num_periodic_columns(),
            instance.main_next_row_columns().len(),
        ] {
            digest.number(number as u32);
        }
        if let Some(fixed) = instance.preprocessed_trace() {
            digest.transcript.observe_slice(&fixed.values);
        }
        for point in 0..POINTS {
            digest.evaluate(&instance, point);
        }
    }
    let mut bytes = [0; 32];
    for chunk in bytes.chunks_exact_mut(4) {
        let element: F = digest.transcript.sample();
        chunk.copy_from_slice(&element.as_canonical_u32().to_le_bytes());
    }
    bytes
}

struct Digest {
    transcript: Challenger,
}

impl Digest {
    fn number(&mut self, number: u32) {
        // In two limbs: a number may exceed the field.
        for limb in [number & 0xffff, number >> 16] {
            self.transcript.observe(F::new(limb));
        }
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u32);
        for byte in text.bytes() {
            self.number(byte.into());
        }
    }

    fn evaluate(&mut self, instance: &Instance, point: usize) {
        let mut random = |count: usize| -> Vec<F> {
            repeat_with(|| self.transcript.sample())
                .take(count)
                .collect()
        };
        let current = random(instance.width());
        let next = random(instance.width());
        let preprocessed = random(instance.preprocessed_width());
        let periodic = random(instance.num_periodic_columns());
        let public = random(instance.num_public_values());
        let row = Row {
            current: &current,
            next: &next,
            preprocessed: &preprocessed,
            periodic: &periodic,
            public: &public,
            is_first: F::from_bool(point & 1 == 1),
            is_last: F::from_bool(point & 2 == 2),
            is_transition: F::from_bool(point & 2 != 2),
        };
        instance.eval(&mut Capture::new(row, self));
    }
}

impl Sink for Digest {
    fn constraint(&mut self, value: F) {
        self.transcript.observe(value);
    }

    fn message(&mut self, bus: &str, fields: &[F], count: F, weight: u32) {
        self.text(bus);
        self.number(fields.len() as u32);
        self.transcript.observe_slice(fields);
        self.transcript.observe(count);
        self.number(weight);
    }
}

/// The commitment to the lookup table's fixed columns in proofs of `profile`: what the
/// verifier holds as a constant.
pub fn fixed_commitment(profile: Profile) -> Option<[u8; 32]> {
    let table = [Instance::new(Table::Lookup, 0, &[])];
    let parameters = profile.parameters();
    let packing = Packing::fixed(&parameters, table[0].preprocessed_width());
    let config: Config<Quartic> = config(&parameters, packing, Vec::new());
    let heights = [lookup::LOG_HEIGHT];
    let data = ProverData::from_airs_and_degrees(&config, &table, &heights).ok()?;
    let commitment = data.common.preprocessed?.commitment;
    commitment.as_ref().first().copied()
}
