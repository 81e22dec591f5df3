//! Field elements as the words that kernels work on: Plonky3's own representation.
#![expect(unsafe_code, reason = "a cast of rows")]
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing, RawDataSerializable};
use vouch_air::F;
use vouch_verifier::config::ChallengeField;

/// Factor of the representation: the word of `x` is `x * 2^32 mod p`.
const RADIX_BITS: u64 = 32;

/// The word of an element.
pub fn word(element: F) -> u32 {
    let mut bytes = F::into_byte_stream([element]).into_iter();
    u32::from_le_bytes(core::array::from_fn(|_| bytes.next().unwrap_or(0)))
}

/// The element of a word; any word has one.
pub fn element(word: u32) -> F {
    F::from_u32(word).div_2exp_u64(RADIX_BITS)
}

/// The words of elements.
pub fn words(elements: &[F]) -> &[u32] {
    const { assert!(size_of::<F>() == size_of::<u32>() && align_of::<F>() == align_of::<u32>()) }
    // SAFETY: an element is a transparent wrapper of its word (p3-monty-31, `MontyField31`).
    unsafe { core::slice::from_raw_parts(elements.as_ptr().cast(), elements.len()) }
}

/// The elements of words.
///
/// # Panics
/// If a word is none of an element: not less than p.
pub fn elements(words: Vec<u32>) -> Vec<F> {
    let order = word(F::NEG_ONE).max(word(F::ONE));
    debug_assert!(order < ORDER);
    assert!(
        words.iter().all(|&word| word < ORDER),
        "a word that is no element"
    );
    let mut words = core::mem::ManuallyDrop::new(words);
    // SAFETY: as in `words`; and every word below the order is the word of an element.
    unsafe { Vec::from_raw_parts(words.as_mut_ptr().cast(), words.len(), words.capacity()) }
}

/// p.
const ORDER: u32 = 0x7800_0001;

/// The words of challenges, `EF::DEGREE` each.
pub fn challenge_words<EF: ChallengeField>(challenges: &[EF]) -> Vec<u32> {
    let coordinates = challenges
        .iter()
        .flat_map(|challenge| <EF as BasedVectorSpace<F>>::as_basis_coefficients_slice(challenge));
    coordinates.map(|&coordinate| word(coordinate)).collect()
}

/// The challenges of words, `EF::DEGREE` each.
///
/// # Panics
/// If a word is none of an element.
pub fn challenges<EF: ChallengeField>(words: Vec<u32>) -> Vec<EF> {
    let elements = elements(words);
    let challenge = |coordinates: &[F]| {
        <EF as BasedVectorSpace<F>>::from_basis_coefficients_fn(|i| coordinates[i])
    };
    elements.chunks_exact(EF::DEGREE).map(challenge).collect()
}

#[cfg(test)]
mod tests {
    use p3_field::PrimeField32;

    use super::*;
    use vouch_verifier::config::Quintic;

    #[test]
    fn words_are_elements() {
        let all: Vec<F> = [0, 1, 2, 11, F::ORDER_U32 - 1, 12345678].map(F::new).into();
        assert_eq!(F::ORDER_U32, ORDER);
        for (&x, &w) in all.iter().zip(words(&all)) {
            assert_eq!(word(x), w);
            assert_eq!(element(w), x);
        }
        assert_eq!(words(&all)[1..4], [0x0fff_fffe, 0x1fff_fffc, 0x37ff_ffe9]);
        assert_eq!(elements(words(&all).to_vec()), all);
        let challenge = Quintic::from_basis_coefficients_fn(|i| F::new(i as u32 + 7));
        let again = challenges::<Quintic>(challenge_words(&[challenge, challenge]));
        assert_eq!(again, vec![challenge; 2]);
    }

    #[test]
    #[should_panic(expected = "no element")]
    fn other_words_are_not() {
        elements(vec![ORDER]);
    }
}
