//! `vouch build`. That guests build is tested by the library, where a toolchain is at hand.

use crate::common::Place;

#[test]
fn what_is_no_guest_is_refused() {
    let place = Place::new();
    place.refuses(&["build", "missing"], 2, "build", "cannot find missing");
    place.refuses(
        &["build", "missing", "-o", "nowhere/guest.elf"],
        2,
        "file",
        "cannot write nowhere/guest.elf",
    );
}
