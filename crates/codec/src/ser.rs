//! From a value to bytes.

use core::fmt::Display;

use serde_core::ser::{self, Serialize};

use crate::error::{Error, ErrorKind};
use crate::writer::Writer;
use crate::{Encoded, MAX_DEPTH};

/// Encodes values, for whoever wants more than [`to_vec`](crate::to_vec).
pub struct Serializer {
    writer: Writer,
    /// Levels that may still be entered.
    depth: u32,
}

impl Serializer {
    /// Nothing yet.
    #[inline]
    pub fn new() -> Self {
        Self {
            writer: Writer::default(),
            depth: MAX_DEPTH,
        }
    }

    /// What was encoded, padded.
    #[inline]
    pub fn into_encoded(self) -> Encoded {
        Encoded(self.writer.into_words())
    }

    #[inline]
    fn enter(&mut self) -> Result<(), Error> {
        self.depth = self.depth.checked_sub(1).ok_or(ErrorKind::Depth)?;
        Ok(())
    }

    #[inline]
    fn leave(&mut self) {
        self.depth += 1;
    }

    #[inline]
    fn quadruple(&mut self, value: u128) {
        self.writer.double(value as u64);
        self.writer.double((value >> 64) as u64);
    }

    #[inline]
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.writer.word(count(bytes.len())?);
        self.writer.bytes(bytes);
        Ok(())
    }

    /// A sequence or map; its count follows when it is known.
    #[inline]
    fn elements(&mut self) -> Result<Elements<'_>, Error> {
        self.enter()?;
        self.writer.word(0);
        Ok(Elements {
            start: self.writer.len(),
            count: 0,
            serializer: self,
        })
    }
}

impl Default for Serializer {
    fn default() -> Self {
        Self::new()
    }
}

/// A length as it is written.
#[inline]
fn count(length: usize) -> Result<u32, Error> {
    u32::try_from(length).map_err(|_| ErrorKind::Length { got: length }.into())
}

/// Methods that write a number.
macro_rules! numbers {
    ($($name:ident $number:ty: $serializer:ident $value:ident => $write:expr,)*) => {$(
        #[inline]
        fn $name(self, $value: $number) -> Result<(), Error> {
            let $serializer = self;
            $write;
            Ok(())
        }
    )*};
}

impl<'s> ser::Serializer for &'s mut Serializer {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Elements<'s>;
    type SerializeMap = Elements<'s>;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeStruct = Self;
    type SerializeTupleVariant = Content<'s>;
    type SerializeStructVariant = Content<'s>;

    numbers! {
        serialize_u8 u8: s value => s.writer.byte(value),
        serialize_u16 u16: s value => s.writer.half(value),
        serialize_u32 u32: s value => s.writer.word(value),
        serialize_u64 u64: s value => s.writer.double(value),
        serialize_u128 u128: s value => s.quadruple(value),
        serialize_i8 i8: s value => s.writer.byte(value.cast_unsigned()),
        serialize_i16 i16: s value => s.writer.half(value.cast_unsigned()),
        serialize_i32 i32: s value => s.writer.word(value.cast_unsigned()),
        serialize_i64 i64: s value => s.writer.double(value.cast_unsigned()),
        serialize_i128 i128: s value => s.quadruple(value.cast_unsigned()),
        serialize_f32 f32: s value => s.writer.word(value.to_bits()),
        serialize_f64 f64: s value => s.writer.double(value.to_bits()),
        serialize_bool bool: s value => s.writer.byte(value.into()),
        serialize_char char: s value => s.writer.word(value.into()),
    }

    #[inline]
    fn serialize_str(self, text: &str) -> Result<(), Error> {
        self.bytes(text.as_bytes())
    }

