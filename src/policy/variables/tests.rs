//! Policies read from Terraform variables, what is refused in them, and writing them back.

use super::*;
use crate::platform::Environment;

const PRODUCTION: &str = include_str!("../../../examples/policies/production.tfvars");
const STAGING: &str = include_str!("../../../examples/policies/staging.tfvars");

fn mistakes(text: &str) -> Vec<String> {
    let told = read_tfvars("p.tfvars", text).unwrap_err();
    told.iter().map(ToString::to_string).collect()
}

#[test]
fn the_examples_are_the_specs_defaults_annotated() {
    for (text, environment) in [(PRODUCTION, Environment::Production), (STAGING, Environment::Staging)] {
        let policy = Policy::of_spec(environment);
        assert_eq!(text, annotated(&policy), "write the example again with `annotated`");
        let read = read_tfvars("example", text).unwrap();
        assert_eq!((read.policy, read.ignored), (policy, vec![]));
    }
}

#[test]
fn the_specs_own_file_reads_as_production() {
    let text = r#"
# ECS Auto-Scaling
ecs_min_capacity = 2
ecs_max_capacity = 10
ecs_cpu_target = 70
ecs_memory_target = 80
ecs_requests_per_target = 1000

# RDS Read Replicas
rds_min_replicas = 1
rds_max_replicas = 5
rds_replica_instance_class = "db.t3.medium"

# ElastiCache
redis_min_nodes = 2
redis_max_nodes = 6
redis_node_type = "cache.t3.medium"

# Scheduled Scaling
peak_hours_min_capacity = 4
off_peak_hours_min_capacity = 2
"#;
    assert_eq!(read_tfvars("p", text).unwrap().policy, Policy::of_spec(Environment::Production));
}

#[test]
fn the_specs_staging_file_reads_as_staging_wherever_the_environment_stands() {
    let text = "ecs_min_capacity = 1\necs_max_capacity = 3\nrds_min_replicas = 0\nrds_max_replicas = 1\n\
                redis_min_nodes = 1\nredis_max_nodes = 2\nenvironment = \"staging\"\n";
    assert_eq!(read_tfvars("p", text).unwrap().policy, Policy::of_spec(Environment::Staging));
    assert_eq!(read_tfvars("p", "environment = \"staging\"").unwrap().policy, Policy::of_spec(Environment::Staging));
}

#[test]
fn every_variable_reads_back_what_it_shows() {
    let mut policy = Policy::of_spec(Environment::Staging);
    policy.ecs.holidays = vec!["2026-12-25".parse().unwrap(), "2027-01-01".parse().unwrap()];
    policy.ecs.holiday_min_capacity = Some(crate::platform::TaskCount(2));
    policy.ecs.cpu_target = 62.5;
    policy.edge.failover = false;
    policy.ecs.schedule_timezone = crate::policy::schedule::Zone::named("Europe/Berlin").unwrap();
    policy.replicas.max_connections =
        [("db-1", 400), ("odd \"${name}", 1)].map(|(id, max)| (crate::platform::DatabaseId::new(id), max)).into();
    policy.replicas.primaries = vec![crate::platform::DatabaseId::new("db-1")];
    policy.replicas.add_although_write_bound = true;
    policy.alarms.daily_budget_usd = Some(120.5);
    policy.cache.node_type = "odd \"quoted\" ${name} \\ back".to_owned();
    assert_eq!(read_tfvars("p", &annotated(&policy)).unwrap().policy, policy);
    let json: serde_json::Map<_, _> = all()
        .map(|variable| {
            let value = match variable.get(&policy) {
                Value::Null => serde_json::Value::Null,
                Value::Bool(is) => is.into(),
                Value::Number(number) => number.into(),
                Value::Text(text) => text.into(),
                Value::List(days) => {
                    days.iter().map(|day| day.to_string().trim_matches('"').to_owned()).collect::<Vec<_>>().into()
                }
                Value::Map(entries) => serde_json::Value::Object(
                    entries
                        .into_iter()
                        .map(|(name, value)| (name, value.to_string().parse::<u32>().unwrap().into()))
                        .collect(),
                ),
                Value::Other(source) => panic!("{source}"),
            };
            (variable.name.to_owned(), value)
        })
        .collect();
    let json = serde_json::Value::Object(json).to_string();
    assert_eq!(read_json("p", &json).unwrap().policy, policy);
}

#[test]
fn names_are_unique() {
    let mut names: Vec<_> = all().map(|variable| variable.name).collect();
    names.sort_unstable();
    let before = names.len();
    names.dedup();
    assert_eq!(names.len(), before);
}

