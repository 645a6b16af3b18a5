//! The stack in a line: edge ▸ balancer ▸ tasks ▸ cache ▸ db, each with what is measured there and what is wrong there.
//!
//! Made once a view, drawn in every frame. What is least telling is left out first; a tier and the mark of its
//! trouble never are.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::condition::{self, Condition, Severity};
use super::measure::{self, HitRate};
use super::{Phrase, alarms, signal, sources};
use crate::console::theme::Meaning;
use crate::console::words;
use crate::live::View;
use crate::platform::metric::Unit;
use crate::platform::{GroupId, MetricId, MetricKey, Source, SourceState};
use crate::policy::Alert;
use crate::policy::alerts::Subject;

/// A figure with how telling it is: what is told last has the least.
type Figure = (u8, Phrase);

/// One tier.
#[derive(Debug, Clone, PartialEq, Default)]
struct Tier {
    name: &'static str,
    figures: Vec<Figure>,
    trouble: Option<(Severity, &'static str)>,
    /// Old as a whole: nothing of it is what is now.
    old: bool,
}

/// Every tier that there is, from the outside in.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Stack(Vec<Tier>);

/// What passes the balancers in a minute.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Traffic {
    /// Requests.
    pub requests: f64,
    /// The slowest target group's 95th percentile, seconds.
    pub p95: Option<f64>,
    /// 5XX answers by targets.
    pub target_5xx: f64,
    /// 5XX answers by the balancers themselves.
    pub elb_5xx: f64,
}

impl Traffic {
    /// What passes every balancer; `None` where none reports.
    pub fn of(view: &View) -> Option<Self> {
        let mut traffic = None::<Self>;
        for (key, series) in &view.platform.series {
            let wanted = matches!(
                key.metric,
                MetricId::Requests | MetricId::ResponseP95 | MetricId::Target5xx | MetricId::Elb5xx
            );
            let Some(value) = wanted.then(|| signal::current(series, view.at)).flatten() else { continue };
            let known = traffic.get_or_insert_default();
            match key.metric {
                MetricId::Requests => known.requests += value,
                MetricId::Target5xx => known.target_5xx += value,
                MetricId::Elb5xx => known.elb_5xx += value,
                _ => known.p95 = Some(known.p95.map_or(value, |slowest: f64| slowest.max(value))),
            }
        }
        traffic
    }

    /// 5XX answers in percent of the requests; `None` without requests.
    pub fn error_percent(&self) -> Option<f64> {
        let errors = self.target_5xx + self.elb_5xx;
        let all = self.requests.max(errors);
        (all > 0.0).then(|| errors / all * 100.0)
    }
}

impl Stack {
    /// The stack of a view, which groups are these.
    pub fn of(view: &View, groups: &[GroupId]) -> Self {
        let mut troubles: BTreeMap<&'static str, (Severity, &'static str)> = BTreeMap::new();
        let mut note = |tier: &'static str, trouble: (Severity, &'static str)| {
            let worst = troubles.entry(tier).or_insert(trouble);
            if trouble.0 > worst.0 {
                *worst = trouble;
            }
        };
        for alert in view.alerts.iter().filter(|alert| alarms::fires(alert)) {
            if let Some(tier) = tier_of(alert) {
                note(tier, condition::alarm(alert));
            }
        }
        for id in groups {
            if let Some(trouble) = condition::beside_alarms(view, id).or_else(|| asking(&Condition::of(view, id))) {
                note(id.tier(), trouble);
            }
        }
        let tiers = [edge(view), balancer(view), tasks(view, groups), cache(view), database(view)];
        let stale = |source: Source| view.platform.sources.get(&source).is_some_and(|health| health.stale(view.at));
        let old = |name| stale(if name == "edge" { Source::EdgeMetrics } else { Source::Metrics });
        let marked = |tier: Tier| Tier { trouble: troubles.get(key(tier.name)).copied(), old: old(tier.name), ..tier };
        Self(tiers.into_iter().flatten().map(marked).collect())
    }

    /// The line, in at most so many columns where that can be had: the tiers and the marks of their troubles, and of the
    /// figures the most telling that fit.
    pub fn line(&self, columns: usize) -> Phrase {
        let names = |tier: &Tier| if columns < ROOMY && tier.name == "balancer" { "lb" } else { tier.name };
        let bare = |tier: &Tier| Shown { name: names(tier), tier: tier.clone(), figures: Vec::new(), word: false };
        let mut shown: Vec<Shown> = self.0.iter().map(bare).collect();
        let figures = self.0.iter().enumerate().flat_map(|(tier, each)| {
            each.figures.iter().enumerate().map(move |(at, (keep, _))| (Reverse(*keep), tier, Some(at)))
        });
        let words = self.0.iter().enumerate().filter(|(_, each)| each.trouble.is_some());
        let mut wanted: Vec<_> = figures.chain(words.map(|(tier, _)| (Reverse(WORD), tier, None))).collect();
        wanted.sort_unstable();
        for (_, tier, figure) in wanted {
            let before = shown[tier].clone();
            match figure {
                Some(at) => {
                    shown[tier].figures.push(at);
                    shown[tier].figures.sort_unstable();
                }
                None => shown[tier].word = true,
            }
            if whole(&shown).width() > columns {
                shown[tier] = before;
            }
        }
        whole(&shown)
    }
}

