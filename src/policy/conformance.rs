//! The spec's sections 1 to 3 and its alarm lists against the engine, one row a sentence, each with its edges.
//!
//! Told in the shortest words: `out 7`, `in 5`, `none`, `cannot tell`; `firing` or not. What an edge means is proven in
//! detail beside each rule; this is the table that lies beside the document.

mod alarms;
mod groups;
mod services;

use self::alarms::alarm_lists;
use self::groups::{section_2, section_3};
use self::services::section_1;
use super::verdict::Decision;

/// A sentence of the spec, with what is put to the engine, what it says and what it should say.
struct Row {
    says: &'static str,
    cases: Vec<(String, String, &'static str)>,
}

fn row(says: &'static str, cases: Vec<(String, String, &'static str)>) -> Row {
    Row { says, cases }
}

fn case(what: impl Into<String>, got: impl Into<String>, expected: &'static str) -> (String, String, &'static str) {
    (what.into(), got.into(), expected)
}

fn short<N: Copy + std::fmt::Display>(decision: &Decision<N>) -> String {
    match decision {
        Decision::Out { to, .. } => format!("out {to}"),
        Decision::In { to, .. } => format!("in {to}"),
        Decision::None { .. } => "none".to_owned(),
        Decision::CannotTell { .. } => "cannot tell".to_owned(),
    }
}

/// Some minutes at a value, those at the places given missing.
fn held(value: f64, minutes: usize, missing: &[usize]) -> Vec<Option<f64>> {
    (0..minutes).map(|back| (!missing.contains(&back)).then_some(value)).collect()
}

/// A window that must be full: just under, at and just over the threshold; a minute short, exact; one missing minute,
/// two.
fn out_edges(
    threshold: f64,
    minutes: usize,
    over: &'static str,
    ask: impl Fn(&[Option<f64>]) -> String,
) -> Vec<(String, String, &'static str)> {
    let (below, above) = (threshold - 0.01, threshold + 0.01);
    vec![
        case("just under", ask(&held(below, minutes, &[])), "none"),
        case("at", ask(&held(threshold, minutes, &[])), "none"),
        case("just over", ask(&held(above, minutes, &[])), over),
        case("a minute short", ask(&held(above, minutes - 1, &[])), "none"),
        case("the newest missing", ask(&held(above, minutes, &[0])), over),
        case("the oldest missing", ask(&held(above, minutes, &[minutes - 1])), over),
        case("two missing", ask(&held(above, minutes, &[1, 3])), "cannot tell"),
    ]
}

/// The same for a window that must be clear; `low` is a value that leaves room for one fewer.
fn in_edges(
    threshold: f64,
    minutes: usize,
    low: f64,
    fewer: &'static str,
    ask: impl Fn(&[Option<f64>]) -> String,
) -> Vec<(String, String, &'static str)> {
    let once = |value: f64, back: usize| {
        let mut values = held(low, minutes + 1, &[]);
        values[back] = Some(value);
        values
    };
    vec![
        case("just under", ask(&once(threshold - 0.01, minutes - 1)), fewer),
        case("at, in the oldest minute", ask(&once(threshold, minutes - 1)), "none"),
        case("at, a minute before the window", ask(&once(threshold, minutes)), fewer),
        case("two missing", ask(&held(low, minutes, &[0, minutes - 1])), fewer),
        case("three missing", ask(&held(low, minutes, &[0, 9, minutes - 1])), "cannot tell"),
    ]
}

fn check(rows: Vec<Row>) {
    let mut wrong = Vec::new();
    for row in rows {
        assert!(!row.cases.is_empty(), "{}", row.says);
        for (what, got, expected) in row.cases {
            if got != expected {
                wrong.push(format!("{}: {what}: {got}, not {expected}", row.says));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn section_1_ecs_service() {
    check(section_1());
}

#[test]
fn section_2_read_replicas() {
    check(section_2());
}

#[test]
fn section_3_cache() {
    check(section_3());
}

#[test]
fn the_alarm_lists() {
    check(alarm_lists());
}

/// What the spec says in these sections without a number that could be put to the engine.
const NOT_ASKED: &[&str] = &[
    "Ensures consistent response times under load",
    "Prepares for business hours traffic",
    "Optimizes costs during low-traffic hours",
];

#[test]
fn every_line_of_these_sections_has_its_row_and_every_row_its_line() {
    let spec = include_str!("../../tests/it/spec.md");
    let part = |from: &str, to: &str| {
        let rest = spec.split_once(from).unwrap().1;
        let lines = rest.split_once(to).unwrap().0.lines().map(str::trim);
        lines.filter_map(|line| line.strip_prefix("- ")).map(str::to_owned).collect::<Vec<_>>()
    };
    let mut lines = part("### 1. ECS", "### 4. Application");
    lines.extend(part("### CloudWatch Alarms", "### Dashboards"));
    let rows: Vec<&str> =
        [section_1(), section_2(), section_3(), alarm_lists()].into_iter().flatten().map(|row| row.says).collect();
    let missing: Vec<_> =
        lines.iter().filter(|line| !rows.contains(&line.as_str()) && !NOT_ASKED.contains(&line.as_str())).collect();
    assert!(missing.is_empty(), "{missing:#?}");
    for row in rows {
        assert!(spec.contains(row), "{row}");
    }
}
