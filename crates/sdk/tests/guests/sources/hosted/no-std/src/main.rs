//! A guest without std that wants what its target lacks: shared pointers, compare-and-swap.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering};

use vouch_guest::io;

vouch_guest::entry!(main);

fn main() {
    let count = Arc::new(AtomicU32::new(3));
    let other = Arc::clone(&count);
    assert_eq!(
        other.compare_exchange(3, 5, Ordering::SeqCst, Ordering::SeqCst),
        Ok(3)
    );
    io::commit_word(count.load(Ordering::SeqCst));
    assert!(io::read_to_end().is_empty(), "there is input");
}