/// Below this width names are short.
const ROOMY: usize = 100;
/// How telling the word of a trouble is, whose mark stays.
const WORD: u8 = 3;

/// A tier with what there is room for.
#[derive(Debug, Clone)]
struct Shown {
    name: &'static str,
    tier: Tier,
    figures: Vec<usize>,
    word: bool,
}

fn whole(tiers: &[Shown]) -> Phrase {
    if tiers.is_empty() {
        return Phrase::new().say(Meaning::Muted, " nothing has been read yet");
    }
    tiers.iter().enumerate().fold(Phrase::new().say(Meaning::Text, " "), |line, (at, shown)| {
        let line = if at > 0 { line.say(Meaning::Muted, " ▸ ") } else { line };
        let told = shown.figures.iter().filter_map(|at| shown.tier.figures.get(*at));
        let figures = told.fold(Phrase::new(), |line, (_, figure)| line.say(Meaning::Text, " ").then(figure.clone()));
        let figures = if shown.tier.old { figures.all(Meaning::Dim) } else { figures };
        let line = line.say(Meaning::Muted, shown.name).then(figures);
        let Some((severity, word)) = shown.tier.trouble else { return line };
        let (glyph, _, meaning) = severity.mark();
        let line = line.tell(meaning, format_args!(" {glyph}"));
        if shown.word { line.tell(meaning, format_args!(" {word}")) } else { line }
    })
}

/// What a group wants of somebody, where nobody has to hear of it yet.
fn asking(condition: &Condition) -> Option<(Severity, &'static str)> {
    match condition {
        Condition::Advised { out: true, .. } => Some((Severity::Warning, "advised")),
        Condition::AtCeiling { .. } => Some((Severity::Warning, "at max")),
        Condition::Blocked { .. } => Some((Severity::Warning, "blocked")),
        Condition::CannotTell { arriving: false } => Some((Severity::Blind, "blind")),
        _ => None,
    }
}

/// The tier that an alarm is about.
fn tier_of(alert: &Alert) -> Option<&'static str> {
    match alert.subject {
        Subject::Service(_) => Some("ecs"),
        Subject::Targets(..) | Subject::Balancer(_) => Some("balancer"),
        Subject::Database(_) => Some("db"),
        Subject::Cache(_) => Some("cache"),
        Subject::Money | Subject::Resource(_) => None,
    }
}

