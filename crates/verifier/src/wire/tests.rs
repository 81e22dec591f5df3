mod encoding;
mod largest;

use alloc::vec::Vec;

use p3_field::PrimeCharacteristicRing;
use vouch_air::F;
use vouch_air::machine::{MAX_LOG_HEIGHT, MIN_LOG_HEIGHT};
use vouch_air::tables::{Table, lookup};

use super::*;
use crate::config::{ChallengeField, Proof, Quartic};
use crate::key::Key;
use crate::profile::Profile;
use crate::with_challenge_field;

/// BabyBear's prime.
const P: u32 = 0x7800_0001;

/// The layouts of some proofs: few tables and all, low, high and mixed, with fixed columns and without.
fn packings(profile: Profile) -> Vec<Packing> {
    const FEW: [Table; 2] = [Table::Claim, Table::Merkle];
    let height = |table: Table, height: usize| match table {
        Table::Lookup => lookup::LOG_HEIGHT,
        _ => height,
    };
    let of = |tables: &[Table], heights: &dyn Fn(usize) -> usize| {
        let heights: Vec<usize> = { (0..).zip(tables) }
            .map(|(i, table)| height(*table, heights(i)))
            .collect();
        packing(profile, tables, &heights)
    };
    [
        of(&FEW, &|_| MIN_LOG_HEIGHT),
        of(&FEW, &|i| MIN_LOG_HEIGHT + 7 * i),
        of(&Table::ALL, &|_| 9),
        of(&Table::ALL, &|_| MAX_LOG_HEIGHT),
        of(&Table::ALL, &|i| MIN_LOG_HEIGHT + i * 7 % 13),
    ]
    .into()
}

fn packing(profile: Profile, tables: &[Table], heights: &[usize]) -> Packing {
    with_challenge_field!(profile.parameters().extension, EF => {
        let key = Key::<EF>::new(profile).expect("its degree");
        key.packing(tables, heights)
    })
}

/// Bytes that encode a proof of this layout, if of no execution, with so many digests for each tree.
fn sample(packing: &Packing, digests: usize) -> Vec<u8> {
    let lengths = Lengths::new(packing);
    let mut bytes: Vec<u8> = packing
        .tables()
        .iter()
        .map(|(_, height)| *height as u8)
        .collect();
    for _ in lengths.trees() {
        bytes.extend((digests as u16).to_le_bytes());
    }
    let mut number = 1u32;
    while bytes.len() < lengths.bytes(digests * lengths.trees().count()) {
        number = number.wrapping_mul(0x0019_660d).wrapping_add(0x3c6e_f35f);
        bytes.extend((number % P).to_le_bytes());
    }
    bytes
}

/// The bytes again, from the proof that they encode.
fn again<EF: ChallengeField>(bytes: &[u8], packing: &Packing) -> Result<Vec<u8>, WireError> {
    let proof = decode_proof::<EF>(bytes, packing)?;
    Ok(encode_proof(&proof, packing).expect("it was decoded"))
}

fn again_in(profile: Profile, bytes: &[u8], packing: &Packing) -> Result<Vec<u8>, WireError> {
    with_challenge_field!(profile.parameters().extension, EF => again::<EF>(bytes, packing))
}

/// What the tests of errors begin with.
fn some() -> (Packing, Vec<u8>) {
    let packing = packings(Profile::Fast100).swap_remove(1);
    let bytes = sample(&packing, 3);
    (packing, bytes)
}

fn decoded(bytes: &[u8], packing: &Packing) -> Result<Proof<Quartic>, WireError> {
    decode_proof(bytes, packing)
}

#[test]
fn encoding_and_decoding_are_inverses() {
    for profile in Profile::ALL {
        for packing in packings(profile) {
            for digests in [0, 1, 5] {
                let bytes = sample(&packing, digests);
                assert!(again_in(profile, &bytes, &packing).as_ref() == Ok(&bytes));
            }
        }
    }
}

