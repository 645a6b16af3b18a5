//! What stands before the selected service: what passes the balancer and how it ends, which targets answer, and how they
//! are checked and drained.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Extent;
use crate::console::theme::Meaning;
use crate::console::widgets::charts::{self, Pictured};
use crate::console::widgets::{Phrase, alarms, closeup, condition, frame, measure, phrase};
use crate::console::words::{self, Clean};
use crate::console::{Look, Model};
use crate::live::View;
use crate::platform::metric::{Resource, Unit};
use crate::platform::{
    GroupId, LoadBalancerId, MetricId, MetricKey, Service, Source, TargetGroup, TargetHealth, TargetState,
};
use crate::policy::alerts::Subject;
use crate::policy::{Alert, DriftState, drift};

/// What the pane is made of.
const SOURCES: [Source; 3] = [Source::TargetGroups, Source::TargetHealth, Source::Metrics];

/// A target group of the selected service under one of its balancers.
struct Told<'v> {
    view: &'v View,
    look: &'v Look<'v>,
    service: &'v Service,
    groups: Vec<&'v TargetGroup>,
}

impl<'v> Told<'v> {
    fn of(view: &'v View, model: &'v Model, look: &'v Look<'v>) -> Option<Self> {
        let service = view.platform.services.get(model.shown()?.service()?)?.as_ref();
        let groups = service.target_groups.iter().filter_map(|arn| view.platform.target_groups.get(arn));
        Some(Self { view, look, service, groups: groups.map(AsRef::as_ref).collect() })
    }

    fn value(&self, group: &TargetGroup, balancer: &LoadBalancerId, metric: MetricId) -> Option<f64> {
        let resource = Resource::TargetGroup(balancer.clone(), group.arn.clone());
        measure::of_resource(&self.view.platform, &resource, metric, self.look.now)
    }

    /// Every line of the figures: what passes, then the targets, group by group.
    fn lines(&self) -> Vec<Phrase> {
        let mut lines = Vec::new();
        for group in &self.groups {
            for balancer in &group.balancers {
                lines.extend(self.passing(group, balancer));
            }
            lines.push(health(group));
            lines.extend(self.settings(group));
            lines.extend(targets(group));
        }
        if self.groups.is_empty() {
            let words = if self.service.target_groups.is_empty() {
                " this service stands behind no balancer"
            } else {
                " … its target groups have not been read yet"
            };
            lines.push(Phrase::new().say(Meaning::Muted, words));
        }
        lines
    }

