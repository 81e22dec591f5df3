//! The verifying key: an honest proof is refused under any other.
//!
//! The product has one key a profile and no way to use another. Here p3's verifier is called
//! as the product calls it, with a part of the key or of the parameters exchanged.

use p3_batch_stark::verify_batch;
use p3_field::PrimeCharacteristicRing;
use p3_field::extension::BinomiallyExtendable;
use p3_lookup::{Lookup, Lookups};
use rayon::iter::IntoParallelIterator;
use vouch_air::F;
use vouch_air::tables::{Instance, Table};
use vouch_verifier::config::config;
use vouch_verifier::packing::{MAX_LEVEL, Packing};
use vouch_verifier::{Key, MACHINE_DIGEST, Parameters};

use crate::honest_receipt::{Honest, gather};
use crate::outcome::{Effort, Outcome};
use crate::proof_map::{Map, decoded};

/// What an honest proof is verified with.
struct With {
    /// Commitment to the fixed columns.
    fixed: Option<[u8; 32]>,
    /// LogUp columns of each table of the proof.
    lookups: Vec<Lookups<F>>,
    machine: [u8; 32],
    profile: u8,
    parameters: Parameters,
}

/// A change of it, and its name.
type Change = (String, Box<dyn Fn(&mut With) + Send + Sync>);

/// Changes each part of the key; in the quick run a bit of a byte, in the long run each bit.
pub fn change<const D: usize>(honest: &Honest, effort: Effort) -> Outcome
where
    F: BinomiallyExtendable<D>,
{
    let mut outcome = Outcome::default();
    if !is_accepted::<D>(honest, |_| {}) {
        outcome.fail("the honest proof is refused under its own key");
    }
    let mut changes = digests(honest, effort);
    changes.extend(lookups(honest));
    changes.extend(parameters());
    changes.extend(layouts(honest));
    outcome.add(gather(
        changes.into_par_iter(),
        |outcome, (name, change)| match is_accepted::<D>(honest, change) {
            true => outcome.fail(format!("{name}: accepted under another key")),
            false => outcome.count("other keys refused", 1),
        },
    ));
    outcome
}

/// As the product verifies, with other things than it has.
fn is_accepted<const D: usize>(honest: &Honest, change: impl Fn(&mut With)) -> bool
where
    F: BinomiallyExtendable<D>,
{
    let profile = honest.receipt.profile;
    let segment = honest.segment();
    let (claim, text) = (&segment.claim, &honest.receipt.text);
    let tables: Vec<Table> = segment.tables.tables().collect();
    let key = Key::<D>::new(profile).expect("the profile's degree");
    let mut common = key.common(&tables);
    let mut fixed = common.preprocessed.as_mut();
    let mut with = With {
        fixed: fixed.as_ref().map(|fixed| fixed.commitment.roots()[0]),
        lookups: common.lookups.clone(),
        machine: MACHINE_DIGEST,
        profile: profile.number(),
        parameters: profile.parameters(),
    };
    change(&mut with);
    common.lookups = with.lookups;
    if let (Some(fixed), Some(root)) = (&mut fixed, with.fixed) {
        fixed.commitment = vec![root].into();
    }
    let instance = |&table: &Table| Instance::new(table, 0, &claim.journal);
    let instances: Vec<Instance> = tables.iter().map(instance).collect();
    let public = claim.public_values();
    let values = |&table: &Table| table.values(&public, text);
    let values: Vec<Vec<F>> = tables.iter().map(values).collect();
    let seed = claim.seed(&with.machine, with.profile, text, 0, segment.tables);
    let (proof, packing) = decoded::<D>(profile, segment);
    let packing = Packing::new(&with.parameters, packing.tables());
    let config = config(&with.parameters, packing, seed);
    verify_batch(&config, &instances, &proof, &values, &common).is_ok()
}

