//! Stretches of code with a name, to see what they cost.

/// Names what follows, up to the end of the enclosing block: `vouch run --stats` then says how often it ran and
/// how many instructions it took, and flame graphs show it.
///
/// ```ignore
/// fn main() {
///     vouch_guest::cycle_scope!("everything");
///     for transaction in transactions {
///         vouch_guest::cycle_scope!("a transaction");
///         apply(transaction);
///     }
/// }
/// ```
///
/// It is nothing at all, and the program the same, unless the guest is built with `vouch build --scopes`. Then
/// one instruction marks where the scope begins, and one each place where it ends, however the block is left;
/// `vouch run` does not count them. A program with marks has an image ID of its own: it is for looking at.
///
/// The name is a literal of printable characters other than `"` and `\`. Scopes with the same name count as one. The
/// compiler moves loads and stores across no mark, but may move a calculation.
#[cfg(not(vouch_scopes))]
#[macro_export]
macro_rules! cycle_scope {
    ($name:literal) => {
        const _: () = $crate::scope::check($name);
    };
}

/// As without marks: see there.
#[cfg(vouch_scopes)]
#[macro_export]
macro_rules! cycle_scope {
    ($name:literal) => {
        const _: () = $crate::scope::check($name);
        let _scope = {
            struct Scope;

            impl ::core::ops::Drop for Scope {
                #[inline(always)]
                fn drop(&mut self) {
                    $crate::__scope_mark!(1, $name);
                }
            }

            $crate::__scope_mark!(0, $name);
            Scope
        };
    };
}

/// An instruction without effect, and its entry in the list of marks, which is not loaded.
#[cfg(vouch_scopes)]
#[doc(hidden)] // Half of a scope: guests are to use `cycle_scope!`.
#[macro_export]
macro_rules! __scope_mark {
    ($kind:literal, $name:literal) => {
        // SAFETY: the instruction does nothing, and the section is no part of the program.
        unsafe {
            ::core::arch::asm!(
                "7: nop",
                ".pushsection .vouch.scopes, \"\", @progbits",
                ".balign 4",
                concat!(".word 7b, ", $kind),
                concat!(".asciz \"", $name, "\""),
                ".balign 4",
                ".popsection",
                options(nostack, preserves_flags, raw)
            )
        }
    };
}

/// Refuses a name that the assembler would not take as it is, when the guest is compiled: for
/// [`cycle_scope!`](crate::cycle_scope!).
pub const fn check(name: &str) {
    let mut bytes = name.as_bytes();
    assert!(!bytes.is_empty(), "a scope has a name");
    while let [byte, rest @ ..] = bytes {
        assert!(
            !matches!(*byte, ..b' ' | b'"' | b'\\' | 0x7f),
            "the name of a scope has printable characters, but for \" and \\"
        );
        bytes = rest;
    }
}
