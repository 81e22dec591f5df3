//! What the extension5_mul_add table is put through.

use vouch_isa::accelerators::extension5_mul_add::DEGREE;

use super::extension;
use crate::testkit::Campaign;

pub(super) fn campaign() -> Campaign {
    extension::campaign::<DEGREE>()
}

#[cfg(test)]
mod tests {
    #[test]
    fn mutants_are_rejected() {
        super::campaign().assert();
    }
}
