//! `vouch run --gdb`

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use vouch_sdk::build::Toolchain;

use crate::common::{Outcome, Place, guest, skip};

/// A guest that is waiting for a debugger.
struct Waiting {
    child: Child,
    stderr: BufReader<std::process::ChildStderr>,
    address: SocketAddr,
}

impl Waiting {
    fn start(place: &Place, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_vouch"))
            .args(["run", "--gdb", "0"])
            .args(arguments)
            .current_dir(place.path(""))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut line = String::new();
        stderr.read_line(&mut line).expect("text");
        let address = line.trim().trim_end_matches('\'').rsplit(' ').next();
        let address = address.and_then(|address| address.parse().ok());
        Self {
            child,
            stderr,
            address: address.unwrap_or_else(|| panic!("{line}")),
        }
    }

    fn end(mut self) -> Outcome {
        let mut stderr = String::new();
        self.stderr.read_to_string(&mut stderr).expect("text");
        let output = self.child.wait_with_output().expect("it ends");
        Outcome {
            code: output.status.code().expect("an exit code"),
            stdout: String::from_utf8(output.stdout).expect("text"),
            stderr,
        }
    }

    fn client(&self) -> Client {
        let stream = TcpStream::connect(self.address).expect("it listens");
        Client(stream)
    }
}

/// Speaks gdb's protocol.
struct Client(TcpStream);

impl Client {
    fn send(&mut self, packet: &str) {
        let sum = packet.bytes().fold(0u8, u8::wrapping_add);
        let framed = format!("${packet}#{sum:02x}");
        self.0.write_all(framed.as_bytes()).expect("it listens");
    }

    fn byte(&mut self) -> u8 {
        let mut byte = [0];
        self.0.read_exact(&mut byte).expect("it answers");
        byte[0]
    }

    /// The next packet, without its frame, and with what repeats written out.
    fn answer(&mut self) -> String {
        while self.byte() != b'$' {}
        let mut packet = Vec::new();
        loop {
            match self.byte() {
                b'#' => break,
                b'*' => {
                    let last = *packet.last().expect("something to be repeated");
                    let more = usize::from(self.byte() - 29);
                    packet.resize(packet.len() + more, last);
                }
                byte => packet.push(byte),
            }
        }
        self.byte();
        self.byte();
        self.0.write_all(b"+").expect("it listens");
        String::from_utf8(packet).expect("text")
    }

    fn ask(&mut self, packet: &str) -> String {
        self.send(packet);
        self.answer()
    }
}

/// Runs for hours.
const ENDLESS: [&str; 2] = ["--input-hex", "ffffffff"];

#[test]
fn a_run_can_be_interrupted_and_killed() {
    let place = Place::new();
    let waiting = Waiting::start(&place, &[&[&*guest("fibonacci")], &ENDLESS[..]].concat());
    let mut client = waiting.client();
    client.send("vCont;c");
    client.0.write_all(b"\x03").expect("it listens");
    let stopped = client.answer();
    assert!(
        stopped.starts_with("S02") || stopped.starts_with("T02"),
        "SIGINT, not {stopped}"
    );
    client.send("k");
    let end = waiting.end();
    assert_eq!(end.code, 128 + 9, "{}", end.stderr);
    assert_eq!(end.stderr, "error: stopped by signal 9\n");
}

#[test]
fn nothing_can_be_changed() {
    let place = Place::new();
    let elf = guest("commitment");
    let waiting = Waiting::start(&place, &[&elf, "--input-hex", &"ab".repeat(128)]);
    let mut client = waiting.client();
    let registers = client.ask("g");
    assert_eq!(registers.len(), 33 * 8, "{registers}");
    // The last is the pc: little-endian, in hexadecimal.
    let pc = u32::from_str_radix(&registers[32 * 8..], 16)
        .expect("a number")
        .swap_bytes();
    let word = client.ask(&format!("m{pc:x},4"));
    assert!(word.len() == 8 && word != "00000000", "{word}");
    assert!(client.ask(&format!("M{pc:x},4:00000000")).starts_with('E'));
    assert!(
        client
            .ask(&format!("G{}", "0".repeat(33 * 8)))
            .starts_with('E')
    );
    assert!(
        client.ask("m0,4").starts_with('E'),
        "nothing is mapped there"
    );
    assert_eq!(client.ask("g"), registers);
    assert_eq!(client.ask(&format!("m{pc:x},4")), word);
    // One instruction.
    let stopped = client.ask("vCont;s");
    assert!(
        stopped.starts_with("S05") || stopped.starts_with("T05"),
        "SIGTRAP, not {stopped}"
    );
    assert_ne!(client.ask("g"), registers);
    // Who detaches lets it run to its end.
    assert_eq!(client.ask("D"), "OK");
    let end = waiting.end().ok();
    assert!(
        end.stdout
            .starts_with("exit code 0, journal (128 bytes): abab"),
        "{}",
        end.stdout
    );
}

