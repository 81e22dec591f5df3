//! Where a guest's console goes.

use std::io::{self, Write};

use vouch_emulator::Stream;

/// Prints what a guest prints: its stdout to stdout, its stderr to stderr. This is what most hosts pass as `console` to
/// [`execute`](crate::execute) and [`prove_with`](crate::prove_with).
///
/// It cannot fail: if a stream is closed, what would go there is lost.
pub fn print_console(stream: Stream, bytes: &[u8]) {
    // A closed console is no reason to end a run.
    let _ = match stream {
        // Flushed, so that half a line comes before what the guest or the host then writes to stderr.
        Stream::Stdout => {
            let mut stdout = io::stdout().lock();
            stdout.write_all(bytes).and_then(|()| stdout.flush())
        }
        Stream::Stderr => io::stderr().write_all(bytes),
    };
}
