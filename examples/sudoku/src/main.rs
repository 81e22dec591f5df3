//! Proves that somebody knows the solution of a puzzle, without showing it.

use vouch_sdk::{Claim, Error, ImageId, Input, Program, ProveOptions, Proven, prove, verify};

include!(concat!(env!("OUT_DIR"), "/vouch_guests.rs"));

/// Rows of digits; 0 is an empty cell.
type Grid = [[u8; 9]; 9];

const PUZZLE: Grid = [
    [5, 3, 0, 0, 7, 0, 0, 0, 0],
    [6, 0, 0, 1, 9, 5, 0, 0, 0],
    [0, 9, 8, 0, 0, 0, 0, 6, 0],
    [8, 0, 0, 0, 6, 0, 0, 0, 3],
    [4, 0, 0, 8, 0, 3, 0, 0, 1],
    [7, 0, 0, 0, 2, 0, 0, 0, 6],
    [0, 6, 0, 0, 0, 0, 2, 8, 0],
    [0, 0, 0, 4, 1, 9, 0, 0, 5],
    [0, 0, 0, 0, 8, 0, 0, 7, 9],
];

const SOLUTION: Grid = [
    [5, 3, 4, 6, 7, 8, 9, 1, 2],
    [6, 7, 2, 1, 9, 5, 3, 4, 8],
    [1, 9, 8, 3, 4, 2, 5, 6, 7],
    [8, 5, 9, 7, 6, 1, 4, 2, 3],
    [4, 2, 6, 8, 5, 3, 7, 9, 1],
    [7, 1, 3, 9, 2, 4, 8, 5, 6],
    [9, 6, 1, 5, 3, 7, 2, 8, 4],
    [2, 8, 7, 4, 1, 9, 6, 3, 5],
    [3, 4, 5, 2, 8, 6, 1, 7, 9],
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let proven = prove_solution(&SOLUTION)?;

    // Whoever verifies has seen the puzzle and the receipt.
    let claim: Claim = verify(&proven.receipt, &ImageId(SUDOKU_GUEST_ID))?;
    let puzzle: Grid = claim.decode()?;
    if claim.exit_code != 0 || puzzle != PUZZLE {
        return Err("the receipt is about another puzzle".into());
    }
    println!("verified: the prover knows a solution");

    // Two cells exchanged: the columns no longer fit.
    let mut wrong = SOLUTION;
    wrong[0].swap(2, 3);
    match prove_solution(&wrong) {
        Err(Error::GuestExit(run)) => println!("refused: exit code {}", run.exit_code),
        Err(other) => return Err(other.into()),
        Ok(_) => return Err("a wrong solution was proven".into()),
    }
    Ok(())
}

/// The guest exits with another code than 0 where the solution is wrong, and then nothing is proven.
fn prove_solution(solution: &Grid) -> Result<Proven, Error> {
    let program = Program::from_elf(SUDOKU_GUEST_ELF)?;
    let input = Input::new().write(&PUZZLE)?.write(solution)?;
    prove(&program, &input, &ProveOptions::default())
}
