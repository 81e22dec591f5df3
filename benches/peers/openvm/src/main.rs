//! Proves a guest with OpenVM 2: app proofs, one a segment, without aggregation, on CPU.
//!
//! The VM has the RV32IM and I/O extensions, as in the SDK's examples (`Sdk::riscv32`).

use anyhow::{Result, anyhow};
use openvm_circuit::arch::{ContinuationVmProof, execution_mode::Segment};
use openvm_sdk::{
    DefaultStarkEngine, SC, Sdk, StdIn,
    config::AggregationSystemParams,
    keygen::AppVerifyingKey,
    prover::{AppProver, verify_app_proof_with_expected_exe_commit},
};
use openvm_sdk_config::SdkVmCpuBuilder;
use openvm_stark_backend::{codec::Encode, soundness::SoundnessCalculator};
use openvm_stark_sdk::config::{MAX_APP_LOG_STACKED_HEIGHT, app_params_with_100_bits_security};
use peers_common::{Args, Config, Measured, Prover, Security, locked_version, measure, timed};

/// The height of the largest lookup table, which every run has.
const LEAST_LOG_STACKED_HEIGHT: usize = 19;

fn main() -> Result<()> {
    let version = locked_version(include_str!("../Cargo.lock"), "openvm-sdk")?;
    measure(Prover::OpenVm, version, prove_and_verify)
}

fn prove_and_verify(args: &Args, elf: Vec<u8>) -> Result<Measured> {
    let (prepared, setup) = timed(|| -> Result<_> {
        let height = match args.config {
            Config::Tuned => tallest_table(&elf)?,
            _ => MAX_APP_LOG_STACKED_HEIGHT,
        };
        let sdk = sdk(height);
        let (_, key) = sdk.app_keygen();
        Ok((sdk.app_prover(elf).map_err(|e| anyhow!("{e:?}"))?, key))
    });
    let (mut prover, key) = prepared?;
    let program = prover.app_exe_commit();

    let (proof, proving) = timed(|| prover.prove(StdIn::default()));
    let proof = proof.map_err(|e| anyhow!("{e:?}"))?;
    let (verified, verification) = timed(|| {
        verify_app_proof_with_expected_exe_commit::<DefaultStarkEngine>(&key, &proof, Some(program))
    });
    verified.map_err(|e| anyhow!("{e:?}"))?;

    Ok(Measured {
        cycles: metered(&prover)?
            .iter()
            .map(|segment| segment.num_insns)
            .sum(),
        segments: proof.per_segment.len(),
        setup,
        proving,
        verification,
        proof_bytes: encoded_bytes(&proof)?,
        security: security(&key),
    })
}

/// The SDK for RV32IM with 100 bits of security. All columns are stacked into a matrix of
/// 2^`log_stacked_height` rows, at least a column of which is paid for in every proof.
fn sdk(log_stacked_height: usize) -> Sdk {
    let params = app_params_with_100_bits_security(log_stacked_height);
    Sdk::riscv32(params, AggregationSystemParams::default())
}

/// The least height that the matrix can have without cutting the run into segments, as a power of
/// two. From below, because a proving key for a great height takes more memory than the proof.
fn tallest_table(elf: &[u8]) -> Result<usize> {
    for height in LEAST_LOG_STACKED_HEIGHT..MAX_APP_LOG_STACKED_HEIGHT {
        let prover = sdk(height).app_prover(elf).map_err(|e| anyhow!("{e:?}"))?;
        if let [whole] = metered(&prover)?.as_slice()
            && whole
                .trace_heights
                .iter()
                .all(|rows| rows.next_power_of_two() <= 1 << height)
        {
            return Ok(height);
        }
    }
    Ok(MAX_APP_LOG_STACKED_HEIGHT)
}

/// The segments of a run, with the instructions and the height of each table.
fn metered(prover: &AppProver<DefaultStarkEngine, SdkVmCpuBuilder>) -> Result<Vec<Segment>> {
    let exe = prover.exe();
    let context = prover.vm().build_metered_ctx(&exe);
    let interpreter = prover
        .vm()
        .metered_interpreter(&exe)
        .map_err(|e| anyhow!("{e:?}"))?;
    let (segments, _) = interpreter
        .execute_metered(StdIn::default(), context)
        .map_err(|e| anyhow!("{e:?}"))?;
    Ok(segments)
}

/// The STARK proofs in their own encoding; the public values and their Merkle path in bincode.
fn encoded_bytes(proof: &ContinuationVmProof<SC>) -> Result<usize> {
    let public_values = bincode::serialized_size(&proof.user_public_values)?;
    let mut bytes = usize::try_from(public_values)?;
    for segment in &proof.per_segment {
        bytes += segment.encode_to_vec()?.len();
    }
    Ok(bytes)
}

/// What OpenVM's own calculator says of the verifying key, a bound for every proof under it.
fn security(key: &AppVerifyingKey) -> Security {
    let soundness = SoundnessCalculator::calculate_from_vk(&key.vk);
    Security {
        provable_bits: Some(soundness.total_bits),
        text: "openvm-stark-backend's SoundnessCalculator::calculate_from_vk, run on this \
               verifying key (round-by-round, unique decoding)"
            .to_owned(),
    }
}
