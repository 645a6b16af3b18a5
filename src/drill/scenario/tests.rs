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
        (
            "nosie = 0.1\n",
            "my.toml, line 3: unknown field `nosie`, expected one of `name`, `summary`, `notice`, `resolve`, \
             `services`, `daily_swing`, `noise`, `users`, `sick`, `faults`; did you mean `noise`?",
        ),
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
            "[[users]]\nat = 0\nusers = 1\n[[faults]]\nat = 9\nfault = \"hung\"\n",
            "my.toml, line 8: no fault \"hung\"; there are hang, throttle, deny, expire, garble, drop and lose",
        ),
    ] {
        let mistake = Scenario::from_toml(&format!("{head}{rest}"), "my.toml").unwrap_err();
        assert_eq!(mistake.to_string(), known);
    }
}
