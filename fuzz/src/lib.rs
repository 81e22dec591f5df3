//! What the fuzz targets share: honest receipts to start from.
#![forbid(unsafe_code)]

use std::sync::OnceLock;

use vouch_sdk::{
    ImageId, Profile, Program, ProveOptions, Receipt, guests, image_id, prove, verify,
};

/// A receipt that verifies.
#[derive(Debug)]
pub struct Honest {
    /// The program that it is about.
    pub image_id: ImageId,
    /// The receipt.
    pub receipt: Receipt,
    /// Its encoding.
    pub bytes: Vec<u8>,
}

/// The four-hash commitment, proven once in a process, in a profile of each extension degree:
/// the first for an even number, the second for an odd one.
pub fn honest(choice: u8) -> &'static Honest {
    static HONEST: [OnceLock<Honest>; 2] = [const { OnceLock::new() }; 2];
    let (slot, profile) = match choice % 2 {
        0 => (&HONEST[0], Profile::Fast100),
        _ => (&HONEST[1], Profile::Compact100),
    };
    slot.get_or_init(|| make(profile))
}

/// Proves what [`honest`] hands out, so that no input is charged for it.
pub fn prepare() {
    for choice in 0..2 {
        honest(choice);
    }
}

fn make(profile: Profile) -> Honest {
    let program = Program::from_elf(guests::COMMITMENT).expect("a prebuilt guest");
    let options = ProveOptions {
        profile,
        ..ProveOptions::default()
    };
    let input: Vec<u8> = (0..128).collect();
    let receipt = prove(&program, &input, &options)
        .expect("an honest run")
        .receipt;
    Honest {
        image_id: image_id(&program),
        bytes: receipt.to_bytes(),
        receipt,
    }
}

/// Verifies bytes that may be a receipt. Panics if they are accepted without being the honest
/// ones.
pub fn must_be_honest(bytes: &[u8], honest: &Honest) {
    let Ok(receipt) = Receipt::from_bytes(bytes) else {
        return;
    };
    let accepted = verify(&receipt, &honest.image_id).is_ok();
    assert!(
        !accepted || bytes == honest.bytes,
        "bytes other than the honest receipt are accepted"
    );
}
