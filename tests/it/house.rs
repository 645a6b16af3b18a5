//! The house rules that the compiler does not know: who may import whom, and how a file looks.
//!
//! A text scan: it does not see through macros. `lib.rs` may re-export nothing, so that no import can take another name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A room, and the rooms below it that it may name.
const ROOMS: &[(&str, &[&str])] = &[
    ("platform", &[]),
    ("clock", &[]),
    ("drill", &[]),
    ("policy", &["platform"]),
    ("reference", &[]),
    ("change", &["platform", "policy"]),
    ("aws", &["platform", "clock", "change"]),
    ("live", &["platform", "clock", "policy", "change", "aws"]),
    ("console", &["platform", "clock", "policy", "change", "live"]),
    ("headless", &["platform", "clock", "policy", "reference", "change", "live", "aws", "drill"]),
    ("cli", &["platform", "clock", "policy", "change", "live", "aws", "console", "headless", "drill"]),
    ("main", &["cli"]),
];

/// Names from outside, and the only rooms that may use them. A trailing `*` stands for any ending.
const OUTSIDE: &[(&str, &[&str])] = &[
    ("aws_*", &["aws"]),
    ("ratatui*", &["console"]),
    ("crossterm", &["console"]),
    ("tokio", &["aws", "cli", "clock", "console", "drill", "headless", "live"]),
    // `aws` reads hyper's error out of the SDK's: nothing else tells a broken connection from a refused one.
    ("hyper*", &["aws", "drill"]),
    ("minicbor", &["drill"]),
    ("quick_xml", &["drill"]),
    ("rand*", &["drill"]),
    ("schemars", &["headless", "platform"]),
];

/// Names from outside that a room may use in its tests alone, and why.
const OUTSIDE_IN_TESTS: &[(&str, &str, &str)] = &[(
    "minicbor",
    "aws",
    "canned answers of CloudWatch are written apart from the drill, which could share a mistake",
)];

/// Doors of the standard library that are closed to the pure rooms.
const CLOSED_TO_THE_PURE: &[&str] = &["std::env", "std::fs", "std::net", "std::process", "std::thread"];

/// File names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] =
    &["common", "data", "handler", "handlers", "helper", "helpers", "info", "manager", "misc", "util", "utils"];

/// Past this a file tells a second story.
const LONGEST: usize = 450;

/// The files that may be longer, and why.
const LONG_FILES: &[(&str, &str)] = &[];

