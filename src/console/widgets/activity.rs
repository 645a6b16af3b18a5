//! What changed: the autoscaler's activities, deployments, counts that moved without either, your own change, and the
//! events that are not routine. The first question of an incident.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Phrase, frame, phrase};
use crate::change::{Change, Stage};
use crate::console::theme::{Meaning, Theme};
use crate::console::words::{self, Clean};
use crate::live::View;
use crate::platform::{Activity, ActivityKind, Deployment, Rollout, ServiceEvent, ServiceId, TaskCount};

/// How many entries are kept.
pub const KEPT: usize = 64;
/// A count that moved this many seconds around an activity or a change of yours was moved by it.
const SAME_S: i64 = 180;

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Application Auto Scaling.
    Aws,
    /// A deployment.
    Deploy,
    /// This console.
    You,
    /// The service's scheduler, in its own log.
    Ecs,
    /// An alarm, AWS's or the policy's.
    Alarm,
    /// The count moved, and nothing tells who did it.
    Somebody,
}

/// What it was.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// The desired count was set.
    Count {
        /// Before, where it is known.
        from: Option<TaskCount>,
        /// After, where the words name it.
        to: Option<TaskCount>,
    },
    /// Nothing was scaled, for these reasons.
    Refused(Clean),
    /// A deployment of this task definition.
    Deployment(Clean),
    /// A line of the service's log.
    Event(Clean),
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// When it began.
    pub at: Timestamp,
    /// The service.
    pub service: ServiceId,
    /// Who did it.
    pub who: Who,
    /// What it was.
    pub what: What,
    /// Why, where somebody says so.
    pub cause: Clean,
    /// What became of it.
    pub outcome: (Meaning, Clean),
}

/// The changes of every service in the last `horizon_s` seconds, newest first, cut to [`KEPT`], and how many there were.
pub fn changes(view: &View, horizon_s: i64) -> (Vec<Entry>, usize) {
    let mut all: Vec<Entry> = view.platform.services.keys().flat_map(|id| changes_of(view, id, horizon_s)).collect();
    all.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.service.cmp(&b.service)));
    let count = all.len();
    all.truncate(KEPT);
    (all, count)
}

/// The changes of one service, in no particular order; each of its sources is bounded by AWS's own limits.
pub fn changes_of(view: &View, id: &ServiceId, horizon_s: i64) -> Vec<Entry> {
    let since = Timestamp::from_second(view.at.as_second() - horizon_s).unwrap_or(Timestamp::MIN);
    let activities = view.platform.activities.get(id).map_or(&[][..], |list| list.as_slice());
    let mut found = Vec::new();
    let mut refused = false;
    for (at, activity) in activities.iter().enumerate().take_while(|(_, activity)| activity.started >= since) {
        let refusal = matches!(activity.kind, ActivityKind::NotScaled(_));
        if is_content(&activity.kind) {
            continue;
        }
        // A refusal is repeated every minute or so; the newest of a run says it all.
        if !(refusal && refused) {
            found.push(scaled(view, id, activity, &activities[at + 1..]));
        }
        refused = refusal;
    }
    let yours = view.followed.as_deref().filter(|followed| followed.plan.change.target().service() == Some(id));
    if let Some(followed) = yours.filter(|followed| followed.follow.began >= since) {
        let what = match followed.plan.change {
            Change::Desired { to, .. } => What::Count { from: Some(TaskCount(followed.plan.from())), to: Some(to) },
            _ => What::Event(Clean::new(&followed.plan.brief())),
        };
        found.push(entry(followed.follow.began, id, Who::You, what, "", stage(view.at, followed)));
    }
    let seen = view.platform.counts.get(id).into_iter().flat_map(|history| history.changes.iter().rev());
    for change in seen.take_while(|change| change.seen >= since) {
        let near = |at: Timestamp| (at.as_second() - change.seen.as_second()).abs() <= SAME_S;
        let by_aws = activities.iter().any(|a| a.desired() == Some(change.to.0) && near(a.started));
        let by_you = yours.is_some_and(|f| f.plan.goal() == change.to && near(f.follow.began));
        if !by_aws && !by_you {
            let what = What::Count { from: Some(change.from), to: Some(change.to) };
            found.push(entry(change.seen, id, Who::Somebody, what, "set by hand or by a deployment", blank()));
        }
    }
    let Some(service) = view.platform.services.get(id) else { return found };
    for deployment in service.deployments.iter().filter(|deployment| deployment.created >= since) {
        let what = What::Deployment(Clean::new(&deployment.task_definition));
        found.push(entry(deployment.created, id, Who::Deploy, what, "", rollout(deployment, view.at)));
    }
    for event in service.events.iter().take_while(|event| event.at >= since).filter(|event| !routine(event)) {
        found.push(entry(event.at, id, Who::Ecs, What::Event(event_words(event)), "", blank()));
    }
    found
}

