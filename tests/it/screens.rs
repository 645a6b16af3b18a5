//! The documents' pictures, drawn again by the program and compared byte for byte with what is committed.
//!
//! `SCALEDECK_SCREENSHOTS=write cargo test --test it screens` draws them anew.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A picture's file, what draws it, and a word that has to be in it for the picture to show what it is for.
const PICTURES: &[(&str, &[&str], &str)] = &[
    ("overview.svg", &["spike", "--at", "555", "--theme", "dark"], "scale out"),
    ("overview-light.svg", &["spike", "--at", "555", "--theme", "light", "--size", "80x24"], "scale out"),
    ("preview.svg", &["spike", "--at", "555", "--theme", "dark", "--keys", "a"], "aws ecs update-service"),
    ("tasks.svg", &["spike", "--at", "430", "--theme", "dark", "--keys", "2"], "activating"),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots")
}

fn drawn(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_scaledeck")).arg("picture").args(words).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_committed_pictures_are_what_the_program_draws() {
    let update = std::env::var_os("SCALEDECK_SCREENSHOTS").is_some_and(|what| what == "write");
    let mut stale = Vec::new();
    for (name, words, shows) in PICTURES {
        let picture = drawn(words);
        assert!(picture.contains(shows), "{name} does not show `{shows}`");
        let file = folder().join(name);
        if update {
            std::fs::write(&file, &picture).unwrap();
        } else if std::fs::read_to_string(&file).unwrap_or_default() != picture {
            stale.push(*name);
        }
    }
    assert!(
        stale.is_empty(),
        "{stale:?} are not what is drawn today: SCALEDECK_SCREENSHOTS=write cargo test --test it screens"
    );
    let committed = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name());
    for file in committed {
        let known = PICTURES.iter().any(|(name, ..)| file == *name);
        assert!(known, "nothing draws screenshots/{}", file.display());
    }
}
