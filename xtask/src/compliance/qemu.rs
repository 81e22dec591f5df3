//! Signatures of another machine: qemu in user mode.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::check::Failure;
use super::tool;

/// Makes file descriptor 3, the journal, a file. Its arguments: journal, ELF. Since the ELF
/// ended on Vouch, it should here.
const SCRIPT: &str = r#"
    exec 3>"$1"
    exec timeout 60 qemu-riscv32 -cpu rv32,c=false,a=false,f=false,d=false "$2"
"#;

/// Fails if there is no qemu.
///
/// # Errors
/// Says what to install.
pub fn require() -> Result<()> {
    tool::version("qemu-riscv32", "install qemu-user").map(|_| ())
}

/// The signature that an ELF leaves under qemu.
///
/// # Errors
/// [`Failure::Qemu`]
pub fn signature(elf: &Path) -> Result<Vec<u8>, Failure> {
    let cannot = |error: std::io::Error| Failure::Qemu(error.to_string());
    let dir = tempfile::tempdir().map_err(cannot)?;
    let journal = dir.path().join("journal");
    let mut sh = Command::new("sh");
    sh.args(["-c", SCRIPT, "sh"]).arg(&journal).arg(elf);
    let output = sh.output().map_err(cannot)?;
    if !output.status.success() {
        return Err(Failure::Qemu(tool::complaint(&output)));
    }
    fs::read(&journal).map_err(cannot)
}
