//! The instruction table.

/// How the operands of an instruction are laid out in its word (ISA manual, section 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `rd, rs1, rs2`
    R,
    /// `rd, rs1, imm[11:0]`, sign-extended
    I,
    /// `rd, rs1, shamt[4:0]`
    Shift,
    /// `rs1, rs2, imm[11:0]`, sign-extended
    S,
    /// `rs1, rs2, imm[12:1]`, sign-extended
    B,
    /// `rd, imm[31:12]`
    U,
    /// `rd, imm[20:1]`, sign-extended
    J,
    /// FENCE: `fm, pred, succ, rs1, rd` are carried but mean nothing here
    Fence,
    /// No operands: ECALL and EBREAK
    System,
}

/// The table of the machine that proves an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Family {
    /// ADD, SUB
    AddSub,
    /// ADDI, and what decoding turns into one: LUI, AUIPC, FENCE
    AddImm,
    /// AND, OR, XOR and their immediate forms
    Bitwise,
    /// SLT, SLTU and their immediate forms
    Compare,
    /// SLL, SRL, SRA and their immediate forms
    Shift,
    /// BEQ, BNE
    BranchEq,
    /// BLT, BGE, BLTU, BGEU
    BranchLt,
    /// JAL
    Jal,
    /// JALR
    Jalr,
    /// LW, SW
    Word,
    /// LB, LBU, LH, LHU
    LoadSub,
    /// SB, SH
    StoreSub,
    /// MUL
    Mul,
    /// MULH, MULHSU, MULHU
    MulHigh,
    /// DIV, DIVU, REM, REMU
    DivRem,
    /// ECALL
    Ecall,
    /// EBREAK: decodes, but no table proves it; executing it is a guest fault
    None,
}

impl Family {
    /// Families whose rows are plain [`crate::event::Step`]s: all but ECALL and EBREAK.
    pub const STEPS: usize = Self::Ecall as usize;
}

/// One row of the instruction table.
#[derive(Clone, Copy, Debug)]
pub struct OpInfo {
    /// The instruction.
    pub op: Op,
    /// Assembler mnemonic.
    pub name: &'static str,
    /// Operand layout.
    pub format: Format,
    /// The word's fixed bits...
    pub bits: u32,
    /// ...and where they are.
    pub mask: u32,
    /// The table that proves it.
    pub family: Family,
}

/// `opcode`, `funct3` and `funct7` masks.
const OPCODE: u32 = 0x0000_007f;
const FUNCT3: u32 = 0x0000_707f;
const FUNCT7: u32 = 0xfe00_707f;
const ALL: u32 = 0xffff_ffff;

const fn fixed(opcode: u32, funct3: u32, funct7: u32) -> u32 {
    opcode | funct3 << 12 | funct7 << 25
}

macro_rules! op_table {
    ($($op:ident $name:literal $format:ident $family:ident $mask:ident $opcode:literal $f3:literal $f7:literal;)*) => {
        /// An RV32IM instruction. The discriminant is its number on the program bus.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Op {
            $(#[doc = concat!("`", $name, "`")] $op,)*
        }

        impl Op {
            /// Every instruction, in the order of its discriminant.
            pub const TABLE: &'static [OpInfo] = &[
                $(OpInfo {
                    op: Op::$op,
                    name: $name,
                    format: Format::$format,
                    bits: fixed($opcode, $f3, $f7),
                    mask: $mask,
                    family: Family::$family,
                },)*
            ];
        }
    };
}

