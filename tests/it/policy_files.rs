//! A policy's file and a saved platform, from the command line and from the engine's side: what is read, what is
//! refused, and that a saved platform is judged as the live one was.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use jiff::{SignedDuration, Timestamp};
use scaledeck::headless::snapshot::{Snapshot, schema};
use scaledeck::headless::{advise, lint};
use scaledeck::live::View;
use scaledeck::platform::{Environment, Platform};
use scaledeck::policy::lint::Severity;
use scaledeck::policy::{self, Decision, DriftState, Policy};
use serde_json::Value;

use crate::scene::{Scene, service};
use crate::terminal::{Home, PROGRAM};

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

/// Runs the program where no account is at hand.
fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(PROGRAM)
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .unwrap()
}

fn said(output: &[u8]) -> String {
    String::from_utf8(output.to_vec()).unwrap()
}

/// Whether the files that are made from the types and from the drill are to be written again.
fn writes() -> bool {
    std::env::var_os("SCALEDECK_WRITE_EXAMPLES").is_some()
}

#[test]
fn a_policy_that_cannot_be_meant_ends_every_door_with_2_file_line_value_and_the_nearest() {
    let folder = tempfile::tempdir().unwrap();
    let snapshot = example("snapshots/spike.json");
    let snapshot = snapshot.to_str().unwrap();
    let cases = [
        (
            "typo.tfvars",
            "\necs_cpu_taget = 60\n",
            "typo.tfvars:2: ecs_cpu_taget = 60: unknown variable; the nearest is `ecs_cpu_target`",
        ),
        (
            "min-above-max.tfvars",
            "ecs_min_capacity = 11\n",
            "min-above-max.tfvars:1: ecs_min_capacity = 11: the minimum of 11 tasks is above the maximum of 10",
        ),
        (
            "target.tfvars.json",
            "{\n  \"ecs_cpu_target\": \"70\"\n}",
            "target.tfvars.json:2: ecs_cpu_target = \"70\": must be a number",
        ),
        (
            "two.tfvars",
            "ecs_scale_in_cooldown_s = -1\nweekend_min_capacity = 12\n",
            "two.tfvars:1: ecs_scale_in_cooldown_s = -1: must not be negative\n\
             two.tfvars:2: weekend_min_capacity = 12: the minimum of 12 tasks is above the maximum of 10",
        ),
    ];
    for (name, text, expected) in cases {
        fs::write(folder.path().join(name), text).unwrap();
        for door in [&["lint"][..], &["advise", snapshot], &["status"]] {
            let done = run(folder.path(), &[&["--policy", name], door].concat());
            assert_eq!(said(&done.stderr), format!("scaledeck: {expected}\n"), "{door:?}");
            assert_eq!((done.status.code(), said(&done.stdout).as_str()), (Some(2), ""), "{door:?}");
        }
    }
    let done = run(folder.path(), &["lint", "--policy", "nowhere.tfvars"]);
    assert_eq!(said(&done.stderr), "scaledeck: nowhere.tfvars: No such file or directory (os error 2)\n");
    assert_eq!(done.status.code(), Some(2));
}

#[test]
fn an_environment_that_contradicts_the_policys_is_refused_with_both_named() {
    let folder = tempfile::tempdir().unwrap();
    let staging = example("policies/staging.tfvars");
    let staging = staging.to_str().unwrap();
    let done = run(folder.path(), &["lint", "--policy", staging, "--environment", "production"]);
    let line =
        fs::read_to_string(staging).unwrap().lines().position(|line| line.starts_with("environment")).unwrap() + 1;
    let why = "contradicts the environment that was asked for, \"production\"";
    assert_eq!(said(&done.stderr), format!("scaledeck: {staging}:{line}: environment = \"staging\": {why}\n"));
    assert_eq!(done.status.code(), Some(2));
    let done = run(folder.path(), &["lint", "--policy", staging, "--environment", "staging"]);
    assert_eq!((done.status.code(), said(&done.stderr).as_str()), (Some(0), ""));
}

#[test]
fn the_platforms_other_variables_are_passed_over_and_told_beside_the_output() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("p.tfvars"), "vpc_cidr = \"10.0.0.0/16\"\nregion = \"us-east-1\"\n").unwrap();
    let done = run(folder.path(), &["lint", "--policy", "p.tfvars", "--json"]);
    let told = "scaledeck: p.tfvars: passed over what is not the policy's: vpc_cidr, region\n";
    assert_eq!(said(&done.stderr), told);
    assert!(serde_json::from_slice::<Value>(&done.stdout).unwrap()["findings"].is_array());
}

