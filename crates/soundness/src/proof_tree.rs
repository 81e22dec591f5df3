//! A proof as a tree of named fields.

use std::collections::BTreeMap;

use p3_field::extension::BinomiallyExtendable;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use vouch_air::F;
use vouch_verifier::config::Proof;

/// Places of a proof that are alike: the path with its indices left out.
pub type Section = String;

/// The encoding of the proof that a tree says; `None` if it says none.
pub fn encoded<const D: usize>(tree: &Value) -> Option<Vec<u8>>
where
    F: BinomiallyExtendable<D>,
    Proof<D>: Serialize + DeserializeOwned,
{
    let proof: Proof<D> = serde::Deserialize::deserialize(tree).ok()?;
    postcard::to_allocvec(&proof).ok()
}

/// Every leaf and every list of the tree, by section.
pub fn places(value: &Value) -> BTreeMap<Section, Vec<String>> {
    fn walk(value: &Value, section: &str, path: &str, found: &mut BTreeMap<Section, Vec<String>>) {
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    let (section, path) = (format!("{section}/{name}"), format!("{path}/{name}"));
                    walk(field, &section, &path, found);
                }
            }
            Value::Array(items) => {
                let here = found.entry(format!("{section}[]")).or_default();
                here.push(path.to_owned());
                for (i, item) in items.iter().enumerate() {
                    walk(item, &format!("{section}/*"), &format!("{path}/{i}"), found);
                }
            }
            _ => {
                let here = found.entry(section.to_owned()).or_default();
                here.push(path.to_owned());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(value, "", "", &mut found);
    found
}
