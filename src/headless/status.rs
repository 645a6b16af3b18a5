//! Reads everything once and says what is, how each source fares, and what the policy advises.

mod tiers;

use std::fmt::Write as _;
use std::time::Duration;

use crate::clock::Clock;
use crate::live::{Command, Handle, Meter, View};
use crate::platform::{Platform, ServiceId, Source, SourceState};
use crate::policy::{GroupVerdict, Verdict};

/// How long a first answer of every source is waited for.
const PATIENCE: Duration = Duration::from_secs(45);

fn known(platform: &Platform) -> impl Iterator<Item = &ServiceId> {
    platform.listed.iter().flat_map(|listed| listed.iter())
}

/// Waits until every source has answered or failed once, and returns what is known then. A source that has nothing to
/// be asked – no target group, no open service – is not waited for.
pub async fn read_once(handle: &mut Handle, clock: &Clock) -> std::sync::Arc<View> {
    let deadline = clock.now() + PATIENCE;
    let mut looking = false;
    loop {
        let view = handle.views.borrow_and_update().clone();
        if !looking && let Some(listed) = view.platform.listed.as_deref() {
            let open = (listed.len() == 1).then(|| listed[0].clone());
            looking = handle.commands.send(Command::Look { visible: listed.clone(), open }).await.is_ok();
        }
        if answered(&view.platform) {
            return view;
        }
        tokio::select! {
            changed = handle.views.changed() => if changed.is_err() { return view },
            () = clock.sleep_until(deadline) => return view,
        }
    }
}

fn answered(platform: &Platform) -> bool {
    let has = |source: Source| platform.sources.contains_key(&source);
    let failed = |source: Source| platform.sources.get(&source).is_some_and(|health| health.failures > 0);
    if failed(Source::Identity) && !has(Source::ServiceList) && platform.listed.is_none() {
        return true;
    }
    let Some(listed) = platform.listed.as_deref() else { return failed(Source::ServiceList) };
    if !ALWAYS.into_iter().all(has) {
        return false;
    }
    let described = listed.iter().all(|id| platform.services.contains_key(id));
    if !described && !failed(Source::Services) {
        return false;
    }
    let balanced = platform.services.values().any(|service| !service.target_groups.is_empty());
    let groups =
        !balanced || (has(Source::TargetGroups) && (has(Source::TargetHealth) || failed(Source::TargetGroups)));
    let tasks = listed.len() != 1 || !described || has(Source::Tasks);
    let named = platform.databases.is_empty() || has(Source::ReaderName);
    let edge = !platform.distributions.values().any(|one| one.enabled) || has(Source::EdgeMetrics);
    groups && tasks && named && edge && measured(platform, listed)
}

/// What there is to ask about whatever else there is.
const ALWAYS: [Source; 9] = [
    Source::Identity,
    Source::ScalableTargets,
    Source::ScalingPolicies,
    Source::ScheduledActions,
    Source::Activities,
    Source::Databases,
    Source::Caches,
    Source::Alarms,
    Source::Distributions,
];

/// Whether every metric that is asked for has been answered, or asking for them fails or is capped.
fn measured(platform: &Platform, listed: &[ServiceId]) -> bool {
    let services = listed.iter().flat_map(|id| platform.metrics_of(id));
    let databases = platform.databases.values().flat_map(|one| Platform::metrics_of_database(one));
    let nodes = platform.caches.values().flat_map(|one| Platform::metrics_of_cache(one));
    let mut wanted = services.chain(databases).chain(nodes);
    match platform.sources.get(&Source::Metrics).map(|health| &health.state) {
        Some(state) if state.fails() || matches!(state, SourceState::Capped { .. }) => true,
        _ => wanted.all(|key| platform.series.contains_key(&key)),
    }
}

/// The report for people: a line a service, a line a source that fails.
pub fn text(view: &View) -> String {
    let mut out = String::new();
    let platform = &*view.platform;
    if let Some(identity) = &platform.identity {
        let _ = writeln!(out, "{} · {} · {}", view.environment, identity.region, identity.arn.escape_debug());
    }
    for id in known(platform) {
        let name = id.to_string();
        let name = name.escape_debug();
        let Some(service) = platform.services.get(id) else {
            let _ = writeln!(out, "{name}: not described");
            continue;
        };
        let limits = platform.targets.get(id).map(|target| format!(", {}–{}", target.min, target.max));
        let _ = writeln!(
            out,
            "{name}: {} of {} running, {} pending{}",
            service.running,
            service.desired,
            service.pending,
            limits.unwrap_or_default(),
        );
        if let Some(verdict) = view.advice.services.get(id) {
            out.push_str(&verdict_text(verdict));
        }
    }
    tiers::text(&mut out, platform, &view.advice);
    for (source, health) in &platform.sources {
        if !matches!(health.state, SourceState::Live | SourceState::Waiting) {
            let _ = writeln!(out, "{source}: {}", health.state);
        }
    }
    polling(&mut out, &view.meter);
    out
}

/// What the reading cost: calls of the last minute by API, and dollars an hour.
fn polling(out: &mut String, meter: &Meter) {
    let calls: Vec<String> =
        meter.calls.iter().map(|(call, made)| format!("{} {}", call.action(), made.made)).collect();
    let cap = meter.budget.map(|budget| format!(" of ${budget}")).unwrap_or_default();
    let _ = writeln!(
        out,
        "polling: {} calls in the last minute, {} throttled, ${:.3}/h{cap}{}{}",
        meter.calls_per_minute,
        meter.throttled,
        meter.dollars_per_hour,
        if calls.is_empty() { "" } else { " · " },
        calls.join(", "),
    );
}

/// A verdict with what it rests on, indented under the name of its group.
pub(super) fn verdict_text(verdict: &Verdict) -> String {
    indented(&verdict.sentence(), &verdict.evidence_lines())
}

/// The same of replicas or a cache.
pub(super) fn group_text(verdict: &GroupVerdict) -> String {
    indented(&verdict.sentence(), &verdict.evidence_lines())
}

fn indented(sentence: &str, evidence: &[String]) -> String {
    let lines = std::iter::once(sentence).chain(evidence.iter().map(String::as_str));
    lines.fold(String::new(), |mut out, line| {
        let _ = writeln!(out, "  {}", harmless(line));
        out
    })
}

/// A line with what could move a cursor made visible, and quotes left as they are.
fn harmless(line: &str) -> String {
    line.escape_debug().to_string().replace("\\'", "'").replace("\\\"", "\"")
}
