//! What is shared, counted and made once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock, Weak, mpsc};

use lazy_static::lazy_static;
use once_cell::sync::{Lazy, OnceCell};

/// Counts, locks and channels.
pub fn arc(data: &[u8]) -> Vec<u8> {
    let sum = Arc::new(AtomicU64::new(u64::from(u32::MAX)));
    let list = Arc::new(Mutex::new(Vec::new()));
    let (sender, receiver) = mpsc::channel();
    for &byte in data {
        sum.fetch_add(u64::from(byte), Ordering::Relaxed);
        sender.send(Arc::clone(&list)).expect("it is received");
        let list: Arc<Mutex<Vec<u8>>> = receiver.recv().expect("it was sent");
        list.lock().expect("nobody panics").push(byte ^ 0x55);
    }
    let weak: Weak<_> = Arc::downgrade(&list);
    assert_eq!(
        (Arc::strong_count(&list), weak.upgrade().is_some()),
        (1, true)
    );
    let swapped = sum.compare_exchange(1, 2, Ordering::SeqCst, Ordering::SeqCst);
    let mut journal = RwLock::new(swapped.expect_err("it is not 1").to_le_bytes().to_vec());
    journal.get_mut().expect("nobody panics").extend(
        Arc::into_inner(list)
            .expect("the only one")
            .into_inner()
            .expect("nobody panics"),
    );
    assert!(weak.upgrade().is_none());
    journal.into_inner().expect("nobody panics")
}

/// A table that is made when it is first used.
pub fn lazy_static(data: &[u8]) -> Vec<u8> {
    lazy_static! {
        static ref NAMES: HashMap<u8, String> = (0..=255).map(|n| (n, format!("<{n}>"))).collect();
    }
    data.iter().flat_map(|byte| NAMES[byte].bytes()).collect()
}

/// The same, and a cell that is set once.
pub fn once_cell(data: &[u8]) -> Vec<u8> {
    static SQUARES: Lazy<Mutex<Vec<u16>>> =
        Lazy::new(|| Mutex::new((0..=255).map(|n| n * n).collect()));
    static FIRST: OnceCell<u8> = OnceCell::new();
    let squares = SQUARES.lock().expect("nobody panics");
    let mut journal = Vec::new();
    for &byte in data {
        let first = *FIRST.get_or_init(|| byte);
        journal.extend((squares[usize::from(byte)] ^ u16::from(first)).to_le_bytes());
    }
    assert_eq!(FIRST.set(1).is_err(), !data.is_empty());
    journal
}
