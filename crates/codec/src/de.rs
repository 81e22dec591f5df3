//! From bytes to a value.

use core::marker::PhantomData;

use serde_core::de::value::U32Deserializer;
use serde_core::de::{
    self, Deserialize, DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

use crate::MAX_DEPTH;
use crate::error::{Error, ErrorKind};
use crate::reader::Reader;

/// Decodes values, for whoever wants more than [`from_slice`](crate::from_slice).
pub struct Deserializer<'de> {
    reader: Reader<'de>,
    /// Levels that may still be entered.
    depth: u32,
}

impl<'de> Deserializer<'de> {
    /// Begins at the first byte.
    #[inline]
    pub fn new(bytes: &'de [u8]) -> Self {
        Self {
            reader: Reader::new(bytes),
            depth: MAX_DEPTH,
        }
    }

    /// A whole value, padding included.
    ///
    /// # Errors
    /// The bytes are not the encoding of a `T`.
    #[inline]
    pub fn value<T: Deserialize<'de>>(&mut self) -> Result<T, Error> {
        let value = T::deserialize(&mut *self).map_err(|error| error.or_at(self.reader.at()))?;
        self.reader.align()?;
        Ok(value)
    }

    /// What has not been read.
    #[inline]
    pub fn rest(&self) -> &'de [u8] {
        self.reader.rest()
    }

    /// There is no more.
    ///
    /// # Errors
    /// [`ErrorKind::LeftOver`].
    #[inline]
    pub fn end(self) -> Result<(), Error> {
        match self.reader.words_left() {
            0 => Ok(()),
            got => Err(Error::at(ErrorKind::LeftOver { got }, self.reader.at())),
        }
    }

    #[inline]
    fn enter(&mut self) -> Result<(), Error> {
        match self.depth.checked_sub(1) {
            Some(depth) => {
                self.depth = depth;
                Ok(())
            }
            None => Err(Error::at(ErrorKind::Depth, self.reader.at())),
        }
    }

    /// Leaves what was entered. Not called after an error, which ends it all.
    #[inline]
    fn leave(&mut self) {
        self.depth += 1;
    }

    /// How many elements follow, of at least a byte each.
    #[inline]
    fn count(&mut self) -> Result<usize, Error> {
        let got = self.reader.word()?;
        let expected = self.reader.words_left();
        match usize::try_from(got) {
            Ok(count) if count <= expected => Ok(count),
            _ => {
                let at = self.reader.at() - size_of::<u32>();
                Err(Error::at(ErrorKind::Count { expected, got }, at))
            }
        }
    }

    /// A count of bytes, and the bytes.
    #[inline]
    fn bytes(&mut self) -> Result<&'de [u8], Error> {
        let count = self.reader.word()?;
        // More than the machine can count are more than there are.
        self.reader
            .bytes(usize::try_from(count).unwrap_or(usize::MAX))
    }

    #[inline]
    fn text(&mut self) -> Result<&'de str, Error> {
        let bytes = self.bytes()?;
        let start = self.reader.at() - bytes.len();
        core::str::from_utf8(bytes)
            .map_err(|error| Error::at(ErrorKind::Utf8, start + error.valid_up_to()))
    }

    /// 0 or 1.
    #[inline]
    fn flag(&mut self, wrong: impl FnOnce(u8) -> ErrorKind) -> Result<bool, Error> {
        match self.reader.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            got => Err(Error::at(wrong(got), self.reader.at() - 1)),
        }
    }

    #[inline]
    fn quadruple(&mut self) -> Result<u128, Error> {
        let (low, high) = (self.reader.double()?, self.reader.double()?);
        Ok(u128::from(high) << 64 | u128::from(low))
    }

    /// What lies between a count and the end of the elements.
    #[inline]
    fn elements<T>(
        &mut self,
        visit: impl FnOnce(&mut Elements<'_, 'de>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let count = self.count()?;
        let start = self.reader.at();
        self.enter()?;
        let mut elements = Elements {
            deserializer: self,
            left: count,
        };
        let value = visit(&mut elements)?;
        let left = elements.left;
        self.leave();
        if left != 0 {
            let kind = ErrorKind::Unread { got: left };
            return Err(Error::at(kind, self.reader.at()));
        }
        if self.reader.at() - start < count {
            return Err(Error::at(ErrorKind::NoBytes, start));
        }
        Ok(value)
    }
}