    /// What passes and how it ends, in three lines. Errors of the balancer itself and of targets are told apart: they
    /// point at different culprits.
    fn passing(&self, group: &TargetGroup, balancer: &LoadBalancerId) -> Vec<Phrase> {
        let told = |metric| self.value(group, balancer, metric);
        let of_balancer = measure::of_resource(
            &self.view.platform,
            &Resource::LoadBalancer(balancer.clone()),
            MetricId::Elb5xx,
            self.look.now,
        );
        let requests = told(MetricId::Requests);
        let label = |words: &'static str| Phrase::new().say(Meaning::Muted, words);
        let level = |words: &'static str, value: Option<f64>, unit: Unit| match value {
            Some(value) => label(words).tell(Meaning::Strong, format_args!("{}", words::value(unit, value))),
            None => label(words).say(Meaning::CannotTell, "?"),
        };
        // A count that is missing is 0 while requests are counted.
        let count = |words: &'static str, value: Option<f64>| {
            let value = value.or(requests.map(|_| 0.0));
            let share = value.zip(requests.filter(|all| *all > 0.0)).map(|(value, all)| value * 100.0 / all);
            let line = level(words, value, Unit::PerMinute);
            match share.filter(|share| *share > 0.0) {
                Some(share) => line.tell(Meaning::Muted, format_args!(" ({} %)", words::number(share, 1))),
                None => line,
            }
        };
        let name = balancer.as_str().split('/').nth(1).unwrap_or(balancer.as_str());
        vec![
            Phrase::new()
                .tell(Meaning::Title, format_args!(" {name} "))
                .tell(Meaning::Muted, format_args!("▸ {}", group.name))
                .then(self.firing(balancer)),
            level("  requests ", requests, Unit::PerMinute)
                .then(level("  a target ", told(MetricId::RequestsPerTarget), Unit::PerMinute))
                .then(level("  p50 ", told(MetricId::ResponseP50), Unit::Seconds))
                .then(level("  p95 ", told(MetricId::ResponseP95), Unit::Seconds))
                .then(level("  p99 ", told(MetricId::ResponseP99), Unit::Seconds)),
            count("  5XX by targets ", told(MetricId::Target5xx))
                .then(count("  by the balancer ", of_balancer))
                .then(count("  4XX ", told(MetricId::Target4xx))),
        ]
    }

    /// What fires at a balancer.
    fn firing(&self, balancer: &LoadBalancerId) -> Phrase {
        let here = |alert: &&Alert| alarms::fires(alert) && alert.subject == Subject::Balancer(balancer.clone());
        self.view.alerts.iter().filter(here).fold(Phrase::new(), |line, alert| {
            let (severity, word) = condition::alarm(alert);
            let (glyph, name, meaning) = severity.mark();
            line.tell(meaning, format_args!("  {glyph} {name}: {word} {}", alert.standing(self.look.now)))
        })
    }

    /// How targets are checked and drained, with what the policy says where that is something else.
    fn settings(&self, group: &TargetGroup) -> Vec<Phrase> {
        let draining = group.draining_s.map_or_else(|| "?".to_owned(), |seconds| format!("{seconds} s"));
        let check = format_args!(
            "  check {} every {} s, timeout {} s, healthy after {}, unhealthy after {}",
            group.path, group.interval_s, group.timeout_s, group.healthy_threshold, group.unhealthy_threshold
        )
        .to_string();
        let mut lines = vec![
            Phrase::new().tell(Meaning::Muted, format_args!("{check}")),
            Phrase::new().tell(Meaning::Muted, format_args!("  draining up to {draining}")),
        ];
        let rows = drift::of_target_group(group, &self.view.policy.balancer);
        lines.extend(
            rows.iter()
                .filter(|row| row.state == DriftState::Differs)
                .map(|row| Phrase::new().tell(Meaning::Warning, format_args!("  ▲ {}", row.sentence()))),
        );
        lines
    }
}

/// The targets in numbers; without a healthy one the balancer sends to all of them.
fn health(group: &TargetGroup) -> Phrase {
    let line = Phrase::new().say(Meaning::Muted, "  targets ");
    let Some(targets) = &group.targets else { return line.say(Meaning::CannotTell, "? health not known") };
    let count = |state: &TargetState| group.count(state).unwrap_or(0);
    let healthy = count(&TargetState::Healthy);
    if targets.is_empty() {
        return line.say(Meaning::Muted, "none is registered");
    }
    let line = if healthy == 0 {
        line.say(Meaning::Critical, "● 0 healthy – the balancer fails open: every target is sent requests")
    } else {
        line.tell(Meaning::Ok, format_args!("✓ {healthy} healthy"))
    };
    let others = [
        (TargetState::Unhealthy, "unhealthy", "▲ ", Meaning::Warning),
        (TargetState::Initial, "initial", "» ", Meaning::Acting),
        (TargetState::Draining, "draining", "» ", Meaning::Muted),
        (TargetState::Unused, "unused", "○ ", Meaning::Muted),
    ];
    let line = others.into_iter().fold(line, |line, (state, word, glyph, meaning)| match count(&state) {
        0 => line,
        number => line.tell(meaning, format_args!("  {glyph}{number} {word}")),
    });
    let unknown = targets.iter().filter(|target| matches!(target.state, TargetState::Unknown(_))).count();
    let line = if unknown > 0 { line.tell(Meaning::CannotTell, format_args!("  ? {unknown} unknown")) } else { line };
    line.tell(Meaning::Muted, format_args!("  read {}", words::second_of_day(group.learnt)))
}

/// A line a target, those that do not answer first.
fn targets(group: &TargetGroup) -> Vec<Phrase> {
    let urgency = |target: &TargetHealth| match target.state {
        TargetState::Unhealthy => 0,
        TargetState::Unknown(_) => 1,
        TargetState::Initial => 2,
        TargetState::Draining => 3,
        TargetState::Unused => 4,
        TargetState::Healthy => 5,
    };
    let mut targets: Vec<&TargetHealth> = group.targets.iter().flatten().collect();
    targets.sort_by_key(|target| urgency(target));
    targets.into_iter().map(|one| target(group, one)).collect()
}

