//! Section 1: the ECS service.

use jiff::Timestamp;

use super::{Row, case, held, in_edges, out_edges, row, short};
use crate::platform::{Environment, MetricId, TaskCount};
use crate::policy::ecs::tests as ecs;
use crate::policy::schedule::{Zone, floor_at};
use crate::policy::{EcsPolicy, Policy};

const CPU: MetricId = MetricId::ServiceCpu;
const MEMORY: MetricId = MetricId::ServiceMemory;
const REQUESTS: MetricId = MetricId::RequestsPerTarget;

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

fn service(metric: MetricId) -> impl Fn(&[Option<f64>]) -> String {
    move |values| short(&ecs::Scene::steady(6).newest(metric, values).decision())
}

fn idle_service(metric: MetricId) -> impl Fn(&[Option<f64>]) -> String {
    move |values| short(&ecs::Scene::idle(6).newest(metric, values).decision())
}

fn staging(tasks: u32, busy: bool) -> String {
    let scene = if busy { ecs::Scene::steady(tasks).flat(CPU, 200.0) } else { ecs::Scene::idle(tasks) };
    let mut scene = scene.limits(1, 3);
    scene.policy = Policy::of_spec(Environment::Staging);
    short(&scene.decision())
}

fn production(tasks: u32, min: u32, time: &str) -> String {
    let scene = ecs::Scene::idle(tasks).limits(min, 10).at(at(time));
    short(&scene.flat(CPU, 10.0).flat(MEMORY, 20.0).flat(REQUESTS, 100.0).decision())
}

fn floor(policy: &EcsPolicy, time: &str) -> String {
    floor_at(policy, at(time)).count.to_string()
}

/// A count that was changed from 4 to 6 so many seconds ago, then at this CPU.
fn after_change(seconds: i64, cpu: f64) -> String {
    let mut scene = ecs::Scene::idle(4);
    let mut service = scene.service.clone();
    (service.desired, service.running) = (TaskCount(6), TaskCount(6));
    scene.see_counts(ecs::noon(), service);
    scene.see_health(ecs::noon(), 0);
    let scene = scene.at(ecs::seconds(ecs::noon(), seconds));
    short(&scene.flat(CPU, cpu).flat(MEMORY, 20.0).flat(REQUESTS, 100.0).decision())
}

