//! Exercises the guest runtime; the first byte of the input picks what.
//!
//! | first byte | what it does with the rest of the input |
//! |---|---|
//! | `a` | commits it, having read it to the end at once |
//! | `u` | commits it from an odd address, having read it to an odd address (at most 1000 bytes) |
//! | `U` | the same, at most 2 MiB |
//! | `A` | commits it from an aligned address, having read it to one at once (at most 2 MiB) |
//! | `p` | prints it to stdout and its length to stderr |
//! | `x` | exits with its first byte as the exit code |
//! | `h` | exhausts the heap: panics |
//! | `r` | allocates and frees more than the heap holds, then commits "reused" |
//! | `t` | tries to reserve more than there is, then commits "refused" |
//! | `s` | exhausts the stack: faults |
//! | `f` | exhausts the stack by one frame of 16 MiB: faults |
//! | `e` | reads a frame with a `u32` and the end of the input, and prints why there are none |
//! | `c` | commits to what has no encoding: panics |
//!
//! Anything else is refused.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec::Vec;
use core::hint::black_box;

use vouch_guest::{exit, io, print, refuse};

const MIB: usize = 1 << 20;

vouch_guest::entry!(main);

fn main() {
    let mut what = [0];
    if let Err(error) = io::read_exact(&mut what) {
        refuse(error);
    }
    match what[0] {
        b'a' => io::commit_slice(&io::read_to_end()),
        b'u' => unaligned(),
        b'U' => large(1),
        b'A' => large(0),
        b'p' => echo(),
        b'x' => exit(io::read_to_end().first().map_or(0, |&code| u32::from(code))),
        b'h' => exhaust_heap(),
        b'r' => reuse_heap(),
        b't' => try_to_reserve(),
        b's' => io::commit_word(exhaust_stack(0)),
        b'f' => io::commit_word(step_over()),
        b'e' => expect_number(),
        b'c' => io::commit(&[()][..]),
        other => refuse(format_args!("no such exercise: {other}")),
    }
}

fn unaligned() {
    #[repr(align(4))]
    struct Aligned([u8; 1004]);
    let mut room = Aligned([0; 1004]);
    let odd = &mut room.0[1..1001];
    let got = io::read_slice(odd);
    io::commit_slice(&odd[..got]);
}

/// Reads to, and commits from, so many bytes after an aligned address.
fn large(offset: usize) {
    let mut room = alloc::vec![0; offset + 2 * MIB];
    let part = &mut room[offset..];
    let got = io::read_slice(part);
    io::commit_slice(&part[..got]);
}

fn echo() {
    let input = io::read_to_end();
    print!("{}", alloc::string::String::from_utf8_lossy(&input));
    vouch_guest::eprintln!("{} bytes", input.len());
}

fn expect_number() {
    let number = io::try_read::<u32>().and_then(|number| io::try_end().map(|()| number));
    match number {
        Ok(number) => io::commit(&number),
        Err(error) => print!("{error}"),
    }
}

fn exhaust_heap() {
    let mut blocks = Vec::new();
    loop {
        blocks.push(black_box(Vec::<u8>::with_capacity(MIB)));
    }
}

fn reuse_heap() {
    for _ in 0..1000 {
        black_box(Vec::<u8>::with_capacity(MIB));
    }
    io::commit_slice(b"reused");
}

fn try_to_reserve() {
    let mut bytes = Vec::<u8>::new();
    for size in [65 * MIB, usize::MAX / 2 - 64, usize::MAX / 2, usize::MAX] {
        if bytes.try_reserve(size).is_ok() {
            refuse(format_args!("there are {size} bytes"));
        }
    }
    // A block that is there stays as it is.
    bytes.extend_from_slice(b"refused");
    if bytes.try_reserve(65 * MIB).is_err() {
        io::commit_slice(&bytes);
    }
}

/// A frame that is larger than what lies below the stack.
#[inline(never)]
fn step_over() -> u32 {
    let frame = black_box([1_u8; 16 * MIB]);
    u32::from(frame[black_box(0)])
}

/// Goes deeper for as long as a frame exists, which is always.
fn exhaust_stack(depth: u32) -> u32 {
    let frame = black_box([depth; 64]);
    if black_box(frame.len()) == 0 {
        return depth;
    }
    exhaust_stack(depth.wrapping_add(1)).wrapping_add(frame[63])
}
