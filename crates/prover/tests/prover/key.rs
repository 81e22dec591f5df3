//! The verifier's constants are what the machine computes.

use vouch_verifier::testing::{fixed_commitment, machine_digest};
use vouch_verifier::{FIXED_COMMITMENTS, MACHINE_DIGEST, Profile, security};

/// A change of what the tables accept shows here: it needs a new machine version, or proofs
/// of the old machine would be read as proofs of the new one.
#[test]
fn machine_digest_is_current() {
    assert_eq!(MACHINE_DIGEST, machine_digest());
}

#[test]
fn fixed_commitments_are_current() {
    for (profile, known) in Profile::ALL.into_iter().zip(FIXED_COMMITMENTS) {
        assert_eq!(fixed_commitment(profile), Some(known), "{profile:?}");
    }
}

/// Security is computed from the parameters in use, never claimed.
#[test]
fn every_profile_reaches_its_target() {
    for profile in Profile::ALL {
        let security = security(profile);
        let target = f64::from(profile.target_bits());
        assert!(security.proof_bits >= target, "{profile:?}: {security:#?}");
        assert!(
            security.bits() >= target.min(123.0),
            "{profile:?}: {security:#?}"
        );
    }
}
