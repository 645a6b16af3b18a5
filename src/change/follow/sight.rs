//! What the platform shows of a change, from readings that were asked for since the answer came.

use jiff::Timestamp;

use crate::change::plan::{Change, Plan};
use crate::platform::{Activity, ActivityKind, Platform, Rollout, Service, Source, TargetState, TaskCount};

/// What the platform shows of a change.
pub(super) enum Sight<'a> {
    /// Nothing that was asked for since the answer.
    Nothing,
    /// The target is not there any more.
    Gone(String),
    /// This.
    Seen(Seen<'a>),
}

/// Fresh readings of the target.
pub(super) struct Seen<'a> {
    pub(super) service: &'a Service,
    /// The field that was sent, as it is now.
    pub(super) value: TaskCount,
    /// The count that the change leads to.
    pub(super) goal: TaskCount,
    /// From the answer to the reading, seconds.
    pub(super) since_answer_s: i64,
    /// The targets' health, where a target group is known.
    pub(super) health: Option<Health>,
    /// Whether a target group is still to be read for the first time.
    unread: bool,
    activities: &'a [Activity],
}

/// The health of a service's targets, over all its groups.
pub(super) struct Health {
    /// The fewest healthy targets of any group.
    pub(super) healthy: u32,
    /// Draining targets of all groups.
    pub(super) draining: u32,
    /// The longest deregistration delay.
    pub(super) delay_s: u32,
    /// Whether every group was read since the answer.
    fresh: bool,
}

/// What AWS says against it.
pub(super) enum Complaint {
    /// It has given up.
    Final(String),
    /// It could not, and tries again.
    Tried(String),
}

impl<'a> Sight<'a> {
    pub(super) fn of(plan: &Plan, platform: &'a Platform, answered: Timestamp) -> Self {
        let id = plan.change.service();
        let Some(service) = platform.services.get(id) else {
            // A console that has just started does not know it yet. Only a list that was read since says that it is gone.
            let read = platform.sources.get(&Source::ServiceList).and_then(|health| health.learnt);
            let listed = platform.listed.as_ref().is_none_or(|listed| listed.contains(id));
            if listed || read < Some(answered) {
                return Self::Nothing;
            }
            return Self::Gone("the service is no longer there".to_owned());
        };
        if service.learnt < answered {
            return Self::Nothing;
        }
        let to = plan.change.to();
        let (value, goal, read) = match plan.change {
            Change::Desired { .. } => (service.desired, to, service.learnt),
            Change::Floor { .. } => match platform.targets.get(id) {
                Some(target) if target.learnt < answered => return Self::Nothing,
                Some(target) => (target.min, to.max(service.desired), target.learnt),
                None if targets_read(platform) < Some(answered) => return Self::Nothing,
                None => return Self::Gone("the scalable target is no longer registered".to_owned()),
            },
        };
        Self::Seen(Seen {
            service,
            value,
            goal,
            since_answer_s: read.as_second() - answered.as_second(),
            health: Health::of(service, platform, answered),
            unread: unread(service, platform),
            activities: platform.activities.get(id).map_or(&[], |list| list.as_slice()),
        })
    }
}

/// Whether a target group that the service names is still to be read; not when the groups cannot be read at all.
fn unread(service: &Service, platform: &Platform) -> bool {
    let fails = platform.sources.get(&Source::TargetGroups).is_some_and(|health| health.failures > 0);
    !fails && service.target_groups.iter().any(|arn| !platform.target_groups.contains_key(arn))
}

fn targets_read(platform: &Platform) -> Option<Timestamp> {
    platform.sources.get(&Source::ScalableTargets).and_then(|health| health.learnt)
}

impl Health {
    fn of(service: &Service, platform: &Platform, answered: Timestamp) -> Option<Self> {
        let groups = service.target_groups.iter().filter_map(|arn| platform.target_groups.get(arn));
        groups
            .filter_map(|group| {
                Some(Self {
                    healthy: group.count(&TargetState::Healthy)? as u32,
                    draining: group.count(&TargetState::Draining)? as u32,
                    delay_s: group.draining_s.unwrap_or_default(),
                    fresh: group.learnt >= answered,
                })
            })
            .reduce(|one, other| Self {
                healthy: one.healthy.min(other.healthy),
                draining: one.draining + other.draining,
                delay_s: one.delay_s.max(other.delay_s),
                fresh: one.fresh && other.fresh,
            })
    }
}

impl Seen<'_> {
    pub(super) fn steady(&self, plan: &Plan) -> bool {
        let moves_nothing = matches!(plan.change, Change::Floor { to, .. } if plan.observed.desired >= to);
        if moves_nothing {
            return true;
        }
        let Service { desired, running, pending, .. } = self.service;
        let serving = self
            .health
            .as_ref()
            .is_none_or(|health| health.fresh && health.draining == 0 && health.healthy >= self.goal.0);
        *desired == self.goal && *running == self.goal && pending.0 == 0 && serving && !self.unread
    }

    /// Tasks and targets that are not yet as asked for.
    pub(super) fn distance(&self) -> u32 {
        let Service { desired, running, .. } = self.service;
        let serving =
            self.health.as_ref().map_or(0, |health| self.goal.0.saturating_sub(health.healthy) + health.draining);
        desired.0.abs_diff(self.goal.0) + running.0.abs_diff(self.goal.0) + serving
    }

    pub(super) fn culprit(&self, began: Timestamp) -> String {
        let theirs = |activity: &&Activity| activity.started >= began && activity.desired() == Some(self.value.0);
        match self.activities.iter().find(theirs) {
            Some(activity) => format!("set by the autoscaler: {}", activity.cause),
            None => "AWS does not tell by whom".to_owned(),
        }
    }

    /// What AWS says against it. That it cannot start tasks matters only while some are still to be started.
    pub(super) fn complaint(&self, answered: Timestamp) -> Option<Complaint> {
        let primary = self.service.deployments.iter().find(|deployment| deployment.primary);
        if let Some(failed) = primary.filter(|d| d.rollout == Rollout::Failed && d.updated >= answered) {
            return Some(Complaint::Final(format!("the deployment failed: {}", failed.reason)));
        }
        if self.service.running.0 + self.service.pending.0 >= self.goal.0 {
            return None;
        }
        let refused = self.activities.iter().find(|a| a.started >= answered && a.kind == ActivityKind::Failed);
        if let Some(activity) = refused {
            return Some(Complaint::Tried(activity.message.clone()));
        }
        let cannot = |message: &str| message.contains("unable to") || message.contains("failed to launch");
        let event = self.service.events.iter().find(|event| event.at >= answered && cannot(&event.message))?;
        Some(Complaint::Tried(event.message.clone()))
    }
}