/// Every `.rs` file under a folder of the package, with its path from the package's root.
fn sources(folder: &str) -> BTreeMap<String, String> {
    fn walk(at: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    walk(&root.join(folder), &mut found);
    let relative = |path: &Path| path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
    found.iter().map(|path| (relative(path), fs::read_to_string(path).unwrap())).collect()
}

/// The room that a file under `src/` belongs to.
fn room_of(path: &str) -> &str {
    let inside = path.strip_prefix("src/").unwrap_or(path);
    inside.split('/').next().unwrap_or(inside).trim_end_matches(".rs")
}

/// The code without its line comments; lines keep their numbers.
fn without_comments(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Every path in the code, from its first segment on, with its line: `use a::{b, c::d}` is `a::b` and `a::c::d`.
fn paths(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = code[at..].find(is_word).map(|offset| at + offset) {
        let end = path_from(code, start, "", &mut found);
        at = end.max(start + 1);
    }
    found
}

/// Reads one path that starts at `start`, groups and all; returns where it ends.
fn path_from(code: &str, start: usize, prefix: &str, found: &mut Vec<(usize, String)>) -> usize {
    let word_end = code[start..].find(|c| !is_word(c)).map_or(code.len(), |offset| start + offset);
    let path = if prefix.is_empty() {
        code[start..word_end].to_owned()
    } else {
        format!("{prefix}::{}", &code[start..word_end])
    };
    let Some(rest) = code[word_end..].strip_prefix("::") else {
        found.push((code[..start].matches('\n').count() + 1, path));
        return word_end;
    };
    let next = word_end + 2;
    if rest.starts_with(is_word) {
        return path_from(code, next, &path, found);
    }
    if !rest.starts_with('{') {
        found.push((code[..start].matches('\n').count() + 1, path));
        return next;
    }
    let mut at = next + 1;
    while let Some(offset) = code[at..].find(|c| is_word(c) || c == '}') {
        at += offset;
        if code[at..].starts_with('}') {
            return at + 1;
        }
        at = path_from(code, at, &path, found);
    }
    code.len()
}

fn names(pattern: &str, word: &str) -> bool {
    pattern.strip_suffix('*').map_or(word == pattern, |start| word.starts_with(start))
}

/// The line on which a file's own tests begin, which is past its end if it has none.
fn tests_begin(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let begins = |pair: &[&str]| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ") && pair[1].ends_with('{');
    lines.windows(2).position(begins).map_or(usize::MAX, |index| index + 1)
}

/// What is wrong with one source file's imports. `own` are the module names within its room, which shadow nothing.
fn forbidden_imports(path: &str, text: &str, own: &BTreeSet<String>) -> Vec<String> {
    let room = room_of(path);
    let allowed = ROOMS.iter().find(|(name, _)| *name == room).map_or(&[][..], |(_, allowed)| allowed);
    let pure = matches!(room, "platform" | "policy" | "reference");
    let tests = tests_begin(text);
    let mut wrong = Vec::new();
    for (line, found) in paths(&without_comments(text)) {
        let mut parts = found.split("::").skip_while(|part| *part == "super").peekable();
        let climbs = found.starts_with("super::");
        let Some(first) = parts.next() else { continue };
        let inner = match first {
            "crate" | "scaledeck" => parts.peek().copied(),
            name if climbs && !own.contains(name) => Some(name),
            _ => None,
        };
        if let Some(other) = inner
            && other != room
            && ROOMS.iter().any(|(name, _)| *name == other)
            && !allowed.contains(&other)
        {
            wrong.push(format!("{path}:{line}: `{room}` must not name `{other}`"));
        }
        let from_outside = found.contains("::") && !climbs && first != "crate";
        let in_tests = |pattern| line > tests && OUTSIDE_IN_TESTS.iter().any(|(p, r, _)| (*p, *r) == (pattern, room));
        for (pattern, rooms) in OUTSIDE {
            if from_outside && names(pattern, first) && !rooms.contains(&room) && !in_tests(*pattern) {
                wrong.push(format!("{path}:{line}: `{first}` is for {rooms:?} alone"));
            }
        }
        if pure && CLOSED_TO_THE_PURE.iter().any(|door| found == *door || found.starts_with(&format!("{door}::"))) {
            wrong.push(format!("{path}:{line}: `{room}` is pure and must not name `{found}`"));
        }
    }
    wrong
}

/// What is wrong with a file's looks.
fn bad_looks(path: &str, text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if !text.starts_with("//! ") {
        wrong.push(format!("{path}: opens without `//!` and a sentence of responsibility"));
    }
    let stem = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".rs");
    if EMPTY_NAMES.contains(&stem) {
        wrong.push(format!("{path}: `{stem}` says nothing about what is inside"));
    }
    let lines = text.lines().count();
    if lines > LONGEST && !LONG_FILES.iter().any(|(long, _)| *long == path) {
        wrong.push(format!("{path}: {lines} lines; past {LONGEST} look for the second story"));
    }
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with(concat!("#", "[allow(")) || line.contains(concat!("#", "![allow(")) {
            wrong.push(format!("{path}:{}: use `#[expect(lint, reason = …)]`", number + 1));
        }
    }
    wrong
}

/// The names of a room's own modules, by room.
fn modules(sources: &BTreeMap<String, String>) -> BTreeMap<&str, BTreeSet<String>> {
    let mut own: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for path in sources.keys() {
        let inside = path.split('/').skip(2).map(|part| part.trim_end_matches(".rs").to_owned());
        own.entry(room_of(path)).or_default().extend(inside);
    }
    own
}

