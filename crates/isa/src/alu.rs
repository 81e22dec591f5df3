//! What instructions compute: the only semantics in the project.
//!
//! All of it is inlined: the interpreter calls it with an instruction that is a constant, and little is
//! left of it then.

use crate::op::Op;

/// Result of an ALU instruction on its two operands; `b` is `rs2` or the immediate.
///
/// - Shifts use the low 5 bits of `b` (ISA manual, section 2.4).
/// - Division by zero gives all ones and the dividend as remainder; `MIN / -1` gives `MIN`
///   and remainder 0 (section "Division Operations" of M). Nothing traps.
/// - LUI is its immediate. AUIPC, JAL and JALR depend on the pc and are not ALU
///   instructions; for them, and for loads, stores, branches and system instructions, the
///   sum of the operands is returned (which is the address where there is one).
#[inline(always)]
pub fn alu(op: Op, a: u32, b: u32) -> u32 {
    let (sa, sb) = (a as i32, b as i32);
    match op.register_form() {
        Op::Sub => a.wrapping_sub(b),
        Op::And => a & b,
        Op::Or => a | b,
        Op::Xor => a ^ b,
        Op::Slt => u32::from(sa < sb),
        Op::Sltu => u32::from(a < b),
        Op::Sll => a.wrapping_shl(b),
        Op::Srl => a.wrapping_shr(b),
        Op::Sra => sa.wrapping_shr(b) as u32,
        Op::Mul => a.wrapping_mul(b),
        Op::Mulh => ((i64::from(sa) * i64::from(sb)) >> 32) as u32,
        Op::Mulhsu => ((i64::from(sa) * i64::from(b)) >> 32) as u32,
        Op::Mulhu => ((u64::from(a) * u64::from(b)) >> 32) as u32,
        Op::Div if b == 0 => u32::MAX,
        Op::Div => sa.wrapping_div(sb) as u32,
        Op::Divu => a.checked_div(b).unwrap_or(u32::MAX),
        Op::Rem if b == 0 => a,
        Op::Rem => sa.wrapping_rem(sb) as u32,
        Op::Remu => a.checked_rem(b).unwrap_or(a),
        Op::Lui => b,
        _ => a.wrapping_add(b),
    }
}

/// Whether a branch is taken on its two operands; false for anything but a branch.
#[inline(always)]
pub fn branch_taken(op: Op, a: u32, b: u32) -> bool {
    match op {
        Op::Beq => a == b,
        Op::Bne => a != b,
        Op::Blt => (a as i32) < b as i32,
        Op::Bge => (a as i32) >= b as i32,
        Op::Bltu => a < b,
        Op::Bgeu => a >= b,
        _ => false,
    }
}

/// Value that a load at byte `offset` (0 to 3) takes from the memory word that holds it.
///
/// The access must be aligned to its size.
#[inline(always)]
pub fn load_value(op: Op, word: u32, offset: u32) -> u32 {
    let shifted = word >> (8 * (offset & 3));
    match op {
        Op::Lb => shifted as u8 as i8 as u32,
        Op::Lbu => u32::from(shifted as u8),
        Op::Lh => shifted as u16 as i16 as u32,
        Op::Lhu => u32::from(shifted as u16),
        _ => word,
    }
}

/// The memory word after a store of `value` at byte `offset` (0 to 3) into `word`.
///
/// The access must be aligned to its size.
#[inline(always)]
pub fn store_merge(op: Op, word: u32, value: u32, offset: u32) -> u32 {
    let shift = 8 * (offset & 3);
    let mask = match op {
        Op::Sb => 0xff << shift,
        Op::Sh => 0xffff << shift,
        _ => return value,
    };
    word & !mask | (value << shift) & mask
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIN: u32 = i32::MIN as u32;
    const NEG1: u32 = u32::MAX;

    #[test]
    fn division_edge_cases_follow_the_manual() {
        // Table "Semantics for division by zero and division overflow", chapter M.
        for x in [0, 1, 7, MIN, NEG1] {
            assert_eq!(alu(Op::Div, x, 0), NEG1);
            assert_eq!(alu(Op::Divu, x, 0), NEG1);
            assert_eq!(alu(Op::Rem, x, 0), x);
            assert_eq!(alu(Op::Remu, x, 0), x);
        }
        assert_eq!(alu(Op::Div, MIN, NEG1), MIN);
        assert_eq!(alu(Op::Rem, MIN, NEG1), 0);
        assert_eq!(alu(Op::Div, -7i32 as u32, 2), -3i32 as u32);
        assert_eq!(alu(Op::Rem, -7i32 as u32, 2), -1i32 as u32);
        assert_eq!(alu(Op::Rem, 7, -2i32 as u32), 1);
    }

    #[test]
    fn shifts_use_five_bits() {
        assert_eq!(alu(Op::Sll, 1, 33), 2);
        assert_eq!(alu(Op::Srl, MIN, 63), 1);
        assert_eq!(alu(Op::Sra, MIN, 31), NEG1);
        assert_eq!(alu(Op::Srai, MIN, 4), 0xf800_0000);
    }

    #[test]
    fn high_products() {
        assert_eq!(alu(Op::Mulh, MIN, MIN), 0x4000_0000);
        assert_eq!(alu(Op::Mulhu, NEG1, NEG1), 0xffff_fffe);
        assert_eq!(alu(Op::Mulhsu, NEG1, NEG1), NEG1);
        assert_eq!(alu(Op::Mulhsu, 1, NEG1), 0);
    }

    #[test]
    fn sub_word_access() {
        let w = 0x80ff_7f01;
        assert_eq!(load_value(Op::Lb, w, 3), 0xffff_ff80);
        assert_eq!(load_value(Op::Lbu, w, 3), 0x80);
        assert_eq!(load_value(Op::Lh, w, 2), 0xffff_80ff);
        assert_eq!(load_value(Op::Lhu, w, 0), 0x7f01);
        assert_eq!(store_merge(Op::Sb, w, 0xaabb, 1), 0x80ff_bb01);
        assert_eq!(store_merge(Op::Sh, w, 0xaabb_ccdd, 2), 0xccdd_7f01);
        assert_eq!(store_merge(Op::Sw, w, 5, 0), 5);
    }
}
