//! The text, decoded once.

use vouch_isa::abi::reg::SP;
use vouch_isa::memory::SINK;
use vouch_isa::{Format, Instruction, Op, decode};

/// What the interpreter does at a word.
///
/// Instructions that set the stack pointer have entries of their own, so that nothing is asked of
/// the others. A program whose stack is not known has none of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Executes an instruction. Words that do not decode are EBREAK here, since both only ever
    /// fault; which one it was is found out then.
    Execute(Op),
    /// ADDI to the stack pointer: nearly all that ever set it.
    AddToStack,
    /// Another instruction that sets the stack pointer; which one is found out then.
    SetStack,
}

impl Action {
    fn new(op: Op, rd: u8, guard: Guard) -> Self {
        match (guard, op) {
            (Guard::Stack, Op::Addi) if rd == SP => Self::AddToStack,
            (Guard::Stack, _) if rd == SP => Self::SetStack,
            _ => Self::Execute(op),
        }
    }
}

/// What is checked of a program besides what its instructions ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    /// It is known where its stack is: the stack pointer.
    Stack,
    Nothing,
}

/// A decoded word of the text, with registers as cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Code {
    /// What to do.
    pub action: Action,
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
    fn new(word: u32, guard: Guard) -> Self {
        let Some(Instruction {
            op,
            rd,
            rs1,
            rs2,
            imm,
        }) = decode(word)
        else {
            return Self {
                action: Action::Execute(Op::Ebreak),
                rd: 0,
                rs1: 0,
                rs2: 0,
                imm: 0,
            };
        };
        let format = op.info().format;
        let writes = !matches!(format, Format::S | Format::B | Format::System);
        let is_fence = format == Format::Fence;
        let rd = if writes && (rd == 0 || is_fence) {
            SINK
        } else {
            rd
        };
        Self {
            action: Action::new(op, rd, guard),
            rd,
            rs1: if is_fence { 0 } else { rs1 },
            rs2,
            imm,
        }
    }
}

/// Decodes the bytes of the text that the file holds. What is missing of the last word, and
/// the words after it, are zeros, which are illegal instructions.
pub(crate) fn decode_text(bytes: &[u8], guard: Guard) -> Vec<Code> {
    words(bytes).map(|word| Code::new(word, guard)).collect()
}

/// The words that bytes make, the last one padded with zeros.
pub(crate) fn words(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.chunks(4).map(|chunk| {
        let mut word = [0; 4];
        for (to, from) in word.iter_mut().zip(chunk) {
            *to = *from;
        }
        u32::from_le_bytes(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(word: u32) -> Code {
        Code::new(word, Guard::Stack)
    }

    #[test]
    fn a_word_of_code_takes_eight_bytes() {
        assert_eq!(size_of::<Code>(), 8);
    }

    #[test]
    fn registers_become_cells() {
        let nop = code(0x0000_0013);
        assert_eq!(
            (nop.action, nop.rd, nop.rs1),
            (Action::Execute(Op::Addi), SINK, 0)
        );
        // fence rw, rw with its reserved register fields set
        let fence = code(0x0331_000f | 5 << 7 | 6 << 15);
        assert_eq!(
            (fence.action, fence.rd, fence.rs1),
            (Action::Execute(Op::Fence), SINK, 0)
        );
        let store = code(0x0201_2423);
        assert_eq!(
            (store.action, store.rd, store.rs1, store.rs2),
            (Action::Execute(Op::Sw), 0, 2, 0)
        );
    }

    #[test]
    fn what_sets_the_stack_pointer_is_told_apart() {
        let actions =
            |word| [Guard::Stack, Guard::Nothing].map(|guard| Code::new(word, guard).action);
        // addi sp, sp, -16; lui sp, 0x115; add sp, sp, t0; lw sp, 0(a0)
        let addi = actions(0xff01_0113);
        assert_eq!(addi, [Action::AddToStack, Action::Execute(Op::Addi)]);
        for (word, op) in [
            (0x0011_5137, Op::Lui),
            (0x0051_0133, Op::Add),
            (0x0005_2103, Op::Lw),
        ] {
            assert_eq!(actions(word), [Action::SetStack, Action::Execute(op)]);
        }
        // sw a0, 2(sp) and beq a0, a1, .+2 have a 2 where rd would be.
        for (word, op) in [(0x00a1_2123, Op::Sw), (0x00b5_0163, Op::Beq)] {
            assert_eq!(actions(word), [Action::Execute(op); 2]);
        }
    }

    #[test]
    fn a_partial_last_word_is_padded_with_zeros() {
        let decode = |bytes| decode_text(bytes, Guard::Stack);
        assert_eq!(decode(&[0x13, 0, 0, 0, 0x13]), [code(0x13), code(0x13)]);
        assert_eq!(decode(&[0]), [code(0)]);
    }
}
