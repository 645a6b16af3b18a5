//! What every rule about a service looks at, gathered once.

use jiff::Timestamp;

use super::mend::Mend;
use super::{Cause, Extra, Proof};
use crate::platform::metric::{MetricKey, Resource};
use crate::platform::{
    Activity, ActivityKind, Identity, MetricId, Platform, ScalableTarget, ScalingPolicy, Service, ServiceId, Source,
    SourceState, TargetGroup,
};
use crate::policy::ecs::{self, AutoscalerView};
use crate::policy::knobs::Policy;
use crate::policy::sentence::{amount_beside, clock};
use crate::policy::verdict::{MetricEvidence, Verdict};
use crate::policy::window::{Evidence, ago};

/// One service, as every rule sees it.
pub(super) struct Case<'a> {
    pub platform: &'a Platform,
    pub policy: &'a Policy,
    pub id: &'a ServiceId,
    pub service: &'a Service,
    pub verdict: Verdict,
    pub aws: AutoscalerView,
    pub target: Option<&'a ScalableTarget>,
    /// Scaling policies in AWS; `None` until they were read.
    pub policies: Option<&'a [ScalingPolicy]>,
    /// Newest first.
    pub activities: &'a [Activity],
    pub extra: Extra<'a>,
    pub now: Timestamp,
}

impl<'a> Case<'a> {
    /// `None` when the service was never described.
    pub fn of(
        platform: &'a Platform,
        policy: &'a Policy,
        id: &'a ServiceId,
        now: Timestamp,
        extra: Extra<'a>,
    ) -> Option<Self> {
        let read = learnt(platform, Source::ScalingPolicies).is_some();
        let policies = platform.policies.get(id).map(|policies| policies.as_slice());
        Some(Self {
            platform,
            policy,
            id,
            service: platform.services.get(id)?,
            verdict: ecs::advise_one(platform, policy, id, now)?,
            aws: ecs::autoscaler_view(platform, id, now)?,
            target: platform.targets.get(id).map(AsRef::as_ref),
            policies: policies.or(read.then_some(&[][..])),
            activities: platform.activities.get(id).map_or(&[][..], |activities| activities.as_slice()),
            extra,
            now,
        })
    }

    pub fn identity(&self) -> Option<&Identity> {
        self.platform.identity.as_deref()
    }

    /// A line for each metric of the rules: its value against its target.
    pub fn metric_proofs(&self) -> impl Iterator<Item = Proof> {
        self.verdict.metrics.iter().map(metric_proof)
    }

    /// Activities that began in the last so many seconds.
    pub fn recent(&self, seconds: u32) -> impl Iterator<Item = &'a Activity> {
        let since = ago(self.now, seconds);
        self.activities.iter().filter(move |activity| activity.started >= since)
    }

    /// The newest refusal in the last so many seconds that gives this reason.
    pub fn refusal(&self, seconds: u32, wanted: impl Fn(&str) -> bool) -> Option<(&'a Activity, &'a str)> {
        self.recent(seconds).find_map(|activity| match &activity.kind {
            ActivityKind::NotScaled(reasons) => {
                Some((activity, reasons.iter().map(String::as_str).find(|reason| wanted(reason))?))
            }
            _ => None,
        })
    }

    /// The target groups that it registers with, as far as they were described.
    pub fn groups(&self) -> impl Iterator<Item = &'a TargetGroup> {
        let platform = self.platform;
        self.service.target_groups.iter().filter_map(move |arn| platform.target_groups.get(arn)).map(AsRef::as_ref)
    }

    /// The newest minutes of a metric of each of its target groups.
    pub fn group_evidence(&self, metric: MetricId, minutes: usize) -> Vec<(&'a TargetGroup, Evidence)> {
        let of_group = |group: &'a TargetGroup| {
            let balancers = group.balancers.iter().map(move |balancer| (group, balancer));
            balancers.filter_map(|(group, balancer)| {
                let resource = Resource::TargetGroup(balancer.clone(), group.arn.clone());
                let series = self.platform.series.get(&MetricKey { resource, metric })?;
                Some((group, Evidence::read(Some(series), metric, self.now, minutes, || None)))
            })
        };
        self.groups().flat_map(of_group).collect()
    }
}

/// A metric against its target, with the start of its newest minute.
pub(super) fn metric_proof(evidence: &MetricEvidence) -> Proof {
    let MetricEvidence { metric, target, .. } = evidence;
    let value = evidence.value.map_or("no data".to_owned(), |value| amount_beside(*metric, value, *target));
    Proof::new(metric.row().label, value).limit(crate::policy::sentence::amount(*metric, *target)).at(evidence.newest)
}

/// When a source last answered.
pub(super) fn learnt(platform: &Platform, source: Source) -> Option<Timestamp> {
    platform.sources.get(&source).and_then(|health| health.learnt)
}

/// A cause for each source that a rule needs and that does not answer: what it would have told is not known.
pub(super) fn unread(platform: &Platform, sources: &[(Source, &str)], now: Timestamp) -> Vec<Cause> {
    let each = sources.iter().filter_map(|(source, what)| {
        let health = platform.sources.get(source);
        let state = health.map_or(&SourceState::Waiting, |health| &health.state);
        let answered = health.and_then(|health| health.learnt);
        let old = health.is_some_and(|health| health.learnt.is_some() && health.stale(now));
        let because = match (state, answered) {
            (SourceState::Waiting, _) | (SourceState::Live, None) => format!("{source} not read yet"),
            (SourceState::Live, Some(learnt)) if old => format!("{source} last read at {}", clock(learnt)),
            (SourceState::Live, Some(_)) => return None,
            (state, _) => format!("{source}: {state}"),
        };
        let proof = Proof::new(source.label(), state.to_string()).at(answered);
        let cause = match state {
            SourceState::Denied { action } => Cause::new("access_denied", format!("this role may not see {what}"))
                .mend(Mend::new(format!("allow {action} to the role that scaledeck runs as"))),
            SourceState::Expired { mend } | SourceState::NoCredentials { mend } => {
                Cause::new("not_read", format!("{what} cannot be seen")).mend(Mend::new(mend.clone()))
            }
            _ => Cause::new("not_read", format!("{what} cannot be seen")),
        };
        Some(cause.unsure(because).proof(proof))
    });
    each.collect()
}
