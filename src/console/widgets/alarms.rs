//! The policy's alarms: what fires and since when, what is on its way there, and what cannot be told. The one judge of
//! what is on fire is the policy; here it is only shown.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::condition::Severity;
use super::{Phrase, frame, phrase};
use crate::console::theme::{Meaning, Theme};
use crate::console::words;
use crate::live::View;
use crate::platform::{GroupId, LoadBalancerId};
use crate::policy::alerts::Subject;
use crate::policy::{Alert, AlertState};

/// Whether an alarm fires.
pub fn fires(alert: &Alert) -> bool {
    matches!(alert.state, AlertState::Firing { .. })
}

/// The group that an alarm is about: of an instance its primary's replicas, of targets their service. `None` for what is
/// no group's: a balancer, money.
pub fn group_of(view: &View, subject: &Subject) -> Option<GroupId> {
    match subject {
        Subject::Service(id) | Subject::Targets(id, _) => Some(GroupId::Service(id.clone())),
        Subject::Database(id) => {
            let source = view.platform.databases.get(id).and_then(|one| one.replica_of.as_ref());
            Some(GroupId::Replicas(source.unwrap_or(id).clone()))
        }
        Subject::Cache(id) => Some(GroupId::Cache(id.clone())),
        Subject::Balancer(_) | Subject::Money | Subject::Resource(_) => None,
    }
}

/// What fires at a group, or at a balancer in front of it, a line each: for where the box has no room.
pub fn firing_at(view: &View, id: &GroupId, now: Timestamp) -> Vec<Phrase> {
    let service = id.service().and_then(|id| view.platform.services.get(id));
    let groups = service.into_iter().flat_map(|service| &service.target_groups);
    let balancers: Vec<&LoadBalancerId> =
        groups.filter_map(|arn| view.platform.target_groups.get(arn)).flat_map(|group| &group.balancers).collect();
    let here = |alert: &&Alert| match &alert.subject {
        Subject::Balancer(balancer) => balancers.contains(&balancer),
        subject => group_of(view, subject).as_ref() == Some(id),
    };
    let line = |alert: &Alert| {
        let (glyph, word, meaning) = Severity::from(alert.rule.severity()).mark();
        Phrase::new()
            .tell(meaning, format_args!("{glyph} {word} {}", alert.standing(now)))
            .tell(Meaning::Text, format_args!(": {}", alert.what()))
    };
    view.alerts.iter().filter(|alert| fires(alert)).filter(here).map(line).collect()
}

/// Rows of the box without its frame: one an alarm that is not clear, one for those that are.
pub fn rows(view: &View) -> usize {
    let (told, clear) = divided(view);
    told.count() + usize::from(clear > 0 || view.alerts.is_empty())
}

/// Those that need a line, and how many do not.
fn divided(view: &View) -> (impl Iterator<Item = &Alert>, usize) {
    let quiet = |alert: &Alert| alert.state == AlertState::Clear && !alert.blind;
    let clear = view.alerts.iter().filter(|alert| quiet(alert)).count();
    (view.alerts.iter().filter(move |alert| !quiet(alert)), clear)
}

/// Draws the box. The spec's routes carry an asterisk: nothing is sent from here.
pub fn draw(theme: &Theme, view: &View, now: Timestamp, room: Rect, buf: &mut Buffer) {
    let name = Phrase::new()
        .say(Meaning::Title, "Alarms")
        .say(Meaning::Muted, " · * the spec's route; scaledeck does not send it");
    let inside = frame::draw(theme, &name, false, room, buf);
    let (told, clear) = divided(view);
    let mut at = 0;
    for alert in told {
        row(alert, now, theme, phrase::line(inside, at), buf);
        at += 1;
    }
    let line = match (clear, view.alerts.is_empty()) {
        (_, true) => Phrase::new().say(Meaning::CannotTell, " … nothing to judge yet"),
        (0, false) => return,
        (clear, false) => Phrase::new()
            .say(Meaning::Ok, " ✓ ")
            .tell(Meaning::Muted, format_args!("{} clear", words::several(clear, "alarm"))),
    };
    line.draw(theme, phrase::line(inside, at), buf);
}