pub(super) fn section_1() -> Vec<Row> {
    let cooldowns = || {
        vec![
            case("59 s after an out began", after_change(59, 80.0), "none"),
            case("60 s after an out began", after_change(60, 80.0), "out 7"),
            case("299 s after a change had finished", after_change(299, 10.0), "none"),
            case("300 s after a change had finished", after_change(300, 10.0), "in 5"),
        ]
    };
    let spec = Policy::of_spec(Environment::Production).ecs;
    let berlin = EcsPolicy { schedule_timezone: Zone::named("Europe/Berlin").unwrap(), ..spec.clone() };
    let day = |time: &str| floor(&spec, &format!("2026-03-10T{time}Z"));
    let five = |metric, value: f64| service(metric)(&held(value, 5, &[]));
    vec![
        row(
            "Target: 70% CPU utilization",
            vec![
                case("70 on 6", five(CPU, 70.0), "none"),
                case("81.6 on 6 is 6.99", five(CPU, 81.6), "out 7"),
                case("81.7 on 6 is 7.003", five(CPU, 81.7), "out 8"),
            ],
        ),
        row(
            "Scale out when CPU > 70% for 2 consecutive periods (5 minutes)",
            out_edges(70.0, 5, "out 7", service(CPU)),
        ),
        row(
            "Scale in when CPU < 70% for 5 consecutive periods (25 minutes)",
            in_edges(70.0, 25, 10.0, "in 5", idle_service(CPU)),
        ),
        row("Cooldown: 60 seconds (scale out), 300 seconds (scale in)", cooldowns()),
        row(
            "Target: 80% memory utilization",
            vec![
                case("80 on 6", five(MEMORY, 80.0), "none"),
                case("93.3 on 6 is 6.998", five(MEMORY, 93.3), "out 7"),
                case("93.4 on 6 is 7.005", five(MEMORY, 93.4), "out 8"),
            ],
        ),
        row(
            "Scale out when memory > 80% for 2 consecutive periods (5 minutes)",
            out_edges(80.0, 5, "out 7", service(MEMORY)),
        ),
        row(
            "Scale in when memory < 80% for 5 consecutive periods (25 minutes)",
            in_edges(80.0, 25, 10.0, "in 5", idle_service(MEMORY)),
        ),
        row(
            "Target: 1000 requests per target",
            vec![
                case("1000 on 6", five(REQUESTS, 1000.0), "none"),
                case("1166 on 6 is 6.996", five(REQUESTS, 1166.0), "out 7"),
                case("1167 on 6 is 7.002", five(REQUESTS, 1167.0), "out 8"),
            ],
        ),
        row(
            "Scales based on ALB request count per target",
            vec![
                case("five minutes", five(REQUESTS, 1001.0), "out 7"),
                case("four minutes", service(REQUESTS)(&held(1001.0, 4, &[])), "none"),
            ],
        ),
        row(
            "Minimum: 2 tasks",
            vec![
                case("1 by night", production(1, 2, "2026-03-10T23:00:00Z"), "out 2"),
                case("2 by night", production(2, 2, "2026-03-10T23:00:00Z"), "none"),
                case("3 by night", production(3, 2, "2026-03-10T23:00:00Z"), "in 2"),
            ],
        ),
        row(
            "Maximum: 10 tasks",
            vec![
                case("9", short(&ecs::Scene::steady(9).flat(CPU, 200.0).decision()), "out 10"),
                case("10", short(&ecs::Scene::steady(10).flat(CPU, 200.0).decision()), "none"),
            ],
        ),
        row(
            "Peak hours minimum: 4 tasks",
            vec![
                case("3 at noon", short(&ecs::Scene::idle(3).decision()), "out 4"),
                case("4 at noon", short(&ecs::Scene::idle(4).decision()), "none"),
                case("5 at noon", short(&ecs::Scene::idle(5).decision()), "in 4"),
            ],
        ),
        row("Minimum: 1 task", vec![case("1", staging(1, false), "none"), case("2", staging(2, false), "in 1")]),
        row("Maximum: 3 tasks", vec![case("2", staging(2, true), "out 3"), case("3", staging(3, true), "none")]),
        row(
            "**Morning Scale-Up (8 AM UTC)**",
            vec![
                case("07:59:59", day("07:59:59"), "2"),
                case("08:00:00", day("08:00:00"), "4"),
                case("Berlin, a day of 23 hours, 07:59:59", floor(&berlin, "2026-03-29T05:59:59Z"), "2"),
                case("Berlin, a day of 23 hours, 08:00:00", floor(&berlin, "2026-03-29T06:00:00Z"), "4"),
                case("Berlin, a day of 25 hours, 07:59:59", floor(&berlin, "2026-10-25T06:59:59Z"), "2"),
                case("Berlin, a day of 25 hours, 08:00:00", floor(&berlin, "2026-10-25T07:00:00Z"), "4"),
            ],
        ),
        row(
            "Increases minimum capacity to 4 tasks",
            vec![
                case("3 tasks in the next morning", production(3, 2, "2026-03-11T07:59:59Z"), "in 2"),
                case("a second later", production(3, 2, "2026-03-11T08:00:00Z"), "out 4"),
            ],
        ),
        row(
            "**Evening Scale-Down (10 PM UTC)**",
            vec![
                case("21:59:59", day("21:59:59"), "4"),
                case("22:00:00", day("22:00:00"), "2"),
                case("Berlin, a day of 23 hours, 22:00:00", floor(&berlin, "2026-03-29T20:00:00Z"), "2"),
                case("Berlin, a day of 25 hours, 21:59:59", floor(&berlin, "2026-10-25T20:59:59Z"), "4"),
                case("Berlin, a day of 25 hours, 22:00:00", floor(&berlin, "2026-10-25T21:00:00Z"), "2"),
            ],
        ),
        row(
            "Reduces minimum capacity to 2 tasks",
            vec![
                case("4 tasks, 21:59:59", production(4, 2, "2026-03-10T21:59:59Z"), "none"),
                case("4 tasks, 22:00:00", production(4, 2, "2026-03-10T22:00:00Z"), "in 3"),
            ],
        ),
    ]
}