/// Whether an activity says no more than that the count is what the autoscaler wants already.
fn is_content(kind: &ActivityKind) -> bool {
    matches!(kind, ActivityKind::NotScaled(reasons) if !reasons.is_empty() && reasons.iter().all(|reason| reason == "AlreadyAtDesiredCapacity"))
}

/// An event's words, cleaned and without the `(service x)` that ECS begins each with.
pub fn event_words(event: &ServiceEvent) -> Clean {
    let words = event.message.strip_prefix("(service ").and_then(|rest| rest.split_once(") "));
    Clean::new(words.map_or(event.message.as_str(), |(_, words)| words))
}

/// Events that are there all day and tell nothing that the counts do not.
fn routine(event: &ServiceEvent) -> bool {
    const ROUTINE: [&str; 7] = [
        "has reached a steady state",
        "has started ",
        "has stopped ",
        "has begun draining",
        "registered ",
        "deregistered ",
        ") deployment completed",
    ];
    ROUTINE.iter().any(|words| event.message.contains(words)) && !event.message.contains("unhealthy")
}

fn entry(
    at: Timestamp,
    service: &ServiceId,
    who: Who,
    what: What,
    cause: &'static str,
    outcome: (Meaning, Clean),
) -> Entry {
    Entry { at, service: service.clone(), who, what, cause: cause.into(), outcome }
}

fn blank() -> (Meaning, Clean) {
    (Meaning::Muted, Clean::default())
}

fn scaled(view: &View, id: &ServiceId, activity: &Activity, older: &[Activity]) -> Entry {
    let to = activity.desired().map(TaskCount);
    let lasted = |end: Timestamp| words::span(end.as_second() - activity.started.as_second());
    let outcome = match &activity.kind {
        ActivityKind::Pending | ActivityKind::InProgress => {
            (Meaning::Acting, Clean::of(format_args!("under way for {}", lasted(view.at))))
        }
        ActivityKind::Successful => {
            let took = activity.ended.map_or_else(String::new, |end| format!(" after {}", lasted(end)));
            (Meaning::Ok, Clean::of(format_args!("steady{took}")))
        }
        ActivityKind::Overridden => (Meaning::Muted, "overridden by a later one".into()),
        ActivityKind::Unfulfilled => (Meaning::Warning, Clean::of(format_args!("unfulfilled: {}", activity.message))),
        ActivityKind::Failed => (Meaning::Critical, Clean::of(format_args!("failed: {}", activity.message))),
        ActivityKind::NotScaled(_) => blank(),
        ActivityKind::Unknown(word) => (Meaning::CannotTell, Clean::new(word)),
    };
    let what = match &activity.kind {
        ActivityKind::NotScaled(reasons) => What::Refused(Clean::new(&reasons.join(", "))),
        _ => What::Count { from: before(view, id, activity, older), to },
    };
    let cause = cause(&activity.cause);
    Entry { at: activity.started, service: id.clone(), who: Who::Aws, what, cause, outcome }
}

/// The count before an activity: as it was seen to move, or else what the activity before it had set.
fn before(view: &View, id: &ServiceId, activity: &Activity, older: &[Activity]) -> Option<TaskCount> {
    let to = activity.desired()?;
    let history = view.platform.counts.get(id);
    let seen = history
        .into_iter()
        .flat_map(|history| history.changes.iter())
        .find(|change| change.to.0 == to && (change.seen.as_second() - activity.started.as_second()).abs() <= SAME_S);
    let set = || older.iter().find_map(Activity::desired).map(TaskCount);
    seen.map(|change| change.from).or_else(set).filter(|from| from.0 != to)
}

/// AWS's cause in few words: "monitor alarm … in state ALARM triggered policy cpu" is `policy cpu`.
fn cause(words: &str) -> Clean {
    match (words.split_once("triggered policy "), words.split_once("scheduled action name ")) {
        (Some((_, policy)), _) => Clean::of(format_args!("policy {}", policy.trim())),
        (_, Some((_, action))) => {
            Clean::of(format_args!("schedule {}", action.split([',', ' ']).next().unwrap_or(action)))
        }
        _ => Clean::new(words),
    }
}

