//! Types of every kind, and values of them.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Numbers {
    pub a: u8,
    pub b: i64,
    pub c: u16,
    pub d: i8,
    pub e: u32,
    pub f: i16,
    pub g: u128,
    pub h: i32,
    pub i: u64,
    pub j: i128,
    pub k: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unit;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wrapped(pub u16);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Shape {
    Point,
    Circle(u32),
    Segment(i16, u8, i16),
    Named { name: String, closed: bool },
    Group(Vec<Shape>),
}

/// A type whose encodings are all different: no map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plain {
    pub numbers: Numbers,
    pub flag: bool,
    pub unit: Unit,
    pub letter: char,
    pub shapes: Vec<Shape>,
    pub odd: Option<u8>,
    pub array: [u16; 3],
    pub wrapped: Wrapped,
    pub text: String,
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
    pub octets: Vec<u8>,
    pub pairs: Vec<(u8, u64)>,
    pub next: Option<Box<Plain>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Whole {
    pub plain: Plain,
    pub map: BTreeMap<String, Option<u16>>,
    pub small: f32,
    pub large: f64,
}

pub fn numbers() -> impl Strategy<Value = Numbers> {
    let small = any::<(u8, i64, u16, i8, u32, i16)>();
    let large = any::<(u128, i32, u64, i128, u32)>();
    (small, large).prop_map(|((a, b, c, d, e, f), (g, h, i, j, k))| Numbers {
        a,
        b,
        c,
        d,
        e,
        f,
        g,
        h,
        i,
        j,
        k: k as usize,
    })
}

pub fn shape() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        Just(Shape::Point),
        any::<u32>().prop_map(Shape::Circle),
        any::<(i16, u8, i16)>().prop_map(|(a, b, c)| Shape::Segment(a, b, c)),
        any::<(String, bool)>().prop_map(|(name, closed)| Shape::Named { name, closed }),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| vec(inner, 0..4).prop_map(Shape::Group))
}

pub fn plain() -> impl Strategy<Value = Plain> {
    let one = (
        (numbers(), any::<(bool, char)>(), vec(shape(), 0..4)),
        any::<(Option<u8>, [u16; 3], u16, String)>(),
        any::<(Vec<u8>, Vec<u8>, Vec<(u8, u64)>)>(),
    );
    let one = one.prop_map(|(first, second, third)| {
        let (numbers, (flag, letter), shapes) = first;
        let (odd, array, wrapped, text) = second;
        let (bytes, octets, pairs) = third;
        Plain {
            numbers,
            flag,
            unit: Unit,
            letter,
            shapes,
            odd,
            array,
            wrapped: Wrapped(wrapped),
            text,
            bytes,
            octets,
            pairs,
            next: None,
        }
    });
    vec(one, 1..3).prop_map(|all| {
        let chain = all
            .into_iter()
            .fold(None, |next, plain| Some(Box::new(Plain { next, ..plain })));
        *chain.expect("at least one")
    })
}

pub fn whole() -> impl Strategy<Value = Whole> {
    let map = btree_map(any::<String>(), any::<Option<u16>>(), 0..4);
    let floats = (any::<f32>(), any::<f64>());
    (plain(), map, floats).prop_map(|(plain, map, (small, large))| Whole {
        plain,
        map,
        small,
        large,
    })
}
