//! Walking over the encoding of a proof by postcard, with the lengths known: nothing is kept.

/// Bytes of an element of BabyBear.
pub(crate) const ELEMENT: usize = 4;
/// Bytes of a Blake3 digest.
pub(crate) const DIGEST: usize = 32;
/// Digests in a commitment: the root of a tree.
pub(crate) const ROOTS: usize = 1;

pub(crate) const LENGTH: &str = "a list has another length than its tables give it";
pub(crate) const BROKEN: &str = "it ends early";

/// Something, or what is wrong with the encoding.
pub(crate) type Walked<T = ()> = Result<T, &'static str>;

/// What is left of an encoding.
pub(crate) struct Walk<'a> {
    rest: &'a [u8],
}

impl<'a> Walk<'a> {
    pub(crate) const fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    /// Nothing is left.
    pub(crate) const fn finish(&self) -> Walked {
        match self.rest {
            [] => Ok(()),
            _ => Err("bytes follow it"),
        }
    }

    pub(crate) fn skip(&mut self, bytes: usize) -> Walked {
        let (_, rest) = self.rest.split_at_checked(bytes).ok_or(BROKEN)?;
        self.rest = rest;
        Ok(())
    }

    pub(crate) fn elements(&mut self, count: usize) -> Walked {
        self.skip(count * ELEMENT)
    }

    fn byte(&mut self) -> Walked<u8> {
        let (&byte, rest) = self.rest.split_first().ok_or(BROKEN)?;
        self.rest = rest;
        Ok(byte)
    }

    /// The root of a tree.
    pub(crate) fn commitment(&mut self) -> Walked {
        self.length(ROOTS)?;
        self.skip(ROOTS * DIGEST)
    }

    /// Whether an optional value follows.
    pub(crate) fn option(&mut self, is_there: bool) -> Walked {
        match self.byte()? == u8::from(is_there) {
            true => Ok(()),
            false => Err("it lacks something, or has something that no proof has"),
        }
    }

    /// A length that is known.
    pub(crate) fn length(&mut self, expected: usize) -> Walked {
        match self.length_up_to(expected)? == expected {
            true => Ok(()),
            false => Err(LENGTH),
        }
    }

    /// A length up to `most`: seven bits a byte, the least significant first, the last byte that
    /// has any without the eighth bit. It is in as few bytes as there can be.
    pub(crate) fn length_up_to(&mut self, most: usize) -> Walked<usize> {
        let mut length = 0usize;
        for shift in (0..usize::BITS).step_by(7) {
            let byte = self.byte()?;
            let bits = usize::from(byte & 0x7f);
            // More bits than there are, or more than it may be: too long in either case.
            let more = bits.checked_shl(shift).filter(|more| more >> shift == bits);
            length |= more.ok_or(LENGTH)?;
            if length > most {
                return Err(LENGTH);
            }
            match byte {
                0 if shift > 0 => return Err("a length has another encoding"),
                0..0x80 => return Ok(length),
                _ => {}
            }
        }
        Err(LENGTH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_one_encoding() {
        for length in [0usize, 1, 127, 128, 16_383, 16_384, usize::MAX] {
            let bytes = postcard::to_allocvec(&length).expect("a number encodes");
            let mut walk = Walk::new(&bytes);
            assert_eq!(walk.length(length), Ok(()), "{length}");
            assert_eq!(walk.finish(), Ok(()), "{length}");
            // A number of zeros more decodes to the same.
            let (last, head) = bytes.split_last().expect("a byte");
            let longer = [head, &[last | 0x80, 0]].concat();
            assert!(Walk::new(&longer).length(length).is_err(), "{length}");
            let short = Walk::new(head).length(length);
            assert_eq!(short, Err(BROKEN), "{length}");
        }
    }

    #[test]
    fn lengths_are_bounded() {
        // As many bits as there can be, and more.
        for bytes in [
            [0xff; 10],
            [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2],
        ] {
            assert_eq!(Walk::new(&bytes).length_up_to(usize::MAX), Err(LENGTH));
        }
        assert_eq!(Walk::new(&[3]).length_up_to(3), Ok(3));
        assert_eq!(Walk::new(&[4]).length_up_to(3), Err(LENGTH));
        assert_eq!(Walk::new(&[2]).length(3), Err(LENGTH));
    }

    #[test]
    fn what_is_optional_is_there_or_not() {
        assert_eq!(Walk::new(&[1]).option(true), Ok(()));
        assert_eq!(Walk::new(&[0]).option(false), Ok(()));
        for (byte, is_there) in [(0, true), (1, false), (2, true), (2, false)] {
            assert!(Walk::new(&[byte]).option(is_there).is_err(), "{byte}");
        }
    }
}