#[test]
fn a_drill_goes_by_the_policy_file_too() {
    let home = Home::new();
    fs::write(home.path().join("p.tfvars"), "ecs_max_capacity = 6\nvpc_cidr = \"10.0.0.0/16\"\n").unwrap();
    let mut console = home.start(PROGRAM, &["drill", "calm", "--policy", "p.tfvars"], (160, 40));
    console.wait_for_text("p.tfvars: passed over what is not the policy's: vpc_cidr");
    console.wait_for_text("limits differ: policy 4–6, AWS 4–10");
    console.press("q");
    assert_eq!(console.wait_for_end().exit.exit_code(), 0);
}

#[test]
fn the_schema_is_made_from_the_types() {
    let file = example("snapshot.schema.json");
    if writes() {
        fs::write(&file, schema()).unwrap();
    }
    let same = fs::read_to_string(&file).unwrap() == schema();
    assert!(same, "run this test with SCALEDECK_WRITE_EXAMPLES=1 and read the difference");
}

#[test]
fn the_example_reads_is_as_the_program_writes_it_and_asks_for_more() {
    let file = example("snapshots/spike.json");
    let text = fs::read_to_string(&file).unwrap();
    let snapshot = Snapshot::read("spike.json", &text).unwrap();
    assert_eq!(snapshot.written(), text, "run the stories below with SCALEDECK_WRITE_EXAMPLES=1");

    let folder = tempfile::tempdir().unwrap();
    let production = example("policies/production.tfvars");
    let words = ["advise", "--policy", production.to_str().unwrap(), file.to_str().unwrap()];
    let done = run(folder.path(), &words);
    assert_eq!((done.status.code(), said(&done.stderr).as_str()), (Some(0), ""));
    let text = said(&done.stdout);
    assert!(text.contains("solosuccess-production/solosuccess-ai-service: "), "{text}");
    assert!(text.contains("\nalarm solosuccess-production/solosuccess-ai-service: cpu above 90 % for 10m: "), "{text}");
    assert!(text.contains("\n  scale out ") && text.contains("\n  cpu ") && text.contains("\n  floor 4 "), "{text}");

    let done = run(folder.path(), &[&words[..], &["--json"]].concat());
    let json: Value = serde_json::from_slice(&done.stdout).unwrap();
    let of_service = |advice: &Value| advice["services"][service().to_string()].clone();
    assert_eq!(of_service(&json["advice"]), of_service(&snapshot.advice), "what was advised when it was written");
}

#[test]
fn a_day_later_nothing_can_be_told_and_the_shell_hears_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = example("snapshots/spike.json");
    let done = run(folder.path(), &["advise", file.to_str().unwrap(), "--at", "2030-01-01T12:00:00Z"]);
    let text = said(&done.stdout);
    assert!(text.contains("\n  cannot tell: services last read at "), "{text}");
    assert_eq!(
        said(&done.stderr),
        "scaledeck: 3 of 3 groups have no answer\n",
        "a service, replicas and a cache: {text}"
    );
    assert_eq!(done.status.code(), Some(3));
    let done = run(folder.path(), &["advise", file.to_str().unwrap(), "--at", "noon"]);
    assert_eq!(done.status.code(), Some(2));
}

#[test]
fn a_question_that_does_not_fit_the_snapshot_is_answered_with_a_note() {
    let folder = tempfile::tempdir().unwrap();
    let file = example("snapshots/spike.json");
    let taken = Snapshot::read("spike.json", &fs::read_to_string(&file).unwrap()).unwrap().at;
    let staging = example("policies/staging.tfvars");
    let early = (taken - SignedDuration::from_secs(1)).to_string();
    let words = ["advise", file.to_str().unwrap(), "--policy", staging.to_str().unwrap(), "--at", &early];
    let text = said(&run(folder.path(), &words).stdout);
    assert!(text.contains("\nnote: the snapshot is of production, the policy is for staging\n"), "{text}");
    assert!(text.contains(&format!("\nnote: asked for {early}, before the snapshot was taken at {taken}\n")), "{text}");
}

#[test]
fn a_file_that_is_no_snapshot_ends_with_2_and_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let good = fs::read_to_string(example("snapshots/spike.json")).unwrap();
    let bad = good.replacen("\"desired\"", "\"desird\"", 1);
    let line = bad.lines().position(|line| line.contains("desird")).unwrap() + 1;
    fs::write(folder.path().join("bad.json"), &bad).unwrap();
    let done = run(folder.path(), &["advise", "bad.json"]);
    let told = said(&done.stderr);
    assert!(
        told.starts_with(&format!("scaledeck: bad.json:{line}: services[0].service.desird: unknown field")),
        "{told}"
    );
    assert_eq!(done.status.code(), Some(2));
}

