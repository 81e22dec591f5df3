//! The encoding, slow and obvious, for values whose shape is only known when they are there.

use proptest::collection::vec;
use proptest::prelude::*;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, SerializeTuple, Serializer};

#[derive(Clone, Debug)]
pub enum Tree {
    Byte(u8),
    Half(u16),
    Word(u32),
    Double(u64),
    Quadruple(u128),
    Text(String),
    Bytes(Vec<u8>),
    Option(Option<Box<Tree>>),
    Sequence(Vec<Tree>),
    Map(Vec<(Tree, Tree)>),
    Tuple(Vec<Tree>),
    Variant(u32, Box<Tree>),
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Byte(value) => s.serialize_u8(*value),
            Self::Half(value) => s.serialize_u16(*value),
            Self::Word(value) => s.serialize_u32(*value),
            Self::Double(value) => s.serialize_u64(*value),
            Self::Quadruple(value) => s.serialize_u128(*value),
            Self::Text(text) => s.serialize_str(text),
            Self::Bytes(bytes) => s.serialize_bytes(bytes),
            Self::Option(None) => s.serialize_none(),
            Self::Option(Some(value)) => s.serialize_some(value),
            Self::Sequence(elements) => {
                // Whoever does not know how many there are need not.
                let mut all = s.serialize_seq(None)?;
                elements
                    .iter()
                    .try_for_each(|one| all.serialize_element(one))?;
                all.end()
            }
            Self::Map(entries) => {
                let mut all = s.serialize_map(None)?;
                for (key, value) in entries {
                    all.serialize_entry(key, value)?;
                }
                all.end()
            }
            Self::Tuple(fields) => {
                let mut all = s.serialize_tuple(fields.len())?;
                fields
                    .iter()
                    .try_for_each(|one| all.serialize_element(one))?;
                all.end()
            }
            Self::Variant(index, content) => {
                s.serialize_newtype_variant("Tree", *index, "Variant", content)
            }
        }
    }
}

/// Appends zeros until the length is a multiple of `size`, then the bytes.
fn put(out: &mut Vec<u8>, size: usize, bytes: &[u8]) {
    while !out.len().is_multiple_of(size) {
        out.push(0);
    }
    out.extend(bytes);
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    put(out, 4, &(count as u32).to_le_bytes());
}

fn put_tree(out: &mut Vec<u8>, tree: &Tree) {
    match tree {
        Tree::Byte(value) => out.push(*value),
        Tree::Half(value) => put(out, 2, &value.to_le_bytes()),
        Tree::Word(value) => put(out, 4, &value.to_le_bytes()),
        Tree::Double(value) => put(out, 4, &value.to_le_bytes()),
        Tree::Quadruple(value) => put(out, 4, &value.to_le_bytes()),
        Tree::Text(text) => put_tree(out, &Tree::Bytes(text.clone().into_bytes())),
        Tree::Bytes(bytes) => {
            put_count(out, bytes.len());
            out.extend(bytes);
        }
        Tree::Option(None) => out.push(0),
        Tree::Option(Some(value)) => {
            out.push(1);
            put_tree(out, value);
        }
        Tree::Sequence(elements) => {
            put_count(out, elements.len());
            elements.iter().for_each(|one| put_tree(out, one));
        }
        Tree::Map(entries) => {
            put_count(out, entries.len());
            for (key, value) in entries {
                put_tree(out, key);
                put_tree(out, value);
            }
        }
        Tree::Tuple(fields) => fields.iter().for_each(|one| put_tree(out, one)),
        Tree::Variant(index, content) => {
            put(out, 4, &index.to_le_bytes());
            put_tree(out, content);
        }
    }
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        any::<u8>().prop_map(Tree::Byte),
        any::<u16>().prop_map(Tree::Half),
        any::<u32>().prop_map(Tree::Word),
        any::<u64>().prop_map(Tree::Double),
        any::<u128>().prop_map(Tree::Quadruple),
        any::<String>().prop_map(Tree::Text),
        any::<Vec<u8>>().prop_map(Tree::Bytes),
        Just(Tree::Option(None)),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        // No empty tuples, which no sequence may have as elements.
        let several = || vec(inner.clone(), 1..6);
        prop_oneof![
            inner.clone().prop_map(|one| Tree::Option(Some(one.into()))),
            vec(inner.clone(), 0..6).prop_map(Tree::Sequence),
            vec((inner.clone(), inner.clone()), 0..4).prop_map(Tree::Map),
            several().prop_map(Tree::Tuple),
            (any::<u32>(), inner).prop_map(|(index, one)| Tree::Variant(index, one.into())),
        ]
    })
}

proptest! {
    #[test]
    fn values_are_encoded_as_written_down(tree in tree()) {
        let mut expected = Vec::new();
        put_tree(&mut expected, &tree);
        put(&mut expected, 4, &[]);
        let encoded = vouch_codec::encode(&tree).expect("it can be encoded");
        prop_assert_eq!(&*encoded, &*expected);
        prop_assert_eq!(vouch_codec::to_vec(&tree).expect("it can be encoded"), expected);
    }

    /// Bytes from memory that is not aligned are copied in another way.
    #[test]
    fn where_bytes_come_from_does_not_matter(bytes: Vec<u8>, offset in 0..4_usize) {
        let mut memory = vec![0; offset];
        memory.extend(&bytes);
        let text = Tree::Tuple(vec![Tree::Byte(1), Tree::Bytes(bytes), Tree::Byte(2)]);
        let again = (1_u8, serde_bytes::Bytes::new(&memory[offset..]), 2_u8);
        prop_assert_eq!(vouch_codec::to_vec(&text), vouch_codec::to_vec(&again));
    }
}
