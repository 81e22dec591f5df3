//! What is encoded: so many bytes of it, without any pattern to speak of.

use alloc::string::String;
use alloc::vec::Vec;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Values that take about so many bytes in memory.
pub trait Make: Serialize + DeserializeOwned + BorshSerialize + BorshDeserialize {
    fn make(size: usize) -> Self;
}

macro_rules! lists {
    ($($(#[$attribute:meta])* $name:ident($item:ty, $bytes:expr): |$random:ident| $make:expr;)*) => {$(
        #[derive(Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
        pub struct $name($(#[$attribute])* Vec<$item>);

        impl Make for $name {
            fn make(size: usize) -> Self {
                let mut state = Random(0x9e37_79b9);
                let $random = &mut state;
                Self((0..size / $bytes).map(|_| $make).collect())
            }
        }
    )*};
}

lists! {
    Numbers(u32, 4): |random| random.word();
    Doubles(u64, 8): |random| random.double();
    /// Bytes of which serde does not know that they are.
    Octets(u8, 1): |random| random.word() as u8;
    #[serde(with = "serde_bytes")]
    Bytes(u8, 1): |random| random.word() as u8;
    Texts(String, 16): |random| random.text();
    Orders(Order, 32): |random| random.order();
}

#[derive(Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct Order {
    customer: u32,
    cents: u64,
    quantity: u16,
    paid: bool,
    state: State,
    place: Option<[u32; 2]>,
}

#[derive(Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
enum State {
    Open,
    Shipped { day: u32 },
}

/// Marsaglia's xorshift.
struct Random(u32);

impl Random {
    fn word(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    fn double(&mut self) -> u64 {
        u64::from(self.word()) << 32 | u64::from(self.word())
    }

    /// 16 letters.
    fn text(&mut self) -> String {
        (0..16)
            .map(|_| (b'a' + self.word() as u8 % 26) as char)
            .collect()
    }

    fn order(&mut self) -> Order {
        let word = self.word();
        Order {
            customer: self.word(),
            cents: self.double(),
            quantity: word as u16,
            paid: word >> 16 & 1 == 1,
            state: match word >> 17 & 1 {
                0 => State::Open,
                _ => State::Shipped { day: self.word() },
            },
            place: (word >> 18 & 1 == 1).then(|| [self.word(), self.word()]),
        }
    }
}
