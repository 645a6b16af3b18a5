//! The spec, sentence by sentence: `spec.toml` says where each one lives and which tests prove it, or what is missing.
//!
//! `spec.md` is the platform's own document, unchanged. It is cut by this rule:
//! - a heading, a bold line and a comment of a code block are places, not sentences; a bold line with something in
//!   brackets is both, because the brackets hold facts ("8 AM UTC");
//! - a list item is a sentence, a line of a code block is one (with its continuation lines), a paragraph is cut after
//!   each full stop.

use std::fs;
use std::path::{Path, PathBuf};

use scaledeck::platform::Environment;
use scaledeck::policy::{Policy, variables};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    sentence: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// The headings above it and its bold line, joined by ` / `.
    section: String,
    text: String,
    /// A file under `src/` with what it does there, or one of [`PLACES`] with what stands there.
    lives: String,
    /// `room::file::test`, or `it::file::test` for this binary.
    #[serde(default)]
    tests: Vec<String>,
    /// What is still missing.
    open: Option<String>,
}

/// Where a sentence may live when it is not one file's.
const PLACES: &[&str] = &["pane", "door", "drift row", "opportunity", "document", "cannot be known"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The sentences of the spec with their sections, in order.
fn sentences(spec: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut headings: Vec<(usize, &str)> = Vec::new();
    let mut label: Option<&str> = None;
    let mut in_code = false;
    let mut continued = String::new();
    for line in spec.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line.starts_with("```") {
            in_code = !in_code;
            continue;
        }
        if !in_code && line.starts_with('#') {
            let level = line.len() - line.trim_start_matches('#').len();
            headings.retain(|(above, _)| *above < level);
            if level > 1 {
                headings.push((level, line.trim_start_matches('#').trim()));
            }
            label = None;
            continue;
        }
        if in_code && line.starts_with('#') {
            label = Some(line.trim_start_matches('#').trim());
            continue;
        }
        let item = list_item(line);
        let bold = item.strip_prefix("**").and_then(|rest| rest.strip_suffix("**"));
        if let Some(bold) = bold.filter(|_| !in_code) {
            label = Some(bold.trim_end_matches(':'));
        }
        let section = headings.iter().map(|(_, text)| *text).chain(label).collect::<Vec<_>>().join(" / ");
        if in_code {
            continued.push_str(line.trim_end_matches('\\').trim());
            if line.ends_with('\\') {
                continued.push(' ');
            } else {
                found.push((section, std::mem::take(&mut continued)));
            }
        } else if let Some(place) = label.filter(|_| bold.is_some()) {
            if place.contains('(') {
                found.push((section, place.to_owned()));
            }
        } else if item != line {
            found.push((section, item.to_owned()));
        } else {
            let cut = line.split_inclusive(". ").map(|part| (section.clone(), part.trim().to_owned()));
            found.extend(cut);
        }
    }
    found
}

/// A list item without its bullet or number; any other line as it is.
fn list_item(line: &str) -> &str {
    let after_number = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered = if after_number == line { None } else { after_number.strip_prefix(". ") };
    line.strip_prefix("- ").or(numbered).unwrap_or(line)
}

/// Whether a named test stands in its module's file, under an attribute that makes it one. One that is ignored proves
/// nothing.
fn test_exists(name: &str) -> bool {
    let parts: Vec<&str> = name.split("::").collect();
    let Some((test, modules)) = parts.split_last() else { return false };
    let (folder, modules) = match modules.split_first() {
        Some((&"it", rest)) => ("tests/it", rest),
        _ => ("src", modules),
    };
    (1..=modules.len()).rev().any(|depth| {
        let stem = root().join(folder).join(modules[..depth].join("/"));
        let files = [stem.with_extension("rs"), stem.join("mod.rs")];
        files.iter().any(|file| fs::read_to_string(file).is_ok_and(|text| holds_test(&text, test)))
    })
}

fn holds_test(source: &str, test: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let head = format!("fn {test}(");
    let Some(at) = lines.iter().position(|line| line.trim_start_matches("async ").starts_with(&head)) else {
        return false;
    };
    let above = lines[..at].iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("//"));
    let attributes: Vec<&&str> = above.filter(|line| line.starts_with("#[")).collect();
    let is_test = |line: &str| line.starts_with("#[test]") || line.contains("::test]") || line.contains("::test(");
    attributes.iter().any(|line| is_test(line)) && !attributes.iter().any(|line| line.starts_with("#[ignore"))
}

