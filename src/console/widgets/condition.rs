//! A group's condition in one word: is it on fire, and is somebody on it? Three different words for that: *advised*
//! (nobody acts), *AWS acting*, *you acting*.
//!
//! Absent on purpose: thresholds. What counts as a breach is the policy's business; here its verdict is put into words.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Phrase, alarms};
use crate::console::theme::Meaning;
use crate::console::words;
use crate::live::View;
use crate::platform::{Activity, ActivityKind, Database, GroupId, Phase, Rollout, Service, ServiceId, TaskCount};
use crate::policy::sentence::filled;
use crate::policy::{self, Alert, AlertRule, Decision, GroupVerdict, Reason};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Severity {
    /// Nothing to see.
    #[default]
    Fine,
    /// The data does not allow an answer, and that is never "fine".
    Blind,
    /// Not yet on fire.
    Warning,
    /// On fire.
    Critical,
}

/// Who does what about it. Counts are of tasks, replicas, nodes or shards, whatever the group is made of.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// Nothing asks, nothing moves.
    Steady,
    /// A breach is under way, not held for its window yet.
    Filling {
        /// Seconds held.
        held_s: u32,
        /// Seconds needed.
        need_s: u32,
    },
    /// The policy advises a change and nobody acts.
    Advised {
        /// Whether it is an out.
        out: bool,
        /// To this many.
        to: u32,
    },
    /// The autoscaler is acting.
    AwsActing {
        /// To this many, where its words name it.
        to: Option<u32>,
    },
    /// A change of yours is on its way.
    YouActing {
        /// To this many.
        to: u32,
    },
    /// The count is on its way, and it is not known who set it.
    Moving {
        /// To this many.
        to: u32,
    },
    /// Wanted, but a cooldown runs.
    Cooling {
        /// The count that is wanted.
        wanted: u32,
        /// When it ends, where that is known.
        until: Option<Timestamp>,
    },
    /// Wanted, but the ceiling is in the way.
    AtCeiling {
        /// The count that is wanted.
        wanted: u32,
    },
    /// Wanted, but it cannot be done, or would not help.
    Blocked {
        /// The count that is wanted.
        wanted: u32,
    },
    /// A deployment runs.
    Deploying,
    /// The data does not allow an answer.
    CannotTell {
        /// Whether history is still arriving after a start.
        arriving: bool,
    },
    /// Desired is 0, or stopped or going away on purpose.
    Stopped,
    /// The policy does not govern it.
    NotManaged,
    /// Not described or not judged yet.
    Unread,
}

impl Condition {
    /// The condition of a group.
    pub fn of(view: &View, id: &GroupId) -> Self {
        if let Some(to) = yours(view, id) {
            return Self::YouActing { to };
        }
        match id {
            GroupId::Service(id) => Self::of_service(view, id),
            GroupId::Replicas(id) => view.advice.replicas.get(id).map_or(Self::Unread, Self::of_group),
            GroupId::Cache(id) => view.advice.caches.get(id).map_or(Self::Unread, Self::of_group),
        }
    }

    fn of_service(view: &View, id: &ServiceId) -> Self {
        let Some(service) = view.platform.services.get(id) else { return Self::Unread };
        let acting = view.platform.activities.get(id).and_then(|list| list.iter().find(|a| under_way(a)));
        if let Some(activity) = acting {
            return Self::AwsActing { to: activity.desired() };
        }
        let Some(verdict) = view.advice.services.get(id) else { return Self::Unread };
        match Self::judged(&verdict.decision, |count| count.0) {
            Self::Steady | Self::Filling { .. } if service.running != service.desired => {
                Self::Moving { to: service.desired.0 }
            }
            Self::Steady if service.deploying() => Self::Deploying,
            condition => condition,
        }
    }

    fn of_group(verdict: &GroupVerdict) -> Self {
        let (members, condition) = (verdict.members, Self::judged(&verdict.decision, |count| count.0));
        let turning = members.arriving.0 > 0 || members.leaving > 0;
        match condition {
            Self::Steady | Self::Filling { .. } if turning => Self::Moving { to: members.present.0 },
            condition => condition,
        }
    }