fn rollout(deployment: &Deployment, now: Timestamp) -> (Meaning, Clean) {
    match &deployment.rollout {
        Rollout::Completed => (Meaning::Ok, "completed".into()),
        Rollout::Failed => (Meaning::Critical, Clean::of(format_args!("failed: {}", deployment.reason))),
        Rollout::InProgress => {
            let Deployment { running, desired, created, .. } = deployment;
            let for_ = words::span(now.as_second() - created.as_second());
            (Meaning::Acting, Clean::of(format_args!("{running}/{desired} for {for_}")))
        }
        Rollout::Unknown(_) => blank(),
    }
}

fn stage(now: Timestamp, followed: &crate::live::Followed) -> (Meaning, Clean) {
    let follow = &followed.follow;
    let lasted = words::span(follow.ended.unwrap_or(now).as_second() - follow.began.as_second());
    match &follow.stage {
        Stage::Sending => (Meaning::ActingYou, "sending".into()),
        Stage::Unknown => (Meaning::CannotTell, "no answer, reading back".into()),
        Stage::Under { .. } | Stage::Waiting { .. } => {
            (Meaning::ActingYou, Clean::of(format_args!("under way for {lasted}")))
        }
        Stage::Steady => (Meaning::Ok, Clean::of(format_args!("steady after {lasted}"))),
        Stage::Partly { why } => (Meaning::Warning, Clean::of(format_args!("partly: {why}"))),
        Stage::Failed { why } => (Meaning::Critical, Clean::of(format_args!("failed: {why}"))),
        Stage::Overtaken { by } => (Meaning::Warning, Clean::of(format_args!("overtaken: {by}"))),
    }
}

impl What {
    /// The mark on a chart: `↑4→6`, `↓→4`, `⇡:42`; `None` for what moved no capacity.
    pub fn mark(&self) -> Option<Clean> {
        match self {
            Self::Count { from: Some(from), to: Some(to) } => {
                let arrow = if to > from { '↑' } else { '↓' };
                Some(Clean::of(format_args!("{arrow}{from}→{to}")))
            }
            Self::Count { from: None, to: Some(to) } => Some(Clean::of(format_args!("→{to}"))),
            Self::Deployment(task_definition) => {
                let words = task_definition.as_str();
                let revision = words.rsplit_once(':').map_or(words, |(_, revision)| revision);
                Some(Clean::of(format_args!("⇡:{revision}")))
            }
            Self::Count { to: None, .. } | Self::Refused(_) | Self::Event(_) => None,
        }
    }

    /// In words.
    pub fn words(&self) -> Clean {
        match self {
            Self::Count { from: Some(from), to: Some(to) } => Clean::of(format_args!("{from} → {to}")),
            Self::Count { to: Some(to), .. } => Clean::of(format_args!("→ {to}")),
            Self::Count { to: None, .. } => "count set".into(),
            Self::Refused(why) => Clean::of(format_args!("not scaled: {why}")),
            Self::Deployment(task_definition) => Clean::of(format_args!("deploy {task_definition}")),
            Self::Event(message) => message.clone(),
        }
    }
}

impl Who {
    /// The word for a column of five, and what it means.
    pub fn word(self) -> (&'static str, Meaning) {
        match self {
            Self::Aws => ("aws  ", Meaning::Acting),
            Self::Deploy => ("ci   ", Meaning::Marker),
            Self::You => ("you  ", Meaning::ActingYou),
            Self::Ecs => ("ecs  ", Meaning::Warning),
            Self::Alarm => ("alarm", Meaning::Warning),
            Self::Somebody => ("?    ", Meaning::CannotTell),
        }
    }
}

/// Draws the list with its frame; `total` counts those that are not kept, too.
pub fn draw(theme: &Theme, entries: &[Entry], total: usize, room: Rect, buf: &mut Buffer) {
    let name = Phrase::new()
        .say(Meaning::Title, "Activity")
        .tell(Meaning::Muted, format_args!(" · {} in the last hour", words::several(total, "change")));
    let inside = frame::draw(theme, &name, false, room, buf);
    if entries.is_empty() {
        Phrase::new().say(Meaning::Muted, " nothing changed").draw(theme, phrase::line(inside, 0), buf);
    }
    let shown = entries.iter().take(usize::from(inside.height));
    let services = shown.clone().map(|entry| Clean::new(entry.service.service.as_str()).width()).max();
    let column = services.unwrap_or(0).min(usize::from(inside.width) / 4);
    for (at, entry) in shown.enumerate() {
        row(entry, column).draw(theme, phrase::line(inside, at), buf);
    }
}

