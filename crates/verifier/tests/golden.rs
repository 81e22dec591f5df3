//! Golden receipts: made once, by `just golden`, and verified by every commit (docs/versioning.md).
//!
//! They are of the four-hash commitment, one a profile. Who changes what a receipt is has to make them anew, and
//! to say so in the CHANGELOG.

use p3_blake3::Blake3;
use p3_symmetric::CryptographicHasher;
use vouch_verifier::config::ChallengeField;
use vouch_verifier::{
    Claim, ImageId, Key, Profile, Receipt, Verifier, decode_proof, encode_proof,
    with_challenge_field,
};

/// The program that they are about, whatever the guest of that name is now.
const IMAGE_ID: &str = "b3a2f04f822afd30b37fa7510d1913173b1fd40004e36069a5cc441d0453ca44";
/// Its input, which is its journal.
const HASHES: &[u8] = include_bytes!("golden/hashes");

/// The receipts, and the Blake3 hashes of their bytes.
const GOLDEN: [(Profile, &[u8], &str); 4] = [
    (
        Profile::Fast100,
        include_bytes!("golden/fast-100.vouch"),
        "f6d34a1ba8130ae536160b585288ae685a2617012964372efbd176b8065f9dc3",
    ),
    (
        Profile::Compact100,
        include_bytes!("golden/compact-100.vouch"),
        "1c6a2e1109c3d58e28a4f51580518b3ac4dd27a9ad98abc1ceb15164e12f0593",
    ),
    (
        Profile::Fast128,
        include_bytes!("golden/fast-128.vouch"),
        "b339f626cb29607cfdacab05b9fab08f1f4d285012a66700ee5b5e077da3c99e",
    ),
    (
        Profile::Compact128,
        include_bytes!("golden/compact-128.vouch"),
        "6dcc07037cc9440ebfa0ab8f3ef09ec917071d456cb7b2ab3495a1c6fe531248",
    ),
];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn image_id() -> ImageId {
    let byte = |i: usize| u8::from_str_radix(&IMAGE_ID[2 * i..2 * i + 2], 16);
    ImageId(std::array::from_fn(|i| byte(i).expect("hexadecimal")))
}

#[test]
fn they_are_the_ones_that_were_made() {
    assert_eq!(GOLDEN.map(|(profile, ..)| profile), Profile::ALL);
    for (profile, bytes, expected) in GOLDEN {
        let hash: [u8; 32] = Blake3.hash_iter(bytes.iter().copied());
        assert_eq!(hex(&hash), expected, "{profile:?}");
    }
}

#[test]
fn they_verify_with_the_claim_that_they_had() {
    for (profile, bytes, _) in GOLDEN {
        let receipt = Receipt::from_bytes(bytes).expect("a receipt");
        assert_eq!(receipt.profile, profile);
        let verifier = Verifier::new(profile).expect("every profile has a key");
        let claim = verifier.verify(&receipt, &image_id());
        let expected = Claim {
            image_id: image_id(),
            journal: HASHES.to_vec(),
            exit_code: 0,
        };
        assert_eq!(claim, Ok(expected), "{profile:?}");
    }
}

/// Decoded and encoded again, proofs and all, they are what they were.
#[test]
fn they_have_one_encoding() {
    for (profile, bytes, _) in GOLDEN {
        let mut receipt = Receipt::from_bytes(bytes).expect("a receipt");
        for segment in &mut receipt.segments {
            let tables: Vec<_> = segment.tables.tables().collect();
            let heights = segment.proof.iter().take(tables.len());
            let heights: Vec<usize> = heights.map(|&height| height.into()).collect();
            segment.proof = with_challenge_field!(profile.parameters().extension, EF => {
                let key = Key::<EF>::new(profile).expect("the profile's degree");
                again(&key, &tables, &heights, &segment.proof)
            });
        }
        assert!(receipt.to_bytes() == bytes, "{profile:?}");
    }
}

fn again<EF: ChallengeField>(
    key: &Key<EF>,
    tables: &[vouch_air::tables::Table],
    heights: &[usize],
    proof: &[u8],
) -> Vec<u8> {
    let packing = key.packing(tables, heights);
    let proof = decode_proof::<EF>(proof, &packing).expect("a proof");
    encode_proof(&proof, &packing).expect("its encoding")
}
