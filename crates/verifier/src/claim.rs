//! What a receipt says.

use alloc::vec::Vec;

use vouch_air::ImageId;

/// What a verifier learns: this program, on some input, ran to its end, wrote this journal
/// and exited with this code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The program.
    pub image_id: ImageId,
    /// What it wrote to its journal.
    pub journal: Vec<u8>,
    /// What it passed to `exit`.
    pub exit_code: u32,
}
