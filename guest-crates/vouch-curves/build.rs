//! Writes the multiples of the curves' generators that signatures are made and verified with.

use std::fmt::Write as _;
use std::{env, fs, path::PathBuf};

use num_bigint::BigUint;

/// Bits of a signed digit: there is an odd multiple for each positive one.
const WIDTH: usize = 8;

struct Curve {
    name: &'static str,
    prime: &'static str,
    /// The equation's coefficient of `x`.
    a: &'static str,
    generator: [&'static str; 2],
    /// The tables are for the generator times these powers of two.
    powers: &'static [usize],
}

const CURVES: [Curve; 2] = [
    Curve {
        name: "SECP256K1",
        prime: "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f",
        a: "0",
        generator: [
            "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
            "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
        ],
        powers: &[0, 128],
    },
    Curve {
        name: "NIST_P256",
        prime: "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
        a: "ffffffff00000001000000000000000000000000fffffffffffffffffffffffc",
        generator: [
            "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
            "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
        ],
        powers: &[0],
    },
];

type Point = [BigUint; 2];

/// The curve's numbers, and the sum of points that are neither the same nor opposite.
struct Arithmetic {
    prime: BigUint,
    a: BigUint,
}

impl Arithmetic {
    fn subtract(&self, a: &BigUint, b: &BigUint) -> BigUint {
        (a + &self.prime - b) % &self.prime
    }

    fn divide(&self, a: &BigUint, b: &BigUint) -> BigUint {
        a * b.modpow(&(&self.prime - 2u32), &self.prime) % &self.prime
    }

    /// The third point of the line of this slope through `p` and a point at `x`, mirrored.
    fn along(&self, slope: &BigUint, p: &Point, x: &BigUint) -> Point {
        let third = self.subtract(&self.subtract(&(slope * slope), &p[0]), x);
        let rise = slope * self.subtract(&p[0], &third);
        let y = self.subtract(&(rise % &self.prime), &p[1]);
        [third, y]
    }

    fn double(&self, p: &Point) -> Point {
        let slope = self.divide(&(3u32 * &p[0] * &p[0] + &self.a), &(2u32 * &p[1]));
        self.along(&slope, p, &p[0])
    }

    fn add(&self, p: &Point, q: &Point) -> Point {
        let slope = self.divide(&self.subtract(&q[1], &p[1]), &self.subtract(&q[0], &p[0]));
        self.along(&slope, p, &q[0])
    }
}

/// As a Rust array of eight words, the lowest first.
fn words(number: &BigUint) -> String {
    let mut words = number.to_u32_digits();
    words.resize(8, 0);
    format!("{words:?}")
}

fn number(hex: &str) -> BigUint {
    BigUint::parse_bytes(hex.as_bytes(), 16).expect("hexadecimal digits")
}

fn table(curve: &Curve) -> String {
    let arithmetic = Arithmetic {
        prime: number(curve.prime),
        a: number(curve.a),
    };
    let mut text = String::new();
    for &power in curve.powers {
        let mut point = curve.generator.map(number);
        for _ in 0..power {
            point = arithmetic.double(&point);
        }
        let twice = arithmetic.double(&point);
        text.push('[');
        for _ in 0..1 << (WIDTH - 2) {
            let [x, y] = &point;
            let opposite = arithmetic.subtract(&BigUint::ZERO, x);
            writeln!(text, "[{}, {}],", words(&opposite), words(y)).expect("a string");
            point = arithmetic.add(&point, &twice);
        }
        text.push_str("],\n");
    }
    format!(
        "/// Odd multiples of the generator of the curve of this name, and of its powers.\n\
         pub static {}: [GeneratorTable; {}] = [{text}];\n",
        curve.name,
        curve.powers.len(),
    )
}

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let mut text = format!(
        "/// Bits of the digits that the tables are for.\npub const WIDTH: usize = {WIDTH};\n"
    );
    text.extend(CURVES.iter().map(table));
    fs::write(out.join("tables.rs"), text).expect("cargo's folder");
}
