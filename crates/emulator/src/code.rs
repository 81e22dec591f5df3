//! The text, decoded once.

use vouch_isa::memory::SINK;
use vouch_isa::{Format, Instruction, Op, decode};

/// A decoded word of the text, with registers as cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Code {
    /// What to do. Words that do not decode are EBREAK here, since both only ever fault;
    /// which one it was is found out then.
    pub op: Op,
    /// Cell written: [`SINK`] for `x0`; 0 for instructions that write none.
    pub rd: u8,
    /// Cell read first; 0 for FENCE, whose field means nothing.
    pub rs1: u8,
    /// Cell read second.
    pub rs2: u8,
    /// Immediate as decoded.
    pub imm: u32,
}

impl Code {
    fn new(word: u32) -> Self {
        let Some(Instruction {
            op,
            rd,
            rs1,
            rs2,
            imm,
        }) = decode(word)
        else {
            return Self {
                op: Op::Ebreak,
                rd: 0,
                rs1: 0,
                rs2: 0,
                imm: 0,
            };
        };
        let format = op.info().format;
        let writes = !matches!(format, Format::S | Format::B | Format::System);
        let is_fence = format == Format::Fence;
        Self {
            op,
            rd: if writes && (rd == 0 || is_fence) {
                SINK
            } else {
                rd
            },
            rs1: if is_fence { 0 } else { rs1 },
            rs2,
            imm,
        }
    }
}

/// Decodes the bytes of the text that the file holds. What is missing of the last word, and
/// the words after it, are zeros, which are illegal instructions.
pub(crate) fn decode_text(bytes: &[u8]) -> Vec<Code> {
    let word = |chunk: &[u8]| {
        let mut word = [0; 4];
        for (to, from) in word.iter_mut().zip(chunk) {
            *to = *from;
        }
        u32::from_le_bytes(word)
    };
    bytes
        .chunks(4)
        .map(|chunk| Code::new(word(chunk)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_become_cells() {
        let nop = Code::new(0x0000_0013);
        assert_eq!((nop.op, nop.rd, nop.rs1), (Op::Addi, SINK, 0));
        // fence rw, rw with its reserved register fields set
        let fence = Code::new(0x0331_000f | 5 << 7 | 6 << 15);
        assert_eq!((fence.op, fence.rd, fence.rs1), (Op::Fence, SINK, 0));
        let store = Code::new(0x0201_2423);
        assert_eq!(
            (store.op, store.rd, store.rs1, store.rs2),
            (Op::Sw, 0, 2, 0)
        );
    }

    #[test]
    fn a_partial_last_word_is_padded_with_zeros() {
        let code = decode_text(&[0x13, 0, 0, 0, 0x13]);
        assert_eq!(code, [Code::new(0x13), Code::new(0x13)]);
        assert_eq!(decode_text(&[0]), [Code::new(0)]);
    }
}
