//! Ctrl-C and its like.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use vouch_sdk::Cancel;

/// Notes signals that ask to stop, for as long as the process lives.
#[derive(Clone, Debug)]
pub struct Signals {
    stop: Arc<AtomicBool>,
    /// The last one.
    number: Arc<AtomicUsize>,
}

impl Signals {
    /// From now on the first signal only asks to stop; a second one ends the process at once.
    ///
    /// # Errors
    /// The system refuses.
    pub fn watch() -> io::Result<Self> {
        let signals = Self {
            stop: Arc::default(),
            number: Arc::default(),
        };
        for signal in [SIGINT, SIGTERM] {
            // In this order: the first signal finds the flag unset.
            flag::register_conditional_shutdown(signal, 128 + signal, signals.stop.clone())?;
            flag::register(signal, signals.stop.clone())?;
            flag::register_usize(signal, signals.number.clone(), signal as usize)?;
        }
        Ok(signals)
    }

    /// What is cancelled by a signal.
    pub fn cancel(&self) -> Cancel {
        self.stop.clone().into()
    }

    /// The signal that came, if one did.
    pub fn number(&self) -> Option<u8> {
        match self.number.load(Ordering::Relaxed) {
            0 => None,
            number => u8::try_from(number).ok(),
        }
    }
}