    /// What the decision alone says.
    fn judged<N: Copy>(decision: &Decision<N>, count: impl Fn(N) -> u32) -> Self {
        match (decision, decision.reason()) {
            (Decision::Out { to, .. }, _) => Self::Advised { out: true, to: count(*to) },
            (Decision::In { to, .. }, _) => Self::Advised { out: false, to: count(*to) },
            (Decision::CannotTell { .. }, reason) => {
                Self::CannotTell { arriving: matches!(reason, Reason::Missing { arriving: true, .. }) }
            }
            (_, Reason::Cooldown { wanted, until, .. }) => Self::Cooling { wanted: count(*wanted), until: *until },
            (_, Reason::AtCeiling { wanted }) => Self::AtCeiling { wanted: count(*wanted) },
            (_, Reason::Blocked { wanted, .. }) => Self::Blocked { wanted: count(*wanted) },
            (_, Reason::Stopped) => Self::Stopped,
            (_, Reason::Deploying) => Self::Deploying,
            (_, Reason::NotManaged) => Self::NotManaged,
            (_, Reason::Filling { held_s, need_s, .. }) => Self::Filling { held_s: *held_s, need_s: *need_s },
            _ => Self::Steady,
        }
    }

    /// How soon somebody has to look, for an order of rows: small is urgent.
    pub fn urgency(&self) -> u8 {
        match self {
            Self::AtCeiling { .. } | Self::Blocked { .. } | Self::Advised { out: true, .. } => 0,
            Self::CannotTell { .. } => 1,
            Self::Cooling { .. } | Self::Advised { out: false, .. } => 2,
            Self::Filling { .. } => 3,
            _ => 4,
        }
    }

    /// Its glyph, and the meaning that it and its word are drawn in.
    pub fn mark(&self) -> (&'static str, Meaning) {
        match self {
            Self::Steady => ("✓", Meaning::Ok),
            Self::Filling { .. } => ("◔", Meaning::Warning),
            Self::Advised { out: true, .. } => ("▲", Meaning::Advice),
            Self::Advised { out: false, .. } => ("▼", Meaning::Advice),
            Self::AwsActing { .. } | Self::Moving { .. } => ("»", Meaning::Acting),
            Self::YouActing { .. } => ("»", Meaning::ActingYou),
            Self::Cooling { .. } => ("◷", Meaning::Blocked),
            Self::AtCeiling { .. } => ("■", Meaning::Critical),
            Self::Blocked { .. } => ("■", Meaning::Blocked),
            Self::Deploying => ("⇡", Meaning::Acting),
            Self::CannotTell { .. } => ("?", Meaning::CannotTell),
            Self::Stopped => ("○", Meaning::Muted),
            Self::NotManaged => ("–", Meaning::Muted),
            Self::Unread => ("…", Meaning::Muted),
        }
    }

    /// The condition as a glyph and a word. Short enough for a table.
    pub fn phrase(&self, now: Timestamp) -> Phrase {
        let (glyph, meaning) = self.mark();
        Phrase::new().tell(meaning, format_args!("{glyph} {}", self.word(now)))
    }

    /// The word alone.
    pub fn word(&self, now: Timestamp) -> String {
        match self {
            Self::Steady => "steady".to_owned(),
            Self::Filling { held_s, need_s } => filled(*held_s, *need_s),
            Self::Advised { to, .. } => format!("advised {to}"),
            Self::AwsActing { to: Some(to) } => format!("AWS acting {to}"),
            Self::AwsActing { to: None } => "AWS acting".to_owned(),
            Self::YouActing { to } => format!("you acting {to}"),
            Self::Moving { to } => format!("moving to {to}"),
            Self::Cooling { until: Some(until), .. } => {
                format!("cooling {}", words::countdown(until.as_second() - now.as_second()))
            }
            Self::Cooling { until: None, .. } => "cooling down".to_owned(),
            Self::AtCeiling { wanted } => format!("max, wants {wanted}"),
            Self::Blocked { .. } => "blocked".to_owned(),
            Self::Deploying => "deploying".to_owned(),
            Self::CannotTell { arriving: true } => "data arriving".to_owned(),
            Self::CannotTell { arriving: false } => "cannot tell".to_owned(),
            Self::Stopped => "stopped".to_owned(),
            Self::NotManaged => "not managed".to_owned(),
            Self::Unread => "reading".to_owned(),
        }
    }
}

/// Whether a scaling activity is still being carried out.
pub fn under_way(activity: &Activity) -> bool {
    matches!(activity.kind, ActivityKind::Pending | ActivityKind::InProgress)
}

/// What a change of this console is bringing the group to, while it is under way.
fn yours(view: &View, id: &GroupId) -> Option<u32> {
    let followed = view.followed.as_deref()?;
    let under_way = !followed.follow.stage.is_over() && followed.plan.change.target() == *id;
    under_way.then(|| followed.plan.comes_to())
}

