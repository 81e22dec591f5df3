//! Devices and numbers.

use std::path::Path;

use vouch_air::F;
use vouch_gpu::Gpu;
use vouch_gpu::shim::Shim;
use vouch_isa::testing::SplitMix;

/// Words of a device's memory.
const WORDS: usize = 1 << 24;
/// The same for proofs whose tallest packs have 2^18 rows.
const MANY_WORDS: usize = 1 << 26;

/// Calls `f` with a device whose threads run in ascending order, and with one whose run in
/// descending order: nothing may depend on it.
pub fn on_devices(f: impl Fn(&Gpu)) {
    on_devices_of(WORDS, f);
}

/// The same, with more memory.
pub fn on_large_devices(f: impl Fn(&Gpu)) {
    on_devices_of(MANY_WORDS, f);
}

fn on_devices_of(words: usize, f: impl Fn(&Gpu)) {
    for descending in [false, true] {
        f(&device(words, descending));
    }
}

/// A device with so many words of memory.
pub fn with_memory(words: usize) -> Gpu {
    device(words, false)
}

fn device(words: usize, descending: bool) -> Gpu {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kernels");
    let shim = Shim::new(&folder, words, descending).expect("the kernels compile");
    Gpu::new(Box::new(shim))
}

/// Numbers without a pattern, but for some edges at first.
pub fn numbers(count: usize, seed: u64) -> Vec<F> {
    let edges = [0, 1, 2, 0x7800_0000, 0x0fff_fffe, 0x7fff_ffff % 0x7800_0001];
    let mut random = SplitMix(seed);
    let mut next = |i: usize| {
        let random = random.below(0x7800_0001);
        F::new(edges.get(i).copied().unwrap_or(random))
    };
    (0..count).map(&mut next).collect()
}
