//! Proves a guest with RISC Zero 3: composite receipts, one STARK a segment, without recursion,
//! on CPU.

use anyhow::{Context, Result};
use peers_common::{Args, Measured, Prover, Security, locked_version, measure, timed};
use risc0_binfmt::ProgramBinary;
use risc0_circuit_rv32im::{CircuitImpl, execute::DEFAULT_SEGMENT_LIMIT_PO2};
use risc0_zkos_v1compat::V1COMPAT_ELF;
use risc0_zkp::{
    adapter::TapsProvider,
    field::{
        ExtElem,
        baby_bear::{BabyBear, BabyBearExtElem},
    },
    hal::cpu::CpuHal,
    prove::soundness,
};
use risc0_zkvm::{ExecutorEnv, ProverOpts, SessionStats, get_prover_server};

fn main() -> Result<()> {
    let version = locked_version(include_str!("../Cargo.lock"), "risc0-zkvm")?;
    measure(Prover::RiscZero, version, prove_and_verify)
}

fn prove_and_verify(_args: &Args, elf: Vec<u8>) -> Result<Measured> {
    let (prepared, setup) = timed(|| -> Result<_> {
        let binary = ProgramBinary::new(&elf, V1COMPAT_ELF).encode();
        let image_id = risc0_binfmt::compute_image_id(&binary)?;
        let prover = get_prover_server(&ProverOpts::composite())?;
        Ok((binary, image_id, prover))
    });
    let (binary, image_id, prover) = prepared?;

    let (proven, proving) =
        timed(|| -> Result<_> { prover.prove(ExecutorEnv::builder().build()?, &binary) });
    let proven = proven?;
    let (verified, verification) = timed(|| proven.receipt.verify(image_id));
    verified?;

    Ok(Measured {
        cycles: proven.stats.user_cycles,
        segments: proven.stats.segments,
        setup,
        proving,
        verification,
        proof_bytes: bincode::serialize(&proven.receipt)?.len(),
        security: security(&proven.stats)?,
    })
}

/// The bits of soundcalc's report, which hold up to 2^21 rows, beside what RISC Zero's own
/// calculators say of the largest segment of this receipt.
fn security(stats: &SessionStats) -> Result<Security> {
    let po2 = stats
        .total_cycles
        .checked_ilog2()
        .context("a receipt without cycles")?;
    let po2 = po2.min(u32::try_from(DEFAULT_SEGMENT_LIMIT_PO2)?);
    let coefficients = (1usize << po2) * BabyBearExtElem::EXT_SIZE;
    let taps = CircuitImpl.get_taps();
    let proven = soundness::proven::<CpuHal<BabyBear>>(taps, coefficients);
    let conjectured = soundness::toy_model_security::<CpuHal<BabyBear>>(taps, coefficients);
    Ok(Security {
        provable_bits: Some(47.0),
        text: format!(
            "soundcalc, reports/risc0.md: 50 queries at rate 1/4, no grinding, Johnson bound; \
             risc0-zkp's own calculators at 2^{po2} rows give {proven:.1} proven and \
             {conjectured:.1} conjectured"
        ),
    })
}
