//! A random program as an ELF that runs on both machines.

use vouch_emulator::testing::{
    CONSTANTS, DATA, DATA_BYTES, ElfBuilder, LoadSegment, RandomCode, TEXT, WINDOW_BYTES, asm,
};
use vouch_isa::Instruction;

use crate::random::Random;

/// Register that holds the stack pointer when qemu starts a program.
const SP: u8 = 2;
/// Where the registers are saved at the end: in a page that nothing else uses.
const SAVED: u32 = DATA + 0x4000;
/// Register with that address; its own value is not saved.
const SAVED_BASE: u8 = 31;
/// Middle of the window, if it is not in the lower half of the address space: the memory that
/// programs may have ends one page later.
const HIGH: u32 = 0xbfff_f000;
const PAGE: u32 = 0x1000;

/// Bytes at the end of a journal: the window, then `x1` to `x30`.
pub const DUMP_BYTES: usize = WINDOW_BYTES as usize + 4 * (SAVED_BASE as usize - 1);

/// A random program with its input.
pub struct Guest {
    /// What makes it.
    pub seed: u64,
    /// Length of its random part, in instructions.
    pub length: usize,
    /// Byte address of the window.
    pub window: u32,
    /// The file.
    pub elf: Vec<u8>,
    /// The input.
    pub input: Vec<u8>,
}

impl Guest {
    /// The program of a seed.
    pub fn random(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let length = 1000 + random.below(5000);
        Self::with_length(seed, length)
    }

    /// The same, but shorter or longer.
    pub fn with_length(seed: u64, length: usize) -> Self {
        let mut random = Random::new(!seed);
        let data_middle = DATA + PAGE;
        let middle = [data_middle, HIGH][random.below(2)];
        let code = RandomCode {
            middle,
            constants: true,
            loops: true,
            calls: true,
        };
        let window = middle - WINDOW_BYTES / 2;
        let mut list = vec![asm::addi(SP, 0, 0)];
        list.extend(code.generate(seed, length));
        list.extend(dump(window));
        // Both have a page of random bytes, which ends within the window, and zeros after it.
        let bytes = |random: &mut Random, count: u32| -> Vec<u8> {
            (0..count).map(|_| random.draw() as u8).collect()
        };
        let writable = |random: &mut Random, address: u32, memory_size| LoadSegment {
            memory_size,
            ..LoadSegment::new(address, bytes(random, PAGE), LoadSegment::WRITABLE)
        };
        let mut segments = vec![
            LoadSegment::new(
                CONSTANTS.start,
                bytes(&mut random, CONSTANTS.end),
                LoadSegment::CONSTANTS,
            ),
            LoadSegment::code(TEXT, &list),
            writable(&mut random, DATA, DATA_BYTES),
        ];
        if middle == HIGH {
            segments.push(writable(&mut random, HIGH - PAGE, 2 * PAGE));
        }
        let input_length = random.below(2000) as u32;
        Self {
            seed,
            length,
            window,
            elf: ElfBuilder::new(TEXT, segments).build(),
            input: bytes(&mut random, input_length),
        }
    }
}

/// Appends the window and the registers to the journal, and exits.
fn dump(window: u32) -> Vec<Instruction> {
    let mut list = asm::li(SAVED_BASE, SAVED).to_vec();
    for register in 1..SAVED_BASE {
        list.push(asm::sw(register, 4 * (i32::from(register) - 1), SAVED_BASE));
    }
    list.extend(asm::journal(window, WINDOW_BYTES));
    list.extend(asm::journal(SAVED, DUMP_BYTES as u32 - WINDOW_BYTES));
    list.extend(asm::exit(0));
    list
}