    #[inline]
    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), Error> {
        self.bytes(bytes)
    }

    #[inline]
    fn serialize_none(self) -> Result<(), Error> {
        self.writer.byte(0);
        Ok(())
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        self.writer.byte(1);
        self.enter()?;
        value.serialize(&mut *self)?;
        self.leave();
        Ok(())
    }

    #[inline]
    fn serialize_unit(self) -> Result<(), Error> {
        Ok(())
    }

    #[inline]
    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), Error> {
        Ok(())
    }

    #[inline]
    fn serialize_unit_variant(
        self,
        _name: &'static str,
        index: u32,
        _variant: &'static str,
    ) -> Result<(), Error> {
        self.writer.word(index);
        Ok(())
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        index: u32,
        _variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.writer.word(index);
        self.enter()?;
        value.serialize(&mut *self)?;
        self.leave();
        Ok(())
    }

    #[inline]
    fn serialize_seq(self, _len: Option<usize>) -> Result<Elements<'s>, Error> {
        self.elements()
    }

    #[inline]
    fn serialize_map(self, _len: Option<usize>) -> Result<Elements<'s>, Error> {
        self.elements()
    }

    #[inline]
    fn serialize_tuple(self, _len: usize) -> Result<Self, Error> {
        Ok(self)
    }

    #[inline]
    fn serialize_tuple_struct(self, _name: &'static str, _len: usize) -> Result<Self, Error> {
        Ok(self)
    }

    #[inline]
    fn serialize_struct(self, _name: &'static str, _len: usize) -> Result<Self, Error> {
        Ok(self)
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<Content<'s>, Error> {
        self.writer.word(index);
        self.enter()?;
        Ok(Content(self))
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Content<'s>, Error> {
        self.serialize_tuple_variant(name, index, variant, len)
    }

    fn collect_str<T: Display + ?Sized>(self, text: &T) -> Result<(), Error> {
        self.serialize_str(&alloc::string::ToString::to_string(text))
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// Elements of a sequence or entries of a map.
pub struct Elements<'s> {
    serializer: &'s mut Serializer,
    /// Bytes before the first one; the last word of them is the count.
    start: usize,
    count: usize,
}

impl Elements<'_> {
    #[inline]
    fn done(self) -> Result<(), Error> {
        let writer = &mut self.serializer.writer;
        if writer.len() - self.start < self.count {
            return Err(ErrorKind::NoBytes.into());
        }
        writer.replace(self.start / size_of::<u32>() - 1, count(self.count)?);
        self.serializer.leave();
        Ok(())
    }
}

impl ser::SerializeSeq for Elements<'_> {
    type Ok = ();
    type Error = Error;

    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.count += 1;
        value.serialize(&mut *self.serializer)
    }

    #[inline]
    fn end(self) -> Result<(), Error> {
        self.done()
    }
}

impl ser::SerializeMap for Elements<'_> {
    type Ok = ();
    type Error = Error;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.count += 1;
        key.serialize(&mut *self.serializer)
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(&mut *self.serializer)
    }

    #[inline]
    fn end(self) -> Result<(), Error> {
        self.done()
    }
}

/// Fields of a variant.
pub struct Content<'s>(&'s mut Serializer);

/// Where fields go.
trait Fields {
    fn serializer(&mut self) -> &mut Serializer;

    /// That was the last one.
    fn done(self);
}

impl Fields for &mut Serializer {
    #[inline]
    fn serializer(&mut self) -> &mut Serializer {
        self
    }

    #[inline]
    fn done(self) {}
}

impl Fields for Content<'_> {
    #[inline]
    fn serializer(&mut self) -> &mut Serializer {
        self.0
    }

    #[inline]
    fn done(self) {
        self.0.leave();
    }
}

/// The traits of serde for fields, which differ in names.
macro_rules! fields {
    ($($fields:ty: $trait:ident $method:ident $($key:ident)?,)*) => {$(
        impl ser::$trait for $fields {
            type Ok = ();
            type Error = Error;

            #[inline]
            fn $method<T: Serialize + ?Sized>(
                &mut self,
                $($key: &'static str,)?
                value: &T,
            ) -> Result<(), Error> {
                value.serialize(self.serializer())
            }

            #[inline]
            fn end(self) -> Result<(), Error> {
                self.done();
                Ok(())
            }
        }
    )*};
}

fields! {
    &mut Serializer: SerializeTuple serialize_element,
    &mut Serializer: SerializeTupleStruct serialize_field,
    &mut Serializer: SerializeStruct serialize_field _key,
    Content<'_>: SerializeTupleVariant serialize_field,
    Content<'_>: SerializeStructVariant serialize_field _key,
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn lengths_have_32_bits() {
        assert_eq!(count(0xffff_ffff), Ok(u32::MAX));
        let error = count(0x1_0000_0000).expect_err("more");
        assert_eq!(
            error.to_string(),
            "expected a length of at most 4294967295, got 4294967296"
        );
    }
}
