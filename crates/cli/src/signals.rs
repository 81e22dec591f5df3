//! Ctrl-C and its like: SIGINT, SIGTERM and SIGHUP.
//!
//! A command ends with its one answer however it ends, so that a thread waits for signals and gives it.
//! A proof ends by itself and goes on later; a service has signals of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use vouch_sdk::Cancel;

use crate::error::Error;
use crate::output::Output;

/// What a signal does.
#[derive(Clone, Debug, Default)]
pub struct Signals {
    /// Whether the command ends by itself once [`Self::cancel`] says so.
    gentle: Arc<AtomicBool>,
    /// Whether somebody else takes care of signals.
    left: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    /// The signal that set it; 0 before.
    number: Arc<AtomicU8>,
}

impl Signals {
    /// From now on a signal ends the process with 128 and its number, after an answer. A second one ends
    /// it at once, whoever may be writing.
    ///
    /// # Errors
    /// The system refuses.
    pub fn watch(output: &Output) -> Result<Self, Error> {
        let signals = Self::default();
        #[cfg(unix)]
        unix::watch(signals.clone(), output.clone()).map_err(Error::Signals)?;
        #[cfg(not(unix))]
        let _ = output;
        Ok(signals)
    }

    /// What is cancelled by a signal. The first one does no more from now on: the command ends by itself.
    pub fn cancel(&self) -> Cancel {
        self.gentle.store(true, Ordering::Relaxed);
        self.stop.clone().into()
    }

    /// Leaves signals to somebody else.
    #[cfg(feature = "serve")]
    pub fn leave(&self) {
        self.left.store(true, Ordering::Relaxed);
    }

    /// The signal that cancelled, if one did.
    pub fn number(&self) -> Option<u8> {
        match self.number.load(Ordering::Relaxed) {
            0 => None,
            number => Some(number),
        }
    }
}

#[cfg(unix)]
mod unix {
    use std::fs;
    use std::io;
    use std::thread;
    use std::time::Duration;

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals as Incoming;

    use super::*;
    use crate::kind::SIGNALLED;

    /// How long the second signal to a proof leaves for an answer.
    const LAST_WORD: Duration = Duration::from_secs(1);

    pub fn watch(signals: Signals, output: Output) -> io::Result<()> {
        let watched = [SIGINT, SIGTERM, SIGHUP];
        let watched = watched
            .into_iter()
            .filter(|&signal| signal != SIGHUP || !is_ignored(signal));
        let mut incoming = Incoming::new(watched)?;
        let wait = move || {
            let mut ending = false;
            for signal in incoming.forever() {
                let number = u8::try_from(signal).unwrap_or_default();
                if signals.left.load(Ordering::Relaxed) {
                    continue;
                }
                let is_gentle = signals.gentle.load(Ordering::Relaxed);
                if is_gentle && !signals.stop.load(Ordering::Relaxed) {
                    signals.number.store(number, Ordering::Relaxed);
                    signals.stop.store(true, Ordering::Relaxed);
                } else if ending || !end(number, &output) {
                    exit(number);
                } else {
                    ending = true;
                    if is_gentle {
                        // The second one. Whoever is to answer may be waiting for a reader.
                        thread::sleep(LAST_WORD);
                        exit(number);
                    }
                }
            }
        };
        let thread = thread::Builder::new().name("signals".into());
        thread.spawn(wait).map(drop)
    }

    /// Ends the process in another thread, since it may take long; whether that began.
    fn end(number: u8, output: &Output) -> bool {
        let output = output.clone();
        let error = Error::Ended { signal: number };
        let thread = thread::Builder::new().name("end".into());
        thread
            .spawn(move || output.end(&error, || exit(number)))
            .is_ok()
    }

    /// Without what a library would do at the end: other threads are still at work.
    fn exit(number: u8) {
        signal_hook::low_level::exit(i32::from(SIGNALLED) + i32::from(number));
    }

    /// Whether who started this process had a signal ignored, as `nohup` has SIGHUP. Where the system does
    /// not tell it is taken to be so.
    fn is_ignored(signal: i32) -> bool {
        let ignored = || {
            let status = fs::read_to_string("/proc/self/status").ok()?;
            let mask = status
                .lines()
                .find_map(|line| line.strip_prefix("SigIgn:"))?;
            let mask = u64::from_str_radix(mask.trim(), 16).ok()?;
            Some(mask & (1 << (signal - 1)) != 0)
        };
        ignored().unwrap_or(true)
    }
}