/// Methods that read a number, and give it to the visitor.
macro_rules! numbers {
    ($($name:ident $visit:ident $number:ty: $reader:ident => $value:expr,)*) => {$(
        #[inline(always)]
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            let $reader = self;
            let value: $number = $value;
            visitor.$visit(value)
        }
    )*};
}

impl<'de> de::Deserializer<'de> for &mut Deserializer<'de> {
    type Error = Error;

    numbers! {
        deserialize_u8 visit_u8 u8: d => d.reader.byte()?,
        deserialize_u16 visit_u16 u16: d => d.reader.half()?,
        deserialize_u32 visit_u32 u32: d => d.reader.word()?,
        deserialize_u64 visit_u64 u64: d => d.reader.double()?,
        deserialize_u128 visit_u128 u128: d => d.quadruple()?,
        deserialize_i8 visit_i8 i8: d => d.reader.byte()?.cast_signed(),
        deserialize_i16 visit_i16 i16: d => d.reader.half()?.cast_signed(),
        deserialize_i32 visit_i32 i32: d => d.reader.word()?.cast_signed(),
        deserialize_i64 visit_i64 i64: d => d.reader.double()?.cast_signed(),
        deserialize_i128 visit_i128 i128: d => d.quadruple()?.cast_signed(),
        deserialize_f32 visit_f32 f32: d => f32::from_bits(d.reader.word()?),
        deserialize_f64 visit_f64 f64: d => f64::from_bits(d.reader.double()?),
        deserialize_bool visit_bool bool: d => d.flag(|got| ErrorKind::Bool { got })?,
        deserialize_str visit_borrowed_str &'de str: d => d.text()?,
        deserialize_string visit_borrowed_str &'de str: d => d.text()?,
        deserialize_bytes visit_borrowed_bytes &'de [u8]: d => d.bytes()?,
        deserialize_byte_buf visit_borrowed_bytes &'de [u8]: d => d.bytes()?,
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let got = self.reader.word()?;
        match char::from_u32(got) {
            Some(char) => visitor.visit_char(char),
            None => {
                let at = self.reader.at() - size_of::<u32>();
                Err(Error::at(ErrorKind::Char { got }, at))
            }
        }
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if !self.flag(|got| ErrorKind::Option { got })? {
            return visitor.visit_none();
        }
        self.enter()?;
        let value = visitor.visit_some(&mut *self)?;
        self.leave();
        Ok(value)
    }

    #[inline]
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    #[inline]
    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.elements(|elements| visitor.visit_seq(elements))
    }

    #[inline]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.elements(|elements| visitor.visit_map(elements))
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Elements {
            deserializer: self,
            left: len,
        })
    }

    #[inline]
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_tuple(len, visitor)
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_tuple(fields.len(), visitor)
    }

    #[inline]
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(Error::at(ErrorKind::SelfDescribing, self.reader.at()))
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// Elements of a sequence, entries of a map, fields.
struct Elements<'d, 'de> {
    deserializer: &'d mut Deserializer<'de>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = Error;

    #[inline(always)]
    fn next_element<T: Deserialize<'de>>(&mut self) -> Result<Option<T>, Error> {
        self.next_element_seed(PhantomData)
    }

    #[inline(always)]
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                seed.deserialize(&mut *self.deserializer).map(Some)
            }
            None => Ok(None),
        }
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'de> MapAccess<'de> for Elements<'_, 'de> {
    type Error = Error;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        self.next_element_seed(seed)
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(&mut *self.deserializer)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'de> EnumAccess<'de> for &mut Deserializer<'de> {
    type Error = Error;
    type Variant = Self;

    #[inline]
    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        let index: U32Deserializer<Error> = self.reader.word()?.into_deserializer();
        Ok((seed.deserialize(index)?, self))
    }
}

impl<'de> VariantAccess<'de> for &mut Deserializer<'de> {
    type Error = Error;

    #[inline]
    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    #[inline]
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        self.enter()?;
        let value = seed.deserialize(&mut *self)?;
        self.leave();
        Ok(value)
    }

    #[inline]
    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        self.enter()?;
        let value = de::Deserializer::deserialize_tuple(&mut *self, len, visitor)?;
        self.leave();
        Ok(value)
    }

    #[inline]
    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.tuple_variant(fields.len(), visitor)
    }
}
