//! Random programs that run to their end.

use vouch_isa::{Family, Format, Instruction, Op};

use super::{DATA, asm};

/// Register that holds the base of the data segment; random instructions leave it alone.
const BASE: u8 = 31;

/// A random program of about `length` instructions for [`super::program`]: arithmetic on
/// random registers, loads and stores around the middle of the data segment, forward
/// branches and jumps, and an exit. The same seed gives the same program.
///
/// `JALR` needs to know where it is and is left out.
pub fn random_program(seed: u64, length: usize) -> Vec<Instruction> {
    let mut random = Random(seed);
    let mut list = Vec::new();
    for register in 1..BASE {
        list.extend(asm::li(register, random.word()));
    }
    list.extend(asm::li(BASE, DATA + 0x800));
    let end = list.len() + length;
    while list.len() < end {
        let room = end - list.len();
        list.extend(random.instruction(room));
    }
    list.extend(asm::exit_with(5));
    list
}

/// SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators").
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `bound`, which is small: the bias is too.
    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// A word: often one at an edge.
    fn word(&mut self) -> u32 {
        const EDGES: [u32; 6] = [0, 1, 2, u32::MAX, 0x8000_0000, 0x7fff_ffff];
        match EDGES.get(self.below(12) as usize) {
            Some(&edge) => edge,
            None => self.next() as u32,
        }
    }

    fn register(&mut self) -> u8 {
        self.below(u64::from(BASE)) as u8
    }

    /// An instruction with `room` more to follow it, none if the one drawn does not suit.
    fn instruction(&mut self, room: usize) -> Option<Instruction> {
        let info = &Op::TABLE[self.below(Op::COUNT as u64) as usize];
        let op = info.op;
        let (rd, rs1, rs2) = (self.register(), self.register(), self.register());
        // Aligned to any size: -2048 to 2044.
        let offset = self.below(1024) as i32 * 4 - 2048;
        let forward = 4 * (1 + self.below(room.min(8) as u64) as i32);
        Some(match (info.family, info.format) {
            (Family::Ecall | Family::None | Family::Jalr, _) => return None,
            (Family::Word | Family::LoadSub | Family::StoreSub, Format::S) => {
                asm::store(op, rs2, offset + self.sub_word(op), BASE)
            }
            (Family::Word | Family::LoadSub | Family::StoreSub, _) => {
                asm::load(op, rd, offset + self.sub_word(op), BASE)
            }
            (_, Format::B) => asm::branch(op, rs1, rs2, forward),
            (_, Format::J) => asm::jal(rd, forward),
            (_, Format::R) => asm::r(op, rd, rs1, rs2),
            (_, Format::Shift) => asm::i(op, rd, rs1, self.below(32) as i32),
            (_, Format::U) => asm::i(op, rd, 0, (self.next() as u32 & 0xffff_f000) as i32),
            _ => asm::i(op, rd, rs1, self.below(4096) as i32 - 2048),
        })
    }

    /// A byte offset in a word that suits the access.
    fn sub_word(&mut self, op: Op) -> i32 {
        match op {
            Op::Lb | Op::Lbu | Op::Sb => self.below(4) as i32,
            Op::Lh | Op::Lhu | Op::Sh => 2 * self.below(2) as i32,
            _ => 0,
        }
    }
}
