//! What cannot be in a snapshot, each with its path, its line and its value.

mod tiers;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::value::RawValue;

use super::{SCHEMA_VERSION, SeriesSnapshot, ServiceSnapshot, Snapshot};
use crate::platform::MetricId;
use crate::platform::metric::{Resource, Unit};
use crate::platform::series::minute_of;

/// More than this many % are impossible: a task may burst beyond what it reserves, but not a hundredfold.
const MOST_PERCENT: f64 = 10_000.0;

/// Something in a snapshot that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path} = {value}: {why}")]
pub struct SnapshotMistake {
    /// Where, as in `services[0].target.min`.
    pub path: String,
    /// The value, as JSON has it.
    pub value: String,
    /// Why it cannot be.
    pub why: String,
}

/// Everything that is wrong with a file, a line each: `spike.json:41: services[0].target.min = 12: …`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Mistakes(Vec<String>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl Mistakes {
    /// A text that is no snapshot.
    pub(super) fn of_format(file: &str, text: &str, fault: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        let (path, inner) = (fault.path().to_string(), fault.inner());
        let said = inner.to_string();
        let what = said.split(" at line ").next().unwrap_or_default();
        // What is buffered before it is understood, as tagged values are, has no line of its own any more.
        let line = if inner.line() > 0 { inner.line() } else { line_of(text, &path).unwrap_or(1) };
        let place = if path == "." { String::new() } else { format!("{path}: ") };
        Self(vec![format!("{file}:{line}: {place}{what}")])
    }

    /// A snapshot with something after it.
    pub(super) fn after_the_end(file: &str, fault: &serde_json::Error) -> Self {
        Self(vec![format!("{file}:{}: something follows the snapshot", fault.line())])
    }

    /// What cannot be, with the lines where it stands.
    pub(super) fn located(file: &str, text: &str, mistakes: Vec<SnapshotMistake>) -> Self {
        let told = mistakes.into_iter().map(|mistake| {
            let line = line_of(text, &mistake.path).map_or(String::new(), |line| format!(":{line}"));
            format!("{file}{line}: {mistake}")
        });
        Self(told.collect())
    }
}

/// The line at which the value of a path begins.
fn line_of(text: &str, path: &str) -> Option<usize> {
    let mut at: &RawValue = serde_json::from_str(text).ok()?;
    for step in path.replace('[', ".[").split('.').filter(|step| !step.is_empty()) {
        at = if let Some(index) = step.strip_prefix('[').and_then(|index| index.strip_suffix(']')) {
            let list: Vec<&RawValue> = serde_json::from_str(at.get()).ok()?;
            list.get(index.parse::<usize>().ok()?)?
        } else {
            let object: BTreeMap<String, &RawValue> = serde_json::from_str(at.get()).ok()?;
            object.get(step)?
        };
    }
    let offset = at.get().as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    Some(text.get(..offset)?.matches('\n').count() + 1)
}

pub(super) struct Faults(Vec<SnapshotMistake>);

impl Faults {
    fn refuse(&mut self, is: bool, path: impl FnOnce() -> String, value: impl fmt::Display, why: impl Into<String>) {
        if is {
            self.0.push(SnapshotMistake { path: path(), value: value.to_string(), why: why.into() });
        }
    }
}

/// Everything that cannot be, in the order of the types.
pub(super) fn faults(snapshot: &Snapshot) -> Vec<SnapshotMistake> {
    let mut faults = Faults(Vec::new());
    let version = snapshot.schema_version;
    let why = format!("this program reads version {SCHEMA_VERSION}");
    faults.refuse(version != SCHEMA_VERSION, || "schema_version".to_owned(), version, why);
    for (source, health) in snapshot.sources.iter().flatten() {
        let name = serde_json::to_value(source).unwrap_or_default();
        let path = || format!("sources.{}.cadence_s", name.as_str().unwrap_or_default());
        faults.refuse(health.cadence_s == 0, path, 0, "nothing is read every 0 seconds");
    }
    let mut seen = BTreeSet::new();
    for (index, service) in snapshot.services.iter().enumerate() {
        let path = || format!("services[{index}].id");
        faults.refuse(!seen.insert(&service.id), path, quoted(&service.id), "stands here twice");
        of_service(&mut faults, index, service);
    }
    let mut seen = BTreeSet::new();
    for (index, group) in snapshot.target_groups.iter().enumerate() {
        let path = || format!("target_groups[{index}].arn");
        faults.refuse(!seen.insert(&group.arn), path, quoted(&group.arn), "stands here twice");
    }
    tiers::faults(&mut faults, snapshot);
    let mut seen = BTreeSet::new();
    for (index, series) in snapshot.series.iter().enumerate() {
        let path = || format!("series[{index}].metric");
        let metric = serde_json::to_value(series.metric).unwrap_or_default();
        faults.refuse(
            !seen.insert((&series.resource, series.metric)),
            path,
            &metric,
            "this metric of this resource stands here twice",
        );
        of_series(&mut faults, snapshot, index, series);
    }
    faults.0
}

