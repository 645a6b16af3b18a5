//! What polling asks for, sheet by sheet: made from the tables of `pace`, so that `docs/polling.md` cannot drift from
//! what the program does.

use std::fmt::Write as _;

use super::meter::DOLLARS_PER_METRIC;
use super::pace::{Call, MANY, cadence_s, slow};
use crate::platform::Source;

/// Services on a screen.
const SCREEN: usize = 40;
/// Metrics of a service behind a balancer, of its two kinds: those that rules read, and all.
const METRICS_OF_SERVICE: usize = 12;
/// Metrics of the databases and nodes of the spec's platform: a primary and a replica, two nodes.
const METRICS_BELOW: usize = 35;

/// A line: a source, its calls, its page, and how many calls a round takes on a platform of so many services.
struct Line {
    source: Source,
    calls: &'static [Call],
    page: &'static str,
    round: fn(usize) -> usize,
}

const LINES: [Line; 17] = [
    line(Source::Identity, &[Call::GetCallerIdentity], "–", |_| 1),
    line(Source::ServiceList, &[Call::ListClusters, Call::ListServices], "100", |n| 1 + n.div_ceil(100)),
    line(Source::Services, &[Call::DescribeServices], "10", |n| {
        n.min(SCREEN).div_ceil(10) + if n > 1 { n.div_ceil(20).div_ceil(10) } else { 0 }
    }),
    line(Source::ScalableTargets, &[Call::DescribeScalableTargets], "50", |n| n.div_ceil(50)),
    line(Source::Databases, &[Call::DescribeDbInstances, Call::DescribeDbParameters], "100", |_| 1),
    line(Source::Caches, &[Call::DescribeReplicationGroups, Call::DescribeCacheClusters], "100", |_| 2),
    line(Source::Metrics, &[Call::GetMetricData], "500 metrics", |n| (metrics(n)).div_ceil(500)),
    line(Source::Activities, &[Call::DescribeScalingActivities], "50", |_| 1),
    line(Source::TargetGroups, &[Call::DescribeTargetGroups, Call::DescribeTargetGroupAttributes], "20, 1", |n| {
        n.div_ceil(20) + n
    }),
    line(Source::TargetHealth, &[Call::DescribeTargetHealth], "1 group", |_| 1),
    line(Source::ScalingPolicies, &[Call::DescribeScalingPolicies], "50", |n| (3 * n).div_ceil(50)),
    line(Source::ScheduledActions, &[Call::DescribeScheduledActions], "50", |n| (2 * n).div_ceil(50)),
    line(Source::Tasks, &[Call::ListTasks, Call::DescribeTasks], "100", |_| 2),
    line(Source::ReaderName, &[Call::ListHostedZones, Call::ListResourceRecordSets], "300", |_| 1),
    line(Source::Alarms, &[Call::DescribeAlarms, Call::DescribeAlarmHistory], "100", |n| 1 + (6 * n).div_ceil(100)),
    line(Source::Distributions, &[Call::ListDistributions, Call::GetMonitoringSubscription], "100, 1", |_| 2),
    line(Source::EdgeMetrics, &[Call::GetMetricData], "500 metrics", |_| 1),
];

const fn line(source: Source, calls: &'static [Call], page: &'static str, round: fn(usize) -> usize) -> Line {
    Line { source, calls, page, round }
}

fn metrics(services: usize) -> usize {
    services.min(SCREEN) * METRICS_OF_SERVICE + METRICS_BELOW
}

/// Seconds between two rounds.
fn every_s(source: Source, services: usize) -> u32 {
    match source {
        Source::Metrics if services > 1 => 60,
        _ if services > MANY => slow(source),
        _ => cadence_s(source),
    }
}

impl Line {
    fn per_minute(&self, services: usize) -> f64 {
        (self.round)(services) as f64 * 60.0 / f64::from(every_s(self.source, services))
    }
}

/// The sheet as Markdown.
pub fn markdown() -> String {
    let mut out = String::from(HEAD);
    let (mut one, mut many) = (0.0, 0.0);
    for line in &LINES {
        let calls: Vec<String> = line.calls.iter().map(|call| format!("`{}`", call.action())).collect();
        let (at_one, at_many) = (line.per_minute(1), line.per_minute(200));
        if line.source != Source::Tasks {
            (one, many) = (one + at_one, many + at_many);
        }
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} s | {} s | {at_one:.1} | {at_many:.1} |",
            line.source,
            calls.join(", "),
            line.page,
            every_s(line.source, 1),
            every_s(line.source, 200),
        );
    }
    let dollars = |count: usize, every_s: f64| count as f64 * 3600.0 / every_s * DOLLARS_PER_METRIC;
    let at_one = dollars(METRICS_OF_SERVICE, 20.0) + dollars(METRICS_BELOW, 60.0);
    let _ = write!(
        out,
        "| **sum without tasks** | | | | | **{one:.0}** | **{many:.0}** |\n\nMetrics cost ${at_one:.3} an hour with one \
         service, ${:.3} with a screen of {SCREEN} of 200. The other calls\nare free within the million a month that CloudWatch gives; Cost Explorer, which is asked a few times a day, is $0.01 a page.\n{TAIL}",
        dollars(metrics(200), 60.0),
    );
    out
}

const HEAD: &str = "# What polling asks for

Made from the program's own tables; a test keeps it so. Calls a minute with one service open, and with a screen of 40 of
200 services; the databases and caches are those of the spec. What moves is asked for more often: an instance or node that
comes or goes every 10 s, the limits of a change that is decided on every 4 s.

| source | calls | page | every, 1 service | every, 200 | calls/min, 1 | calls/min, 200 |
| --- | --- | --- | --- | --- | --- | --- |
";

const TAIL: &str = "
Tasks are asked for only while a service is open or a change is decided on or followed. Paused, nothing is asked for.

With `--budget 0.05/h` metrics are asked for less often and then not at all, in this order: the edge's; those that no rule
reads; those that rules read; those of the open service. A change that is previewed or followed is never capped. What is
lost is said on the screen and in `status`.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_this_sheet() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/polling.md");
        if std::env::var_os("SCALEDECK_WRITE_EXAMPLES").is_some() {
            std::fs::write(file, markdown()).unwrap();
        }
        let same = std::fs::read_to_string(file).is_ok_and(|text| text == markdown());
        assert!(same, "run this test with SCALEDECK_WRITE_EXAMPLES=1 and read the difference");
    }

    #[test]
    fn two_hundred_services_keep_within_the_sheet() {
        let of = |source| LINES.iter().find(|line| line.source == source).unwrap().per_minute(200);
        let rest: f64 =
            LINES.iter().map(|line| line.per_minute(200)).sum::<f64>() - of(Source::Services) - of(Source::Tasks);
        assert!(of(Source::Services) <= 70.0, "counts: {}", of(Source::Services));
        assert!(rest <= 60.0, "the rest: {rest}");
    }

    #[test]
    fn every_source_that_is_polled_has_its_line_and_every_read_is_in_one() {
        // What is asked a few times a day is told in words, and the run rate is asked of nobody.
        let daily = |source: &Source| cadence_s(*source) >= 6 * 3600;
        for source in Source::ALL.into_iter().filter(|source| !daily(source) && *source != Source::RunRate) {
            assert!(LINES.iter().any(|line| line.source == source), "{source}");
        }
        let lines = || LINES.iter().flat_map(|line| line.calls);
        for call in Call::ALL.into_iter().filter(|call| !call.writes() && !call.action().starts_with("ce:")) {
            assert!(lines().any(|known| *known == call), "{}", call.action());
        }
    }
}
