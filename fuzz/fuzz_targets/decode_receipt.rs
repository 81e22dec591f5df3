//! Bytes are no receipt, or the receipt encodes to the same bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vouch_sdk::Receipt;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(receipt) = Receipt::from_bytes(bytes) {
        assert!(receipt.to_bytes() == bytes, "a receipt with two encodings");
    }
});
