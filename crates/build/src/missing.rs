//! What a guest without the standard library cannot have, by what the compiler says of it.

use std::fmt;

/// What a guest wants that comes with the feature `std` of `vouch-guest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Missing {
    /// `alloc::sync`, atomics of 64 bits, or more of an atomic than loads and stores.
    Atomics,
    /// The standard library.
    Std,
}

/// Parts of the compiler's messages, of several versions.
const MESSAGES: [(&str, Missing); 7] = [
    ("unresolved import `alloc::sync", Missing::Atomics),
    ("find `sync` in `alloc`", Missing::Atomics),
    ("unresolved import `core::sync::atomic::", Missing::Atomics),
    ("found for struct `Atomic", Missing::Atomics),
    ("find crate for `std`", Missing::Std),
    ("cannot find module or crate `std`", Missing::Std),
    ("use of undeclared crate or module `std`", Missing::Std),
];

impl Missing {
    /// What the compiler misses, if this is the first line of such an error.
    pub(super) fn of(line: &str) -> Option<Self> {
        let error = line.strip_prefix("error[E")?;
        let found = MESSAGES.iter().find(|(part, _)| error.contains(part));
        found.map(|(_, missing)| *missing)
    }
}

/// What to do about it.
impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            Self::Atomics => {
                "without the feature `std` of vouch-guest there is no `Arc`, and an atomic only loads and stores"
            }
            Self::Std => {
                "a guest has the standard library only with the feature `std` of vouch-guest"
            }
        };
        write!(
            f,
            "{what}: in the guest's Cargo.toml, vouch-guest = {{ ..., features = [\"std\"] }} (docs/guests.md, \"With \
             the standard library\")"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_the_compiler_are_recognised() {
        for (line, expected) in [
            (
                "error[E0432]: unresolved import `alloc::sync`",
                Some(Missing::Atomics),
            ),
            (
                "error[E0433]: cannot find `sync` in `alloc`",
                Some(Missing::Atomics),
            ),
            (
                "error[E0433]: failed to resolve: could not find `sync` in `alloc`",
                Some(Missing::Atomics),
            ),
            (
                "error[E0432]: unresolved import `core::sync::atomic::AtomicU64`",
                Some(Missing::Atomics),
            ),
            (
                "error[E0599]: no method named `swap` found for struct `Atomic<T>` in the current scope",
                Some(Missing::Atomics),
            ),
            (
                "error[E0599]: no method named `swap` found for struct `AtomicU32` in the current scope",
                Some(Missing::Atomics),
            ),
            (
                "error[E0463]: can't find crate for `std`",
                Some(Missing::Std),
            ),
            (
                "error[E0433]: cannot find module or crate `std` in this scope",
                Some(Missing::Std),
            ),
            (
                "error[E0433]: failed to resolve: use of undeclared crate or module `std`",
                Some(Missing::Std),
            ),
            ("error[E0432]: unresolved import `serde::Missing`", None),
            ("warning: unresolved import `alloc::sync`", None),
            ("  |  error[E0432]: unresolved import `alloc::sync`", None),
        ] {
            assert_eq!(Missing::of(line), expected, "{line}");
        }
    }
}