// A macro, because an enum and its table are one list only if one list writes both.
op_table! {
    Lui    "lui"    U      AddImm   OPCODE 0x37 0 0x00;
    Auipc  "auipc"  U      AddImm   OPCODE 0x17 0 0x00;
    Jal    "jal"    J      Jal      OPCODE 0x6f 0 0x00;
    Jalr   "jalr"   I      Jalr     FUNCT3 0x67 0 0x00;
    Beq    "beq"    B      BranchEq FUNCT3 0x63 0 0x00;
    Bne    "bne"    B      BranchEq FUNCT3 0x63 1 0x00;
    Blt    "blt"    B      BranchLt FUNCT3 0x63 4 0x00;
    Bge    "bge"    B      BranchLt FUNCT3 0x63 5 0x00;
    Bltu   "bltu"   B      BranchLt FUNCT3 0x63 6 0x00;
    Bgeu   "bgeu"   B      BranchLt FUNCT3 0x63 7 0x00;
    Lb     "lb"     I      LoadSub  FUNCT3 0x03 0 0x00;
    Lh     "lh"     I      LoadSub  FUNCT3 0x03 1 0x00;
    Lw     "lw"     I      Word     FUNCT3 0x03 2 0x00;
    Lbu    "lbu"    I      LoadSub  FUNCT3 0x03 4 0x00;
    Lhu    "lhu"    I      LoadSub  FUNCT3 0x03 5 0x00;
    Sb     "sb"     S      StoreSub FUNCT3 0x23 0 0x00;
    Sh     "sh"     S      StoreSub FUNCT3 0x23 1 0x00;
    Sw     "sw"     S      Word     FUNCT3 0x23 2 0x00;
    Addi   "addi"   I      AddImm   FUNCT3 0x13 0 0x00;
    Slti   "slti"   I      Compare  FUNCT3 0x13 2 0x00;
    Sltiu  "sltiu"  I      Compare  FUNCT3 0x13 3 0x00;
    Xori   "xori"   I      Bitwise  FUNCT3 0x13 4 0x00;
    Ori    "ori"    I      Bitwise  FUNCT3 0x13 6 0x00;
    Andi   "andi"   I      Bitwise  FUNCT3 0x13 7 0x00;
    Slli   "slli"   Shift  Shift    FUNCT7 0x13 1 0x00;
    Srli   "srli"   Shift  Shift    FUNCT7 0x13 5 0x00;
    Srai   "srai"   Shift  Shift    FUNCT7 0x13 5 0x20;
    Add    "add"    R      AddSub   FUNCT7 0x33 0 0x00;
    Sub    "sub"    R      AddSub   FUNCT7 0x33 0 0x20;
    Sll    "sll"    R      Shift    FUNCT7 0x33 1 0x00;
    Slt    "slt"    R      Compare  FUNCT7 0x33 2 0x00;
    Sltu   "sltu"   R      Compare  FUNCT7 0x33 3 0x00;
    Xor    "xor"    R      Bitwise  FUNCT7 0x33 4 0x00;
    Srl    "srl"    R      Shift    FUNCT7 0x33 5 0x00;
    Sra    "sra"    R      Shift    FUNCT7 0x33 5 0x20;
    Or     "or"     R      Bitwise  FUNCT7 0x33 6 0x00;
    And    "and"    R      Bitwise  FUNCT7 0x33 7 0x00;
    Fence  "fence"  Fence  AddImm   FUNCT3 0x0f 0 0x00;
    Ecall  "ecall"  System Ecall    ALL    0x73 0 0x00;
    Ebreak "ebreak" System None     ALL    0x00100073 0 0x00;
    Mul    "mul"    R      Mul      FUNCT7 0x33 0 0x01;
    Mulh   "mulh"   R      MulHigh  FUNCT7 0x33 1 0x01;
    Mulhsu "mulhsu" R      MulHigh  FUNCT7 0x33 2 0x01;
    Mulhu  "mulhu"  R      MulHigh  FUNCT7 0x33 3 0x01;
    Div    "div"    R      DivRem   FUNCT7 0x33 4 0x01;
    Divu   "divu"   R      DivRem   FUNCT7 0x33 5 0x01;
    Rem    "rem"    R      DivRem   FUNCT7 0x33 6 0x01;
    Remu   "remu"   R      DivRem   FUNCT7 0x33 7 0x01;
}

impl Op {
    /// Number of instructions: 37 of RV32I with FENCE (38), ECALL and EBREAK, and 8 of M.
    pub const COUNT: usize = Self::TABLE.len();

    /// The instruction's row in the table.
    #[inline]
    pub const fn info(self) -> &'static OpInfo {
        &Self::TABLE[self as usize]
    }

    /// The table that proves the instruction.
    #[inline]
    pub const fn family(self) -> Family {
        self.info().family
    }

    /// True if the second operand is the immediate instead of `rs2` (ALU instructions only).
    #[inline]
    pub const fn has_immediate_operand(self) -> bool {
        matches!(
            self.info().format,
            Format::I | Format::Shift | Format::U | Format::Fence
        )
    }

    /// The register form of an instruction with an immediate operand (`addi` to `add`);
    /// any other instruction is its own.
    #[inline]
    pub const fn register_form(self) -> Self {
        match self {
            Self::Slti => Self::Slt,
            Self::Sltiu => Self::Sltu,
            Self::Xori => Self::Xor,
            Self::Ori => Self::Or,
            Self::Andi => Self::And,
            Self::Slli => Self::Sll,
            Self::Srli => Self::Srl,
            Self::Srai => Self::Sra,
            Self::Addi => Self::Add,
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_in_discriminant_order_and_complete() {
        assert_eq!(Op::COUNT, 48);
        for (i, info) in Op::TABLE.iter().enumerate() {
            assert_eq!(info.op as usize, i, "{}", info.name);
            assert_eq!(info.bits & !info.mask, 0, "{}", info.name);
        }
    }

    #[test]
    fn no_two_patterns_overlap() {
        for a in Op::TABLE {
            for b in Op::TABLE {
                let common = a.mask & b.mask;
                let same = a.bits & common == b.bits & common;
                assert_eq!(same, a.op == b.op, "{} and {}", a.name, b.name);
            }
        }
    }
}
