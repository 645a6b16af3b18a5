//! Moving about: the cursor, the filter, freezing, copying, leaving.

use std::sync::Arc;

use ratatui::buffer::Buffer;

use super::Person;
use crate::change::Follow;
use crate::console::Pane;
use crate::console::event::Ended;
use crate::console::scene::{armed, group, id, now, stories, three};
use crate::live::{Command, Followed, View};
use crate::platform::{CacheId, DatabaseId, GroupId};

fn in_flight() -> View {
    let mut person = Person::before(armed());
    person.press("a enter 8 enter");
    let plan = person.confirmed()[0].0.clone();
    View { followed: Some(Arc::new(Followed { plan, follow: Follow::begin(now(), None) })), ..armed() }
}

#[test]
fn the_cursor_follows_the_resource_through_filter_order_and_refresh() {
    let mut person = Person::before(three());
    person.press("j j");
    assert_eq!(person.app.model().selected, Some(group("worker")));
    person.press("k / a p i enter");
    assert_eq!(person.app.model().rows(), [group("api")]);
    person.press("esc");
    assert_eq!(person.app.model().selected, Some(group("api")));
    let mut view = three();
    let mut platform = (*view.platform).clone();
    platform.listed = Some(Arc::new(["aardvark", "ai-service", "api", "worker"].map(id).to_vec()));
    view.platform = Arc::new(platform);
    person.sees(view);
    assert_eq!(person.app.model().selected, Some(group("api")));
    assert_eq!(person.app.model().row(), Some(2));
}

#[test]
fn a_pane_takes_its_own_group_under_the_cursor_and_the_overview_gives_back_what_was_there() {
    let (view, _) = stories::platform().done();
    let mut person = Person::before(view.clone());
    let selected = |person: &Person| person.app.model().selected.clone().unwrap();
    let (api, database) =
        (group("solosuccess-api-gateway"), GroupId::Replicas(DatabaseId::new("production-solosuccess-db")));
    person.press("j 3");
    assert_eq!(selected(&person), database);
    assert!(person.screen().contains("replica …"), "{}", person.screen());
    person.press("4 6 1");
    assert_eq!(selected(&person), api, "looking elsewhere moves nothing");
    person.press("3 tab 1");
    assert_eq!(selected(&person), database, "there is one only, and it was moved to");
    person.press("2 tab");
    assert_eq!(selected(&person), api, "from the first service on to the second");
    person.press("backtab");
    assert_eq!(selected(&person), group("solosuccess-ai-service"));
    for id in [api, database, GroupId::Cache(CacheId::new("production-solosuccess-redis"))] {
        assert_ne!(Pane::of(&id), Pane::Overview, "{id} can be looked at from close by");
    }
    // What answers late is shown as soon as it is there.
    let mut late = Person::before(three());
    late.press("3");
    assert!(late.screen().contains("Databases"), "{}", late.screen());
    late.sees(view);
    assert!(late.screen().contains("db production-solosuccess-db"), "{}", late.screen());
}

#[test]
fn who_needs_somebody_stands_first_in_the_order_of_attention() {
    let (view, _) = stories::platform().done();
    let mut person = Person::before(view);
    person.press("S");
    let order: Vec<&str> = person.app.model().rows().iter().map(GroupId::name).collect();
    assert_eq!(order[..2], ["production-solosuccess-db", "solosuccess-ai-service"], "critical, then advised");
}

#[test]
fn a_filter_left_with_esc_is_what_it_was() {
    let mut person = Person::before(three());
    person.press("/ w o r enter / x esc");
    assert_eq!(person.app.model().filter, "wor");
    person.press("esc");
    assert_eq!(person.app.model().filter, "");
}

#[test]
fn what_is_seen_and_open_is_told_once() {
    let mut person = Person::before(three());
    person.press("2 f f 1");
    let looks: Vec<&Command> = person.asked.iter().filter(|c| matches!(c, Command::Look { .. })).collect();
    let all = ["ai-service", "api", "worker"].map(id).to_vec();
    let overview = Command::Look { visible: all, open: None };
    let tasks = Command::Look { visible: vec![id("ai-service")], open: Some(id("ai-service")) };
    assert_eq!(looks, [&overview, &tasks, &overview]);
    person.asked.clear();
    person.frame();
    assert_eq!(person.asked, []);
}

#[test]
fn freezing_stops_the_screens_clock_and_a_preview_thaws_it() {
    let mut person = Person::before(armed());
    person.press("f");
    let frozen = person.frame();
    let mut later = Buffer::empty(person.area);
    person.app.draw(now() + jiff::SignedDuration::from_secs(90), person.area, &mut later);
    assert_eq!(frozen, later);
    person.press("s");
    assert!(!person.app.frozen());
}

#[test]
fn leaving_with_a_change_in_flight_asks_once() {
    let mut person = Person::before(three());
    person.press("q");
    assert_eq!(person.ended, Some(Ended::Quit));

    for (keys, ended) in
        [("q", None), ("q esc", None), ("q l", Some(Ended::Left)), ("ctrl-c ctrl-c", Some(Ended::Left)), ("q q", None)]
    {
        let mut person = Person::before(in_flight());
        person.press(keys);
        assert_eq!(person.ended, ended, "{keys}");
        assert_eq!(person.asked.contains(&Command::Leave), ended.is_some(), "{keys}");
    }
}

#[test]
fn polling_is_not_paused_while_a_change_is_followed() {
    let mut person = Person::before(in_flight());
    person.press("P");
    assert!(!person.asked.contains(&Command::Pause(true)));
    assert!(person.screen().contains("a change is being followed"));
}

#[test]
fn copies_are_quoted_and_clean() {
    let mut person = Person::before(armed());
    person.press("c a c");
    assert_eq!(person.copied[0], "ai-service");
    assert!(person.copied[1].starts_with("aws ecs update-service"), "{}", person.copied[1]);

    let evil = id("x; rm -rf ~\u{1b}[2J");
    let mut view = three();
    let mut platform = (*view.platform).clone();
    platform.listed = Some(Arc::new(vec![evil]));
    platform.services.clear();
    view.platform = Arc::new(platform);
    let mut person = Person::before(view);
    person.press("c");
    let words = shlex::split(&person.copied[0]).unwrap();
    assert_eq!(words.len(), 1, "{}", person.copied[0]);
    assert!(!person.copied[0].contains('\u{1b}'));
}
