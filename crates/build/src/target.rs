//! What the compiler calls the machine. It has two names for it: by one a guest has no standard library, by the
//! other it has. See docs/decisions/0014-two-targets.md.

use std::path::Path;

use super::{BuildError, BuildOptions, Toolchain, cargo};

/// What a guest is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// No standard library, and of atomics only loads and stores.
    Bare,
    /// The standard library and all atomics, for a guest that turns on the feature `std` of vouch-guest.
    Std,
}

impl Target {
    /// What `vouch-guest` has to be for the guest in `dir`. Cargo's metadata does not tell: a workspace's has the
    /// features that any of its guests asks for.
    pub(super) fn of(
        toolchain: &Toolchain,
        dir: &Path,
        options: &BuildOptions,
        log: &mut dyn FnMut(&str),
    ) -> Result<Self, BuildError> {
        let mut command = toolchain.cargo_command(dir, "tree", options.locked);
        command
            .args(["--edges", "normal", "--target", "all"])
            .args(["--invert", "vouch-guest", "--depth", "0"])
            .args(["--prefix", "none", "--format", "{f}"])
            .args(options.feature_args());
        Ok(Self::with_features(&cargo::run(command, log)?))
    }

    /// By the features of `vouch-guest`, with commas between them.
    fn with_features(features: &str) -> Self {
        match features.trim().split(',').any(|name| name == "std") {
            true => Self::Std,
            false => Self::Bare,
        }
    }

    /// The compiler's name.
    pub fn triple(self) -> &'static str {
        match self {
            Self::Bare => "riscv32im-unknown-none-elf",
            Self::Std => "riscv32im-risc0-zkvm-elf",
        }
    }

    /// The variable by which cargo takes a setting for this target.
    pub(super) fn variable(self, setting: &str) -> String {
        let triple = self.triple().to_uppercase().replace('-', "_");
        format!("CARGO_TARGET_{triple}_{setting}")
    }

    /// The library's crates, to be compiled from source.
    pub(super) fn library(self) -> &'static str {
        match self {
            Self::Bare => "core,alloc,compiler_builtins",
            Self::Std => "std,panic_abort",
        }
    }

    /// What the compiler has to be told besides.
    pub(super) fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Bare => &[],
            // The machine has one thread and no interrupts: atomics are loads and stores.
            Self::Std => &["-Cpasses=lower-atomic"],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn package(dir: &Path, name: &str, rest: &str) {
        let dir = dir.join(name);
        fs::create_dir_all(dir.join("src")).expect("a directory");
        fs::write(dir.join("src/lib.rs"), "").expect("a source");
        let manifest = format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n{rest}");
        fs::write(dir.join("Cargo.toml"), manifest).expect("a manifest");
    }

    #[test]
    fn each_guest_of_a_workspace_has_its_own() {
        let workspace = tempfile::tempdir().expect("a directory");
        let dir = workspace.path();
        let members = r#"["std", "bare", "vouch-guest"]"#;
        let manifest = format!("[workspace]\nresolver = \"3\"\nmembers = {members}\n");
        fs::write(dir.join("Cargo.toml"), manifest).expect("a manifest");
        package(dir, "vouch-guest", "[features]\nstd = []\n");
        let runtime = "[dependencies.vouch-guest]\npath = \"../vouch-guest\"\n";
        package(
            dir,
            "bare",
            &format!("{runtime}[features]\nhosted = [\"vouch-guest/std\"]\n"),
        );
        package(dir, "std", &format!("{runtime}features = [\"std\"]\n"));
        let toolchain = Toolchain::active();
        let mut options = BuildOptions::default();
        let target = |name, options: &_| {
            let dir = dir.join(name);
            Target::of(&toolchain, &dir, options, &mut |_| {}).expect("a guest")
        };
        assert_eq!(target("bare", &options), Target::Bare);
        assert_eq!(target("std", &options), Target::Std);
        options.features.push("hosted".into());
        assert_eq!(target("bare", &options), Target::Std);
    }

    #[test]
    fn the_feature_decides() {
        for (features, target) in [
            ("alloc,default,std\n", Target::Std),
            ("std\n", Target::Std),
            ("alloc,default\n", Target::Bare),
            ("no-std,stdin\n", Target::Bare),
            ("", Target::Bare),
        ] {
            assert_eq!(Target::with_features(features), target, "{features}");
        }
    }

    #[test]
    fn cargo_takes_settings_by_the_name() {
        assert_eq!(
            Target::Bare.variable("LINKER"),
            "CARGO_TARGET_RISCV32IM_UNKNOWN_NONE_ELF_LINKER"
        );
    }
}
