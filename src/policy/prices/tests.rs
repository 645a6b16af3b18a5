//! Known answers from the table of prices, and a message for every mistake in a user's file.

use super::*;

const HEADER: &str =
    "currency = \"USD\"\nregion = \"eu-west-1\"\nas_of = \"2026-11-01\"\nsource = \"our bill\"\n[prices]\n";

fn with(lines: &str) -> Result<Prices, Vec<PriceMistake>> {
    Prices::embedded().with("my.toml", &format!("{HEADER}{lines}\n"))
}

fn mistakes(text: &str) -> String {
    let wrong = Prices::embedded().with("my.toml", text).unwrap_err();
    wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_list_inside_is_whole_and_dated() {
    let prices = Prices::embedded();
    assert!(prices.iter().all(|(_, price)| price.value > 0.0 && price.region == "us-east-1"));
    let (vcpu, gb) = prices.fargate(false).unwrap();
    assert_eq!((vcpu.value, gb.value, vcpu.unit, gb.unit), (0.04048, 0.004_445, "vCPU-hour", "GB-hour"));
    let (spot, _) = prices.fargate(true).unwrap();
    assert!((spot.value / vcpu.value - 0.3).abs() < 1e-9, "70 % below on demand");
    assert_eq!(vcpu.origin(), "list of 2026-04-15, us-east-1");
    assert_eq!(prices.get("rds.postgres.db.x9.huge"), None, "no price, not 0");
    for years in [1, 3] {
        for service in ["fargate", "rds", "elasticache"] {
            assert!(prices.commitment(service, years).is_some_and(|share| share.value < 1.0), "{service} {years}");
        }
    }
}

#[test]
fn a_users_price_goes_before_the_list_and_keeps_its_own_origin() {
    let prices = with("\"alb.hour\" = { value = 0.0252, unit = \"hour\" }").unwrap();
    let own = prices.get("alb.hour").unwrap();
    assert_eq!((own.value, own.region.as_str(), own.source.as_str()), (0.0252, "eu-west-1", "our bill"));
    assert_eq!(prices.get("alb.lcu"), Prices::embedded().get("alb.lcu"), "the rest is the list's");
    let new = with("\"rds.postgres.db.m7g.large\" = { value = 0.168, unit = \"instance-hour\" }").unwrap();
    let price = new.get("rds.postgres.db.m7g.large").unwrap().to_string();
    assert_eq!(price, "0.168 per instance-hour (list of 2026-11-01, eu-west-1)", "a class that the list lacks");
}

#[test]
fn each_mistake_names_its_line_and_what_would_be_right() {
    let told = |lines: &str| mistakes(&format!("{HEADER}{lines}"));
    insta::assert_snapshot!(told("\"fargate.x86.vcpu\" = { value = 0.04, unit = \"GB-hour\" }"), @r#"my.toml:6: `fargate.x86.vcpu` is per vCPU-hour, not per GB-hour: "fargate.x86.vcpu" = { value = 0.1, unit = "vCPU-hour" }"#);
    insta::assert_snapshot!(told("\n\"alb.hour\" = { value = -0.02, unit = \"hour\" }"), @"my.toml:7: `alb.hour` costs -0.02: a price is above 0; leave out what has none");
    insta::assert_snapshot!(told("\"alb.hour\" = { value = 0, unit = \"hour\" }"), @"my.toml:6: `alb.hour` costs 0: a price is above 0; leave out what has none");
    insta::assert_snapshot!(told("\"alb.hour\" = { value = nan, unit = \"hour\" }"), @"my.toml:6: `alb.hour` costs NaN: a price is above 0; leave out what has none");
    insta::assert_snapshot!(told("\"alb.hours\" = { value = 1, unit = \"hour\" }"), @"my.toml:6: no price is called `alb.hours`; did you mean `alb.hour`?");
    insta::assert_snapshot!(told("\"alb.hour\" = { value = 1, unit = \"hour\", currency = \"EUR\" }"), @"my.toml:6: `alb.hour` is in EUR, the rest in USD: convert it first");
    insta::assert_snapshot!(told("\"alb.hour\" = 0.02"), @r#"my.toml:6: a price is written as "alb.hour" = { value = 0.1, unit = "hour" }"#);
    insta::assert_snapshot!(told("\"alb.hour\" = { value = 0.02 }"), @r#"my.toml:6: `alb.hour` has no unit: "alb.hour" = { value = 0.1, unit = "hour" }"#);
    insta::assert_snapshot!(told("\"alb.hour\" = { valu = 0.02, unit = \"hour\" }"), @r#"
    my.toml:6: no field is called `valu`; did you mean `value`?
    my.toml:6: `alb.hour` has no value that is a number: "alb.hour" = { value = 0.1, unit = "hour" }
    "#);
    insta::assert_snapshot!(told("\"commitment.rds.1-year\" = { value = 28, unit = \"share\" }"), @"my.toml:6: `commitment.rds.1-year` takes off 28: a share lies between 0 and 1, as in 0.2");
}

#[test]
fn a_header_says_currency_region_day_and_source() {
    insta::assert_snapshot!(mistakes("currency = \"EUR\"\nregion = \"eu-west-1\"\nas_of = \"April\"\nsource = 3\n[prices]\n"), @r#"
    my.toml:1: prices in EUR: everything here is reckoned in USD; convert them first
    my.toml:3: `April` is not a day: write it as 2026-04-15
    my.toml:4: `source` is a text, as in "AWS's public price lists"
    "#);
    insta::assert_snapshot!(mistakes("currency = \"USD\"\nregion = \"eu-west-1\"\nsource = \"us\"\n[prices]\n"), @r#"my.toml:1: `as_of = "2026-04-15"` is missing: a price without it is no evidence"#);
    insta::assert_snapshot!(mistakes("[prices\n"), @"my.toml:1: unclosed table, expected `]`");
}
