//! Several values one after another.

use vouch_codec::{JournalError, Values, to_vec};

#[test]
fn values_are_read_one_after_another() {
    let mut journal = to_vec(&(1_u8, "ab")).expect("an encoding");
    journal.extend(to_vec(&7_u16).expect("an encoding"));
    journal.extend(b"raw");
    let mut values = Values::new(&journal);
    assert_eq!(values.next(), Ok((1_u8, "ab")));
    assert_eq!(values.next(), Ok(7_u16));
    assert_eq!(values.rest(), b"raw");
    let left = values.clone().end().expect_err("three bytes");
    assert_eq!(left, JournalError::LeftOver { values: 2, got: 3 });
    let words = "journal: expected its end after value 2, got 3 more bytes";
    assert_eq!(left.to_string(), words);

    let wrong = values.next::<bool>().expect_err("no padding");
    let words = "journal, value 3: expected 4 bytes, got 3 at byte 0";
    assert_eq!(wrong.to_string(), words);
    // What could not be read can be read otherwise.
    assert_eq!(values.rest(), b"raw");
}

#[test]
fn the_only_value_is_all_there_is() {
    let one = to_vec("text").expect("an encoding");
    assert_eq!(Values::new(&one).only(), Ok("text"));
    let two = [one.clone(), one].concat();
    let left = Values::new(&two).only::<&str>();
    assert_eq!(left, Err(JournalError::LeftOver { values: 1, got: 8 }));
    let none = Values::new(&[]).only::<&str>().expect_err("no value");
    let words = "journal, value 1: expected 4 bytes, got 0 at byte 0";
    assert_eq!(none.to_string(), words);
}
