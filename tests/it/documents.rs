//! What the documents claim, compared with the program.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

const DOCUMENTS: &[&str] = &[
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/first-minutes.md",
    "docs/drill.md",
    "docs/safety.md",
    "docs/policy.md",
];

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

/// The lines of a document's `sh` blocks that call the program: the words after its name, and the comment.
fn commands(text: &str) -> Vec<(Vec<String>, String)> {
    let blocks = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let lines = blocks.flat_map(str::lines).filter_map(|line| line.strip_prefix("scaledeck"));
    lines
        .map(|line| {
            let (words, comment) = line.split_once(" #").unwrap_or((line, ""));
            (shlex::split(words).unwrap(), comment.trim().to_owned())
        })
        .collect()
}

/// Runs what needs neither an account nor a terminal, and looks the flags of the rest up in the help. A comment says
/// which: `account`, `terminal`, `serves`, or `exit 0 or 3` for an end that is not 0 alone.
#[test]
fn every_command_in_the_user_documents_is_one() {
    let home = tempfile::tempdir().unwrap();
    let mut run = 0;
    for name in fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path()) {
        let text = fs::read_to_string(&name).unwrap();
        for (words, comment) in commands(&text) {
            let ask = |words: &[String]| {
                let mut program = Command::new(env!("CARGO_BIN_EXE_scaledeck"));
                program.args(words).current_dir(root()).env_clear().env("HOME", home.path());
                program.output().unwrap()
            };
            let shown = format!("{}: scaledeck {}", name.display(), words.join(" "));
            let files = words.iter().any(|word| word.ends_with(".csv"));
            if files || ["account", "terminal", "serves"].iter().any(|word| comment.contains(word)) {
                let door: Vec<String> = words.iter().take_while(|word| !word.starts_with('-')).take(1).cloned().collect();
                let help = ask(&[door.as_slice(), &["--help".to_owned()]].concat());
                let help = String::from_utf8(help.stdout).unwrap();
                for flag in words.iter().filter(|word| word.starts_with("--")) {
                    let flag = flag.split('=').next().unwrap();
                    assert!(help.contains(flag), "{shown}: no {flag} in its help");
                }
                continue;
            }
            let code = ask(&words).status.code().unwrap();
            let fine = code == 0 || comment.contains(&format!("or {code}"));
            assert!(fine, "{shown}: ended with {code}: {}", String::from_utf8_lossy(&ask(&words).stderr));
            run += 1;
        }
    }
    assert!(run >= 10, "only {run} commands were run");
}