#[test]
fn faults_are_signals() {
    let place = Place::new();
    let waiting = Waiting::start(&place, &[&guest("runtime"), "--input-hex", "73"]);
    let mut client = waiting.client();
    let stopped = client.ask("vCont;c");
    assert!(
        stopped.starts_with("S0b") || stopped.starts_with("T0b"),
        "SIGSEGV, not {stopped}"
    );
    // It can be looked at, and is gone then.
    assert_eq!(client.ask("g").len(), 33 * 8);
    assert_eq!(client.ask("vCont;c"), "X0b");
    let end = waiting.end();
    assert_eq!(end.code, 3, "{}", end.stderr);
    assert!(
        end.stderr.contains("guest fault at pc 0x"),
        "{}",
        end.stderr
    );

    let elf = guest("fibonacci");
    let arguments = [&[&*elf][..], &ENDLESS, &["--max-cycles", "1000"]].concat();
    let waiting = Waiting::start(&place, &arguments);
    let mut client = waiting.client();
    let stopped = client.ask("vCont;c");
    assert!(
        stopped.starts_with("S18") || stopped.starts_with("T18"),
        "SIGXCPU, not {stopped}"
    );
    client.send("D");
    let end = waiting.end();
    assert_eq!(end.code, 4, "{}", end.stderr);
}

#[test]
fn only_this_machine_is_listened_to() {
    let place = Place::new();
    let waiting = Waiting::start(&place, &[&guest("panicking")]);
    assert!(waiting.address.ip().is_loopback());
    #[cfg(target_os = "linux")]
    {
        // Another name of this machine, on which nobody listens.
        let other = SocketAddr::from(([127, 0, 0, 2], waiting.address.port()));
        TcpStream::connect(other).expect_err("it listens on 127.0.0.1 alone");
    }
    // A debugger that goes without a word ends the run.
    drop(waiting.client());
    let end = waiting.end();
    assert_eq!(end.code, 2, "{}", end.stderr);
    assert!(end.stderr.contains("error: --gdb: "), "{}", end.stderr);
}

#[test]
fn a_port_that_is_taken_is_refused() {
    let place = Place::new();
    let taken = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let run = ["run", &guest("commitment"), "--gdb", &port];
    place.refuses(&run, 2, "debugger", "--gdb: ");
    let both = [&run[..], &["--flame-graph", "out.svg"]].concat();
    place.refuses(&both, 2, "usage", "cannot be used with");
}

/// A guest to be looked at: unoptimised, with debug information.
const MANIFEST: &str = r#"
[package]
name = "traced"
version = "0.1.0"
edition = "2024"

[dependencies]
vouch-guest = { path = "RUNTIME" }

[profile.release]
opt-level = 0
debug = "full"
panic = "abort"

[workspace]
"#;
const MAIN: &str = r#"
#![no_std]
#![no_main]

vouch_guest::entry!(main);

fn main() {
    let mut sum = 0;
    for number in 1..=10 {
        sum += number * number;
    }
    report(sum);
}

fn report(total: u32) {
    vouch_guest::println!("the total is {total}");
    vouch_guest::exit(total % 256);
}
"#;

/// Builds that guest.
fn traced(place: &Place) {
    let runtime = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest");
    let manifest = MANIFEST.replace("RUNTIME", runtime.to_str().expect("text"));
    fs::create_dir(place.path("src")).expect("a folder");
    place.put("Cargo.toml", manifest.as_bytes());
    place.put("src/main.rs", MAIN.as_bytes());
    let built = Command::new(env!("CARGO_BIN_EXE_vouch"))
        .args(["build", ".", "-o", "traced.elf"])
        .current_dir(place.path(""))
        .env(
            "CARGO_TARGET_DIR",
            concat!(env!("CARGO_TARGET_TMPDIR"), "/traced"),
        )
        .output()
        .expect("it runs");
    let stderr = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "{stderr}");
}

#[test]
fn gdb_stops_in_main_and_reads_a_variable() {
    let what = "a guest in gdb";
    if Command::new("gdb-multiarch")
        .arg("--version")
        .output()
        .is_err()
    {
        return skip(what, "there is no gdb-multiarch");
    }
    let place = Place::new();
    if let Err(missing) = Toolchain::find(&place.path("")) {
        return skip(what, &missing.to_string());
    }
    traced(&place);
    let waiting = Waiting::start(&place, &["traced.elf"]);
    let mut gdb = Command::new("gdb-multiarch");
    gdb.args(["-nx", "-batch", "traced.elf"]);
    for command in [
        &*format!("target remote {}", waiting.address),
        "break traced::main",
        "continue",
        "backtrace",
        "next",
        "next",
        "print number",
        "next",
        "print sum",
        "print sum = 7",
        "break traced::report",
        "delete 1",
        "continue",
        "print total",
        "up",
        "print sum",
        "stepi",
        "delete",
        "continue",
    ] {
        gdb.args(["-ex", command]);
    }
    let output = gdb.current_dir(place.path("")).output().expect("it runs");
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8_lossy(&printed);
    let end = waiting.end();
    for line in [
        "Breakpoint 1, traced::main () at src/main.rs:8",
        "#0  traced::main () at src/main.rs:8",
        "$1 = 1\n",
        "$2 = 1\n",
        "Cannot access memory",
        "Breakpoint 2, traced::report (total=385)",
        "$3 = 385\n",
        "$4 = 385\n",
        // 385 % 256 is 129, and gdb says it in octal.
        "exited with code 0201]",
    ] {
        assert!(
            printed.contains(line),
            "{line:?} in {printed}\n{}",
            end.stderr
        );
    }
    assert_eq!(end.code, 1, "{}", end.stderr);
    assert!(end.stdout.contains("the total is 385\n"), "{}", end.stdout);
    assert!(
        end.stderr.contains("the guest exited with code 129"),
        "{}",
        end.stderr
    );
}
