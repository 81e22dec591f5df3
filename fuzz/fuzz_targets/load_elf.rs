//! Bytes are no program, or the program runs for a while without a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vouch_emulator::{Limits, Program, execute};

fuzz_target!(|bytes: &[u8]| {
    let Ok(program) = Program::from_elf(bytes) else {
        return;
    };
    let map = program.memory_map();
    assert!(map.iter().all(|region| region.start < region.end));
    assert!(
        map.iter()
            .zip(map.iter().skip(1))
            .all(|(a, b)| a.end <= b.start)
    );
    let limits = Limits {
        cycles: 10_000,
        memory_bytes: 16 << 20,
        ..Limits::default()
    };
    // Faults and limits are what most programs end in.
    let _ = execute(&program, b"input", &limits, &mut |_, _| {});
});