/// What is wrong with each of these groups, in two words: its worst alarm that fires, or what alarms do not know of.
/// Groups that nothing is wrong with are not among them.
pub fn troubles(view: &View, groups: &[GroupId]) -> BTreeMap<GroupId, (Severity, &'static str)> {
    let mut troubles: BTreeMap<GroupId, (Severity, &'static str)> = BTreeMap::new();
    // The worst stand first, and stay.
    for alert in view.alerts.iter().filter(|alert| alarms::fires(alert)) {
        if let Some(id) = alarms::group_of(view, &alert.subject) {
            troubles.entry(id).or_insert_with(|| alarm(alert));
        }
    }
    for id in groups {
        let worse = |beside: &(Severity, &str)| troubles.get(id).is_none_or(|(severity, _)| beside.0 >= *severity);
        if let Some(beside) = beside_alarms(view, id).filter(worse) {
            troubles.insert(id.clone(), beside);
        }
    }
    troubles
}

/// What no metric tells: a service that should run and does not, a deployment that failed, a member that failed, a
/// replica that AWS says does not replicate.
pub fn beside_alarms(view: &View, id: &GroupId) -> Option<(Severity, &'static str)> {
    match id {
        GroupId::Service(id) => of_service(view.platform.services.get(id)?),
        GroupId::Replicas(id) => {
            let primary = view.platform.databases.get(id)?;
            let (replicas, _) = view.platform.replicas_of(primary);
            let stopped = |replica: &&&Database| replica.replication.as_ref().is_some_and(|each| !each.normal);
            if primary.status.phase() == Phase::Failed {
                return Some((Severity::Critical, "primary failed"));
            }
            if replicas.iter().any(|replica| replica.status.phase() == Phase::Failed) {
                return Some((Severity::Warning, "replica failed"));
            }
            replicas.iter().find(stopped).map(|_| (Severity::Critical, "not replicated"))
        }
        GroupId::Cache(id) => {
            let cache = view.platform.caches.get(id)?;
            let failed = cache.nodes().any(|node| node.status.phase() == Phase::Failed);
            (failed || cache.status.phase() == Phase::Failed).then_some((Severity::Warning, "node failed"))
        }
    }
}

fn of_service(service: &Service) -> Option<(Severity, &'static str)> {
    if service.desired == TaskCount(0) {
        return None;
    }
    if service.running == TaskCount(0) {
        return Some((Severity::Critical, "nothing runs"));
    }
    let failed = service.deployments.iter().any(|deployment| deployment.rollout == Rollout::Failed);
    failed.then_some((Severity::Warning, "deploy failed"))
}

/// An alarm's severity, and itself in two words.
pub fn alarm(alert: &Alert) -> (Severity, &'static str) {
    let word = match alert.rule {
        AlertRule::EcsCpuCritical | AlertRule::EcsCpuWarning | AlertRule::RdsCpuCritical => "cpu alarm",
        AlertRule::RdsLagCritical | AlertRule::RdsLagWarning => "lag alarm",
        AlertRule::RdsConnections => "connections",
        AlertRule::CacheHitRate => "hit rate",
        AlertRule::BudgetLastDay | AlertRule::BudgetToday => "over budget",
        AlertRule::CostSpike => "cost spike",
        AlertRule::Underutilized => "hardly used",
        AlertRule::AllTasksUnhealthy => "none healthy",
        AlertRule::Alb5xx => "5XX alarm",
        AlertRule::Blind => "blind",
    };
    (alert.rule.severity().into(), word)
}

impl From<policy::Severity> for Severity {
    fn from(severity: policy::Severity) -> Self {
        match severity {
            policy::Severity::Critical => Self::Critical,
            policy::Severity::Warning => Self::Warning,
        }
    }
}

impl Severity {
    /// Its glyph, its word and its meaning. Never one without the others.
    pub fn mark(self) -> (&'static str, &'static str, Meaning) {
        match self {
            Self::Fine => ("✓", "fine", Meaning::Ok),
            Self::Blind => ("?", "blind", Meaning::CannotTell),
            Self::Warning => ("▲", "warning", Meaning::Warning),
            Self::Critical => ("●", "critical", Meaning::Critical),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::console::scene::{self, Scene, activity, ago, group};
    use crate::platform::{MetricId, SourceState};
    use crate::policy::Direction;

    fn judged(decision: Decision) -> Scene {
        Scene::empty().service("a", 4, (2, 6), 60.0).judged("a", |verdict| verdict.decision = decision)
    }

    fn none(reason: Reason) -> Decision {
        Decision::None { reason }
    }

    fn word(scene: Scene) -> String {
        let (view, _) = scene.done();
        Condition::of(&view, &group("a")).phrase(scene::now()).text()
    }

    #[test]
    fn every_verdict_has_its_word() {
        let count = TaskCount(6);
        let metrics = vec![MetricId::ServiceCpu];
        let cases = [
            (Decision::Out { to: count, reason: Reason::Breached { metrics: metrics.clone() } }, "▲ advised 6"),
            (Decision::In { to: TaskCount(3), reason: Reason::Clear }, "▼ advised 3"),
            (none(Reason::Steady), "✓ steady"),
            (none(Reason::AtFloor), "✓ steady"),
            (none(Reason::Filling { metric: MetricId::ServiceCpu, held_s: 180, need_s: 300 }), "◔ 3m of 5m"),
            (
                none(Reason::Cooldown { direction: Direction::Out, until: Some(ago(-42)), wanted: count }),
                "◷ cooling 42s",
            ),
            (none(Reason::Cooldown { direction: Direction::In, until: None, wanted: count }), "◷ cooling down"),
            (none(Reason::AtCeiling { wanted: TaskCount(9) }), "■ max, wants 9"),
            (none(Reason::Deploying), "⇡ deploying"),
            (none(Reason::Stopped), "○ stopped"),
            (none(Reason::NotManaged), "– not managed"),
            (
                Decision::CannotTell { reason: Reason::Missing { metrics: metrics.clone(), arriving: true } },
                "? data arriving",
            ),
            (Decision::CannotTell { reason: Reason::Missing { metrics, arriving: false } }, "? cannot tell"),
        ];
        for (decision, wanted) in cases {
            assert_eq!(word(judged(decision.clone())), wanted, "{decision:?}");
        }
    }

    #[test]
    fn who_acts_goes_before_what_is_advised() {
        let out = || Decision::Out { to: TaskCount(6), reason: Reason::Breached { metrics: Vec::new() } };
        let aws = judged(out()).activities("a", vec![activity(40, 6, ActivityKind::InProgress)]);
        assert_eq!(word(aws), "» AWS acting 6");
        let done = judged(out()).activities("a", vec![activity(400, 4, ActivityKind::Successful)]);
        assert_eq!(word(done), "▲ advised 6");
        let moving = judged(none(Reason::Steady)).change("a", |service| service.running = TaskCount(3));
        assert_eq!(word(moving), "» moving to 4");
    }

    #[test]
    fn what_was_never_read_is_not_fine() {
        let (mut view, _) = Scene::empty().service("a", 4, (2, 6), 60.0).done();
        view.advice = Arc::default();
        assert_eq!(Condition::of(&view, &group("a")), Condition::Unread);
        assert_eq!(Condition::of(&view, &group("never heard of")), Condition::Unread);
        let reason = Reason::Missing { metrics: vec![MetricId::ServiceCpu], arriving: false };
        let (_, model) = judged(Decision::CannotTell { reason })
            .source(crate::platform::Source::Metrics, SourceState::TimedOut { after_s: 10 }, None)
            .done();
        assert_eq!((model.summary().blind, model.summary().failing.len()), (1, 1));
    }

    #[test]
    fn trouble_is_told_whatever_the_metrics_say() {
        let steady = || judged(none(Reason::Steady));
        let cases = [
            (steady(), None),
            (
                steady().change("a", |service| service.running = TaskCount(0)),
                Some((Severity::Critical, "nothing runs")),
            ),
            (steady().change("a", |service| (service.desired, service.running) = (TaskCount(0), TaskCount(0))), None),
            (steady().wave("a", MetricId::HealthyHosts, |_| 0.0), Some((Severity::Critical, "none healthy"))),
            (steady().wave("a", MetricId::ServiceCpu, |_| 85.0), Some((Severity::Warning, "cpu alarm"))),
            (
                steady().change("a", |service| service.deployments[0].rollout = Rollout::Failed),
                Some((Severity::Warning, "deploy failed")),
            ),
        ];
        for (at, (scene, wanted)) in cases.into_iter().enumerate() {
            let (_, model) = scene.done();
            assert_eq!(model.summary().trouble(&group("a")), wanted, "case {at}");
        }
    }
}
