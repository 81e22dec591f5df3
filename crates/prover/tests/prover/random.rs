//! Random programs and random operands prove and verify.

use std::sync::OnceLock;

use crate::common::{image_id, prove};
use proptest::prelude::*;
use vouch_emulator::testing::{DATA, asm, program, random_program};
use vouch_emulator::{Program, SegmentLimits};
use vouch_isa::{Op, alu};
use vouch_verifier::{Claim, Profile, Verifier};

/// Proves and verifies.
fn claim(program: &Program) -> Claim {
    static VERIFIER: OnceLock<Verifier> = OnceLock::new();
    let verifier = VERIFIER.get_or_init(|| Verifier::new(Profile::Fast100).expect("a key"));
    let receipt = prove(program, &[], &SegmentLimits::default(), verifier.profile());
    verifier
        .verify(&receipt, &image_id(program))
        .expect("an honest receipt")
}

/// Operations on two registers.
const OPS: [Op; 18] = [
    Op::Add,
    Op::Sub,
    Op::Sll,
    Op::Slt,
    Op::Sltu,
    Op::Xor,
    Op::Srl,
    Op::Sra,
    Op::Or,
    Op::And,
    Op::Mul,
    Op::Mulh,
    Op::Mulhsu,
    Op::Mulhu,
    Op::Div,
    Op::Divu,
    Op::Rem,
    Op::Remu,
];

/// A word, often one at an edge of what instructions or the field treat alike.
fn word() -> impl Strategy<Value = u32> {
    const P: u32 = 0x7800_0001;
    let edges = [
        0,
        1,
        2,
        31,
        32,
        0xffff,
        0x1_0000,
        0x1_0001,
        P - 1,
        P,
        P + 1,
        0x7fff_ffff,
        0x8000_0000,
        0x8000_0001,
        u32::MAX - 1,
        u32::MAX,
    ];
    prop_oneof![any::<u32>(), prop::sample::select(edges.to_vec())]
}

fn operation() -> impl Strategy<Value = (Op, u32, u32)> {
    (prop::sample::select(OPS.to_vec()), word(), word())
}

/// Writes the results of `operations` to the journal.
fn calculator(operations: &[(Op, u32, u32)]) -> Program {
    let mut code = asm::li(8, DATA).to_vec();
    for &(op, a, b) in operations {
        code.extend(asm::li(5, a));
        code.extend(asm::li(6, b));
        code.extend([asm::r(op, 7, 5, 6), asm::sw(7, 0, 8), asm::addi(8, 8, 4)]);
    }
    code.extend(asm::journal(DATA, 4 * operations.len() as u32));
    code.extend(asm::exit(0));
    program(&code)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn random_operands_prove_and_verify(operations in prop::collection::vec(operation(), 1..300)) {
        let claim = claim(&calculator(&operations));
        let results = operations.iter().flat_map(|&(op, a, b)| alu(op, a, b).to_le_bytes());
        prop_assert_eq!(claim.journal, results.collect::<Vec<_>>());
        prop_assert_eq!(claim.exit_code, 0);
    }

    #[test]
    fn random_programs_prove_and_verify(seed: u64, length in 1usize..600) {
        claim(&program(&random_program(seed, length)));
    }
}
