//! Kernels that there is one of for each degree of the challenge field.
use vouch_verifier::config::ChallengeField;

use crate::field::challenge_words;

/// The greatest degree: words of a challenge among the arguments of a kernel.
pub(super) const MOST_DEGREE: usize = 5;

/// That of `names` which is for challenges of degree 4, or of degree 5.
pub(super) const fn name(degree: usize, names: [&'static str; 2]) -> &'static str {
    match degree {
        4 => names[0],
        5 => names[1],
        _ => panic!("the challenge field has degree 4 or 5"),
    }
}

/// A challenge as an argument: its words first.
pub(super) fn argument<EF: ChallengeField>(challenge: EF) -> [u32; MOST_DEGREE] {
    let mut argument = [0; MOST_DEGREE];
    argument[..EF::DEGREE].copy_from_slice(&challenge_words(&[challenge]));
    argument
}
