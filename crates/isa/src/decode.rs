//! Words to instructions and back.

use crate::op::{Format, Op};

/// A decoded instruction. Fields that its format lacks are 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// What to do.
    pub op: Op,
    /// Destination register, 0 to 31.
    pub rd: u8,
    /// First source register, 0 to 31.
    pub rs1: u8,
    /// Second source register, 0 to 31.
    pub rs2: u8,
    /// Immediate, sign-extended to 32 bits; for U format already shifted left by 12.
    pub imm: u32,
}

const fn field(word: u32, low: u32, bits: u32) -> u32 {
    (word >> low) & ((1 << bits) - 1)
}

/// Sign-extends the low `bits` bits of `value`.
const fn sign_extend(value: u32, bits: u32) -> u32 {
    let shift = 32 - bits;
    (((value << shift) as i32) >> shift) as u32
}

/// Decodes a word; `None` if it is no RV32IM instruction.
///
/// The inverse of [`encode`]: whatever decodes re-encodes to the same word.
pub fn decode(word: u32) -> Option<Instruction> {
    let info = Op::TABLE.iter().find(|i| word & i.mask == i.bits)?;
    let rd = field(word, 7, 5) as u8;
    let rs1 = field(word, 15, 5) as u8;
    let rs2 = field(word, 20, 5) as u8;
    let (rd, rs1, rs2, imm) = match info.format {
        Format::R => (rd, rs1, rs2, 0),
        Format::I => (rd, rs1, 0, sign_extend(field(word, 20, 12), 12)),
        Format::Shift => (rd, rs1, 0, u32::from(rs2)),
        Format::S => {
            let imm = field(word, 25, 7) << 5 | field(word, 7, 5);
            (0, rs1, rs2, sign_extend(imm, 12))
        }
        Format::B => {
            let imm = field(word, 31, 1) << 12
                | field(word, 7, 1) << 11
                | field(word, 25, 6) << 5
                | field(word, 8, 4) << 1;
            (0, rs1, rs2, sign_extend(imm, 13))
        }
        Format::U => (rd, 0, 0, word & 0xffff_f000),
        Format::J => {
            let imm = field(word, 31, 1) << 20
                | field(word, 12, 8) << 12
                | field(word, 20, 1) << 11
                | field(word, 21, 10) << 1;
            (rd, 0, 0, sign_extend(imm, 21))
        }
        Format::Fence => (rd, rs1, 0, field(word, 20, 12)),
        Format::System => (0, 0, 0, 0),
    };
    Some(Instruction {
        op: info.op,
        rd,
        rs1,
        rs2,
        imm,
    })
}

/// Encodes an instruction. Bits of the fields that its format has no room for are dropped.
pub fn encode(instruction: &Instruction) -> u32 {
    let info = instruction.op.info();
    let rd = u32::from(instruction.rd) << 7;
    let rs1 = u32::from(instruction.rs1) << 15;
    let rs2 = u32::from(instruction.rs2) << 20;
    let imm = instruction.imm;
    info.bits
        | match info.format {
            Format::R => rd | rs1 | rs2,
            Format::I | Format::Fence => rd | rs1 | field(imm, 0, 12) << 20,
            Format::Shift => rd | rs1 | field(imm, 0, 5) << 20,
            Format::S => rs1 | rs2 | field(imm, 5, 7) << 25 | field(imm, 0, 5) << 7,
            Format::B => {
                rs1 | rs2
                    | field(imm, 12, 1) << 31
                    | field(imm, 5, 6) << 25
                    | field(imm, 1, 4) << 8
                    | field(imm, 11, 1) << 7
            }
            Format::U => rd | imm & 0xffff_f000,
            Format::J => {
                rd | field(imm, 20, 1) << 31
                    | field(imm, 1, 10) << 21
                    | field(imm, 11, 1) << 20
                    | field(imm, 12, 8) << 12
            }
            Format::System => 0,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_words() {
        // Words as GNU as 2.40 assembles them.
        let cases = [
            (0x0000_0013, Op::Addi, 0, 0, 0, 0),              // nop
            (0xfff5_0513, Op::Addi, 10, 10, 0, -1i32 as u32), // addi a0, a0, -1
            (0xfe05_1ee3, Op::Bne, 0, 10, 0, -4i32 as u32),   // bnez a0, .-4
            (0x0080_00ef, Op::Jal, 1, 0, 0, 8),               // jal ra, .+8
            (0x1234_52b7, Op::Lui, 5, 0, 0, 0x1234_5000),     // lui t0, 0x12345
            (0x0201_2423, Op::Sw, 0, 2, 0, 40),               // sw zero, 40(sp)
            (0x41f5_5513, Op::Srai, 10, 10, 0, 31),           // srai a0, a0, 31
            (0x02c5_c533, Op::Div, 10, 11, 12, 0),            // div a0, a1, a2
            (0x0000_0073, Op::Ecall, 0, 0, 0, 0),
            (0x0010_0073, Op::Ebreak, 0, 0, 0, 0),
        ];
        for (word, op, rd, rs1, rs2, imm) in cases {
            let want = Instruction {
                op,
                rd,
                rs1,
                rs2,
                imm,
            };
            assert_eq!(decode(word), Some(want), "{word:#010x}");
            assert_eq!(encode(&want), word, "{word:#010x}");
        }
    }

    #[test]
    fn refuses_what_is_not_rv32im() {
        for word in [
            0x0000_0000, // defined illegal
            0xffff_ffff, // defined illegal
            0x0000_100f, // fence.i
            0x3000_2073, // csrr
            0x3020_0073, // mret
            0x1000_202f, // lr.w
            0x0000_3003, // ld
            0x0000_4501, // compressed
            0x0205_1513, // slli with bit 25 set (RV64)
            0x0000_0033 | 0x10 << 25,
        ] {
            assert_eq!(decode(word), None, "{word:#010x}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn decoding_fails_or_re_encodes_to_the_same_word(word: u32) {
            if let Some(instruction) = decode(word) {
                prop_assert_eq!(encode(&instruction), word);
            }
        }

        /// Random words seldom decode; these always do.
        #[test]
        fn words_with_valid_fixed_bits_round_trip(row in 0..Op::COUNT, word: u32) {
            let info = &Op::TABLE[row];
            let word = word & !info.mask | info.bits;
            let instruction = decode(word).expect("fixed bits are valid");
            prop_assert_eq!(instruction.op, info.op);
            prop_assert_eq!(encode(&instruction), word);
        }
    }
}
