//! Bytes for a proof of any tables and heights: what decodes encodes to the same bytes. The first byte chooses the
//! degree of challenges, the next four the tables; the rest begins with their heights, and is cut or filled up to the length that
//! such a proof must have.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use vouch_sdk::Profile;
use vouch_verifier::config::ChallengeField;
use vouch_verifier::{
    Key, MAX_PROOF_BYTES, TableSet, WireError, decode_proof, encode_proof, with_challenge_field,
};

fuzz_target!(|input: (bool, u32, &[u8])| {
    let (is_compact, tables, bytes) = input;
    let profile = match is_compact {
        false => Profile::Fast100,
        true => Profile::Compact100,
    };
    with_challenge_field!(profile.parameters().extension, EF => {
        static KEY: OnceLock<Key<EF>> = OnceLock::new();
        let key = KEY.get_or_init(|| Key::new(profile).expect("its degree"));
        decode(key, tables, bytes);
    });
});

fn decode<EF: ChallengeField>(key: &Key<EF>, tables: u32, bytes: &[u8]) {
    let (set, heights) = statement(tables, bytes);
    let packing = key.packing(&set.tables().collect::<Vec<_>>(), &heights);
    let mut proof: Vec<u8> = heights.iter().map(|height| *height as u8).collect();
    proof.extend(bytes.iter().skip(heights.len()));
    // Numbers of digests near the beginning are part of what its length must be.
    if let Err(WireError::Length { expected, .. }) = decode_proof::<EF>(&proof, &packing) {
        assert!(
            expected <= 2 * MAX_PROOF_BYTES,
            "a proof of {expected} bytes"
        );
        proof.resize(expected, 0);
    }
    if let Ok(decoded) = decode_proof::<EF>(&proof, &packing) {
        let encoded = encode_proof(&decoded, &packing).expect("it was decoded");
        assert!(encoded == proof, "a proof with two encodings");
    }
}

/// Tables and heights that there may be.
fn statement(tables: u32, bytes: &[u8]) -> (TableSet, Vec<usize>) {
    let mut set = [0; 32];
    set[..4].copy_from_slice(&(tables & ((1 << 26) - 1)).to_le_bytes());
    let set = TableSet::from_bytes(set).expect("there are 26 tables");
    let heights = (0..set.tables().count()).map(|i| {
        let byte = bytes.get(i).copied().unwrap_or(0);
        6 + usize::from(byte) % 17
    });
    (set, heights.collect())
}
