//! The cost pane at the sizes people have, full, and with what can be missing.

use std::sync::Arc;

use ratatui::buffer::Buffer;

use super::*;
use crate::console::scene::Scene;
use crate::console::{Keymap, Pane, Theme};
use crate::platform::bill::{Anomaly, Forecast};
use crate::platform::{Fact, Platform, Reading, Source, SourceState};
use crate::policy::money::{self, Watch, scene};

/// A view of this platform, as judged after half a watched day.
fn view_of(mut platform: Platform, budget: Option<f64>) -> View {
    let mut policy = scene::production();
    policy.alarms.daily_budget_usd = budget;
    let now = scene::now();
    let mut watch = Watch::default();
    let rate = money::run_rate::run_rate(&platform, &policy.prices, now).hourly();
    let mut at = now - jiff::SignedDuration::from_hours(6);
    while at <= now {
        watch.saw(rate, at);
        at += jiff::SignedDuration::from_mins(5);
    }
    let money = money::judge(&platform, &policy, &watch, now);
    platform.spend = Some(Arc::new(money.spend()));
    let alerts = Arc::new(crate::policy::alerts(&platform, &policy, now));
    let (view, _) = Scene::empty().done();
    View { at: now, platform: Arc::new(platform), money: Some(Arc::new(money)), alerts, ..view }
}

fn platform() -> Platform {
    let mut platform = scene::with_load(scene::with_service(scene::platform(), scene::service(6)), 6.0, 20.0, 30.0);
    platform = scene::with_database(platform, scene::database("production-db"));
    let mut bill = scene::bill(&[
        ("Amazon Elastic Container Service", "USE1-Fargate-vCPU-Hours:perCPU", 6.4),
        ("Amazon Elastic Container Service", "USE1-Fargate-GB-Hours", 1.3),
        ("Amazon Relational Database Service", "InstanceUsage:db.t3.medium", 1.73),
        ("EC2 - Other", "EBS:VolumeUsage.gp2", 0.4),
    ]);
    for (index, cost) in bill.uses[0].costs.iter_mut().enumerate() {
        *cost += [0.0, 0.3, 0.6, 0.2, 0.1, -2.0, -2.2][index % 7];
    }
    bill.uses[0].costs[88] = 14.0;
    bill.uses[0].costs[90] = 2.1;
    bill.forecast = Part::Known(Forecast {
        from: "2026-03-10".parse().unwrap(),
        to: "2026-04-01".parse().unwrap(),
        cost: Dollars(214.0),
    });
    bill.anomalies = Part::Known(vec![Anomaly {
        first: "2026-02-20".parse().unwrap(),
        last: None,
        service: "Amazon \u{1b}[2JS3".to_owned(),
        impact: Dollars(12.5),
    }]);
    let fact = Fact::Bill(bill);
    platform.apply(Reading { source: Source::Spend, asked: scene::now(), cadence_s: 21_600, fact }, scene::now());
    platform
}

fn picture(view: &View, size: (u16, u16), scroll: isize) -> String {
    let (theme, keymap) = (Theme::builtin("dark").unwrap(), Keymap::default());
    let look = Look { theme: &theme, keymap: &keymap, now: view.at, title: None, drill: false };
    let area = Rect::new(0, 0, size.0, size.1);
    let (_, mut model) = Scene::empty().done();
    model.pane = Pane::Cost;
    model.set_extent(measure(view, &model, &look, area));
    model.step(scroll);
    let mut buf = Buffer::empty(area);
    draw(view, &model, &look, area, &mut buf);
    let row = |y| (0..size.0).map(|x| buf[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
    (0..size.1).map(row).collect::<Vec<_>>().join("\n")
}

#[test]
fn everything_at_the_sizes_people_have() {
    let view = view_of(platform(), Some(9.0));
    for (name, size) in [("80x20", (80, 20)), ("120x36", (120, 36)), ("200x56", (200, 56))] {
        insta::assert_snapshot!(format!("cost_{name}"), picture(&view, size, 0));
    }
    let end = picture(&view, (80, 20), isize::MAX);
    assert!(end.contains("Commitments and anomalies") && end.contains("S3"), "the last line can be reached:\n{end}");
    assert!(!end.contains('\u{1b}'), "what AWS says is cleaned");
}

#[test]
fn what_is_missing_says_why() {
    let empty = View { money: None, ..view_of(Platform::default(), None) };
    insta::assert_snapshot!("cost_nothing", picture(&empty, (80, 6), 0));
    let mut denied = scene::with_service(scene::platform(), scene::service(4));
    let read = |fact| Reading { source: Source::Spend, asked: scene::now(), cadence_s: 21_600, fact };
    let failed = Fact::Failed(SourceState::Denied { action: "ce:GetCostAndUsage".into() });
    denied.apply(read(failed.clone()), scene::now());
    insta::assert_snapshot!("cost_denied", picture(&view_of(denied, None), (80, 20), 0));
    let mut stale = platform();
    stale.apply(read(failed), scene::now());
    let stale = picture(&view_of(stale, None), (160, 20), 0);
    assert!(stale.contains("denied: ce:GetCostAndUsage") && stale.contains("on 2026-03-08"), "old data stay:\n{stale}");
}

#[test]
fn no_size_is_too_small() {
    let view = view_of(platform(), Some(9.0));
    for width in [1, 2, 5, 12, 40, 149, 150] {
        for height in [1, 2, 3, 9] {
            picture(&view, (width, height), 3);
        }
    }
}
