# The commands of every day. `just` lists them.

default:
    @just --list

# Prove and verify the four-hash commitment, and try to cheat
demo:
    cargo run --release -- demo

# All tests
test:
    cargo test --workspace --features serve

# The official RISC-V suites, every test proven
compliance:
    cargo xtask compliance --prove

# All that tries to make the verifier accept a lie
soundness:
    cargo xtask soundness --long

# Compare and measure on this machine's GPU, in ten minutes; the report is target/gpu-check.json
gpu-check *options:
    cargo xtask cubins
    cargo run --release -p vouch-gpu --bin vouch-gpu-check --features check,cuda -- \
        --json target/gpu-check.json {{options}}

# Put what gpu-check runs into a folder, to be carried to a machine with a GPU and without Rust
gpu-check-pack dir:
    cargo xtask cubins
    cargo xtask gpu-check --pack {{dir}}

# Make the packages that users depend on, and see that they compile and build guests
package:
    cargo xtask package

# What every change must pass
ci:
    .ci/run

# Format everything, guests included
fmt:
    cargo fmt --all
    git ls-files 'crates/guest/*.rs' 'crates/codec/cycles/*.rs' 'crates/cli/template/*.rs' 'guest-programs/*.rs' 'guest-crates/*.rs' 'examples/*.rs' 'crates/*/accelerators/*.rs' 'crates/air/src/tables/*.rs' 'crates/air/src/campaigns/*.rs' | xargs rustfmt --edition 2024

# Lints, warnings denied
lint:
    cargo clippy --workspace --all-targets --features serve -- -D warnings

# The documentation of the crates, in a browser
doc:
    cargo doc --workspace --no-deps --open

# Criterion benches: emulator, prover, verifier
bench:
    cargo bench -p vouch-emulator
    cargo bench -p vouch-prover

# Measure proofs of the guests at chosen cycles, and bring docs/benchmarks.md up to date
figures:
    cargo run --release -- bench --guests commitment,fibonacci,sha256,keccak,sort,primes \
        --cycles 2^15,2^16,2^17,2^18,2^19,2^20 \
        --out target/bench.json --markdown docs/benchmarks.md --svg docs/benchmarks.svg

# Make the golden receipts anew: only if docs/versioning.md lets this change do so
golden:
    for profile in fast compact; do for bits in 100 128; do \
        cargo run --release -- prove guest-programs/prebuilt/commitment.elf \
            --input crates/verifier/tests/golden/hashes --profile $profile --security $bits \
            -o crates/verifier/tests/golden/$profile-$bits.vouch; \
    done; done

# Build a guest into guest-programs/prebuilt, with its image ID
guest name:
    cargo run --release -- build guest-programs/{{name}} -o guest-programs/prebuilt/{{name}}.elf \
        > guest-programs/prebuilt/{{name}}.image-id

# Build a guest without accelerators into guest-programs/prebuilt, with its image ID
guest-software name:
    cargo run --release -- build guest-programs/{{name}} --features software \
        -o guest-programs/prebuilt/{{name}}-software.elf \
        > guest-programs/prebuilt/{{name}}-software.image-id

# Write the image IDs of the guests in guest-programs/prebuilt again, as after a new machine version
image-ids:
    for elf in guest-programs/prebuilt/*.elf; do cargo run --release -- image-id $elf > ${elf%.elf}.image-id; done
