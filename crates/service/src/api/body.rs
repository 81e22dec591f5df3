//! What is looked at in a body of JSON-RPC before anything is made of it.
//!
//! What comes after copies what it parses: a list of 80 MB of zeros becomes a gigabyte of entries before
//! anybody counts them, a type error quotes the text that it found, and an ID comes back. Here nothing is
//! copied.

use std::borrow::Cow;
use std::fmt::{self, Formatter};

use serde::de::{DeserializeOwned, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::error::ServiceError;

/// Calls in a batch, at most.
pub const MAX_BATCH: usize = 100;
/// Bytes of an ID, and of a parameter that is not one of [`BULK`].
const MAX_SHORT: usize = 4 << 10;
/// Parameters that may be long.
const BULK: [&str; 3] = ["elf", "input", "receipt"];

/// Checks the number of calls, and the length of their IDs. What is no JSON is left to who parses it.
///
/// # Errors
/// [`ServiceError::TooLarge`]
pub fn check(body: &[u8]) -> Result<(), ServiceError> {
    let entries = match serde_json::from_slice(body) {
        Ok(Body(entries)) => entries,
        Err(_) => return Ok(()),
    };
    let too_large = |what, limit, got| ServiceError::TooLarge { what, limit, got };
    if entries.number > MAX_BATCH {
        let (limit, got) = (MAX_BATCH as u64, entries.number as u64);
        return Err(too_large("calls in a batch", limit, got));
    }
    match entries.longest_id > MAX_SHORT {
        true => Err(too_large(
            "bytes of an ID",
            MAX_SHORT as u64,
            entries.longest_id as u64,
        )),
        false => Ok(()),
    }
}

/// Parameters by name.
///
/// # Errors
/// [`ServiceError::Invalid`] or [`ServiceError::TooLarge`]
pub fn parse<P: DeserializeOwned>(text: &str) -> Result<P, ServiceError> {
    let invalid = |error: serde_json::Error| ServiceError::Invalid {
        field: "params",
        reason: error.to_string(),
    };
    let Longest(got) = serde_json::from_str(text).map_err(invalid)?;
    if got > MAX_SHORT {
        let (what, limit) = ("bytes of a parameter", MAX_SHORT as u64);
        let got = got as u64;
        return Err(ServiceError::TooLarge { what, limit, got });
    }
    serde_json::from_str(text).map_err(invalid)
}

#[derive(Default)]
struct Entries {
    number: usize,
    longest_id: usize,
}

impl Entries {
    fn add(&mut self, id: Option<&RawValue>) {
        self.number += 1;
        let length = id.map_or(0, |id| id.get().len());
        self.longest_id = self.longest_id.max(length);
    }
}

/// A call, or a list of them; the first so many.
struct Body(Entries);

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(BodyVisitor).map(Self)
    }
}

struct BodyVisitor;

impl<'de> Visitor<'de> for BodyVisitor {
    type Value = Entries;

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("a call or a list of calls")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Entries, A::Error> {
        let mut entries = Entries::default();
        entries.add(id(map)?);
        Ok(entries)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Entries, A::Error> {
        let mut entries = Entries::default();
        while let Some(entry) = list.next_element::<&RawValue>()? {
            // What is no call gets an answer without an ID.
            let call: Result<Call<'_>, _> = serde_json::from_str(entry.get());
            entries.add(call.ok().and_then(|call| call.0));
            if entries.number > MAX_BATCH {
                // The rest is not looked at, but passed over.
                while list.next_element::<IgnoredAny>()?.is_some() {
                    entries.number += 1;
                }
            }
        }
        Ok(entries)
    }
}

/// The ID of a call.
struct Call<'a>(Option<&'a RawValue>);

impl<'de> Deserialize<'de> for Call<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct CallVisitor;
        impl<'de> Visitor<'de> for CallVisitor {
            type Value = Option<&'de RawValue>;

            fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
                f.write_str("a call")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                id(map)
            }
        }
        from.deserialize_map(CallVisitor).map(Self)
    }
}

/// The longest value under the name `id`.
fn id<'de, A: MapAccess<'de>>(mut map: A) -> Result<Option<&'de RawValue>, A::Error> {
    let mut longest: Option<&RawValue> = None;
    while let Some((name, value)) = map.next_entry::<Name<'de>, &RawValue>()? {
        let length = longest.map_or(0, |id| id.get().len());
        if name.0 == "id" && value.get().len() >= length {
            longest = Some(value);
        }
    }
    Ok(longest)
}

/// A name, copied only if it has escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Bytes of the longest name, or of the longest parameter that should be short.
struct Longest(usize);

impl<'de> Deserialize<'de> for Longest {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(LongestVisitor).map(Self)
    }
}

struct LongestVisitor;

impl<'de> Visitor<'de> for LongestVisitor {
    type Value = usize;

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("parameters by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<usize, A::Error> {
        let mut longest = 0;
        while let Some((name, value)) = map.next_entry::<Name<'de>, &RawValue>()? {
            let value = match BULK.contains(&&*name.0) {
                true => 0,
                false => value.get().len(),
            };
            longest = longest.max(name.0.len()).max(value);
        }
        Ok(longest)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<usize, A::Error> {
        Err(A::Error::custom("expected parameters by name, got a list"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Params {
        elf: String,
        #[serde(default)]
        limit: u8,
    }

    fn limit_of(result: Result<(), ServiceError>) -> Option<&'static str> {
        match result {
            Err(ServiceError::TooLarge { what, .. }) => Some(what),
            _ => None,
        }
    }

    #[test]
    fn calls_are_counted() {
        let batch = |n: usize| format!("[{}]", vec!["0"; n].join(","));
        assert!(check(batch(MAX_BATCH).as_bytes()).is_ok());
        let more = check(batch(MAX_BATCH + 1).as_bytes());
        assert_eq!(limit_of(more), Some("calls in a batch"));
        // Others say what is wrong with these.
        for text in ["", "[", "{", "7", "[1,]", "[{\"id\":}]"] {
            assert!(check(text.as_bytes()).is_ok(), "{text}");
        }
    }

    #[test]
    fn ids_are_short() {
        let long = "x".repeat(MAX_SHORT);
        for text in [
            format!("{{\"id\": \"{long}\"}}"),
            format!("[{{\"id\": 1}}, {{\"id\": \"{long}\", \"id\": 2}}]"),
            format!("{{\"\\u0069d\": \"{long}\"}}"),
        ] {
            assert_eq!(limit_of(check(text.as_bytes())), Some("bytes of an ID"));
        }
        assert!(check(format!("{{\"id\": 7, \"params\": \"{long}\"}}").as_bytes()).is_ok());
    }

    #[test]
    fn only_bulk_may_be_long() {
        let long = "x".repeat(MAX_SHORT);
        let elf = parse::<Params>(&format!("{{\"elf\": \"{long}\", \"limit\": 7}}"));
        let elf = elf.expect("it may be long");
        assert_eq!((elf.elf.len(), elf.limit), (MAX_SHORT, 7));
        for text in [
            format!("{{\"elf\": \"\", \"limit\": \"{long}\"}}"),
            format!("{{\"elf\": \"\", \"{long}x\": 1}}"),
        ] {
            let refused = parse::<Params>(&text).map(drop);
            assert_eq!(limit_of(refused), Some("bytes of a parameter"));
        }
        for text in ["[\"elf\"]", "{\"elf\": 1}", "7", "{\"other\": 1}"] {
            let error = parse::<Params>(text).expect_err(text);
            assert!(matches!(
                error,
                ServiceError::Invalid {
                    field: "params",
                    ..
                }
            ));
        }
    }
}
