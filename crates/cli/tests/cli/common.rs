//! Runs the binary in a directory of its own.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// The input of [`commitment_receipt`], in hexadecimal.
pub fn four_hashes() -> String {
    ["a1", "b2", "c3", "d4"]
        .map(|byte| byte.repeat(32))
        .concat()
}

/// Path of a guest's prebuilt ELF.
pub fn guest(name: &str) -> String {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../guest-programs/prebuilt/"
    );
    format!("{path}{name}.elf")
}

/// What a command did.
pub struct Outcome {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    /// The one object on stdout.
    pub fn json(&self) -> Value {
        let value: Value = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {:?} {}", self.stdout, self.stderr));
        assert!(value.is_object(), "{value}");
        value
    }

    /// Asserts that the answer is yes.
    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{} {}", self.stdout, self.stderr);
        self
    }
}

/// A directory in which commands run.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).expect("it can be written");
    }

    pub fn get(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).expect(name)
    }

    /// Every file with its bytes.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let entries = fs::read_dir(self.0.path()).expect("a directory");
        let file = |path: PathBuf| (path.clone(), fs::read(path).expect("a file"));
        entries
            .map(|entry| file(entry.expect("an entry").path()))
            .collect()
    }

    /// The command where the umask takes no permission away, in a shell that it replaces.
    #[cfg(unix)]
    pub fn with_open_umask(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("sh");
        command
            .args([
                "-c",
                "umask 0; exec \"$0\" \"$@\"",
                env!("CARGO_BIN_EXE_vouch"),
            ])
            .args(arguments)
            .current_dir(self.0.path());
        command
    }

    /// Every file below a folder that is open to more than its owner.
    #[cfg(unix)]
    pub fn open_files(&self, folder: &str) -> Vec<PathBuf> {
        use std::os::unix::fs::PermissionsExt;
        let mut folders = vec![self.path(folder)];
        let (mut open, mut all) = (Vec::new(), 0);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                // What is only there for a moment may be gone.
                let Ok(metadata) = fs::symlink_metadata(&path) else {
                    continue;
                };
                if metadata.is_dir() {
                    folders.push(path);
                    continue;
                }
                all += 1;
                if metadata.permissions().mode() & 0o077 != 0 {
                    open.push(path);
                }
            }
        }
        assert!(all > 0, "there are no files");
        open
    }

    /// A folder in which everybody may do everything.
    #[cfg(unix)]
    pub fn public_folder(&self, name: &str) {
        use std::os::unix::fs::PermissionsExt;
        fs::create_dir(self.path(name)).expect("a folder");
        let all = fs::Permissions::from_mode(0o777);
        fs::set_permissions(self.path(name), all).expect("it is ours");
    }

    pub fn vouch(&self, arguments: &[&str]) -> Outcome {
        self.vouch_with_stdin(arguments, b"")
    }

    pub fn vouch_with_stdin(&self, arguments: &[&str], stdin: &[u8]) -> Outcome {
        let mut child = Command::new(env!("CARGO_BIN_EXE_vouch"))
            .args(arguments)
            .current_dir(self.0.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut pipe = child.stdin.take().expect("a pipe");
        // A command that does not read its stdin may be gone already.
        let _ = pipe.write_all(stdin);
        drop(pipe);
        let output = child.wait_with_output().expect("it ends");
        Outcome {
            code: output.status.code().expect("an exit code"),
            stdout: String::from_utf8(output.stdout).expect("text"),
            stderr: String::from_utf8(output.stderr).expect("text"),
        }
    }

    /// Asserts that a command is refused with this exit code, kind and message, for people and
    /// for programs, and that it leaves every file as it was. Returns the JSON object.
    #[track_caller]
    pub fn refuses(&self, arguments: &[&str], code: i32, kind: &str, message: &str) -> Value {
        let before = self.files();
        let plain = self.vouch(arguments);
        assert_eq!(plain.code, code, "{arguments:?}: {}", plain.stderr);
        assert_eq!(plain.stdout, "", "{arguments:?}");
        let printed = plain.stderr.matches(message).count();
        assert_eq!(printed, 1, "{message:?} in {:?}", plain.stderr);

        let json = self.vouch(&[arguments, &["--json"]].concat());
        assert_eq!(json.code, code, "{arguments:?}: {}", json.stderr);
        let object = json.json();
        assert_eq!(object["kind"], kind, "{object}");
        assert_eq!(object["status"], code, "{object}");
        let error = object["error"].as_str().expect("a message");
        assert!(error.contains(message), "{message:?} in {error:?}");
        assert!(self.files() == before, "{arguments:?} changed files");
        object
    }
}

/// A receipt of the commitment to [`four_hashes`], profile fast at 100.
pub fn commitment_receipt() -> &'static [u8] {
    static RECEIPT: OnceLock<Vec<u8>> = OnceLock::new();
    RECEIPT.get_or_init(|| {
        let place = Place::new();
        let (elf, input) = (guest("commitment"), four_hashes());
        place
            .vouch(&["prove", &elf, "--input-hex", &input, "-o", "receipt"])
            .ok();
        place.get("receipt")
    })
}

/// A place with the receipt of [`commitment_receipt`] in the file `receipt`.
pub fn with_receipt() -> Place {
    let place = Place::new();
    place.put("receipt", commitment_receipt());
    place
}

/// The image ID of a guest.
pub fn image_id(elf: &str) -> String {
    let program = vouch_sdk::files::read_program(Path::new(elf)).expect("a guest");
    vouch_sdk::image_id(&program).to_string()
}

/// Asserts that the phases of a run are there and make up its time.
#[track_caller]
pub fn phases_add_up(run: &Value) {
    let phases = run["phases"].as_object().expect("an object");
    for name in ["execute", "record", "fill"] {
        assert!(phases[name].as_f64().expect(name) > 0.0, "{run}");
    }
    let number = |value: &Value| value.as_f64().expect("a number");
    assert!(number(&phases["other"]) >= 0.0, "{run}");
    let sum: f64 = phases.values().map(number).sum();
    let total = number(&run["execute_seconds"]) + number(&run["prove_seconds"]);
    assert!((sum - total).abs() < 1e-6, "{sum} and {total}: {run}");
}
