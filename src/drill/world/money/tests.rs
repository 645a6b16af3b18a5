//! The ledger against the time that was lived, the run rate, and the days before.

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::drill::DEFAULT_START;
use crate::drill::scenario::Scenario;

/// The midnight before [`DEFAULT_START`].
const MIDNIGHT: i64 = 1_795_528_800 - 14 * HOUR;

fn world(scenario: &str) -> World {
    World::new(&Scenario::builtin(scenario).unwrap(), 1, DEFAULT_START)
}

fn after(seconds: i64) -> Timestamp {
    DEFAULT_START + SignedDuration::from_secs(seconds)
}

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(other.abs())
}

#[test]
fn billed_time_is_the_tasks_time_at_its_price() {
    let mut it = world("spike");
    let before = it.spent_on(MIDNIGHT);
    it.advance_to(after(3600));
    let after = it.spent_on(MIDNIGHT);
    let seconds = after.raw(Line::FargateCpu) - before.raw(Line::FargateCpu);
    let minutes = it.tally(0.5).minutes;
    let lived: f64 = minutes.iter().map(|minute| minute.paid * 60.0).sum();
    assert_eq!(minutes.len(), 60);
    assert!(close(seconds.round(), lived.round()), "{seconds} and {lived}");
    let cost = after.cost(Line::FargateCpu) - before.cost(Line::FargateCpu);
    assert!(close(cost, lived / 3600.0 * 0.040_48), "{cost}");
    let memory = after.raw(Line::FargateMemory) - before.raw(Line::FargateMemory);
    assert!(close(memory, 2.0 * seconds));
    let nodes = after.raw(Line::CacheT3Medium) - before.raw(Line::CacheT3Medium);
    assert!(close(nodes, 2.0 * 3600.0), "{nodes}");
}

#[test]
fn a_node_is_paid_for_from_when_it_is_there() {
    use crate::drill::world::cache::{GROUP, ReplicaWish};
    let mut it = world("calm");
    let wish = ReplicaWish { group: GROUP.to_owned(), count: Some(2), at_once: true, ..ReplicaWish::default() };
    it.increase_replicas(&wish).unwrap();
    it.advance_to(after(1));
    assert!(close(it.run_rate().quantity(Line::CacheT3Medium), 2.0));
    it.advance_to(after(900));
    assert!(close(it.run_rate().quantity(Line::CacheT3Medium), 3.0));
}

#[test]
fn the_edge_is_billed_for_what_it_was_asked() {
    let mut it = world("calm");
    let before = it.spent_on(MIDNIGHT).raw(Line::EdgeRequests);
    it.advance_to(after(600));
    let billed = it.spent_on(MIDNIGHT).raw(Line::EdgeRequests) - before;
    let forwarded = it.arrived();
    assert!(billed > forwarded * 2.5 && billed < forwarded * 4.0, "{billed} for {forwarded}");
}

#[test]
fn run_rate_ledger_and_the_day_agree() {
    let mut it = world("sustained");
    it.advance_to(after(60));
    let (spent, rate) = (it.spent_on(MIDNIGHT).total(), it.run_rate().total());
    it.advance_to(after(3660));
    let hour = it.spent_on(MIDNIGHT).total() - spent;
    assert!((hour / rate - 1.0).abs() < 0.02, "{hour} in an hour, {rate} was to be expected");
    // The next refresh is at 16:00: from then on Cost Explorer has the ledger's hours, to the cent and beyond.
    it.advance_to(after(2 * 3600));
    assert!(close(it.known_on(MIDNIGHT).total(), it.spent_on(MIDNIGHT).total()));
    it.advance_to(after(2 * 3600 + 600));
    assert!(it.known_on(MIDNIGHT).total() < it.spent_on(MIDNIGHT).total());
}

#[test]
fn calls_that_cost_are_charged() {
    let mut it = world("calm");
    let before = it.spent_on(MIDNIGHT);
    it.charge(Line::Metrics, 500);
    it.charge(Line::CostExplorer, 1);
    let after = it.spent_on(MIDNIGHT);
    assert!(close(after.total() - before.total(), 0.005 + 0.01));
    assert_eq!(it.trace_hash(), world("calm").trace_hash(), "reading is no part of the trace");
}

#[test]
fn weekends_are_cheaper_and_one_week_stands_out() {
    let it = world("calm");
    let day = |ago: i64| it.spent_on(MIDNIGHT - ago * DAY).total();
    // The drill's day is a Tuesday.
    for week in [0, 7, 21] {
        let (sunday, wednesday) = (day(2 + week), day(6 + week));
        assert!(sunday < 0.9 * wednesday, "{sunday} and {wednesday}");
    }
    assert_eq!((day(91), it.first_billed()), (0.0, Some(MIDNIGHT - 90 * DAY)));
    assert!(day(90) > 0.0);
    let spike = &it.spikes()[0];
    assert_eq!((spike.from, spike.to), (MIDNIGHT - 19 * DAY, MIDNIGHT - 17 * DAY));
    assert!(spike.actual > 2.0 * spike.expected && spike.worst < spike.actual - spike.expected);
    let ecs: f64 = [19, 18]
        .map(|ago| it.spent_on(MIDNIGHT - ago * DAY))
        .iter()
        .map(|usage| usage.cost(Line::FargateCpu) + usage.cost(Line::FargateMemory))
        .sum();
    assert!(close(ecs, spike.actual), "the spike is what Cost Explorer shows");
}

#[test]
fn what_was_left_behind_costs() {
    let (left, calm) = (world("high-cost"), world("calm"));
    let hours = |it: &World| it.run_rate().quantity(Line::FargateCpu);
    assert!(close(hours(&left), 10.0) && close(hours(&calm), 4.0));
    let today = |it: &World| it.spent_on(MIDNIGHT).quantity(Line::FargateCpu);
    assert!(close(today(&left), 140.0), "{}", today(&left));
    assert!(today(&calm) < 50.0);
}

#[test]
fn an_account_without_services_costs_nothing() {
    let mut it = World::new(&Scenario { services: 0, ..Scenario::builtin("calm").unwrap() }, 1, DEFAULT_START);
    it.advance_to(after(3600));
    it.charge(Line::CostExplorer, 1);
    assert_eq!((it.spent_on(MIDNIGHT).total(), it.first_billed(), it.spikes().len()), (0.0, None, 0));
}