/// The machine digest and the commitment to the fixed columns, if there are any.
fn digests(honest: &Honest, effort: Effort) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for byte in 0..32 {
        for i in 0..effort.pick(1, 8) {
            let bit = (i + byte) % 8;
            let name = |what| format!("{what}, byte {byte}, bit {bit}");
            changes.push((
                name("machine digest"),
                Box::new(move |with| with.machine[byte] ^= 1 << bit),
            ));
            if honest.segment().tables.contains(Table::Lookup) {
                changes.push((
                    name("fixed commitment"),
                    Box::new(move |with| {
                        if let Some(root) = &mut with.fixed {
                            root[byte] ^= 1 << bit;
                        }
                    }),
                ));
            }
        }
    }
    changes
}

/// The LogUp columns of each table: one of them twice, or with another message.
fn lookups(honest: &Honest) -> Vec<Change> {
    type Edit = fn(&mut Vec<Lookup<F>>);
    let edits: [(&str, Edit); 2] = [
        ("and one twice", |list| list.extend_from_within(..1)),
        ("with another message", |list| {
            list[0].elements[0][0] += F::ONE;
        }),
    ];
    let mut changes: Vec<Change> = Vec::new();
    for (i, table) in honest.segment().tables.tables().enumerate() {
        for (what, edit) in edits {
            let name = format!("lookups of {}, {what}", table.name());
            let change = move |with: &mut With| {
                let mut list = with.lookups[i].to_vec();
                edit(&mut list);
                with.lookups[i] = lookups_of(&list);
            };
            changes.push((name, Box::new(change)));
        }
    }
    changes
}

/// They have no constructor of any kind, but an encoding.
fn lookups_of(list: &[Lookup<F>]) -> Lookups<F> {
    let encoded = serde_json::to_value(list).expect("a list of lookups is a tree");
    serde_json::from_value(encoded).expect("its own encoding")
}

/// The profile's number in the seed, and each parameter one more or less.
fn parameters() -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for bit in 0..8 {
        let name = format!("profile number, bit {bit}");
        changes.push((name, Box::new(move |with| with.profile ^= 1 << bit)));
    }
    type Place = fn(&mut Parameters) -> &mut usize;
    let places: [(&str, Place); 8] = [
        ("rate", |p| &mut p.log_blowup),
        ("queries", |p| &mut p.queries),
        ("arity", |p| &mut p.max_log_arity),
        ("query grinding", |p| &mut p.query_grinding),
        ("fold grinding", |p| &mut p.fold_grinding),
        ("batch grinding", |p| &mut p.batch_grinding),
        ("lookup grinding", |p| &mut p.lookup_grinding),
        ("point grinding", |p| &mut p.point_grinding),
    ];
    for (name, place) in places {
        changes.push((
            format!("{name} + 1"),
            Box::new(move |with| *place(&mut with.parameters) += 1),
        ));
        changes.push((
            format!("{name} - 1"),
            Box::new(move |with| {
                let number = place(&mut with.parameters);
                // Parameters that are 0 have only one neighbour.
                *number = number.checked_sub(1).unwrap_or(2);
            }),
        ));
    }
    changes
}

/// Parameters of the layout that make it another one.
fn layouts(honest: &Honest) -> Vec<Change> {
    type Edit = fn(&mut Parameters);
    let edits: [(&str, Edit); 5] = [
        ("final polynomial twice as long", |p| p.log_final_poly += 1),
        ("final polynomial half as long", |p| p.log_final_poly -= 1),
        ("higher packs", |p| p.least_level = MAX_LEVEL),
        ("fewer packs", |p| p.most_packs = 1),
        ("more packs", |p| {
            (p.least_level, p.most_packs) = (p.log_final_poly + 1, usize::MAX);
        }),
    ];
    let before = Map::of(honest.receipt.profile, honest.segment()).packing;
    let is_another = |edit: &Edit| {
        let mut parameters = *before.parameters();
        edit(&mut parameters);
        let after = Packing::new(&parameters, before.tables());
        (after.rounds(), after.levels()) != (before.rounds(), before.levels())
    };
    let edits = edits.into_iter().filter(|(_, edit)| is_another(edit));
    let change = |(name, edit): (&str, Edit)| -> Change {
        (
            name.to_owned(),
            Box::new(move |with| edit(&mut with.parameters)),
        )
    };
    edits.map(change).collect()
}