fn row(alert: &Alert, now: Timestamp, theme: &Theme, room: Rect, buf: &mut Buffer) {
    if room.is_empty() {
        return;
    }
    let (glyph, meaning) = match alert.state {
        AlertState::Firing { .. } => {
            let (glyph, _, meaning) = Severity::from(alert.rule.severity()).mark();
            (glyph, meaning)
        }
        AlertState::Filling => ("◔", Meaning::Warning),
        AlertState::Unknown | AlertState::Clear => ("?", Meaning::CannotTell),
    };
    let standing = Phrase::new()
        .tell(meaning, format_args!("  {}", alert.standing(now)))
        .tell(Meaning::Muted, format_args!("  {}* ", alert.rule.route()));
    let taken = standing.draw_right(theme, room, buf);
    Phrase::new()
        .tell(meaning, format_args!(" {glyph} "))
        .tell(Meaning::Text, format_args!("{}", alert.what()))
        .tell(Meaning::Muted, format_args!(" · {}", name(&alert.subject)))
        .draw(theme, Rect { width: room.width - taken, ..room }, buf);
}

/// A subject with all of its name.
pub fn whole_name(subject: &Subject) -> String {
    match subject {
        Subject::Service(service) => service.to_string(),
        Subject::Targets(service, group) => {
            format!("{service}, {}", group.dimension().unwrap_or(group.as_str()))
        }
        Subject::Balancer(balancer) => balancer.to_string(),
        Subject::Database(_) | Subject::Cache(_) | Subject::Money | Subject::Resource(_) => name(subject).to_owned(),
    }
}

/// A subject in one word.
pub fn name(subject: &Subject) -> &str {
    match subject {
        Subject::Service(service) | Subject::Targets(service, _) => service.service.as_str(),
        // `app/name/id`: the name is what people gave it.
        Subject::Balancer(balancer) => balancer.as_str().split('/').nth(1).unwrap_or(balancer.as_str()),
        Subject::Database(database) => database.as_str(),
        Subject::Cache(cache) => cache.as_str(),
        Subject::Money => "money",
        Subject::Resource(resource) => resource,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::scene::{Scene, group, now, stories};
    use crate::platform::MetricId;

    fn firing_of<'v>(view: &'v View, id: &GroupId) -> Vec<&'v Alert> {
        let here = |alert: &&Alert| fires(alert) && group_of(view, &alert.subject).as_ref() == Some(id);
        view.alerts.iter().filter(here).collect()
    }

    #[test]
    fn what_fires_behind_a_balancer_is_told_at_its_services() {
        let (view, model) = stories::fire().done();
        let id = group("solosuccess-ai-service");
        let lines = firing_at(&view, &id, now());
        let told: Vec<String> = lines.iter().map(Phrase::text).collect();
        assert_eq!(told.len(), 1, "{told:#?}");
        assert!(told[0].starts_with("▲ warning firing for 3m: 5XX 1.4 % of "), "{told:#?}");
        assert_eq!((model.summary().critical, model.summary().warning), (0, 1));
        assert_eq!(firing_of(&view, &id).len(), 0);
    }

    #[test]
    fn a_services_own_alarm_marks_its_row_and_is_counted() {
        let hot = Scene::empty().service("a", 2, (1, 5), 40.0).wave("a", MetricId::ServiceCpu, |_| 95.0);
        let (view, model) = hot.done();
        let id = group("a");
        let firing = firing_of(&view, &id);
        assert_eq!(firing.len(), 2, "critical and warning: {firing:#?}");
        assert_eq!((model.summary().critical, model.summary().warning), (1, 2), "with the balancer's");
    }
}
