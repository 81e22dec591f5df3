//! Typed input and output, and inputs that are refused.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vouch_sdk::{Input, Limits, Program, codec, execute};

use crate::run::{Run, elf, noise, run};

#[derive(Serialize)]
struct Request<'a> {
    orders: Vec<Order<'a>>,
    only: Option<&'a str>,
}

#[derive(Clone, Copy, Serialize)]
struct Order<'a> {
    customer: &'a str,
    price: u64,
    quantity: u16,
    state: State,
}

#[derive(Clone, Copy, Serialize)]
enum State {
    Open,
    Shipped { day: u32 },
    Cancelled,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Summary {
    totals: BTreeMap<String, u64>,
    open: u32,
    last_day: Option<u32>,
    memo_bytes: u32,
}

const ORDERS: [Order<'static>; 4] = [
    Order {
        customer: "ann",
        price: 150,
        quantity: 2,
        state: State::Open,
    },
    Order {
        customer: "zoë",
        price: 1 << 40,
        quantity: 3,
        state: State::Shipped { day: 7 },
    },
    Order {
        customer: "ann",
        price: 1,
        quantity: 1,
        state: State::Shipped { day: 5 },
    },
    Order {
        customer: "bob",
        price: u64::MAX,
        quantity: 2,
        state: State::Cancelled,
    },
];

/// The input of a request and a memo.
fn input(orders: &[Order<'_>], only: Option<&str>, memo: &[u8]) -> Input {
    let orders = orders.to_vec();
    let input = Input::new().write(&Request { orders, only });
    input.and_then(|input| input.frame(memo)).expect("an input")
}

/// What the guest commits to.
fn summary(input: &Input) -> Summary {
    let done = run("typed", input);
    assert_eq!((done.exit_code, &*done.stderr), (0, ""));
    codec::from_slice(&done.journal).expect("a summary")
}

fn totals(all: &[(&str, u64)]) -> BTreeMap<String, u64> {
    all.iter()
        .map(|&(name, total)| (name.into(), total))
        .collect()
}

/// The guest commits to nothing, and says this.
fn refuses(input: &[u8], reason: &str) {
    let expected = Run {
        exit_code: 1,
        stderr: format!("refused: {reason}\n"),
        ..Run::default()
    };
    assert_eq!(run("typed", input), expected);
}

#[test]
fn values_go_in_and_come_out() {
    let all = Summary {
        totals: totals(&[("ann", 301), ("zoë", 3 << 40)]),
        open: 1,
        last_day: Some(7),
        memo_bytes: 70_001,
    };
    assert_eq!(summary(&input(&ORDERS, None, &noise(70_001))), all);
    let one = Summary {
        totals: totals(&[("ann", 301)]),
        open: 1,
        last_day: Some(5),
        memo_bytes: 0,
    };
    assert_eq!(summary(&input(&ORDERS, Some("ann"), b"")), one);
    let none = Summary {
        totals: totals(&[]),
        open: 0,
        last_day: None,
        memo_bytes: 3,
    };
    assert_eq!(summary(&input(&[], Some("nobody"), b"odd")), none);
    let large = Order {
        price: u64::MAX,
        ..ORDERS[0]
    };
    refuses(
        &input(&[large], None, b""),
        "expected totals of at most 64 bits, got more",
    );
}

#[test]
fn inputs_that_end_too_early_are_refused() {
    refuses(
        &[],
        "input frame 1: expected a frame, got the end of the input",
    );
    refuses(
        &[8, 0, 0],
        "input frame 1: expected 4 bytes of its length, got 3",
    );
    let words = [8, 0, 0, 0, 1, 2, 3, 4, 5];
    refuses(&words, "input frame 1: expected 8 bytes, got 5");
    let request = Input::new().frame(&[0; 8]).expect("an input");
    refuses(
        &request,
        "input frame 2: expected a frame, got the end of the input",
    );
    refuses(
        &request.word(9).bytes(b"memo"),
        "input frame 2: expected 9 bytes, got 4",
    );
}

#[test]
fn inputs_that_go_on_are_refused() {
    let whole = input(&ORDERS, None, b"memo");
    for more in [1, 4, 255, 256, 257, 512] {
        let reason = format!("expected the end of the input after frame 2, got {more} more bytes");
        refuses(&whole.clone().bytes(&noise(more)), &reason);
    }
}

#[test]
fn other_values_are_refused() {
    let frame = |bytes: &[u8]| Input::new().frame(bytes).expect("an input");
    refuses(
        &frame(b""),
        "input frame 1: expected 4 bytes, got 0 at byte 0",
    );
    refuses(
        &frame(&[0; 12]),
        "input frame 1: expected the end, got 4 more bytes at byte 8",
    );
    let count = [9, 0, 0, 0, 0, 0, 0, 0];
    refuses(
        &frame(&count),
        "input frame 1: expected at most 4 elements, got 9 at byte 0",
    );
    let text = codec::to_vec("text").expect("an encoding");
    let length = u32::from_le_bytes(*b"text");
    let reason = format!("input frame 1: expected {length} bytes, got 0 at byte 8");
    refuses(&frame(&text), &reason);
    let option = [0, 0, 0, 0, 7, 0, 0, 0];
    refuses(
        &frame(&option),
        "input frame 1: expected option 0 or 1, got 7 at byte 4",
    );
    let padding = [0, 0, 0, 0, 0, 0, 9, 0];
    refuses(
        &frame(&padding),
        "input frame 1: expected padding 0, got 9 at byte 6",
    );
    // A name that is not UTF-8, in the request as it is encoded.
    let mut bytes = input(&ORDERS, None, b"").to_vec();
    let name = bytes
        .windows(3)
        .position(|three| three == b"ann")
        .expect("a name");
    bytes[name] = 0xff;
    let at = name - 4;
    refuses(
        &bytes,
        &format!("input frame 1: expected UTF-8, got other bytes at byte {at}"),
    );
    let mut bytes = input(&ORDERS[..1], None, b"").to_vec();
    // Before it is the length of the frame; after it, an option, padded.
    let state = bytes.len() - 4 - 8;
    bytes[state] = 3;
    let at = state + 4 - 4;
    let reason = "invalid value: integer `3`, expected variant index 0 <= i < 3";
    refuses(&bytes, &format!("input frame 1: {reason} at byte {at}"));
}

/// A length costs nothing but what is there of the frame.
#[test]
fn lengths_may_claim_anything() {
    let most = "input frame 1: expected room for its 4294967295 bytes, got none";
    refuses(&[0xff; 4], most);
    let heap: u32 = 64 << 20;
    let all = format!("input frame 1: expected room for its {heap} bytes, got none");
    refuses(&heap.to_le_bytes(), &all);
    let less = heap / 2;
    let input = Input::new().word(less).bytes(b"short");
    refuses(
        &input,
        &format!("input frame 1: expected {less} bytes, got 5"),
    );
    let program = Program::from_elf(elf("typed")).expect("an embedded guest");
    let done = execute(&program, &input, &Limits::default(), &mut |_, _| {}).expect("it runs");
    assert!(done.touched_memory_bytes < 1 << 20, "{done:?}");
    assert!(done.cycles < 50_000, "{done:?}");
}

#[test]
fn guests_may_deal_with_errors_themselves() {
    // Not at a word: what comes first is the letter of the exercise.
    let says = |data: &[u8]| run("runtime", &[b"e", data].concat());
    let number = says(&[4, 0, 0, 0, 1, 2, 3, 4]);
    assert_eq!((number.exit_code, &*number.journal), (0, &[1, 2, 3, 4][..]));
    let printed = |data: &[u8]| {
        let run = says(data);
        assert_eq!((run.exit_code, run.journal.len()), (0, 0));
        run.stdout
    };
    let missing = "input frame 1: expected a frame, got the end of the input";
    assert_eq!(printed(b""), missing);
    let short = printed(&[2, 0, 0, 0, 1, 2]);
    assert_eq!(short, "input frame 1: expected 4 bytes, got 2 at byte 0");
    let more = printed(&[4, 0, 0, 0, 1, 2, 3, 4, 5]);
    assert_eq!(
        more,
        "expected the end of the input after frame 1, got 1 more bytes"
    );
}

#[test]
fn what_has_no_encoding_is_not_committed_to() {
    let run = run("runtime", b"c");
    assert_eq!((run.exit_code, run.journal.len()), (101, 0));
    let reason = "cannot commit: expected elements of some bytes, got some of none";
    assert!(run.stderr.contains(reason), "{}", run.stderr);
}
