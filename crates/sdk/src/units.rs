//! Numbers as people write them.

use thiserror::Error;

/// Text that is no number.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("expected {expected}, got {got:?}")]
pub struct UnitError {
    /// What would have been one.
    pub expected: &'static str,
    /// The text.
    pub got: String,
}

/// A plain number, or a power of two as `2^20`.
///
/// # Errors
/// [`UnitError`] if it is anything else, or 2^64 and more.
pub fn number(text: &str) -> Result<u64, UnitError> {
    let value = match text.strip_prefix("2^") {
        Some(exponent) => exponent
            .parse()
            .ok()
            .and_then(|exponent| 1u64.checked_shl(exponent)),
        None => text.parse().ok(),
    };
    value.ok_or_else(|| UnitError {
        expected: "a number below 2^64, or a power of two such as 2^20",
        got: text.into(),
    })
}

/// A number of bytes: as [`number`], perhaps with a unit as `512MiB` (KiB, MiB, GiB, TiB).
///
/// # Errors
/// [`UnitError`] if it is anything else, or 2^64 bytes and more.
pub fn bytes(text: &str) -> Result<u64, UnitError> {
    const UNITS: [(&str, u32); 4] = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40)];
    let found = UNITS
        .iter()
        .find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, *shift)));
    let (digits, shift) = found.unwrap_or((text, 0));
    number(digits.trim_end())
        .ok()
        .and_then(|value| value.checked_mul(1 << shift))
        .ok_or_else(|| UnitError {
            expected: "bytes below 2^64: a number, a power of two such as 2^30, or a number \
                       with a unit such as 512MiB (KiB, MiB, GiB, TiB)",
            got: text.into(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_plain_or_powers_of_two() {
        assert_eq!(number("0"), Ok(0));
        assert_eq!(number("2^0"), Ok(1));
        assert_eq!(number("2^63"), Ok(1 << 63));
        assert_eq!(number("18446744073709551615"), Ok(u64::MAX));
        for text in [
            "",
            "2^",
            "2^64",
            "2^-1",
            "3^2",
            "-1",
            "1e6",
            "18446744073709551616",
            "1KiB",
        ] {
            assert_eq!(number(text).map_err(|e| e.got), Err(text.into()));
        }
    }

    #[test]
    fn bytes_may_have_a_unit() {
        assert_eq!(bytes("17"), Ok(17));
        assert_eq!(bytes("2^30"), Ok(1 << 30));
        assert_eq!(bytes("512MiB"), Ok(512 << 20));
        assert_eq!(bytes("4 GiB"), Ok(4 << 30));
        assert_eq!(bytes("1KiB"), Ok(1024));
        for text in ["MiB", "1MB", "1.5GiB", "16777216TiB", "4GiB "] {
            assert_eq!(bytes(text).map_err(|e| e.got), Err(text.into()));
        }
    }
}
