//! Little-endian bytes as words.

use vouch_modular::Words;

/// The words of 32 bytes.
pub(crate) const fn words_of(bytes: &[u8; 32]) -> Words {
    let (mut words, mut i) = ([0; 8], 0);
    while i < 8 {
        let at = 4 * i;
        words[i] = u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        i += 1;
    }
    words
}

/// The bytes of eight words.
pub(crate) const fn bytes_of(words: &Words) -> [u8; 32] {
    let (mut bytes, mut i) = ([0; 32], 0);
    while i < 32 {
        bytes[i] = (words[i / 4] >> (8 * (i % 4))) as u8;
        i += 1;
    }
    bytes
}
