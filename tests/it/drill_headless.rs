//! Scenarios played without a terminal: every one to its end, and the words and exit codes of the command line.

use std::process::{Command, Output};
use std::sync::Arc;

use jiff::SignedDuration;
use scaledeck::drill::scenario::Scenario;
use scaledeck::headless::course::Controller;
use scaledeck::headless::outcome::{Outcome, Play};
use scaledeck::platform::Environment;
use scaledeck::policy::Policy;

fn played(scenario: &str, controller: Controller) -> Outcome {
    let journal = tempfile::tempdir().unwrap();
    let scenario = Scenario::builtin(scenario).unwrap();
    let play = Play {
        lasts: SignedDuration::from_secs(scenario.length.into()),
        scenario,
        seed: 1,
        policy: Arc::new(Policy::of_spec(Environment::Production)),
        journal: journal.path().to_owned(),
    };
    play.run(controller).unwrap()
}

fn scaledeck(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_scaledeck")).args(words).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn every_scenario_can_be_played_to_its_end_and_comes_out_the_same_twice() {
    for scenario in Scenario::all() {
        let outcome = played(&scenario.name, Controller::TargetTracking);
        assert_eq!(outcome.minutes, scenario.length / 60, "{}", scenario.name);
        assert!(outcome.dollars > 0.0, "{}", scenario.name);
        assert_eq!(outcome, played(&scenario.name, Controller::TargetTracking), "{}", scenario.name);
    }
}

#[test]
fn incidents_come_out_as_their_words_say() {
    let alone = |name| played(name, Controller::TargetTracking);
    let bad = alone("bad-deploy");
    assert_eq!((bad.passes, bad.recovered_min), (false, None), "more tasks change nothing");
    assert!(alone("crash-loop").passes, "the circuit breaker goes back by itself");
    let full = alone("max-capacity");
    assert_eq!((full.passes, full.recovered_min), (false, None), "ten tasks are too few");
    let zone = alone("zone-lost");
    assert!(zone.passes && zone.recovered_min > Some(0), "{zone:#?}");
    assert!(alone("throttled").passes && alone("expired").passes, "AWS asks through another door");
    let (blind, seeing) = (alone("blind"), alone("spike"));
    assert!(blind.acted_min > seeing.acted_min.map(|minutes| minutes + 5), "{blind:#?}");
    let nobody = played("spike", Controller::Nobody);
    assert_eq!((nobody.acted_min, nobody.recovered_min), (None, None));
}

#[test]
fn the_list_names_every_scenario_with_its_length() {
    let listed = scaledeck(&["drill", "--list"]);
    assert!(listed.status.success());
    for scenario in Scenario::all() {
        let line = out(&listed)
            .lines()
            .find(|line| line.split_whitespace().next() == Some(&scenario.name))
            .unwrap()
            .to_owned();
        assert!(line.contains(&format!("{} min", scenario.length / 60)) && line.contains(&scenario.summary), "{line}");
    }
    let json: serde_json::Value = serde_json::from_str(&out(&scaledeck(&["drill", "--list", "--json"]))).unwrap();
    assert_eq!(json.as_array().unwrap().len(), Scenario::all().len());
}

#[test]
fn the_exit_code_tells_whether_what_is_verified_passes() {
    let calm = scaledeck(&["drill", "calm", "--headless", "--controller", "nobody"]);
    assert_eq!(calm.status.code(), Some(0), "{calm:?}");
    assert!(out(&calm).contains("pass  no 5XX: 0"), "{}", out(&calm));
    let spike = scaledeck(&["drill", "spike", "--headless", "--json", "--controller", "nobody"]);
    assert_eq!(spike.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_str(&out(&spike)).unwrap();
    assert_eq!((&json["schema_version"], &json["passes"]), (&1.into(), &false.into()));
    assert_eq!(json["controller"], "nobody");
    assert!(json["figures"]["failed"].as_u64().unwrap() > 1000);
    let unknown = scaledeck(&["drill", "spkie", "--headless"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("the nearest is \"spike\""));
}

#[test]
fn a_file_of_ones_own_is_played_and_its_mistakes_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    let text =
        "name = \"mine\"\nsummary = \"Mine.\"\nlength = 600\n[[users]]\nat = 0\nusers = 50\n[verify]\nfailed = 0\n";
    std::fs::write(&file, text).unwrap();
    let name = file.to_str().unwrap();
    let mine = scaledeck(&["drill", name, "--headless"]);
    assert_eq!(mine.status.code(), Some(0), "{mine:?}");
    assert!(out(&mine).starts_with("mine, seed 1, 10 minutes, in charge: AWS target tracking"), "{}", out(&mine));
    std::fs::write(&file, text.replace("[verify]", "[verfiy]")).unwrap();
    let wrong = scaledeck(&["drill", name, "--headless"]);
    assert_eq!(wrong.status.code(), Some(2));
    let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(
        said.contains("mine.toml, line 7: unknown field `verfiy`") && said.contains("did you mean `verify`?"),
        "{said}"
    );
}
