//! Proves a guest with SP1 6 (RV64IM): core proofs, one a shard, without recursion, on CPU.

use anyhow::{Context, Result, anyhow};
use peers_common::{Args, Measured, Prover as Peer, Security, locked_version, measure, timed};
use sp1_sdk::{
    Elf, ProvingKey, SP1Proof, SP1Stdin,
    blocking::{CpuProver, ProveRequest, Prover},
};

fn main() -> Result<()> {
    // A task that fails says why in the log, and nowhere else.
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::ERROR)
        .with_writer(std::io::stderr)
        .init();
    let version = locked_version(include_str!("../Cargo.lock"), "sp1-sdk")?;
    measure(Peer::Sp1, version, prove_and_verify)
}

fn prove_and_verify(_args: &Args, elf: Vec<u8>) -> Result<Measured> {
    let elf = Elf::from(elf);
    let (prepared, setup) = timed(|| -> Result<_> {
        let prover = CpuProver::new();
        let key = prover.setup(elf.clone())?;
        Ok((prover, key))
    });
    let (prover, key) = prepared?;

    let (proof, proving) = timed(|| prover.prove(&key, SP1Stdin::new()).core().run());
    let proof = proof?;
    let (verified, verification) = timed(|| prover.verify(&proof, key.verifying_key(), None));
    verified?;

    let (_, executed) = prover.execute(elf, SP1Stdin::new()).run()?;
    let SP1Proof::Core(shards) = &proof.proof else {
        return Err(anyhow!("expected a core proof, got {:?}", proof.proof));
    };
    Ok(Measured {
        cycles: executed.total_instruction_count(),
        segments: shards.len(),
        setup,
        proving,
        verification,
        proof_bytes: usize::try_from(bincode::serialized_size(&proof)?).context("proof size")?,
        security: Security {
            provable_bits: Some(100.0),
            text: "soundcalc, reports/sp1.md, for SP1 6.1.0's core proofs: 124 queries at rate 1/4, 16 \
                   bits of grinding, unique decoding; sp1-primitives 6.10.0 has the same parameters"
                .to_owned(),
        },
    })
}
