//! `vouch build --features`.

use vouch_sdk::build::Toolchain;

use crate::common::{Place, skip};
use crate::scopes::{build, put_manifest, try_build};

const MAIN: &str = r#"
#![no_std]
#![no_main]

vouch_guest::entry!(main);

fn main() {
    vouch_guest::println!("{}", if cfg!(feature = "loud") { "LOUD" } else { "quiet" });
}
"#;

#[test]
fn features_are_turned_on() {
    let place = Place::new();
    if let Err(missing) = Toolchain::find(&place.path("")) {
        return skip("a guest with a feature", &missing.to_string());
    }
    put_manifest(&place);
    for (features, says) in [(&[][..], "quiet\n"), (&["--features", "loud"], "LOUD\n")] {
        build(&place, MAIN, features);
        let run = place.vouch(&["run", "scoped.elf"]).ok();
        assert!(run.stdout.contains(says), "{}", run.stdout);
    }
    let refused = try_build(&place, MAIN, &["--features", "loud,louder"]);
    assert_eq!(refused.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&refused.stderr);
    assert!(stderr.contains("louder"), "{stderr}");
}
