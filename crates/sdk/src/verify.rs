//! Verification by the profile that a receipt names.

use std::sync::OnceLock;

use rayon::iter::{IntoParallelIterator, ParallelIterator};
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

    #[test]
    fn every_profile_has_a_verifier() {
        for profile in Profile::ALL {
            let verifier = verifier(profile).expect("a verifier");
            assert_eq!(verifier.profile(), profile);
        }
    }
}
