//! Verification by the profile that a receipt names.

use std::sync::OnceLock;

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use vouch_prover::Cancel;
use vouch_verifier::{Claim, ImageId, Profile, Receipt, Verifier, VerifyError};

use crate::error::Error;

/// The claim that `receipt` proves about the program `image_id`.
///
/// The caller decides what it expects of the claim: its exit code (0 if all went well) and its
/// journal. Segments are verified on all cores. The first receipt of a profile costs some
/// milliseconds more than the next.
///
/// # Errors
/// [`Error::Verify`] says which check failed, of the first segment known to be at fault: once one is, no
/// other is looked at. Nothing that the receipt says is then known.
pub fn verify(receipt: &Receipt, image_id: &ImageId) -> Result<Claim, Error> {
    let verifier = verifier(receipt.profile)?;
    Ok(on_all_threads(verifier, receipt, image_id)?)
}

/// As [`verify`], until it is told to stop: between two segments.
///
/// # Errors
/// As [`verify`]; [`Error::Cancelled`] if it was told to stop before there was a verdict.
pub fn verify_until(
    receipt: &Receipt,
    image_id: &ImageId,
    cancel: &Cancel,
) -> Result<Claim, Error> {
    let check_all = |segments: usize, check: &(dyn Fn(usize) + Sync)| {
        (0..segments)
            .into_par_iter()
            .take_any_while(|_| !cancel.is_cancelled())
            .for_each(check);
    };
    let stop = || cancel.is_cancelled();
    let verifier = verifier(receipt.profile)?;
    match verifier.verify_until(receipt, image_id, &check_all, &stop) {
        Err(VerifyError::Stopped) => Err(Error::Cancelled { segments: 0 }),
        found => Ok(found?),
    }
}

/// Verifies a receipt on all threads of the current pool, a segment at a time on each.
pub(crate) fn on_all_threads(
    verifier: &Verifier,
    receipt: &Receipt,
    image_id: &ImageId,
) -> Result<Claim, VerifyError> {
    verifier.verify_with(receipt, image_id, &|segments, check| {
        (0..segments).into_par_iter().for_each(check);
    })
}

/// The verifier of a profile, made on the first call.
///
/// # Errors
/// [`Error::NoKey`], which is a bug in the verifier.
pub fn verifier(profile: Profile) -> Result<&'static Verifier, Error> {
    static VERIFIERS: [OnceLock<Option<Verifier>>; 4] = [const { OnceLock::new() }; 4];
    let slot = match profile {
        Profile::Fast100 => &VERIFIERS[0],
        Profile::Compact100 => &VERIFIERS[1],
        Profile::Fast128 => &VERIFIERS[2],
        Profile::Compact128 => &VERIFIERS[3],
    };
    slot.get_or_init(|| Verifier::new(profile))
        .as_ref()
        .ok_or(Error::NoKey { profile })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A verdict that is there is given, stopped or not; one that is not is not waited for.
    #[test]
    fn a_verification_can_be_stopped() {
        let program = vouch_emulator::Program::from_elf(crate::guests::COMMITMENT);
        let program = program.expect("a guest");
        let options = crate::ProveOptions::default();
        let proven = crate::prove(&program, &[7; 128], &options).expect("a receipt");
        let id = crate::image_id(&program);
        let cancel = Cancel::default();
        let claim = verify_until(&proven.receipt, &id, &cancel).expect("it verifies");
        assert_eq!(claim, proven.claim);
        cancel.cancel();
        let stopped = verify_until(&proven.receipt, &id, &cancel);
        assert!(matches!(stopped, Err(Error::Cancelled { segments: 0 })));
        let other = verify_until(&proven.receipt, &ImageId([0; 32]), &cancel);
        assert!(matches!(other, Err(Error::Verify(_))));
    }

    #[test]
    fn every_profile_has_a_verifier() {
        for profile in Profile::ALL {
            let verifier = verifier(profile).expect("a verifier");
            assert_eq!(verifier.profile(), profile);
        }
    }
}
