//! What a receipt says.

use alloc::vec::Vec;

use vouch_air::ImageId;
use vouch_codec::{Deserialize, JournalError, Values};

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

impl Claim {
    /// The journal as one value, as a guest's `io::commit` writes it: no more, no less.
    /// What it is worth is another matter: see the exit code.
    ///
    /// # Errors
    /// The journal is not the encoding of a `T`.
    pub fn decode<'a, T: Deserialize<'a>>(&'a self) -> Result<T, JournalError> {
        self.values().only()
    }

    /// The journal as values, one after another.
    pub fn values(&self) -> Values<'_> {
        Values::new(&self.journal)
    }
}