#[test]
fn rooms_import_only_downwards() {
    let sources = sources("src");
    let own = modules(&sources);
    let wrong: Vec<String> =
        sources.iter().flat_map(|(path, text)| forbidden_imports(path, text, &own[room_of(path)])).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_room_is_in_the_table_and_the_table_holds_nothing_else() {
    let sources = sources("src");
    let built: BTreeSet<&str> = sources.keys().map(|path| room_of(path)).filter(|room| *room != "lib").collect();
    let listed: BTreeSet<&str> = ROOMS.iter().map(|(name, _)| *name).collect();
    assert_eq!(built, listed);
    assert!(!without_comments(&sources["src/lib.rs"]).contains("use "), "`lib.rs` lists rooms and re-exports nothing");
}

#[test]
fn files_look_as_they_should() {
    let mut all = sources("src");
    all.extend(sources("tests"));
    let wrong: Vec<String> = all.iter().flat_map(|(path, text)| bad_looks(path, text)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (path, why) in LONG_FILES {
        let lines = all.get(*path).map_or(0, |text| text.lines().count());
        assert!(lines > LONGEST && !why.is_empty(), "{path}: {lines} lines need no exception");
    }
}

#[test]
fn the_scan_sees_what_it_should() {
    let own: BTreeSet<String> = ["clock".to_owned()].into();
    let count = |path: &str, text: &str| forbidden_imports(path, text, &own).len();
    for (path, text, expected) in [
        ("src/policy/ecs.rs", "use crate::aws::Reader;", 1),
        ("src/policy/ecs.rs", "use crate::{\n    platform::{Series, MetricId},\n    live::{View, Handle},\n};", 2),
        ("src/policy/ecs.rs", "use crate::platform::Series;", 0),
        ("src/policy/ecs.rs", "// never crate::aws\n/// nor [`crate::live::View`]", 0),
        ("src/policy/ecs.rs", "fn f(p: &super::super::live::View) {}", 1),
        ("src/policy/ecs.rs", "use super::clock::Hour;", 0),
        ("src/policy/ecs.rs", "let x = std::env::var(\"HOME\");", 1),
        ("src/drill/world/load.rs", "use crate::platform::TaskCount;", 1),
        ("src/console/run.rs", "async fn f(c: aws_sdk_ecs::Client) {}", 1),
        ("src/console/run.rs", "let aws_limits = limits; f(aws_limits)", 0),
        ("src/live/task.rs", "use ratatui::style::Style;", 1),
        ("src/change/journal.rs", "use tokio::fs;", 1),
        ("src/cli.rs", "use crate::{drill, headless};", 0),
        ("src/main.rs", "scaledeck::console::run()", 1),
        ("src/aws/ecs.rs", "use minicbor::Encoder;", 1),
        ("src/aws/ecs.rs", "#[cfg(test)]\nmod tests {\n    use minicbor::Encoder;\n}", 0),
        ("src/live/task.rs", "#[cfg(test)]\nmod tests {\n    use minicbor::Encoder;\n}", 1),
    ] {
        assert_eq!(count(path, text), expected, "{path}: {text}");
    }
    for (path, text, expected) in [
        ("src/aws/ecs.rs", "use std::fs;", 1),
        ("src/aws/ecs.rs", "//! One line.\n", 0),
        ("src/aws/utils.rs", "//! One line.\n", 1),
        ("src/aws/ecs.rs", concat!("//! One line.\n#", "[allow(dead_code)]\n"), 1),
    ] {
        assert_eq!(bad_looks(path, text).len(), expected, "{path}: {text}");
    }
    assert_eq!(bad_looks("src/aws/ecs.rs", &format!("//! One line.\n{}", "\n".repeat(LONGEST))).len(), 1);
}

/// What a rule or an alarm reads is asked for whether or not somebody looks; nothing else is.
#[test]
fn the_metrics_that_rules_and_alarms_read_are_those_that_are_always_asked_for() {
    use scaledeck::platform::metric::CATALOGUE;
    let ours = |path: &str| ["ecs", "replicas", "cache", "alerts"].iter().any(|part| path.contains(part));
    let rules: Vec<String> = sources("src/policy")
        .into_iter()
        .filter(|(path, _)| ours(path) && !path.contains("tests") && !path.contains("scene"))
        .map(|(_, text)| text.lines().take(tests_begin(&text)).collect::<Vec<_>>().join("\n"))
        .collect();
    for row in CATALOGUE {
        let name = format!("MetricId::{:?}", row.id);
        let follows = |rest: &str| !rest.starts_with(is_word);
        let read = rules.iter().any(|text| text.split(&name).skip(1).any(follows));
        assert_eq!(row.id.decides(), read, "{name}");
    }
}
