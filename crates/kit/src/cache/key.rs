//! What a receipt is kept under.

use core::fmt;

use vouch_sdk::{ImageId, Profile};

/// Bytes of [`CacheKey::to_bytes`]: scope, image ID, input digest, profile, exit codes.
const KEY_BYTES: usize = 32 + 32 + 32 + 1 + 1;

/// What a receipt is kept under: who may find it, the program, a digest of its input, and what is
/// asked of the receipt.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CacheKey {
    scope: [u8; 32],
    pub(super) image_id: ImageId,
    input: [u8; 32],
    pub(super) profile: Profile,
    pub(super) any_exit_code: bool,
}

impl CacheKey {
    /// The key of a run that ends with exit code 0, and belongs to nobody in particular.
    pub fn new(image_id: &ImageId, input: &[u8], profile: Profile) -> Self {
        Self {
            scope: [0; 32],
            image_id: *image_id,
            input: blake3::derive_key("vouch receipt cache 2026 input", input),
            profile,
            any_exit_code: false,
        }
    }

    /// A key that meets no key of another scope, and none without one. How fast an answer comes tells
    /// whether somebody asked for the same before: clients that must not learn of each other's inputs
    /// need scopes of their own.
    #[must_use]
    pub fn scoped(self, scope: &str) -> Self {
        let scope = blake3::derive_key("vouch receipt cache 2026 scope", scope.as_bytes());
        Self { scope, ..self }
    }

    /// Says whether a run that ended with another exit code than 0 will do, as
    /// [`ProveOptions::allow_nonzero_exit`](vouch_sdk::ProveOptions::allow_nonzero_exit) does. It is part of the
    /// key, so that nobody who did not ask for such a run gets one.
    #[must_use]
    pub fn allowing_nonzero_exit(self, any_exit_code: bool) -> Self {
        Self {
            any_exit_code,
            ..self
        }
    }

    /// The program.
    pub const fn image_id(&self) -> &ImageId {
        &self.image_id
    }

    /// The profile of the receipt.
    pub const fn profile(&self) -> Profile {
        self.profile
    }

    /// The key as bytes, for a database. Equal keys have equal bytes. An input that can be guessed
    /// can be found out from them.
    pub fn to_bytes(&self) -> [u8; KEY_BYTES] {
        let end = [self.profile.number(), self.any_exit_code.into()];
        let fields = [&self.scope[..], &self.image_id.0, &self.input, &end];
        let mut bytes = [0; KEY_BYTES];
        for (byte, from) in bytes.iter_mut().zip(fields.into_iter().flatten()) {
            *byte = *from;
        }
        bytes
    }
}

/// Without the digest of the input, by which guesses of it could be checked.
impl fmt::Debug for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheKey")
            .field("image_id", &self.image_id)
            .field("profile", &self.profile)
            .field("any_exit_code", &self.any_exit_code)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn everything_is_part_of_the_key() {
        let (program, other) = (ImageId([1; 32]), ImageId([2; 32]));
        let key = CacheKey::new(&program, b"input", Profile::Fast100);
        let keys = [
            key,
            CacheKey::new(&other, b"input", Profile::Fast100),
            CacheKey::new(&program, b"Input", Profile::Fast100),
            CacheKey::new(&program, b"input", Profile::Compact100),
            key.scoped("a"),
            key.scoped("b"),
            key.scoped(""),
            key.allowing_nonzero_exit(true),
        ];
        let different: HashSet<_> = keys.iter().collect();
        assert_eq!(different.len(), keys.len());
        let bytes: HashSet<_> = keys.iter().map(CacheKey::to_bytes).collect();
        assert_eq!(bytes.len(), keys.len());
        assert_eq!(
            key,
            CacheKey::new(&program, b"input", Profile::Fast100).allowing_nonzero_exit(false)
        );
    }

    #[test]
    fn its_debug_text_says_nothing_of_the_input() {
        let key = |input| CacheKey::new(&ImageId([1; 32]), input, Profile::Fast100);
        assert_eq!(format!("{:?}", key(b"a")), format!("{:?}", key(b"b")));
    }
}