fn target(group: &TargetGroup, target: &TargetHealth) -> Phrase {
    let (glyph, word, meaning) = match &target.state {
        TargetState::Healthy => ("✓", Clean::from("healthy"), Meaning::Ok),
        TargetState::Unhealthy => ("▲", "unhealthy".into(), Meaning::Warning),
        TargetState::Initial => ("»", "initial".into(), Meaning::Acting),
        TargetState::Draining => ("»", "draining".into(), Meaning::Muted),
        TargetState::Unused => ("○", "unused".into(), Meaning::Muted),
        TargetState::Unknown(word) => ("?", Clean::new(word), Meaning::CannotTell),
    };
    let line = Phrase::new()
        .say(Meaning::Text, Clean::of(format_args!("   {}", target.target)).left(25))
        .say(Meaning::Muted, Clean::new(&target.zone).left(13))
        .say(meaning, Clean::of(format_args!("{glyph} {word}")).left(13));
    match (&target.state, group.draining_s) {
        (TargetState::Draining, Some(delay)) => {
            line.tell(Meaning::Muted, format_args!("{} (up to {delay} s)", target.reason))
        }
        _ => line.tell(Meaning::Warning, format_args!("{}", target.reason)),
    }
}

fn rooms(lines: usize, area: Rect) -> closeup::Plan {
    let lines = u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(2);
    // The list scrolls: it does not take the charts' room.
    let most = if area.width >= 120 { area.height } else { area.height.saturating_sub(9).max(14) };
    closeup::plan(area, (100, lines.min(most)), false)
}

/// The lines scroll.
pub fn measure(view: &View, model: &Model, look: &Look, area: Rect) -> Extent {
    let Some(told) = Told::of(view, model, look) else { return Extent::default() };
    let lines = told.lines().len();
    Extent { lines, page: usize::from(rooms(lines, area).figures.height.saturating_sub(2)) }
}

/// Draws the pane.
pub fn draw(view: &View, model: &Model, look: &Look, area: Rect, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return;
    }
    let Some(told) = Told::of(view, model, look) else {
        let none = "no ECS service in this account and region";
        return closeup::nothing(view, Source::Services, "Balancer", none, look, area, buf);
    };
    let lines = told.lines();
    let plan = rooms(lines.len(), area);
    let name = Phrase::new()
        .say(Meaning::Title, "Balancer ")
        .tell(Meaning::Muted, format_args!("before {}", told.service.id.service));
    let name = closeup::remarks(view, &SOURCES, look).into_iter().fold(name, Phrase::then);
    let inside = frame::draw(look.theme, &name, true, plan.figures, buf);
    let scroll = model.scroll().min(lines.len().saturating_sub(usize::from(inside.height)));
    for (at, line) in lines.iter().skip(scroll).take(usize::from(inside.height)).enumerate() {
        line.draw(look.theme, phrase::line(inside, at), buf);
    }
    closeup::failures(view, &SOURCES, look, plan.figures, buf);
    if closeup::stale(view, &[Source::TargetGroups], look) {
        phrase::tint(look.theme.style(Meaning::Dim), inside, buf);
    }
    let id = GroupId::Service(told.service.id.clone());
    closeup::chart(&pictured(&told), &charts::markers(view, &id), look, plan.charts, buf);
}

/// What users feel, and what is sent.
fn pictured<'v>(told: &Told<'v>) -> Vec<Pictured<'v>> {
    let Some((group, balancer)) = told.groups.iter().find_map(|group| Some((*group, group.balancers.first()?))) else {
        return Vec::new();
    };
    let name = Clean::new(&group.name);
    let of_group = Resource::TargetGroup(balancer.clone(), group.arn.clone());
    let metrics = [
        MetricId::ResponseP95,
        MetricId::Requests,
        MetricId::Target5xx,
        MetricId::UnhealthyHosts,
        MetricId::HealthyHosts,
        MetricId::Target4xx,
        MetricId::ResponseP50,
        MetricId::ResponseP99,
    ];
    let pictured = |metric: MetricId| Pictured {
        metric,
        series: told.view.platform.series.get(&MetricKey { resource: of_group.clone(), metric }).map(AsRef::as_ref),
        threshold: None,
        whose: name.clone(),
    };
    metrics.into_iter().map(pictured).collect()
}