#[test]
fn each_mistake_names_file_line_value_and_reason() {
    for (text, expected) in [
        ("\necs_cpu_taget = 60", "p.tfvars:2: ecs_cpu_taget = 60: unknown variable; the nearest is `ecs_cpu_target`"),
        ("ecs_cpu_target = 0", "p.tfvars:1: ecs_cpu_target = 0: must be above 0"),
        ("ecs_cpu_target = -5", "p.tfvars:1: ecs_cpu_target = -5: must be above 0"),
        ("ecs_cpu_target = \"70\"", "p.tfvars:1: ecs_cpu_target = \"70\": must be a number"),
        ("ecs_cpu_target = var.cpu", "p.tfvars:1: ecs_cpu_target = var.cpu: must be a number"),
        ("ecs_scale_in_cooldown_s = -1", "p.tfvars:1: ecs_scale_in_cooldown_s = -1: must not be negative"),
        ("ecs_min_capacity = 2.5", "p.tfvars:1: ecs_min_capacity = 2.5: must be a whole number"),
        (
            "ecs_max_capacity = 3\necs_min_capacity = 4",
            "p.tfvars:2: ecs_min_capacity = 4: the minimum of 4 tasks is above the maximum of 3",
        ),
        ("ecs_max_capacity = 1", "p.tfvars:1: ecs_max_capacity = 1: the minimum of 2 tasks is above the maximum of 1"),
        (
            "rds_min_replicas = 6",
            "p.tfvars:1: rds_min_replicas = 6: the minimum of 6 replicas is above the maximum of 5",
        ),
        ("redis_max_nodes = 1", "p.tfvars:1: redis_max_nodes = 1: the minimum of 2 nodes is above the maximum of 1"),
        (
            "environment = \"staging\"\npeak_hours_min_capacity = 4",
            "p.tfvars:2: peak_hours_min_capacity = 4: the minimum of 4 tasks is above the maximum of 3",
        ),
        (
            "ecs_scale_in_margin = 1.1",
            "p.tfvars:1: ecs_scale_in_margin = 1.1: a share of the target is above 0 and at most 1",
        ),
        ("ecs_scale_in_max_step = 0", "p.tfvars:1: ecs_scale_in_max_step = 0: a step takes at least 1 task"),
        (
            "ecs_scale_in_window_s = 7201",
            "p.tfvars:1: ecs_scale_in_window_s = 7201: a window lasts from 60 to 7200 seconds, of which the history is kept",
        ),
        ("rds_cpu_in = 71", "p.tfvars:1: rds_cpu_in = 71: removes below 71, above 70 where it adds"),
        ("rds_add_although_write_bound = 1", "p.tfvars:1: rds_add_although_write_bound = 1: must be true or false"),
        (
            "rds_scale_in_window_s = 7200\nrds_scale_out_window_s = 3601",
            "p.tfvars:1: rds_scale_in_window_s = 7200: the windows of both directions last at most 10800 seconds together",
        ),
        ("redis_groups = \"a\"", "p.tfvars:1: redis_groups = \"a\": must be a list of names"),
        ("daily_budget_usd = 0", "p.tfvars:1: daily_budget_usd = 0: must be above 0"),
        (
            "alarm_rds_lag_window_s = 59",
            "p.tfvars:1: alarm_rds_lag_window_s = 59: a window lasts from 60 to 7200 seconds, of which the history is kept",
        ),
        (
            "rds_max_connections = { db = 0 }",
            "p.tfvars:1: rds_max_connections = { db = 0 }: must be a map of whole numbers above 0, as in { \"db-1\" = 400 }",
        ),
        ("peak_hours_start = 24", "p.tfvars:1: peak_hours_start = 24: a peak starts at 0 to 23 o'clock"),
        ("peak_hours_end = 25", "p.tfvars:1: peak_hours_end = 25: must be an hour of the day, 0 to 24"),
        (
            "schedule_timezone = \"Mars/Olympus\"",
            "p.tfvars:1: schedule_timezone = \"Mars/Olympus\": must be a zone of the IANA database, as in \"UTC\"",
        ),
        (
            "holidays = [\"Christmas\"]",
            "p.tfvars:1: holidays = [\"Christmas\"]: must be a list of dates, as in [\"2026-12-25\"]",
        ),
        (
            "alb_health_check_timeout_s = 30",
            "p.tfvars:1: alb_health_check_timeout_s = 30: a check must end before the next one begins, within 30 seconds",
        ),
        ("alb_healthy_threshold = 1", "p.tfvars:1: alb_healthy_threshold = 1: the balancer takes 2 to 10"),
        ("alb_unhealthy_threshold = 11", "p.tfvars:1: alb_unhealthy_threshold = 11: the balancer takes 2 to 10"),
        ("alb_health_check_interval_s = 4", "p.tfvars:1: alb_health_check_interval_s = 4: the balancer takes 5 to 300"),
        ("alb_draining_s = 3601", "p.tfvars:1: alb_draining_s = 3601: the balancer takes 0 to 3600"),
        ("alb_health_check_path = \"health\"", "p.tfvars:1: alb_health_check_path = \"health\": a path begins with /"),
        ("cdn_failover = \"yes\"", "p.tfvars:1: cdn_failover = \"yes\": must be true or false"),
        (
            "cdn_price_class = \"All\"",
            "p.tfvars:1: cdn_price_class = \"All\": CloudFront has PriceClass_All, PriceClass_200 and PriceClass_100",
        ),
        ("environment = 3", "p.tfvars:1: environment = 3: must be a string that is not empty"),
        ("weekend_min_capacity = \"\"", "p.tfvars:1: weekend_min_capacity = \"\": must be a whole number, or null"),
        ("variable \"x\" {}", "p.tfvars:1: a block `variable` has no place in a variables file"),
    ] {
        assert_eq!(mistakes(text), [expected], "{text}");
    }
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_the_file() {
    let told = mistakes("redis_min_nodes = 7\necs_cpu_target = 0\necs_memory_targett = 1\n");
    let lines: Vec<_> = told.iter().map(|mistake| mistake.split(": ").next().unwrap()).collect();
    assert_eq!(lines, ["p.tfvars:1", "p.tfvars:2", "p.tfvars:3"]);
}

#[test]
fn text_that_is_no_variables_file_names_its_line() {
    let told = mistakes("ecs_cpu_target = 70\necs_min_capacity = = 2\n");
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("p.tfvars:2: not a variables file: "), "{told:?}");
    let twice = mistakes("ecs_cpu_target = 70\necs_cpu_target = 60\n");
    assert!(twice[0].starts_with("p.tfvars:2: "), "{twice:?}");
}

