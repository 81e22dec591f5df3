//! Values whose encoding is in golden.txt, which writers in other languages are compared with.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};
use vouch_codec::{from_slice, to_vec};

/// A line a value: its name and its encoding in hexadecimal.
pub const GOLDEN: &str = include_str!("../golden.txt");

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Point,
    Circle(u32),
    Box { width: u16, height: u16 },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Order<'a> {
    customer: &'a str,
    cents: u64,
    quantity: u16,
    paid: bool,
    note: Option<&'a str>,
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("room");
        text
    })
}

/// Compares what a value is encoded to with the next line, and what that is decoded to with the value.
fn check<T>(lines: &mut std::str::Lines<'static>, name: &str, value: &T)
where
    T: Serialize + Deserialize<'static> + PartialEq + std::fmt::Debug,
{
    let bytes: &'static [u8] = to_vec(value).expect("it can be encoded").leak();
    assert_eq!(lines.next(), Some(&*format!("{name} {}", hex(bytes))));
    assert_eq!(from_slice::<T>(bytes).as_ref(), Ok(value));
}

#[test]
fn encodings_are_what_they_were() {
    let lines = &mut GOLDEN.lines();
    let unsigned = (
        0x01_u8,
        0x0203_u16,
        0x0405_0607_u32,
        0x0809_0a0b_0c0d_0e0f_u64,
    );
    check(lines, "unsigned", &unsigned);
    check(lines, "signed", &(-1_i8, -2_i16, -3_i32, -4_i64));
    check(
        lines,
        "wide",
        &(1_u8, 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10_u128),
    );
    check(lines, "floats", &(1.5_f32, -0.1_f64));
    check(
        lines,
        "flags",
        &(true, false, Some(7_u16), None::<u16>, 'é'),
    );
    check(lines, "nothing", &());
    check(lines, "text", &("vouch", "", "café"));
    check(lines, "bytes", &serde_bytes::ByteBuf::from(vec![1, 2, 3]));
    check(lines, "octets", &vec![1_u8, 2, 3]);
    check(lines, "halves", &vec![1_u16, 2, 3]);
    check(lines, "array", &([1_u8, 2, 3], 4_u32));
    let map = BTreeMap::from([("a".to_owned(), 1_u32), ("bc".to_owned(), 2)]);
    check(lines, "map", &map);
    let shapes = [
        Shape::Point,
        Shape::Circle(9),
        Shape::Box {
            width: 2,
            height: 3,
        },
    ];
    check(lines, "shapes", &shapes);
    let orders = vec![
        Order {
            customer: "ann",
            cents: 150,
            quantity: 2,
            paid: true,
            note: Some("gift"),
        },
        Order {
            customer: "bob",
            cents: 1 << 40,
            quantity: 1,
            paid: false,
            note: None,
        },
    ];
    check(lines, "orders", &orders);
    // An input of two frames: a value, and bytes as they are.
    let value = to_vec(&("vouch", 7_u16)).expect("it can be encoded");
    let input = [
        &(value.len() as u32).to_le_bytes()[..],
        &value,
        &3_u32.to_le_bytes(),
        b"raw",
    ];
    assert_eq!(
        lines.next(),
        Some(&*format!("input {}", hex(&input.concat())))
    );
    assert_eq!(lines.next(), None);
}
