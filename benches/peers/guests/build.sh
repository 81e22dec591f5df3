#!/bin/sh
# Builds every guest for every prover into prebuilt/, with Debian's gcc-riscv64-unknown-elf, and
# checks both guests against known answers where qemu-user is installed.
set -eu
cd "$(dirname "$0")"

# build <guest source> <halt file> <rv32im|rv64im> <base address> <output> [turns]
build() {
    case $3 in
        rv32im) abi=ilp32 emulation=elf32lriscv ;;
        rv64im) abi=lp64 emulation=elf64lriscv ;;
    esac
    riscv64-unknown-elf-gcc -march="$3" -mabi="$abi" -mcmodel=medany -O2 -ffreestanding \
        -fno-builtin -fno-tree-loop-distribute-patterns -fno-ident -nostdlib -static -s \
        -DTURNS="${6:-0}" -Wl,-m,"$emulation",--build-id=none,-z,max-page-size=4096,--no-relax \
        -Wl,--defsym=__base="$4" -T guest.ld start.S "$1" "$2" -o "$5"
}

mkdir -p prebuilt
for source in fibonacci.S sha256.c; do
    guest=${source%.*}
    build $source halt-vouch.S rv32im 0x10000 "prebuilt/$guest-vouch.elf"
    build $source halt-risczero.S rv32im 0x200800 "prebuilt/$guest-risczero.elf"
    build $source halt-openvm.S rv32im 0x200800 "prebuilt/$guest-openvm.elf"
    build $source halt-sp1.S rv64im 0x78000000 "prebuilt/$guest-sp1.elf"
done

# check <guest source> <turns> <last byte of the result>
check() {
    for bits in 32 64; do
        if command -v "qemu-riscv$bits" >/dev/null; then
            build "$1" halt-check.S "rv${bits}im" 0x10000 "$checked" "$2"
            code=0
            "qemu-riscv$bits" "$checked" || code=$?
            [ "$code" -eq "$3" ] || { echo "$1 on RV$bits: $code, not $3" >&2; exit 1; }
        else
            echo "not checked: no qemu-riscv$bits" >&2
        fi
    done
}

checked=$(mktemp)
trap 'rm -f "$checked"' EXIT
check fibonacci.S 13 233    # fib(13) = 233
check sha256.c 1 66         # SHA-256 of 64 zero bytes begins with f5a5fd42
check sha256.c 2 46         # SHA-256 of 128 zero bytes begins with 38723a2e
