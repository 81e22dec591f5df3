//! The compiler flags of a guest.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::metadata::{Metadata, Package};
use super::{Target, Toolchain};

/// What cargo puts between encoded flags.
const SEPARATOR: &str = "\x1f";

/// By this the versions of getrandom since 0.3 call a function of ours.
const GETRANDOM: &str = "--cfg=getrandom_backend=\"custom\"";

/// The flags, as `CARGO_ENCODED_RUSTFLAGS` has them: the guest's own; the linker script of the
/// guest runtime, which is in `runtime`; what the target needs; and what keeps directories out of
/// the program, see `source_names`, that of the changed `library` too.
///
/// Guests that share a target directory and ask for no flags of their own mostly have the
/// same, so that the library is compiled once for all.
pub(super) fn flags(
    toolchain: &Toolchain,
    target: Target,
    metadata: &Metadata,
    guest: &Package,
    runtime: &Path,
    library: Option<&Path>,
    scopes: bool,
) -> OsString {
    let mut flags: Vec<OsString> = guest.rustflags().iter().map(OsString::from).collect();
    if scopes {
        flags.push("--cfg=vouch_scopes".into());
    }
    // The linker takes symbols of the command line only from before the script.
    flags.push(joined("-Clink-arg=-T", &runtime.join("link.ld"), ""));
    flags.extend(target.flags().iter().map(OsString::from));
    // With std always, so that the library is compiled once; else where it matters.
    if target == Target::Std || metadata.package_called("getrandom").is_some() {
        flags.push(GETRANDOM.into());
    }
    flags.push(remap(&toolchain.source(), "/rust"));
    for (dir, name) in source_names(metadata) {
        flags.push(remap(dir, &name));
    }
    if let Some(library) = library {
        flags.push(remap(library, "/rust/library"));
    }
    // The compiler's own messages keep the true paths.
    flags.push("--remap-path-scope=object".into());
    // The scheme that compilers are changing to, whichever this one would use.
    flags.push("-Csymbol-mangling-version=v0".into());
    flags.join(OsStr::new(SEPARATOR))
}

/// What the program calls the directories of its sources, which the compiler puts into panic
/// messages. A directory comes after those around it: for the compiler the last that fits
/// counts.
fn source_names(metadata: &Metadata) -> BTreeMap<&Path, String> {
    let root = &metadata.workspace_root;
    metadata
        .packages
        .iter()
        .filter_map(|package| source_name(package, root))
        .collect()
}

/// `/src/name` for a package, `/registry` for all packages of a registry. Those in the guest's
/// workspace are compiled by relative paths as it is.
fn source_name<'p>(package: &'p Package, workspace_root: &Path) -> Option<(&'p Path, String)> {
    let dir = package.dir()?;
    if package.is_from_registry() {
        Some((dir.parent()?, "/registry".to_owned()))
    } else if dir.starts_with(workspace_root) {
        None
    } else {
        Some((dir, format!("/src/{}", package.name)))
    }
}

fn remap(from: &Path, to: &str) -> OsString {
    joined("--remap-path-prefix=", from, &format!("={to}"))
}

fn joined(before: &str, path: &Path, after: &str) -> OsString {
    [OsStr::new(before), path.as_os_str(), OsStr::new(after)]
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_outside_the_workspace_get_names() {
        let package = |name: &str, source: Option<&str>, dir: &str| {
            serde_json::json!({
                "name": name,
                "id": name,
                "source": source,
                "manifest_path": format!("{dir}/Cargo.toml"),
                "metadata": null,
            })
        };
        let registry = Some("registry+https://example.org");
        let metadata = serde_json::from_value::<Metadata>(serde_json::json!({
            "workspace_root": "/home/guests",
            "target_directory": "/home/guests/target",
            "packages": [
                package("inner", None, "/other/outer/inner"),
                package("outer", None, "/other/outer"),
                package("guest", None, "/home/guests/guest"),
                package("git", Some("git+https://example.org"), "/home/git/checkouts/git/1"),
                package("a", registry, "/home/registry/src/index/a-1.0.0"),
                package("b", registry, "/home/registry/src/index/b-1.0.0"),
            ],
        }));
        let metadata = metadata.expect("metadata");
        let names: Vec<_> = source_names(&metadata).into_iter().collect();
        let expected = [
            ("/home/git/checkouts/git/1", "/src/git"),
            ("/home/registry/src/index", "/registry"),
            ("/other/outer", "/src/outer"),
            ("/other/outer/inner", "/src/inner"),
        ];
        assert_eq!(
            names,
            expected.map(|(dir, name)| (Path::new(dir), name.to_owned()))
        );
    }
}
