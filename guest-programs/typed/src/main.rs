//! Totals of orders: typed input and output.
//!
//! Frame 1 of the input is a [`Request`], frame 2 a memo, raw bytes. The journal is a [`Summary`].
#![no_std]
#![no_main]

extern crate alloc;

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use vouch_guest::{io, refuse};

/// What is asked.
#[derive(Deserialize)]
struct Request {
    orders: Vec<Order>,
    /// Only this customer's orders count, if one is named.
    only: Option<String>,
}

#[derive(Deserialize)]
struct Order {
    customer: String,
    /// Cents.
    price: u64,
    quantity: u16,
    state: State,
}

#[derive(Deserialize)]
enum State {
    Open,
    Shipped { day: u32 },
    Cancelled,
}

/// What is answered.
#[derive(Serialize)]
struct Summary {
    /// Cents by customer.
    totals: BTreeMap<String, u64>,
    open: u32,
    /// The last day on which something was shipped.
    last_day: Option<u32>,
    memo_bytes: u32,
}

vouch_guest::entry!(main);

fn main() {
    let request: Request = io::read();
    let memo = io::read_frame();
    io::end();
    match summary(request, memo.len() as u32) {
        Some(summary) => io::commit(&summary),
        None => refuse("expected totals of at most 64 bits, got more"),
    }
}

/// `None` if a total does not fit.
fn summary(request: Request, memo_bytes: u32) -> Option<Summary> {
    let mut summary = Summary {
        totals: BTreeMap::new(),
        open: 0,
        last_day: None,
        memo_bytes,
    };
    let Request { orders, only } = request;
    let counts = |order: &Order| only.as_ref().is_none_or(|only| *only == order.customer);
    for order in orders.into_iter().filter(counts) {
        match order.state {
            State::Cancelled => continue,
            State::Open => summary.open += 1,
            State::Shipped { day } => summary.last_day = summary.last_day.max(Some(day)),
        }
        let amount = order.price.checked_mul(order.quantity.into())?;
        let total = summary.totals.entry(order.customer).or_default();
        *total = total.checked_add(amount)?;
    }
    Some(summary)
}
