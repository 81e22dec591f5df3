//! Statics that are made before main or for each thread.
#![no_std]
#![no_main]
#![feature(thread_local)]

use core::cell::Cell;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use vouch_guest::io;

vouch_guest::entry!(main);

static MADE: AtomicU32 = AtomicU32::new(1);

extern "C" fn make() {
    MADE.store(42, Ordering::Relaxed);
}

#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = make;

/// A list that constructors add to, as registries of plugins do.
struct Number {
    value: u32,
    next: AtomicPtr<Number>,
}

static NUMBERS: AtomicPtr<Number> = AtomicPtr::new(ptr::null_mut());

macro_rules! submit {
    ($value:literal) => {
        const _: () = {
            static NUMBER: Number = Number {
                value: $value,
                next: AtomicPtr::new(ptr::null_mut()),
            };
            extern "C" fn submit() {
                let before = NUMBERS.load(Ordering::Relaxed);
                NUMBER.next.store(before, Ordering::Relaxed);
                NUMBERS.store((&raw const NUMBER).cast_mut(), Ordering::Relaxed);
            }
            #[used]
            #[unsafe(link_section = ".init_array")]
            static SUBMIT: extern "C" fn() = submit;
        };
    };
}
submit!(100);
submit!(23);

fn sum() -> u32 {
    let mut sum = 0;
    let mut next = NUMBERS.load(Ordering::Relaxed);
    // SAFETY: only statics are in the list.
    while let Some(number) = unsafe { next.as_ref() } {
        sum += number.value;
        next = number.next.load(Ordering::Relaxed);
    }
    sum
}

#[thread_local]
static STARTS_AS_SEVEN: Cell<u32> = Cell::new(7);
#[thread_local]
static STARTS_AS_ZERO: Cell<u32> = Cell::new(0);

fn main() {
    STARTS_AS_ZERO.set(STARTS_AS_ZERO.get() + 1);
    io::commit_word(MADE.load(Ordering::Relaxed));
    io::commit_word(sum());
    io::commit_word(STARTS_AS_SEVEN.get());
    io::commit_word(STARTS_AS_ZERO.get());
}
