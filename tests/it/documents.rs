//! What the documents claim, compared with the program.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

const DOCUMENTS: &[&str] = &["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn document(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

/// The targets of a document's links that are files of the repository.
fn linked_files(text: &str) -> Vec<String> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.contains("://") && !target.starts_with('#')).map(str::to_owned).collect()
}

/// The words in backticks that look like paths of the repository.
fn named_files(text: &str) -> Vec<String> {
    let words = text.split('`').skip(1).step_by(2).filter(|word| !word.contains(['<', ' ', '\n', '*']));
    words
        .filter(|word| ["src/", "tests/", ".ci/"].iter().any(|start| word.starts_with(start)))
        .map(str::to_owned)
        .collect()
}

#[test]
fn files_that_documents_name_exist() {
    let mut missing = Vec::new();
    for name in DOCUMENTS {
        let text = document(name);
        let named = linked_files(&text).into_iter().chain(named_files(&text));
        missing.extend(named.filter(|file| !root().join(file).exists()).map(|file| format!("{name}: {file}")));
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn the_readme_shows_the_table_of_commands() {
    let printed = Command::new(env!("CARGO_BIN_EXE_scaledeck")).arg("keys").output().unwrap();
    let table = String::from_utf8(printed.stdout).unwrap();
    let readme = document("README.md");
    let shown = readme.split("<!-- keys: begin -->\n").nth(1).and_then(|rest| rest.split("<!-- keys: end -->").next());
    assert!(table.contains("| keys |"), "`scaledeck keys` prints no table: {table:?}");
    assert_eq!(
        shown.unwrap().trim(),
        table.trim(),
        "paste what `cargo run -- keys` prints between the README's markers"
    );
}

#[test]
fn links_and_paths_are_found_in_text() {
    let text = "![x](a/b.svg) [y](https://e.org) `src/x.rs` and `cargo run` and `src/aws/<service>.rs` [z](#top)";
    assert_eq!(linked_files(text), ["a/b.svg"]);
    assert_eq!(named_files(text), ["src/x.rs"]);
}