/// Whatever decodes encodes to the same bytes: no proof has two encodings.
#[test]
fn no_altered_byte_is_lost() {
    let (packing, bytes) = some();
    for at in (packing.tables().len()..bytes.len()).step_by(31) {
        for change in [1, 0x80, 0xff] {
            let mut altered = bytes.clone();
            altered[at] ^= change;
            if let Ok(encoded) = again::<Quartic>(&altered, &packing) {
                assert!(encoded == altered, "byte {at}");
            }
        }
    }
}

#[test]
fn other_lengths_are_refused() {
    let (packing, bytes) = some();
    let expected = bytes.len();
    for got in [0, 1, 2, 6, 32, expected / 2, expected - 32, expected - 1] {
        let error = decoded(&bytes[..got], &packing).err();
        let Some(WireError::Length {
            expected: least,
            got: given,
        }) = error
        else {
            panic!("{got}: {error:?}");
        };
        // Without numbers of digests it is not known how many there should be.
        let few = Lengths::new(&packing).bytes(0);
        assert!(
            given == got && (least == expected || got < 32 && least == few),
            "{error:?}"
        );
    }
    for more in [1, 4, 32, 1000] {
        let longer = [bytes.as_slice(), &alloc::vec![0; more]].concat();
        let got = expected + more;
        assert_eq!(
            decoded(&longer, &packing).err(),
            Some(WireError::Length { expected, got })
        );
    }
    // A layout that is not of these heights.
    let other = packings(Profile::Fast100).swap_remove(0);
    let error = decoded(&bytes, &other).err();
    assert!(matches!(error, Some(WireError::Length { .. })), "{error:?}");
    assert_eq!(
        heights(&[6, 7], 3),
        Err(WireError::Length {
            expected: 3,
            got: 2
        })
    );
    assert_eq!(heights(&[6, 7, 8], 2), Ok([6, 7].into()));
}

#[test]
fn numbers_of_digests_are_bounded() {
    let (packing, bytes) = some();
    let lengths = Lengths::new(&packing);
    for (tree, of) in lengths.trees().enumerate() {
        let at = lengths.tables + COUNT * tree;
        let with = |count: usize| {
            let mut bytes = bytes.clone();
            bytes[at..at + COUNT].copy_from_slice(&(count as u16).to_le_bytes());
            bytes
        };
        let most = most_digests(lengths.queries, of.log_height);
        let got = most + 1;
        let error = decoded(&with(got), &packing).err();
        assert_eq!(error, Some(WireError::Digests { tree, most, got }));
        // As many as there may be are believed, once they are there.
        let error = decoded(&with(most), &packing).err();
        assert!(matches!(error, Some(WireError::Length { .. })), "{error:?}");
        let mut bytes = with(most);
        bytes.resize(bytes.len() + DIGEST * (most - 3), 0);
        assert!(again::<Quartic>(&bytes, &packing) == Ok(bytes));
    }
    assert_eq!(
        [(3, 3), (1, 5), (100, 0)].map(|(q, h)| most_digests(q, h)),
        [6, 5, 0]
    );
}

/// A digest of one tree's queries is not one of the next tree's.
#[test]
fn digests_belong_to_a_tree() {
    let (packing, mut bytes) = some();
    let at = packing.tables().len();
    let before = decoded(&bytes, &packing).expect("a proof");
    (bytes[at], bytes[at + COUNT]) = (2, 4);
    let after = decoded(&bytes, &packing).expect("a proof");
    let count = |proof: &Proof<Quartic>, round: usize| {
        proof.opening_proof.input_openings[round]
            .opening_proof
            .sibling_hashes
            .len()
    };
    assert_eq!([count(&before, 0), count(&before, 1)], [3, 3]);
    assert_eq!([count(&after, 0), count(&after, 1)], [2, 4]);
    assert!(again::<Quartic>(&bytes, &packing) == Ok(bytes));
}

