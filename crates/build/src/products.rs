//! Looks for a fault of the compiler: LLVM 19 and 22 get the lower half of some 64-bit products wrong.
//!
//! On RV32IM a 64-bit product by `2^32 - 2^s` of which only the lower half is asked for becomes a 32-bit product
//! by `-2^s`, and that `(x << 32) - (x << s)`, as it would be right for 64 bits. A 32-bit shift by 32 has no result,
//! so whatever depends on it is left out (docs/guests.md). Nothing of that can be seen in the ELF: instructions are
//! missing, others are there in their own right. It can be seen in what the compiler makes machine code of, which
//! the wrapper of [`stable`](super::stable) has it write beside the executable.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use vouch_emulator::readable;

/// A product that the compiler may get wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Product {
    /// The function that it is in, with what was inlined into it.
    pub function: String,
    /// The constant factor, `2^32 - 2^s`.
    pub constant: u64,
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: the lower half of a 64-bit product by {:#x}, which the compiler may get wrong: \
             to be safe, put the constant into std::hint::black_box (docs/guests.md, \"A fault of the compiler\")",
            self.function, self.constant
        )
    }
}

/// The products in what an executable was made of. Empty if the compiler did not write that.
///
/// # Errors
/// It is there and cannot be read.
pub(super) fn find(executable: &Path, elf: &[u8]) -> io::Result<Vec<Product>> {
    let mut products = BTreeSet::new();
    for path in intermediate(executable, elf)? {
        products.extend(products_in(&String::from_utf8_lossy(&fs::read(path)?)));
    }
    Ok(products.into_iter().collect())
}

/// The files with LLVM's intermediate form. Cargo builds in `deps`, by names with a hash, and links the executable
/// of the plain name to one of those: the one that has the same contents.
fn intermediate(executable: &Path, elf: &[u8]) -> io::Result<Vec<PathBuf>> {
    let Some(deps) = executable.parent().map(|dir| dir.join("deps")) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(deps)? {
        let path = entry?.path();
        let ir = path.with_extension("ll");
        if ir != path && ir.is_file() && fs::read(&path)? == elf {
            found.push(ir);
        }
    }
    Ok(found)
}

/// The products in a module. That the lower half is taken is seen by a mask anywhere in the function: between the
/// two there may be sums and other products.
fn products_in(module: &str) -> Vec<Product> {
    let mut found = Vec::new();
    for function in module.split("\ndefine ").skip(1) {
        let body = function.split("\n}").next().unwrap_or_default();
        let constants = |operation| {
            let lines = body.lines();
            lines.filter_map(move |line| constant_of(line, operation))
        };
        if constants("and").any(|mask| is_high_mask(mask, 0..=30)) {
            let factors = constants("mul").filter(|&factor| is_high_mask(factor, 2..=30));
            found.extend(factors.map(|constant| Product {
                function: readable(name(function)),
                constant,
            }));
        }
    }
    found
}

/// Whether it is `2^32 - 2^s`.
fn is_high_mask(constant: u64, mut s: std::ops::RangeInclusive<u32>) -> bool {
    s.any(|s| constant == (1 << 32) - (1 << s))
}

/// The constant operand of a 64-bit operation, as in `  %3 = mul nuw i64 %2, 4294967292, !dbg !7`.
fn constant_of(line: &str, operation: &str) -> Option<u64> {
    let (_, value) = line.split_once(" = ")?;
    let operands = value.strip_prefix(operation)?.strip_prefix(' ')?;
    let (_, operands) = operands.split_once("i64 ")?;
    operands.split(", ").nth(1)?.parse().ok()
}

/// The name in `internal i64 @"name"(i32 %0) ...`.
fn name(function: &str) -> &str {
    let after = function.split('@').nth(1).unwrap_or_default();
    let name = after.split('(').next().unwrap_or_default();
    name.trim_matches('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A function that multiplies, and masks.
    fn function(multiply: &str, mask: &str) -> String {
        format!(
            "; ModuleID = 'x'\n\ndefine internal noundef i64 @\"a b\"(i64 noundef %x) unnamed_addr #0 {{\nstart:\n  \
             %_2 = {multiply}\n  %_3 = add i64 %_2, 12\n  %_0 = {mask}\n  ret i64 %_0\n}}\n"
        )
    }

    fn found(multiply: &str, mask: &str) -> Vec<u64> {
        let products = products_in(&function(multiply, mask));
        assert!(products.iter().all(|product| product.function == "a b"));
        products.into_iter().map(|found| found.constant).collect()
    }

    #[test]
    fn lower_halves_of_products_are_found() {
        let mask = "and i64 %_3, 4294967292";
        for s in 2..=30 {
            let constant = (1_u64 << 32) - (1 << s);
            assert_eq!(found(&format!("mul i64 %x, {constant}"), mask), [constant]);
        }
        let four = [0xFFFF_FFFC];
        assert_eq!(found("mul nuw nsw i64 %x, 4294967292", mask), four);
        assert_eq!(found("mul i64 %x, 4294967292, !dbg !7", mask), four);
        let whole = "and i64 %_3, 4294967295";
        assert_eq!(found("mul i64 %x, 4294967292", whole), four);
    }

    #[test]
    fn other_products_are_not() {
        let mask = "and i64 %_3, 4294967292";
        for harmless in [
            "mul i64 %x, 4294967295",
            "mul i64 %x, 4294967294",
            "mul i64 %x, 2147483648",
            "mul i64 %x, 4294967291",
            "mul i64 %x, -4",
            "mul i64 %x, %x",
            "mul i32 %x, 4294967292",
            "add i64 %x, 4294967292",
        ] {
            assert!(found(harmless, mask).is_empty(), "{harmless}");
        }
        let product = "mul i64 %x, 4294967292";
        for all in ["and i64 %_3, 8589934588", "lshr i64 %_3, 32"] {
            assert!(found(product, all).is_empty(), "{all}");
        }
        // The mask is in another function.
        let two = function(product, "or i64 %_3, 1") + &function("add i64 %x, 1", mask);
        assert_eq!(products_in(&two), []);
    }

    #[test]
    fn the_module_is_that_of_the_executable() {
        let dir = tempfile::tempdir().expect("a directory");
        let put = |name: &str, contents: &str| {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            fs::write(path, contents).expect("a file");
        };
        let wrong = function("mul i64 %x, 4294967292", "and i64 %_3, 4294967292");
        put("guest", "new");
        put("deps/guest-1", "old");
        put("deps/guest-1.ll", &wrong);
        put("deps/guest-2", "new");
        let find = || find(&dir.path().join("guest"), b"new").expect("it can be read");
        assert_eq!(find(), []);
        put("deps/guest-2.ll", &(wrong.clone() + &wrong));
        let [product] = find().try_into().expect("one, though it is there twice");
        assert!(
            product.to_string().starts_with("a b: the lower half"),
            "{product}"
        );
    }
}