#[test]
fn a_default_floor_above_a_lowered_ceiling_is_no_mistake_of_the_file() {
    let read = read_tfvars("p", "ecs_max_capacity = 3\n").unwrap();
    assert_eq!(read.policy.ecs.max_capacity.0, 3);
}

#[test]
fn the_platforms_other_variables_are_passed_over_and_named() {
    let read = read_tfvars("p", "vpc_cidr = \"10.0.0.0/16\"\ntags = { a = 1 }\necs_cpu_target = 60\n").unwrap();
    assert_eq!(read.ignored, ["vpc_cidr", "tags"]);
    assert!((read.policy.ecs.cpu_target - 60.0).abs() < f64::EPSILON);
}

#[test]
fn json_names_the_line_of_its_mistakes() {
    let told = |text: &str| read_json("p.json", text).unwrap_err().iter().map(ToString::to_string).collect::<Vec<_>>();
    let text = "{\n  \"environment\": \"ecs_cpu_target\",\n  \"ecs_cpu_target\": -5\n}";
    assert_eq!(told(text), ["p.json:3: ecs_cpu_target = -5: must be above 0"]);
    assert!(told("{\n  \"ecs_cpu_target\": 70,\n}")[0].starts_with("p.json:3: not a variables file: "));
    assert!(told("[1]")[0].starts_with("p.json:1: not a variables file: "));
}

#[test]
fn a_knob_is_written_back_with_everything_around_it_kept() {
    let text = "# why: the spring sale\necs_cpu_target = 70 # was 60\n\nvpc_cidr = \"10.0.0.0/16\"\n";
    let mut policy = read_tfvars("p", text).unwrap().policy;
    policy.ecs.cpu_target = 65.5;
    policy.ecs.holidays = vec!["2026-12-25".parse().unwrap()];
    let variable = |name| all().find(|variable| variable.name == name).unwrap();
    let written = write_back("p", text, variable("ecs_cpu_target"), &policy).unwrap();
    assert_eq!(written, text.replace("= 70 #", "= 65.5 #"));
    let written = write_back("p", &written, variable("holidays"), &policy).unwrap();
    assert_eq!(read_tfvars("p", &written).unwrap().policy, policy);
    assert!(written.starts_with("# why: the spring sale\necs_cpu_target = 65.5 # was 60\n"), "{written}");
}

#[test]
fn a_file_without_an_environment_is_read_for_the_one_that_was_asked_for() {
    let staging = Environment::Staging;
    assert_eq!(read("p.tfvars", "", Some(&staging)).unwrap().policy, Policy::of_spec(Environment::Staging));
    assert_eq!(read("p.tfvars", "", None).unwrap().policy, Policy::of_spec(Environment::Production));
    let agrees = read("p.tfvars.json", "{\"environment\": \"staging\"}", Some(&staging)).unwrap();
    assert_eq!(agrees.policy.environment, Environment::Staging);
}

#[test]
fn a_file_for_another_environment_is_refused_with_both_named() {
    let told = read("p.tfvars", "\nenvironment = \"production\"\n", Some(&Environment::Staging)).unwrap_err();
    let expected =
        "p.tfvars:2: environment = \"production\": contradicts the environment that was asked for, \"staging\"";
    assert_eq!(told.iter().map(ToString::to_string).collect::<Vec<_>>(), [expected]);
}

#[test]
fn a_map_is_written_back_as_it_is_read() {
    let mut policy = Policy::of_spec(Environment::Production);
    policy.replicas.max_connections = [(crate::platform::DatabaseId::new("db-1"), 400)].into();
    let variable = all().find(|variable| variable.name == "rds_max_connections").unwrap();
    let text = write_back("p.tfvars", "# Ours.\nrds_max_connections = {} # none\n", variable, &policy).unwrap();
    assert!(text.starts_with("# Ours.\n") && text.ends_with(" # none\n"), "{text}");
    assert_eq!(read_tfvars("p.tfvars", &text).unwrap().policy, policy, "{text}");
}
