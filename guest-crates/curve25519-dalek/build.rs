//! Writes the multiples of the generator that signatures are made and verified with.

use std::fmt::Write as _;
use std::{env, fs, path::PathBuf};

use num_bigint::BigUint;

/// Bits of a signed digit: there is an odd multiple for each positive one.
const WIDTH: usize = 8;

const X: &str = "216936D3CD6E53FEC0A4E231FDD6DC5C692CC7609525A7B2C9562D608F25D51A";
const Y: &str = "6666666666666666666666666666666666666666666666666666666666666658";
const D: &str = "52036CEE2B6FFE738CC740797779E89800700A4D4141D8AB75EB4DCA135978A3";

fn number(hex: &str) -> BigUint {
    BigUint::parse_bytes(hex.as_bytes(), 16).expect("hexadecimal digits")
}

struct Curve {
    prime: BigUint,
    d: BigUint,
}

impl Curve {
    fn divide(&self, a: &BigUint, b: &BigUint) -> BigUint {
        a * b.modpow(&(&self.prime - 2u32), &self.prime) % &self.prime
    }

    /// `x = (x1 y2 + x2 y1) / (1 + d x1 x2 y1 y2)`, `y = (y1 y2 + x1 x2) / (1 - d x1 x2 y1 y2)`
    fn add(&self, [x1, y1]: &[BigUint; 2], [x2, y2]: &[BigUint; 2]) -> [BigUint; 2] {
        let product = &self.d * x1 * x2 * y1 * y2 % &self.prime;
        [
            self.divide(&(x1 * y2 + x2 * y1), &(1u32 + &product)),
            self.divide(&(y1 * y2 + x1 * x2), &(1u32 + &self.prime - product)),
        ]
    }
}

/// As a Rust array of eight words, the lowest first.
fn words(number: &BigUint) -> String {
    let mut words = number.to_u32_digits();
    words.resize(8, 0);
    format!("{words:?}")
}

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let prime = (BigUint::from(1u32) << 255) - 19u32;
    let d = number(D);
    let curve = Curve { prime, d };
    let mut point = [number(X), number(Y)];
    let twice = curve.add(&point, &point);
    let mut text = String::new();
    for _ in 0..1 << (WIDTH - 2) {
        let [x, y] = &point;
        let reduced = |number: BigUint| words(&(number % &curve.prime));
        let sum = reduced(x + y);
        let difference = reduced(y + &curve.prime - x);
        let product = reduced(2u32 * &curve.d * x * y);
        writeln!(text, "[{sum}, {difference}, {product}],").expect("a string");
        point = curve.add(&point, &twice);
    }
    let text = format!(
        "/// Bits of the digits that the table is for.\npub(crate) const WIDTH: usize = {WIDTH};\n\
         /// Odd multiples of the generator: `y + x`, `y - x`, `2 d x y`.\n\
         pub(crate) static GENERATOR: [[Words; 3]; 1 << (WIDTH - 2)] = [{text}];\n"
    );
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("table.rs"), text).expect("cargo's folder");
}
