//! Proves a guest with RISC Zero 3: composite receipts, one STARK a segment, without recursion,
//! on CPU.

use anyhow::{Context, Result};
use peers_common::{Args, Config, Measured, Prover, Security, locked_version, measure, timed};
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

fn prove_and_verify(args: &Args, elf: Vec<u8>) -> Result<Measured> {
    let (prepared, setup) = timed(|| -> Result<_> {
        let binary = ProgramBinary::new(&elf, V1COMPAT_ELF).encode();
        let image_id = risc0_binfmt::compute_image_id(&binary)?;
        let prover = get_prover_server(&ProverOpts::composite())?;
        Ok((binary, image_id, prover))
    });
    let (binary, image_id, prover) = prepared?;

    let (proven, proving) = timed(|| -> Result<_> {
        let mut env = ExecutorEnv::builder();
        if args.config == Config::Tuned {
            env.segment_limit_po2(TUNED_SEGMENT_PO2);
        }
        prover.prove(env.build()?, &binary)
    });
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

/// Rows of a segment at most, as a power of two, in the tuned configuration.
const TUNED_SEGMENT_PO2: u32 = 18;

/// What RISC Zero's own calculator says of the largest segment of this receipt.
fn security(stats: &SessionStats) -> Result<Security> {
    let po2 = stats.total_cycles.checked_ilog2().context("a receipt without cycles")?;
    let po2 = po2.min(u32::try_from(DEFAULT_SEGMENT_LIMIT_PO2)?);
    let coefficients = (1usize << po2) * BabyBearExtElem::EXT_SIZE;
    let taps = CircuitImpl.get_taps();
    let proven = soundness::proven::<CpuHal<BabyBear>>(taps, coefficients);
    let conjectured = soundness::toy_model_security::<CpuHal<BabyBear>>(taps, coefficients);
    Ok(Security {
        provable_bits: Some(f64::from(proven)),
        text: format!(
            "risc0-zkp's prove::soundness::proven (list decoding up to the Johnson bound) at \
             2^{po2} rows; its conjecture (toy_model_security) gives {conjectured:.1}"
        ),
    })
}