/// A tier's name in troubles: groups call theirs so.
fn key(name: &'static str) -> &'static str {
    if name == "tasks" { "ecs" } else { name }
}

fn figure(keep: u8, label: &'static str, meaning: Meaning, words: std::fmt::Arguments<'_>) -> Figure {
    (keep, Phrase::new().tell(meaning, words).say(Meaning::Muted, label))
}

/// A tier of which nothing is known: nothing where there is none, its source's failure where that is why.
fn unknown(view: &View, name: &'static str, source: Source) -> Option<Tier> {
    let health = view.platform.sources.get(&source)?;
    let word = match &health.state {
        SourceState::Live | SourceState::Capped { .. } => return None,
        SourceState::Waiting => Phrase::new().say(Meaning::Muted, "…"),
        state => Phrase::new().say(Meaning::CannotTell, "? ").say(Meaning::CannotTell, sources::word(state)),
    };
    Some(Tier { name, figures: vec![(9, word)], ..Tier::default() })
}

fn percent(value: f64) -> String {
    words::value(Unit::Percent, value)
}

fn edge(view: &View) -> Option<Tier> {
    let platform = &view.platform;
    if platform.distributions.is_empty() {
        return unknown(view, "edge", Source::Distributions);
    }
    let values = |metric| {
        let keys = platform.distributions.keys().map(move |id| MetricKey::distribution(id, metric));
        keys.map(|key| measure::now_of(platform, &key, view.at)).collect::<Vec<_>>()
    };
    let mut figures = Vec::new();
    // Of several distributions the worst rate is told.
    let hits = values(MetricId::EdgeHitRate).into_iter().flatten().min_by(f64::total_cmp);
    figures.extend(hits.map(|hits| figure(5, " hit", Meaning::Strong, format_args!("{}", percent(hits)))));
    let requests: Vec<f64> = values(MetricId::EdgeRequests).into_iter().flatten().collect();
    if !requests.is_empty() {
        let all = requests.iter().sum::<f64>();
        figures.push(figure(2, "/min", Meaning::Strong, format_args!("{}", words::number(all, 0))));
    }
    let errors = measure::largest(values(MetricId::Edge5xxRate).into_iter()).filter(|rate| *rate > 0.0);
    figures.extend(errors.map(|rate| figure(3, " 5xx", Meaning::Strong, format_args!("{}", percent(rate)))));
    if figures.is_empty() {
        figures.push((9, Phrase::new().say(Meaning::CannotTell, "? no metrics")));
    }
    Some(Tier { name: "edge", figures, ..Tier::default() })
}

fn balancer(view: &View) -> Option<Tier> {
    let Some(traffic) = Traffic::of(view) else {
        let known = !view.platform.target_groups.is_empty();
        return if known { None } else { unknown(view, "balancer", Source::TargetGroups) };
    };
    let requests = words::number(traffic.requests, 0);
    let mut figures = vec![figure(3, "/min", Meaning::Strong, format_args!("{requests}"))];
    if let Some(p95) = traffic.p95 {
        let value = words::value(Unit::Seconds, p95);
        figures.push((4, Phrase::new().say(Meaning::Muted, "p95 ").tell(Meaning::Strong, format_args!("{value}"))));
    }
    match traffic.error_percent() {
        None => figures.push((7, Phrase::new().say(Meaning::Muted, "no traffic"))),
        Some(errors) => {
            let value = words::number(errors, 1);
            let whole = Phrase::new().say(Meaning::Muted, "5xx ").tell(Meaning::Strong, format_args!("{value} %"));
            figures.push((7, whole));
        }
    }
    Some(Tier { name: "balancer", figures, ..Tier::default() })
}

fn tasks(view: &View, groups: &[GroupId]) -> Option<Tier> {
    let services = &view.platform.services;
    if services.is_empty() {
        return unknown(view, "tasks", Source::Services);
    }
    let (mut running, mut desired) = (0_u64, 0_u64);
    for service in services.values() {
        running += u64::from(service.running.0);
        desired += u64::from(service.desired.0);
    }
    let meaning = if running < desired { Meaning::Warning } else { Meaning::Strong };
    let counts = format_args!("{}/{}", words::count(running), words::count(desired)).to_string();
    let mut figures = vec![figure(9, "", meaning, format_args!("{counts}"))];
    if services.len() > 1 {
        let several = words::several(services.len(), "service");
        figures.push((1, Phrase::new().tell(Meaning::Muted, format_args!("in {several}"))));
    }
    let mut hottest: Option<(f64, &GroupId, Phrase)> = None;
    for id in groups.iter().filter(|id| id.service().is_some()) {
        let signals = signal::of(view, id);
        let Some((signal, share)) = signals.first().and_then(|signal| Some((signal, signal.share?))) else { continue };
        if hottest.as_ref().is_none_or(|(most, ..)| share > *most) {
            hottest = Some((share, id, Phrase::new().said(&signal.said)));
        }
    }
    if let Some((_, id, said)) = hottest {
        figures.push((4, said));
        if services.len() > 1 {
            figures.push((0, Phrase::new().tell(Meaning::Muted, format_args!("{}", id.name()))));
        }
    }
    Some(Tier { name: "tasks", figures, ..Tier::default() })
}

fn cache(view: &View) -> Option<Tier> {
    let platform = &view.platform;
    if platform.caches.is_empty() {
        return unknown(view, "cache", Source::Caches);
    }
    let mut figures = Vec::new();
    let rates: Vec<HitRate> =
        platform.caches.values().map(|cache| measure::hit_rate_of(platform, cache, view.at)).collect();
    let lowest = rates.iter().filter_map(|rate| match rate {
        HitRate::Percent(rate) => Some(*rate),
        HitRate::NoTraffic | HitRate::Unknown => None,
    });
    match lowest.min_by(f64::total_cmp) {
        Some(rate) => figures.push(figure(3, " hit", Meaning::Strong, format_args!("{}", percent(rate)))),
        None if rates.contains(&HitRate::NoTraffic) => {
            figures.push((3, Phrase::new().say(Meaning::Muted, "no traffic")));
        }
        None => {}
    }
    let nodes = || platform.caches.values().flat_map(|cache| cache.nodes());
    let most = |metric| {
        measure::largest(
            nodes().map(|node| measure::now_of(platform, &MetricKey::cache_node(&node.id, metric), view.at)),
        )
    };
    let told = |keep, label, value: f64| {
        let value = percent(value);
        (keep, Phrase::new().say(Meaning::Muted, label).tell(Meaning::Strong, format_args!("{value}")))
    };
    figures.extend(most(MetricId::CacheMemory).map(|value| told(5, "mem ", value)));
    figures.extend(most(MetricId::CacheCpu).map(|value| told(2, "cpu ", value)));
    if figures.is_empty() {
        figures.push((9, Phrase::new().say(Meaning::CannotTell, "? no metrics")));
    }
    Some(Tier { name: "cache", figures, ..Tier::default() })
}

fn database(view: &View) -> Option<Tier> {
    let platform = &view.platform;
    if platform.databases.is_empty() {
        return unknown(view, "db", Source::Databases);
    }
    let now = |id, metric| measure::now_of(platform, &MetricKey::database(id, metric), view.at);
    let primaries = platform.databases.values().filter(|one| one.replica_of.is_none());
    let cpu = measure::largest(primaries.map(|one| now(&one.id, MetricId::DatabaseCpu)));
    let replicas = || platform.databases.values().filter(|one| one.replica_of.is_some());
    let mut figures = Vec::new();
    figures.extend(cpu.map(|cpu| {
        let value = percent(cpu);
        (4, Phrase::new().say(Meaning::Muted, "cpu ").tell(Meaning::Strong, format_args!("{value}")))
    }));
    let count = replicas().count();
    figures.push((2, Phrase::new().tell(Meaning::Muted, format_args!("{}", words::several(count, "replica")))));
    let lags: Vec<f64> = replicas().filter_map(|one| now(&one.id, MetricId::ReplicaLag)).collect();
    if lags.iter().any(|lag| *lag < 0.0) {
        figures.push((8, Phrase::new().say(Meaning::Critical, "lag broken")));
    } else if let Some(lag) = lags.into_iter().max_by(f64::total_cmp) {
        figures.push((
            6,
            Phrase::new()
                .say(Meaning::Muted, "lag ")
                .tell(Meaning::Strong, format_args!("{}", words::value(Unit::Seconds, lag))),
        ));
    }
    Some(Tier { name: "db", figures, ..Tier::default() })
}