/// What is wrong with an entry, in words.
fn wrong_with(entry: &Entry) -> Vec<String> {
    let mut wrong: Vec<String> =
        entry.tests.iter().filter(|test| !test_exists(test)).map(|test| format!("no test `{test}`")).collect();
    if entry.tests.is_empty() && entry.open.as_deref().unwrap_or("").is_empty() {
        wrong.push("neither a test nor a word on what is missing".to_owned());
    }
    let (place, what) = entry.lives.split_once(": ").unwrap_or((&entry.lives, ""));
    let is_file = Path::new(place).extension().is_some_and(|ext| ext == "rs");
    if what.is_empty() || !(is_file || PLACES.contains(&place)) {
        wrong.push(format!("lives in `{place}`, which is neither a file with what it does nor one of {PLACES:?}"));
    }
    if is_file && entry.open.is_none() && !root().join("src").join(place).exists() {
        wrong.push(format!("no file `src/{place}`"));
    }
    wrong.iter().map(|what| format!("{} – {}: {what}", entry.section, entry.text)).collect()
}

#[test]
fn every_sentence_of_the_spec_is_in_the_table_once_and_nothing_else_is() {
    let spec = fs::read_to_string(root().join("tests/it/spec.md")).unwrap();
    let table: Table = toml::from_str(&fs::read_to_string(root().join("tests/it/spec.toml")).unwrap()).unwrap();
    let said = sentences(&spec);
    let listed: Vec<(String, String)> =
        table.sentence.iter().map(|entry| (entry.section.clone(), entry.text.clone())).collect();
    let missing: Vec<_> = said.iter().filter(|sentence| !listed.contains(sentence)).collect();
    let invented: Vec<_> = listed.iter().filter(|sentence| !said.contains(sentence)).collect();
    assert!(missing.is_empty() && invented.is_empty(), "missing: {missing:#?}\nnot in the spec: {invented:#?}");
    assert_eq!(said, listed, "the table keeps the spec's order, each sentence once");
}

#[test]
fn every_entry_names_tests_that_exist_or_says_what_is_missing() {
    let table: Table = toml::from_str(&fs::read_to_string(root().join("tests/it/spec.toml")).unwrap()).unwrap();
    let wrong: Vec<String> = table.sentence.iter().flat_map(wrong_with).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The spec's own variables, by their names, against the policy as it is without a file.
#[test]
fn the_terraform_variables_are_the_policys_defaults() {
    let spec = fs::read_to_string(root().join("tests/it/spec.md")).unwrap();
    let mut compared = 0;
    for (section, line) in sentences(&spec).iter().filter(|(section, _)| section.starts_with("Configuration")) {
        let environment = Environment::from_label(if section.ends_with("Staging") { "staging" } else { "production" });
        let (name, value) = line.split_once(" = ").unwrap();
        let variable = variables::all().find(|variable| variable.name == name).unwrap();
        assert_eq!(variable.get(&Policy::of_spec(environment)).to_string(), value, "{section}: {line}");
        compared += 1;
    }
    assert_eq!(compared, 13 + 7 + 7, "every variable, in all three listings");
}

#[test]
fn the_references_are_in_architecture() {
    let spec = fs::read_to_string(root().join("tests/it/spec.md")).unwrap();
    let architecture = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let references = sentences(&spec).into_iter().filter(|(section, _)| section == "References");
    let missing: Vec<String> = references.map(|(_, link)| link).filter(|link| !architecture.contains(link)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_cut_follows_its_rule() {
    let spec = "# T\n\nOne. Two.\n\n## A\n\n**Peak (8 AM):**\n- x\n1. **Label**\n   - y\n```sh\n# why\na \\\n  b\n```\n### B\nz\n";
    let pairs = sentences(spec);
    let expected = [
        ("", "One."),
        ("", "Two."),
        ("A / Peak (8 AM)", "Peak (8 AM)"),
        ("A / Peak (8 AM)", "x"),
        ("A / Label", "y"),
        ("A / why", "a b"),
        ("A / B", "z"),
    ];
    assert_eq!(pairs, expected.map(|(section, text)| (section.to_owned(), text.to_owned())));
}

#[test]
fn a_test_is_found_only_where_it_is_one() {
    assert!(test_exists("it::spec::a_test_is_found_only_where_it_is_one"));
    assert!(test_exists("platform::series::tests::a_minute_is_evidence_120_seconds_after_its_end"));
    assert!(!test_exists("it::spec::holds_test"));
    assert!(!holds_test("#[test]\n#[ignore = \"why\"]\nfn later() {}", "later"));
    assert!(holds_test("#[tokio::test(start_paused = true)]\n// A word.\nasync fn now() {}", "now"));
    assert!(!test_exists("platform::series::tests::no_such_test"));
    assert!(!test_exists("no_such_room::tests::x"));
}
