//! What of the environment reaches the cargo that builds a guest.
//!
//! Cargo takes any setting from a variable (`CARGO_PROFILE_RELEASE_LTO`, `CARGO_BUILD_TARGET`), and a build script
//! inherits all that its cargo says to it: flags, wrappers, the target, features of its package
//! (`CARGO_FEATURE_STD`, which build scripts of the guest's dependencies would take for their own). They would
//! change the program unnoticed, or break its build. So nothing that cargo or build scripts read comes through
//! but what says where packages come from and how to get them.

use std::env;
use std::ffi::OsStr;
use std::process::Command;

/// Variables of cargo that do not change what is built, by what their names start with.
const KEPT: [&str; 10] = [
    "CARGO_HOME",
    // Where the target directory is; builds take one of their own in it.
    "CARGO_TARGET_DIR",
    "CARGO_BUILD_TARGET_DIR",
    "CARGO_BUILD_JOBS",
    "CARGO_MAKEFLAGS",
    "CARGO_HTTP_",
    "CARGO_NET_",
    "CARGO_REGISTRIES_",
    "CARGO_REGISTRY_",
    "CARGO_TERM_",
];

/// What cargo tells build scripts, and what it reads itself, without its name in front.
const OTHERS: [&str; 14] = [
    "DEBUG",
    "HOST",
    "NUM_JOBS",
    "OPT_LEVEL",
    "OUT_DIR",
    "PROFILE",
    "RUSTC",
    "RUSTC_BOOTSTRAP",
    "RUSTC_LINKER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTDOC",
    "RUSTFLAGS",
    "TARGET",
];

/// Keeps all this from a command.
pub(super) fn clear(command: &mut Command) {
    for (name, _) in env::vars_os() {
        if !reaches(&name) {
            command.env_remove(name);
        }
    }
}

/// Whether a variable reaches the guest's cargo.
fn reaches(name: &OsStr) -> bool {
    // Names that are no UTF-8 are none of cargo's.
    let Some(name) = name.to_str() else {
        return true;
    };
    match name == "CARGO" || name.starts_with("CARGO_") {
        true => KEPT.iter().any(|kept| name.starts_with(kept)),
        false => !name.starts_with("DEP_") && !OTHERS.contains(&name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_where_packages_come_from_reaches_the_guest() {
        for kept in [
            "PATH",
            "HOME",
            "CARGO_HOME",
            "CARGO_TARGET_DIR",
            "CARGO_NET_OFFLINE",
            "CARGO_REGISTRIES_MINE_INDEX",
            "CARGO_REGISTRY_TOKEN",
            "RUSTUP_TOOLCHAIN",
            "CARGOES",
        ] {
            assert!(reaches(OsStr::new(kept)), "{kept}");
        }
        for lost in [
            "CARGO",
            "CARGO_BUILD_TARGET",
            "CARGO_BUILD_RUSTFLAGS",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_FEATURE_STD",
            "CARGO_CFG_TARGET_ARCH",
            "CARGO_MANIFEST_DIR",
            "CARGO_PROFILE_RELEASE_LTO",
            "CARGO_INCREMENTAL",
            "CARGO_TARGET_RISCV32IM_UNKNOWN_NONE_ELF_RUSTFLAGS",
            "DEP_Z_ROOT",
            "OUT_DIR",
            "RUSTC_BOOTSTRAP",
            "RUSTC_WRAPPER",
            "RUSTFLAGS",
            "TARGET",
        ] {
            assert!(!reaches(OsStr::new(lost)), "{lost}");
        }
    }
}