#[test]
fn lint_ends_with_1_where_there_are_warnings_and_with_0_on_the_shipped_policies() {
    let folder = tempfile::tempdir().unwrap();
    for shipped in ["policies/production.tfvars", "policies/staging.tfvars"] {
        let done = run(folder.path(), &["lint", "--policy", example(shipped).to_str().unwrap()]);
        assert_eq!((done.status.code(), said(&done.stderr).as_str()), (Some(0), ""), "{shipped}");
    }
    fs::write(folder.path().join("p.tfvars"), "ecs_scale_in_cooldown_s = 30\n").unwrap();
    let done = run(folder.path(), &["lint", "--policy", "p.tfvars"]);
    assert!(said(&done.stdout).starts_with("warning [in-cooldown-shorter-than-out] "), "{}", said(&done.stdout));
    assert_eq!(said(&done.stderr), "scaledeck: 2 warnings, 0 settings that differ\n");
    assert_eq!(done.status.code(), Some(1));
}

#[test]
fn lint_holds_the_policy_against_a_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let file = example("snapshots/spike.json");
    let done = run(folder.path(), &["lint", file.to_str().unwrap()]);
    assert_eq!(
        (done.status.code(), said(&done.stderr).as_str()),
        (Some(0), ""),
        "the drill is set up as the spec says"
    );
    fs::write(folder.path().join("p.tfvars"), "alb_health_check_interval_s = 10\n").unwrap();
    let done = run(folder.path(), &["lint", file.to_str().unwrap(), "--policy", "p.tfvars"]);
    let text = said(&done.stdout);
    assert!(text.contains("health check interval is 30 s, the policy says 10 s\n"), "{text}");
    assert_eq!(done.status.code(), Some(1));
}

/// Every way in which the policy looks at a platform, at a moment.
fn judged(platform: &Platform, policy: &Policy, at: Timestamp) -> String {
    let advice = policy::advise(platform, policy, at);
    let autoscaler = policy::ecs::autoscaler_view(platform, &service(), at);
    let lint = policy::lint(policy, Some(platform));
    let drift = policy::drift(platform, policy, at);
    let alerts = policy::alerts(platform, policy, at);
    format!("{alerts:#?}{advice:#?}{autoscaler:#?}{lint:#?}{drift:#?}")
}

fn judged_alike(view: &View) {
    let snapshot = Snapshot::of_view(view);
    let text = snapshot.written();
    let back = Snapshot::read("view", &text).unwrap();
    assert_eq!(back, snapshot);
    let answer = advise::on(back.clone(), &view.policy, None).unwrap();
    assert_eq!(answer.advice, policy::advise(&view.platform, &view.policy, view.at));
    let platform = back.into_platform().unwrap();
    for later in [0, 17, 60, 300, 1800] {
        let at = view.at + SignedDuration::from_secs(later);
        assert_eq!(judged(&platform, &view.policy, at), judged(&view.platform, &view.policy, at), "{at}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_saved_platform_is_judged_as_the_live_one_was() {
    let mut scene = Scene::open("spike");
    let first = scene.until("anything", |view| view.platform.listed.is_some()).await;
    judged_alike(&first);
    scene.arrive().await;
    let start = scene.clock.now();
    for minutes in [1, 4, 7, 10, 14] {
        let then = start + SignedDuration::from_mins(minutes);
        let view = scene.until("a later view", |view| view.at >= then).await;
        judged_alike(&view);
    }
}

#[tokio::test(start_paused = true)]
async fn the_drill_asks_for_more_and_is_set_up_as_the_spec_says() {
    let mut scene = Scene::open("spike");
    scene.arrive().await;
    let asks =
        |view: &View| view.advice.services.get(&service()).is_some_and(|v| matches!(v.decision, Decision::Out { .. }));
    let view = scene.until("an out", asks).await;
    if writes() {
        fs::write(example("snapshots/spike.json"), Snapshot::of_view(&view).written()).unwrap();
    }
    let report = lint::report(&Policy::of_spec(Environment::Production), Some(Snapshot::of_view(&view))).unwrap();
    let warnings: Vec<_> = report.findings.iter().filter(|finding| finding.severity == Severity::Warning).collect();
    assert!(warnings.is_empty(), "{warnings:#?}");
    let other: Vec<_> = report.drift.iter().filter(|row| row.state != DriftState::Same).collect();
    assert!(other.is_empty(), "{other:#?}");
    assert_eq!(
        report.drift.len(),
        23,
        "limits, three policies, two schedules, six of the target group, four of the edge"
    );
}
