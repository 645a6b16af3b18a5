//! Reads everything once and says what is, how each source fares, and what the policy advises.

use std::fmt::Write as _;
use std::time::Duration;

use crate::clock::Clock;
use crate::live::{Command, Handle, View};
use crate::platform::{Platform, ServiceId, Source};
use crate::policy::Verdict;

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
    let always = [Source::Identity, Source::ScalableTargets, Source::ScalingPolicies, Source::ScheduledActions];
    if !always.into_iter().chain([Source::Activities]).all(has) {
        return false;
    }
    if listed.is_empty() {
        return true;
    }
    let described = listed.iter().all(|id| platform.services.contains_key(id));
    if !described {
        return failed(Source::Services);
    }
    let balanced = platform.services.values().any(|service| !service.target_groups.is_empty());
    let measured = |id| platform.metrics_of(id).all(|key| platform.series.contains_key(&key));
    has(Source::Metrics)
        && (failed(Source::Metrics) || listed.iter().all(measured))
        && (listed.len() > 1 || has(Source::Tasks))
        && (!balanced || (has(Source::TargetGroups) && (has(Source::TargetHealth) || failed(Source::TargetGroups))))
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
    for (source, health) in &platform.sources {
        if health.failures > 0 {
            let _ = writeln!(out, "{source}: {}", health.state);
        }
    }
    out
}

/// A verdict with what it rests on, indented under the name of its group.
pub(super) fn verdict_text(verdict: &Verdict) -> String {
    let mut out = format!("  {}\n", verdict.sentence());
    for line in verdict.evidence_lines() {
        let _ = writeln!(out, "  {line}");
    }
    out
}