fn of_service(faults: &mut Faults, index: usize, snapshot: &ServiceSnapshot) {
    let within = |rest: &str| format!("services[{index}].{rest}");
    if let Some(service) = &snapshot.service {
        let (inner, outer) = (quoted(&service.id), &snapshot.id);
        faults.refuse(service.id != *outer, || within("service.id"), inner, format!("filed under \"{outer}\""));
    }
    if let Some(target) = &snapshot.target {
        let why = format!("the minimum is above the maximum of {}", target.max);
        faults.refuse(target.min > target.max, || within("target.min"), target.min, why);
    }
    for (at, policy) in snapshot.policies.iter().flatten().enumerate() {
        let target = policy.target.unwrap_or(1.0);
        let path = || within(&format!("policies[{at}].target"));
        faults.refuse(target.is_nan() || target <= 0.0, path, target, "a target is above 0");
    }
    for (at, action) in snapshot.schedules.iter().flatten().enumerate() {
        if let (Some(min), Some(max)) = (action.min, action.max) {
            let path = || within(&format!("schedules[{at}].min"));
            faults.refuse(min > max, path, min, format!("the minimum is above the maximum of {max}"));
        }
    }
    for (at, pair) in snapshot.activities.iter().flatten().collect::<Vec<_>>().windows(2).enumerate() {
        let path = || within(&format!("activities[{}].started", at + 1));
        let (newer, older) = (pair[0].started, pair[1].started);
        faults.refuse(older > newer, path, quoted(&older), "activities stand newest first");
    }
    if let Some(counts) = &snapshot.counts {
        faults.refuse(
            counts.cadence_s == 0,
            || within("counts.cadence_s"),
            0,
            "say every how many seconds the counts were read",
        );
        for (at, pair) in counts.changes.iter().collect::<Vec<_>>().windows(2).enumerate() {
            let path = || within(&format!("counts.changes[{}].seen", at + 1));
            let (older, newer) = (pair[0].seen, pair[1].seen);
            faults.refuse(newer < older, path, quoted(&newer), "changes stand oldest first");
        }
    }
}

/// Whether a snapshot holds the resource that a series is of.
pub(super) fn has(snapshot: &Snapshot, resource: &Resource) -> bool {
    match resource {
        Resource::Service(id) => snapshot.services.iter().any(|service| service.id == *id),
        Resource::TargetGroup(_, arn) => snapshot.target_groups.iter().any(|group| group.arn == *arn),
        Resource::LoadBalancer(id) => snapshot.target_groups.iter().any(|group| group.balancers.contains(id)),
        Resource::Database(id) => snapshot.databases.iter().any(|database| database.id == *id),
        Resource::CacheNode(id) => snapshot.caches.iter().any(|cache| cache.nodes().any(|node| node.id == *id)),
        Resource::Distribution(id) => snapshot.distributions.iter().any(|distribution| distribution.id == *id),
    }
}

/// Why a metric can never have a value; `None` where it can.
pub(super) fn impossible(metric: MetricId, value: f64) -> Option<String> {
    if !value.is_finite() {
        return Some("not a number".to_owned());
    }
    // A replica that does not replicate reports a negative lag.
    if value < 0.0 && metric != MetricId::ReplicaLag {
        return Some("nothing that is counted or measured here is ever negative".to_owned());
    }
    let percent = metric.row().unit == Unit::Percent && value > MOST_PERCENT;
    percent.then(|| format!("more than {MOST_PERCENT} % cannot be"))
}

fn of_series(faults: &mut Faults, snapshot: &Snapshot, index: usize, series: &SeriesSnapshot) {
    let row = series.metric.row();
    let within = |rest: &str| format!("series[{index}].{rest}");
    let metric = serde_json::to_value(series.metric).unwrap_or_default();
    let foreign = row.dimensions != series.resource.dimensions();
    faults.refuse(foreign, || within("metric"), &metric, "not a metric of such a resource");
    let (path, name, where_to) = match &series.resource {
        Resource::Service(id) => ("resource.service", quoted(id), "no such service stands in `services`"),
        Resource::TargetGroup(_, arn) => {
            ("resource.target_group[1]", quoted(arn), "no such group stands in `target_groups`")
        }
        Resource::LoadBalancer(id) => {
            ("resource.load_balancer", quoted(id), "no group of `target_groups` hangs under such a balancer")
        }
        Resource::Database(id) => ("resource.database", quoted(id), "no such instance stands in `databases`"),
        Resource::CacheNode(id) => ("resource.cache_node", quoted(id), "no such node stands in `caches`"),
        Resource::Distribution(id) => {
            ("resource.distribution", quoted(id), "no such distribution stands in `distributions`")
        }
    };
    faults.refuse(!has(snapshot, &series.resource), || within(path), name, where_to);
    let mut before: Option<i64> = None;
    for (at, (time, value)) in series.points.iter().enumerate() {
        let minute = minute_of(*time);
        let path = |part: usize| format!("series[{index}].points[{at}][{part}]");
        let same = before == Some(minute);
        faults.refuse(same, || path(0), quoted(time), "a second value for one minute");
        let back = before.is_some_and(|before| minute < before);
        faults.refuse(back, || path(0), quoted(time), "points stand oldest first");
        before = Some(minute);
        if let Some(why) = impossible(series.metric, *value) {
            faults.refuse(true, || path(1), value, why);
        }
    }
}

fn quoted(value: &impl fmt::Display) -> String {
    format!("{:?}", value.to_string())
}
