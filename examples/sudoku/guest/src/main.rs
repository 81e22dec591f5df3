//! Knows a solution: reads a puzzle and a private solution, and commits to the puzzle if the one solves the other.
#![no_std]
#![no_main]

use vouch_guest::{io, refuse};

vouch_guest::entry!(main);

/// Rows of digits; 0 is an empty cell.
type Grid = [[u8; 9]; 9];

fn main() {
    let puzzle: Grid = io::read();
    let solution: Grid = io::read();
    io::end();
    for (row, column) in cells() {
        let given = puzzle[row][column];
        if given != 0 && given != solution[row][column] {
            refuse("the solution changes a digit of the puzzle");
        }
    }
    for i in 0..9 {
        let (top, left) = (i / 3 * 3, i % 3 * 3);
        if !is_complete((0..9).map(|j| solution[i][j])) {
            refuse("a row has a digit twice");
        }
        if !is_complete((0..9).map(|j| solution[j][i])) {
            refuse("a column has a digit twice");
        }
        if !is_complete((0..9).map(|j| solution[top + j / 3][left + j % 3])) {
            refuse("a box has a digit twice");
        }
    }
    io::commit(&puzzle);
}

fn cells() -> impl Iterator<Item = (usize, usize)> {
    (0..81).map(|i| (i / 9, i % 9))
}

/// Whether nine digits are 1 to 9, each once.
fn is_complete(digits: impl Iterator<Item = u8>) -> bool {
    let seen = digits.fold(0u32, |seen, digit| match digit {
        1..=9 => seen | 1 << digit,
        _ => seen,
    });
    seen == 0b11_1111_1110
}
