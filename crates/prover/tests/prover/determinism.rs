//! The same run gives the same proof, byte for byte.

use crate::common::{commitment, prove};
use rayon::ThreadPoolBuilder;
use vouch_emulator::SegmentLimits;
use vouch_verifier::Profile;

#[test]
fn proofs_do_not_depend_on_threads() {
    let input: Vec<u8> = (0..128).collect();
    let program = commitment();
    for profile in [Profile::Fast100, Profile::Compact100] {
        let with = |threads| {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build();
            pool.expect("threads")
                .install(|| prove(&program, &input, &SegmentLimits::default(), profile))
        };
        let one = with(1).to_bytes();
        assert_eq!(one, with(2).to_bytes(), "{profile:?}");
        assert_eq!(one, with(5).to_bytes(), "{profile:?}");
    }
}
