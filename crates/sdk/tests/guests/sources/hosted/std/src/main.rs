//! What the standard library does in a guest: a letter picks an exercise, the rest of the input is
//! its data.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, ErrorKind, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, LazyLock, Mutex, Once, OnceLock};
use std::time::{Instant, SystemTime};
use std::{env, fmt, fs, hint, io, net, panic, process, thread};

use vouch_guest::io as guest;

fn main() -> Result<ExitCode, String> {
    let mut letter = [0];
    io::Read::read_exact(&mut io::stdin(), &mut letter).map_err(|error| error.to_string())?;
    match letter[0] {
        b'X' => print_and(|| process::exit(7)),
        b'a' => what_is_shared(),
        b'b' => process::abort(),
        b'c' => return Ok(ExitCode::from(7)),
        b'd' => drop(thread::spawn(|| ())),
        b'e' => return Err("an error".into()),
        b'f' => what_is_refused(),
        b'g' => own_randomness(),
        b'h' => fill_the_heap(),
        b'i' => lines_of_input(),
        b'k' => keys_of_maps(),
        b'j' => print_and(|| panic!("a panic")),
        b'l' => print!("a line that does not end"),
        b'm' => print_and(|| vouch_guest::exit(9)),
        b'n' => drop(Instant::now()),
        b'o' => own_hook(),
        b'p' => panic!("a panic of {}", letter[0]),
        b'q' => panic!(""),
        b'r' => print_and(|| vouch_guest::refuse("a reason")),
        b's' => drop(SystemTime::now()),
        b't' => refuse_what_is_tried(),
        b'u' => print_and(fill_the_heap),
        b'v' => vouch_guest::exit(9),
        b'w' => exit_without_memory(),
        b'x' => process::exit(7),
        b'y' => panic::panic_any(5),
        b'z' => panic_twice(),
        other => return Err(format!("no exercise is called {other}")),
    }
    Ok(ExitCode::SUCCESS)
}

/// Atomics, thread-local variables, what is made once, locks.
fn what_is_shared() {
    static COUNT: AtomicU64 = AtomicU64::new(5);
    static ONCE: Once = Once::new();
    static CELL: OnceLock<String> = OnceLock::new();
    static LAZY: LazyLock<Vec<u32>> = LazyLock::new(|| vec![1, 2, 3]);
    thread_local! {
        static PLAIN: Cell<u32> = const { Cell::new(7) };
        static MADE: String = "made".to_owned();
    }
    COUNT.fetch_add(1 << 40, Ordering::SeqCst);
    assert_eq!(
        COUNT
            .compare_exchange(1, 2, Ordering::AcqRel, Ordering::Relaxed)
            .ok(),
        None
    );
    ONCE.call_once(|| COUNT.store(COUNT.load(Ordering::Acquire) * 3, Ordering::Release));
    ONCE.call_once(|| unreachable!("it was called"));
    guest::commit_slice(&COUNT.swap(0, Ordering::SeqCst).to_le_bytes());
    guest::commit_slice(CELL.get_or_init(|| "once".into()).as_bytes());
    guest::commit_word(LAZY.iter().sum());
    PLAIN.set(PLAIN.get() + 1);
    guest::commit_word(PLAIN.get());
    MADE.with(|made| guest::commit_slice(made.as_bytes()));
    let (lock, condition) = (Mutex::new(3), Condvar::new());
    condition.notify_all();
    guest::commit_word(*lock.lock().expect("nobody panicked"));
    // SAFETY: the layout's size is not 0.
    let block = unsafe { System.alloc(Layout::new::<[u64; 9]>()) };
    guest::commit_word(u32::from(
        !block.is_null() && block.addr().is_multiple_of(8),
    ));
}

/// Files, sockets, threads: errors. Arguments, variables: none.
fn what_is_refused() {
    let kinds = [
        fs::read("file").map(drop),
        net::TcpListener::bind("127.0.0.1:1").map(drop),
        thread::Builder::new().spawn(|| ()).map(drop),
        process::Command::new("program").spawn().map(drop),
        env::current_dir().map(drop),
    ];
    for result in kinds {
        let is_unsupported = result.is_err_and(|error| error.kind() == ErrorKind::Unsupported);
        guest::commit_word(u32::from(is_unsupported));
    }
    guest::commit_word(env::args().count() as u32 + env::args_os().count() as u32);
    guest::commit_word(u32::from(env::var_os("PATH").is_some()));
    guest::commit_word(thread::available_parallelism().map_or(0, |count| count.get() as u32));
}

/// The first hash, and the order in which maps are gone through.
fn keys_of_maps() {
    guest::commit_slice(&RandomState::new().hash_one(7_u8).to_le_bytes());
    let first: HashMap<u8, u8> = (0..20).map(|n| (n, n)).collect();
    let second: HashSet<u8> = (0..20).collect();
    guest::commit_slice(&first.into_keys().collect::<Vec<_>>());
    guest::commit_slice(&second.into_iter().collect::<Vec<_>>());
}

fn lines_of_input() {
    for line in io::stdin().lock().lines() {
        let line = line.expect("a text");
        println!("{}", line.len());
        guest::commit_slice(line.as_bytes());
    }
    writeln!(io::stderr(), "no more").expect("stderr can be written to");
}

/// Half a line, which the library keeps to itself, and then the end.
fn print_and(end: impl FnOnce()) {
    print!("half a line");
    end();
}

fn fill_the_heap() {
    let mut blocks = Vec::new();
    loop {
        blocks.push(vec![1_u8; 1 << 20]);
    }
}

/// Leaves not a byte, so that the library cannot even make its stdout, and exits.
fn exit_without_memory() {
    let mut size = 1 << 20;
    while size > 0 {
        let layout = Layout::array::<u8>(size).expect("a layout");
        // SAFETY: the size is not 0.
        let block = unsafe { std::alloc::alloc(layout) };
        // Hidden from the compiler, which leaves out what nobody uses.
        if hint::black_box(block).is_null() {
            size /= 2;
        }
    }
    vouch_guest::exit(9)
}

fn refuse_what_is_tried() {
    let refused = Vec::<u8>::new().try_reserve(1 << 30).is_err();
    guest::commit_word(u32::from(refused));
}

/// A hook of the guest's runs, and the guest ends all the same.
fn own_hook() {
    panic::set_hook(Box::new(|_| guest::commit_slice(b"hook")));
    panic!("nobody prints this");
}

fn panic_twice() {
    struct Panics;
    impl fmt::Display for Panics {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("the second")
        }
    }
    panic!("the first, {}", Panics);
}

/// This guest brings its own generator, which wins over the runtime's.
fn own_randomness() {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).expect("the generator below");
    guest::commit_slice(&bytes);
}

/// # Safety
/// `[room, room + length)` must be valid for writes.
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(
    room: *mut u8,
    length: usize,
) -> Result<(), getrandom::Error> {
    // SAFETY: the caller's promise.
    unsafe { room.write_bytes(0x5a, length) }
    Ok(())
}
