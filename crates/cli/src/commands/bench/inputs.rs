//! Inputs of guests that want more than a number or zeros. docs/guests.md says what they consist of.

use vouch_sdk::Input;

/// What both signatures sign.
const MESSAGE: &[u8] = b"Verified in a guest, proven once, checked by everybody.";

/// The key and the signature of [`k256`]: the private key is SHA-256 of "a key of secp256k1", the nonce that of RFC 6979.
const K256: [&[u8]; 2] = [
    b"\x02\xf5\x26\x42\xed\xf0\x45\x64\x49\x78\x3b\x01\x3c\x43\xa3\xa3\xe1\x63\xc8\xac\x31\x00\x20\x29\
      \xd5\xfc\x7d\x49\xa9\xb6\x1e\x57\xea",
    b"\x67\xcb\x11\x17\x45\x46\x11\x76\xd2\x52\x25\x5f\x34\xa1\xd7\x26\xeb\x8f\x51\x4f\x2f\x67\x50\x11\
      \x19\xf0\x17\xcb\x97\xcc\xbf\x54\x3f\x22\xe7\xd4\x69\x07\x0c\xda\x96\xfd\xce\x89\x5a\xb1\x4e\x15\
      \x8d\xc0\x94\x1b\xbb\xff\xdd\x36\x60\xdd\x87\x6c\x24\x73\x55\x26",
];

/// The key and the signature of [`ed25519`]: the private key is SHA-256 of "a key of edwards25519".
const ED25519: [&[u8]; 2] = [
    b"\xc8\xdf\xf5\x6d\xf9\xd7\xef\x1e\x94\x09\x55\x06\x68\x96\xc9\x48\x7c\xb5\x63\xb8\x81\x1a\x30\xaa\
      \x8c\x28\x0c\xaf\x9d\x23\xbc\x65",
    b"\x2c\x66\x16\x3e\x2d\xd2\x1b\x22\x0d\x5c\xb8\x72\x9d\x53\x84\x83\x72\x57\x0e\x2a\x80\xdb\x1e\x18\
      \x26\x0c\x82\xe1\x15\x7b\x69\xc4\xc4\x10\x51\x00\xac\x71\x3c\x37\xd7\x5a\x75\xf3\xf6\x22\x26\x52\
      \x47\xe9\xe2\x93\x6e\x91\x31\xbe\x63\xe3\x61\x17\x56\x3a\x74\x0c",
];

/// A valid signature over secp256k1.
pub fn k256() -> Input {
    signed(K256)
}

/// A valid Ed25519 signature.
pub fn ed25519() -> Input {
    signed(ED25519)
}

fn signed([key, signature]: [&[u8]; 2]) -> Input {
    frame(frame(frame(Input::new(), key), MESSAGE), signature)
}

/// So many leaves of a tree.
pub fn leaves(count: u64) -> Input {
    Input::new().bytes(&noise(count * 32))
}

/// Two matrices of so many rows.
pub fn matrices(rows: u64) -> Input {
    let entries = noise(rows * rows);
    frame(frame(Input::new(), &entries), &entries)
}

/// A network and so many samples.
pub fn samples(count: u64) -> Input {
    let weights = noise(64 * 25);
    // As the codec lays out the guest's `Model`: 64 units of 25 weights, their biases, by how much their sums are
    // shifted, 64 output weights, the output's bias.
    let model = Input::new().word(64).bytes(&weights).word(64);
    let model = (0..64).fold(model, |model, bias| model.word(bias * 16));
    let model = model.word(9).word(64).bytes(&noise(64)).word(7);
    frame(frame(Input::new(), &model), &noise(count * 25))
}

/// A frame of its own, as `Input::frame` makes it. No input here is too long for one.
fn frame(input: Input, bytes: &[u8]) -> Input {
    input.word(bytes.len() as u32).bytes(bytes)
}

/// So many bytes without any pattern to speak of, the same every time.
fn noise(count: u64) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let byte = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..count).map(byte).collect()
}
