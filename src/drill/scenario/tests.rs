//! Built-in scenarios can be read, and mistakes in one's own are named.

use super::*;

#[test]
fn every_built_in_scenario_can_be_read_and_is_called_as_its_file() {
    let all: Vec<String> = Scenario::all().into_iter().map(|one| one.name).collect();
    let files: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
    assert_eq!(all, files);
    for scenario in Scenario::all() {
        assert!(scenario.summary.ends_with('.') && !scenario.notice.is_empty() && !scenario.resolve.is_empty());
    }
}

#[test]
fn an_unknown_name_gets_the_nearest() {
    let unknown = Scenario::builtin("spkie").unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "no scenario \"spkie\"; the nearest is \"spike\", and there are bad-deploy, blind, \
         cache-stampede, calm, connections, crash-loop, expired, high-cost, max-capacity, ramp, replica-lag, scale-down, spike, sustained, throttled, \
         zone-lost"
    );
}

#[test]
fn mistakes_name_the_file_the_line_and_the_value() {
    let head = "name = \"x\"\nsummary = \"x\"\n";
    for (rest, known) in [
        ("nosie = 0.1\n", "my.toml, line 3: unknown field `nosie`, expected one of …; did you mean `noise`?"),
        ("users = []\n", "my.toml, line 3: users is empty; it needs at least the point at = 0"),
        ("[[users]]\nat = 5\nusers = 1\n", "my.toml, line 4: the first point of users is at 5, and must be at 0"),
        ("[[users]]\nat = 0\nusers = -3\n", "my.toml, line 5: users is -3, and must be between 0 and 10000000"),
        (
            "[[users]]\nat = 0\nusers = 1\nby = \"stpe\"\n",
            "my.toml, line 6: unknown variant `stpe`, expected `step` or `ramp`; did you mean `step`?",
        ),
        (
            "services = 20000\n[[users]]\nat = 0\nusers = 1\n",
            "my.toml, line 3: services is 20000, and can be at most 5000",
        ),
        (
            "length = 5\n[[users]]\nat = 0\nusers = 1\n",
            "my.toml, line 3: length is 5, and must be between 60 and 86400",
        ),
        (
            "[[users]]\nat = 0\nusers = 1\n[[zones]]\nat = 9\nfor = 9\nzone = \"us-east-1d\"\n",
            "my.toml, line 9: no zone \"us-east-1d\"; there are us-east-1a, us-east-1b, us-east-1c; did you mean \
             \"us-east-1a\"?",
        ),
        (
            "[[users]]\nat = 0\nusers = 1\n[[deploys]]\nat = 9\ndefinition = \"ai-service\"\n",
            "my.toml, line 8: \"ai-service\" is no family and revision, as in \"ai-service:43\"",
        ),
        (
            "[[users]]\nat = 0\nusers = 1\n[[deploys]]\nat = 9\ndefinition = \"a:2\"\nflaw = \"exist\"\n",
            "my.toml, line 9: unknown variant `exist`, expected one of …; did you mean `exits`?",
        ),
        (
            "[[users]]\nat = 0\nusers = 1\n[verify]\nrevresals = 1\n",
            "my.toml, line 7: unknown field `revresals`, expected one of …; did you mean `reversals`?",
        ),
        (
            "[[users]]\nat = 0\nusers = 1\n[[faults]]\nat = 9\nfault = \"hung\"\n",
            "my.toml, line 8: no fault \"hung\"; there are hang, throttle, deny, expire, garble, drop and lose",
        ),
    ] {
        let mistake = Scenario::from_toml(&format!("{head}{rest}"), "my.toml").unwrap_err();
        // What there is beside the nearest grows with every new field.
        let said = mistake.to_string();
        let said = match (said.split_once("expected one of "), said.rsplit_once("; did you mean ")) {
            (Some((before, _)), Some((_, nearest))) => format!("{before}expected one of …; did you mean {nearest}"),
            _ => said.clone(),
        };
        assert_eq!(said, known);
    }
}