fn row(entry: &Entry, column: usize) -> Phrase {
    let (who, meaning) = entry.who.word();
    let service = Clean::new(entry.service.service.as_str()).fit_end(column).left(column);
    let start = Phrase::new()
        .tell(Meaning::Muted, format_args!(" {}  ", words::second_of_day(entry.at)))
        .say(meaning, who)
        .say(Meaning::Text, service)
        .say(Meaning::Text, "  ")
        .say(Meaning::Strong, entry.what.words());
    let (fate, outcome) = entry.outcome.clone();
    let mut line = start;
    if outcome.width() > 0 {
        line = line.say(Meaning::Text, "  ").say(fate, outcome);
    }
    if entry.cause.width() > 0 {
        line = line.say(Meaning::Text, "  ").say(Meaning::Muted, entry.cause.clone());
    }
    line
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::console::scene::{self, Scene, activity, ago, id};
    use crate::console::widgets::summary::HOUR_S;
    use crate::platform::{CountChange, CountHistory};

    fn told(scene: Scene) -> Vec<(Who, String)> {
        let (view, _) = scene.done();
        let (entries, count) = changes(&view, HOUR_S);
        assert_eq!(entries.len(), count);
        entries.iter().map(|entry| (entry.who, entry.what.words().to_string())).collect()
    }

    fn moved(mut scene: Scene, changes: &[(i64, u32, u32)]) -> Scene {
        let changes = changes.iter().map(|(seconds, from, to)| CountChange {
            seen: ago(*seconds),
            from: TaskCount(*from),
            to: TaskCount(*to),
        });
        let history = CountHistory { changes: changes.collect(), cadence_s: 10, ..CountHistory::default() };
        scene.platform.counts.insert(id("a"), Arc::new(history));
        scene
    }

    #[test]
    fn a_count_that_moved_is_told_once_by_whoever_moved_it() {
        let scene = Scene::empty()
            .service("a", 6, (2, 10), 40.0)
            .activities("a", vec![activity(300, 6, ActivityKind::Successful)]);
        let scene = moved(scene, &[(2_000, 4, 3), (1_000, 3, 5), (290, 5, 6)]);
        let wanted = [(Who::Aws, "5 → 6"), (Who::Somebody, "3 → 5"), (Who::Somebody, "4 → 3")];
        assert_eq!(told(scene), wanted.map(|(who, what)| (who, what.to_owned())));
    }

    #[test]
    fn a_refusal_that_is_repeated_is_told_once() {
        let refused = || ActivityKind::NotScaled(vec!["AlreadyAtMaxCapacity".to_owned()]);
        let scene = Scene::empty().service("a", 10, (2, 10), 90.0).activities(
            "a",
            vec![
                activity(60, 10, refused()),
                activity(120, 10, refused()),
                activity(180, 10, refused()),
                activity(900, 10, ActivityKind::Successful),
                activity(4_000, 8, ActivityKind::Successful),
            ],
        );
        let wanted = [(Who::Aws, "not scaled: AlreadyAtMaxCapacity"), (Who::Aws, "8 → 10")];
        assert_eq!(told(scene), wanted.map(|(who, what)| (who, what.to_owned())));
    }

    #[test]
    fn only_events_that_are_not_routine_are_told() {
        let scene = Scene::empty().service("a", 6, (2, 10), 40.0).change("a", |service| {
            service.events = vec![
                scene::event(10, "has reached a steady state."),
                scene::event(20, "was unable to place a task because no container instance met its requirements."),
                scene::event(30, "has started 2 tasks: (task 1) (task 2)."),
                scene::event(40, "registered 2 targets in (target-group tg)"),
                scene::event(50, "deregistered 1 targets in (target-group tg): unhealthy"),
                scene::event(9_000, "was unable to place a task long ago."),
            ];
        });
        let told = told(scene);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].1.starts_with("was unable to place a task because"), "{told:?}");
    }

    #[test]
    fn causes_are_said_in_few_words() {
        let cases = [
            ("monitor alarm X in state ALARM triggered policy cpu-tracking", "policy cpu-tracking"),
            ("minimum capacity was set to 4 by scheduled action name morning-up, at 08:00", "schedule morning-up"),
            ("something new", "something new"),
        ];
        for (raw, wanted) in cases {
            assert_eq!(cause(raw).as_str(), wanted);
        }
    }
}
