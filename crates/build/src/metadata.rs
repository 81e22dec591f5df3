//! What cargo knows of a guest before it is built.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{BuildError, BuildOptions, Toolchain, cargo};

/// The part of `cargo metadata` that matters here.
#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    /// The guest and all that it depends on.
    pub packages: Vec<Package>,
    /// Where cargo would put its files.
    pub target_directory: PathBuf,
    /// The directory of the guest's workspace; its own, if it is in none.
    pub workspace_root: PathBuf,
}

/// A package.
#[derive(Debug, Deserialize)]
pub(super) struct Package {
    /// Its name.
    pub name: String,
    /// What cargo calls it where names are not enough.
    pub id: String,
    /// Where it comes from; `None` is a path.
    source: Option<String>,
    manifest_path: PathBuf,
    metadata: Option<ForTools>,
}

/// `[package.metadata]`.
#[derive(Debug, Deserialize)]
struct ForTools {
    vouch: Option<ForVouch>,
}

/// `[package.metadata.vouch]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ForVouch {
    rustflags: Vec<String>,
}

impl Metadata {
    /// Asks cargo.
    pub fn load(
        toolchain: &Toolchain,
        guest_dir: &Path,
        options: &BuildOptions,
        log: &mut dyn FnMut(&str),
    ) -> Result<Self, BuildError> {
        let mut command = toolchain.cargo_command(guest_dir, "metadata", options.locked);
        command
            .args(["--format-version", "1"])
            .args(options.feature_args());
        Ok(serde_json::from_str(&cargo::run(command, log)?)?)
    }

    /// The package in `dir`, and the directory of the guest runtime.
    pub fn guest_and_runtime(&self, dir: &Path) -> Result<(&Package, &Path), BuildError> {
        let guest = self
            .packages
            .iter()
            .find(|package| package.dir() == Some(dir));
        let guest = guest.ok_or_else(|| BuildError::NotACrate { dir: dir.into() })?;
        let runtime = self
            .package_called("vouch-guest")
            .and_then(Package::dir)
            .ok_or_else(|| BuildError::NotAGuest { dir: dir.into() })?;
        Ok((guest, runtime))
    }

    /// The package called `name`.
    pub fn package_called(&self, name: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.name == name)
    }

    /// The directories of packages that are neither from a registry nor from git: those may change.
    pub fn local_dirs(&self) -> impl Iterator<Item = &Path> {
        self.local().filter_map(Package::dir)
    }

    /// The packages that are neither from a registry nor from git.
    pub fn local(&self) -> impl Iterator<Item = &Package> {
        let packages = self.packages.iter();
        packages.filter(|package| package.source.is_none())
    }
}

impl Package {
    /// The directory of its sources.
    pub fn dir(&self) -> Option<&Path> {
        self.manifest_path.parent()
    }

    /// Whether it comes from a registry. Its directory is then beside those of the registry's
    /// other packages.
    pub fn is_from_registry(&self) -> bool {
        let is_registry =
            |source: &str| source.starts_with("registry+") || source.starts_with("sparse+");
        self.source.as_deref().is_some_and(is_registry)
    }

    /// The compiler flags that it asks for.
    pub fn rustflags(&self) -> &[String] {
        let vouch = self
            .metadata
            .as_ref()
            .and_then(|tools| tools.vouch.as_ref());
        vouch.map_or(&[], |vouch| &vouch.rustflags)
    }
}
