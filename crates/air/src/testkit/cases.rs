//! Instructions to be executed, and what they do not do.

use alloc::vec::Vec;
use core::ops::RangeInclusive;

use vouch_isa::event::Step;
use vouch_isa::{Family, Format, Op, OpInfo};

use super::numbers::{P, TEXT};
use super::steps::Case;

/// First byte address that may be stored to, and a little more: in the same limbs and in
/// others.
const STORABLE: [u32; 4] = [
    4 * TEXT.end,
    4 * TEXT.end + 8,
    0xbfff_fff0,
    0x1_0000 + 4 * TEXT.end,
];

/// Registers `rd, rs1, rs2` that are the same, or `x0`.
pub const ALIASES: [[u8; 3]; 7] = [
    [6, 6, 6],
    [5, 6, 6],
    [6, 6, 7],
    [7, 6, 7],
    [0, 6, 7],
    [5, 0, 7],
    [5, 6, 0],
];

/// Whether the instruction goes or reaches somewhere else if `rs1` holds something else.
fn moves_with_base(info: &OpInfo) -> bool {
    let families = [
        Family::Word,
        Family::LoadSub,
        Family::StoreSub,
        Family::Jalr,
    ];
    families.contains(&info.family)
}

/// The case on registers `rd, rs1, rs2`, as far as the base of an access or jump stays what it
/// is.
pub fn aliased(case: Case, [rd, rs1, rs2]: [u8; 3]) -> Case {
    let is_base = moves_with_base(case.op.info());
    Case {
        rd,
        rs1: if is_base { case.rs1 } else { rs1 },
        rs2,
        b: if is_base && rs2 == case.rs1 {
            case.a
        } else {
            case.b
        },
        ..case
    }
}

/// Cases of an instruction over the words `edges`, then with aliased registers.
pub fn cases<'a>(info: &'static OpInfo, edges: &'a [u32]) -> impl Iterator<Item = Case> + 'a {
    let pairs = edges
        .iter()
        .flat_map(move |&a| edges.iter().map(move |&b| (a, b)));
    let plain = pairs
        .enumerate()
        .map(move |(i, (a, b))| fitting(info, a, b, 1 + 7 * i as u32));
    let aliased = ALIASES.iter().map(move |&registers| {
        let case = fitting(info, 0x8001_fffc, 0x9_0004, 12);
        aliased(case, registers)
    });
    plain.chain(aliased)
}

/// A case that does not fault as long as the branch is not taken to a misaligned target.
pub fn fitting(info: &OpInfo, a: u32, b: u32, other: u32) -> Case {
    let op = info.op;
    let small = sign_extend(other.wrapping_mul(0x9e37_79b9) >> 20);
    let aligned = small & !3;
    match (info.family, info.format) {
        (Family::Jalr, _) => {
            // An odd target is made even.
            let target = a & !3 | other & 1;
            Case::jump(op, target.wrapping_sub(small), b, small)
        }
        (Family::Word | Family::LoadSub | Family::StoreSub, format) => {
            let size_mask = match op {
                Op::Lb | Op::Lbu | Op::Sb => !0,
                Op::Lh | Op::Lhu | Op::Sh => !1,
                _ => !3,
            };
            let address = match format {
                Format::S => STORABLE[other as usize % 4].wrapping_add(a & 3) & size_mask,
                _ => a.wrapping_add(other) & size_mask,
            };
            Case::access(op, address, small, a ^ b.rotate_left(7), b)
        }
        (_, Format::B | Format::J) => Case::jump(op, a, b, aligned),
        (_, Format::I) => Case::new(op, a, sign_extend(b)),
        (_, Format::Shift) => Case::new(op, a, b & 31),
        (_, Format::U) => Case::new(op, a, b & 0xffff_f000),
        _ => Case::new(op, a, b),
    }
}

/// The low 12 bits, sign-extended.
const fn sign_extend(value: u32) -> u32 {
    (((value << 20) as i32) >> 20) as u32
}

/// Bits that a wrong word differs in.
const BITS: RangeInclusive<u32> = 0..=31;

/// Events that differ from an honest one in what the instruction did: its result, the next pc,
/// the word in memory or the address.
pub fn wrong(e: &Step) -> Vec<Step> {
    let words = |x: u32| -> Vec<u32> {
        let near = [x.wrapping_add(1), x.wrapping_sub(1), !x, x.wrapping_neg()];
        let far = [
            x.wrapping_add(P),
            x.wrapping_sub(P),
            x.wrapping_add(0x1_0000),
        ];
        let known = [0, 1, u32::MAX, 0x8000_0000, e.a, e.b, e.pc, e.mem_prev];
        let flipped = BITS.map(|i| x ^ 1 << i);
        near.into_iter()
            .chain(far)
            .chain(known)
            .chain(flipped)
            .filter(|&y| y != x)
            .collect()
    };
    let results = words(e.c).into_iter().map(|c| Step { c, ..*e });
    let targets = words(e.next_pc)
        .into_iter()
        .map(|next_pc| Step { next_pc, ..*e });
    let memory = words(e.mem_next)
        .into_iter()
        .map(|mem_next| Step { mem_next, ..*e });
    let addresses = words(e.addr).into_iter().map(|addr| Step { addr, ..*e });
    results
        .chain(targets)
        .chain(memory)
        .chain(addresses)
        .collect()
}
