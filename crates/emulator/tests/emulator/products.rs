//! Accelerators with operands that are only read.

use vouch_emulator::testing::{DATA, DATA_BYTES, TEXT, asm, check_run, program, segments};
use vouch_emulator::{FaultKind, SegmentLimits};
use vouch_isa::Instruction;
use vouch_isa::accelerators::{ARGUMENTS, Accelerator};
use vouch_isa::memory::MEMORY_END;

use crate::common::{fault_kind, then};

const PRODUCT: Accelerator = Accelerator::MatrixProductI8;
const DOT: Accelerator = Accelerator::DotI32;

/// Words of the data that are stored to before calls.
const STORED: u32 = 120;

fn word(i: u32) -> u32 {
    i.wrapping_mul(0x9e37_79b9)
}

/// Stores words and calls.
fn code(accelerator: Accelerator, arguments: [u32; ARGUMENTS]) -> Vec<Instruction> {
    let mut list = asm::li(6, DATA).to_vec();
    for i in 0..STORED {
        list.extend(asm::li(5, word(i)));
        list.push(asm::sw(5, 4 * i as i32, 6));
    }
    list.extend(asm::accelerate(accelerator, arguments));
    then(list, asm::exit(0))
}

/// What a call leaves in the data words, by its definition: all is read before anything is written.
fn expected(accelerator: Accelerator, arguments: [u32; ARGUMENTS]) -> Vec<u32> {
    let mut memory: Vec<u32> = (0..STORED).map(word).collect();
    let info = accelerator.info();
    let places = || {
        info.operands(arguments).flat_map(|(address, operand)| {
            let first = (address - DATA) / 4;
            first as usize..(first + operand.words()) as usize
        })
    };
    let mut words: Vec<u32> = places().map(|place| memory[place]).collect();
    (info.compute)(&mut words);
    // The one that is written is the last.
    let (_, written) = info.operands(arguments).last().expect("operands");
    let read = words.len() - written.words() as usize;
    for (place, word) in places().zip(words).skip(read) {
        memory[place] = word;
    }
    memory
}

#[test]
fn operands_overlap() {
    let at = |word: u32| DATA + 4 * word;
    for (accelerator, arguments) in [
        (PRODUCT, [at(0), at(32), at(64), at(80), 0]),
        // One matrix, and sums that start from what they are.
        (PRODUCT, [at(0), at(0), at(64), at(64), 1]),
        // Sums in the matrix, which start from others there.
        (PRODUCT, [at(3), at(10), at(5), at(20), 2]),
        (DOT, [at(0), at(32), at(64), 3, 4]),
        (DOT, [at(0), at(1), at(32), 5, 6]),
        (DOT, [at(7), at(7), at(38), 7, u32::MAX]),
    ] {
        let program = program(&code(accelerator, arguments));
        let (run, segments) = segments(&program, &[], &SegmentLimits::default()).expect("it runs");
        assert_eq!(run.exit_code, 0);
        check_run(&program, &segments).expect("consistent");
        let [segment] = &segments[..] else {
            panic!("one segment");
        };
        let expected = expected(accelerator, arguments);
        for leaf in &segment.leaves {
            for (i, &last) in (0..).zip(&leaf.last) {
                let place = (8 * leaf.index + i).wrapping_sub(DATA / 4);
                if let Some(word) = expected.get(place as usize) {
                    assert_eq!(last, *word, "{arguments:x?}, word {place}");
                }
            }
        }
        assert!(segment.leaves.len() >= STORED as usize / 8);
    }
}

#[test]
fn what_is_read_may_be_code() {
    let program = program(&code(PRODUCT, [TEXT, TEXT + 64, TEXT, DATA, 0]));
    let (_, segments) = segments(&program, &[], &SegmentLimits::default()).expect("it runs");
    check_run(&program, &segments).expect("consistent");
}

#[test]
fn pointers_lead_to_words() {
    let good = [DATA, DATA, DATA, DATA, 0];
    for (accelerator, operand, bytes) in [
        (PRODUCT, 0, 128),
        (PRODUCT, 1, 128),
        (PRODUCT, 2, 64),
        (DOT, 0, 128),
        (DOT, 1, 128),
    ] {
        let fault = |address: u32| {
            let mut arguments = good;
            arguments[operand] = address;
            fault_kind(&asm::accelerate(accelerator, arguments))
        };
        for address in [DATA + 1, DATA + 2, u32::MAX] {
            assert_eq!(fault(address), FaultKind::MisalignedBuffer { address });
        }
        for address in [
            0,
            DATA - 4,
            DATA + DATA_BYTES - bytes + 4,
            MEMORY_END - 4,
            0xffff_fffc,
        ] {
            let bad = FaultKind::BadBuffer {
                address,
                length: bytes,
                writable: false,
            };
            assert_eq!(fault(address), bad);
        }
    }
}