/// Elements of each kind: of all places, those of elements are refused, those of digests are not.
#[test]
fn elements_are_canonical() {
    let (packing, bytes) = some();
    let lengths = Lengths::new(&packing);
    let head = lengths.head();
    let round = &lengths.rounds[0];
    let roots = head + DIGEST * ROOTS;
    let terminals = roots + 2 * ELEMENT;
    let claims = terminals + 4 * ELEMENT * lengths.tables;
    let layers = claims + 4 * ELEMENT * lengths.claims + ELEMENT;
    let final_poly = layers + (DIGEST + ELEMENT) * lengths.layers.len();
    let rows = final_poly + 4 * ELEMENT * lengths.final_poly + ELEMENT;
    let digests = rows + ELEMENT * lengths.queries * round.cells();
    let elements = [
        roots,
        roots + ELEMENT,
        terminals,
        claims - ELEMENT,
        claims,
        layers - 2 * ELEMENT,
        layers - ELEMENT,
        layers + DIGEST,
        final_poly - ELEMENT,
        final_poly,
        rows - ELEMENT,
        rows,
        digests - ELEMENT,
        digests + 3 * DIGEST,
        bytes.len() - 3 * DIGEST - ELEMENT,
    ];
    for at in elements {
        for got in [P, P + 1, u32::MAX] {
            let mut bytes = bytes.clone();
            bytes[at..at + ELEMENT].copy_from_slice(&got.to_le_bytes());
            let error = decoded(&bytes, &packing).err();
            assert_eq!(error, Some(WireError::Element { got }), "{at}");
        }
    }
    for at in [
        head,
        roots - ELEMENT,
        layers,
        digests,
        bytes.len() - ELEMENT,
    ] {
        let mut bytes = bytes.clone();
        bytes[at..at + ELEMENT].fill(0xff);
        assert!(again::<Quartic>(&bytes, &packing) == Ok(bytes), "{at}");
    }
}

/// What is where.
#[test]
fn claims_come_by_commitment() {
    let (packing, bytes) = some();
    let lengths = Lengths::new(&packing);
    let proof = decoded(&bytes, &packing).expect("a proof");
    let at = lengths.head() + DIGEST * ROOTS + 2 * ELEMENT + 4 * ELEMENT * lengths.tables;
    let claim = |i: usize| {
        let at = at + 4 * ELEMENT * i;
        let cells = bytes[at..at + 4 * ELEMENT].as_chunks::<ELEMENT>().0;
        let cells = cells.iter().map(|cell| F::new(u32::from_le_bytes(*cell)));
        Quartic::new(cells.collect::<Vec<_>>().try_into().expect("four"))
    };
    let [claims, merkle] = proof.opened_values.instances.as_slice() else {
        panic!("two tables");
    };
    let (of_claims, of_merkle) = (&claims.base_opened_values, &merkle.base_opened_values);
    let next = of_claims.trace_next.clone();
    let quotient = |values: &Vec<Vec<Quartic>>| -> Vec<Quartic> {
        for chunk in values {
            assert_eq!(chunk[1..], [Quartic::ZERO; 3]);
        }
        values.iter().map(|chunk| chunk[0]).collect()
    };
    let logup = |values: &Vec<Quartic>| -> Vec<Quartic> {
        values
            .as_chunks::<4>()
            .0
            .iter()
            .map(|[claim, rest @ ..]| {
                assert_eq!(rest, &[Quartic::ZERO; 3]);
                *claim
            })
            .collect()
    };
    let expected = [
        of_claims.trace_local.clone(),
        next.expect("the claim table's next row is opened"),
        of_merkle.trace_local.clone(),
        quotient(&of_claims.quotient_chunks),
        quotient(&of_merkle.quotient_chunks),
        logup(&claims.permutation_local),
        logup(&claims.permutation_next),
        logup(&merkle.permutation_local),
        logup(&merkle.permutation_next),
    ]
    .concat();
    assert_eq!(expected.len(), lengths.claims);
    assert!(
        (0..)
            .map(claim)
            .zip(expected)
            .all(|(got, expected)| got == expected)
    );
}
