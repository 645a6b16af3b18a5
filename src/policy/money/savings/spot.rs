//! Spot for what may be interrupted: the tasks above the floor, which come and go anyway.

use super::super::run_rate::{of_task, spot_share};
use super::{Kind, Look, Opportunity, Saving};
use crate::platform::Environment;
use crate::platform::metric::Resource;
use crate::platform::spend::Dollars;
use crate::platform::weeks::Measure;
use crate::policy::prices::MONTH_HOURS;
use crate::policy::schedule::floor_at;

/// Fargate Spot's warning, in seconds: draining must be over within it.
const WARNING_S: u32 = 120;

/// What the tasks above the floor would cost on Spot; outside production all of them.
pub(super) fn spot(look: &Look<'_>, found: &mut Vec<Opportunity>) {
    for (id, service) in &look.platform.services {
        let Some(size) = service.task_size.filter(|_| service.launch.contains("FARGATE")) else { continue };
        if spot_share(look.platform, service) > 0.0 {
            found.extend(short_of_spot(look, id.to_string(), service.pending.0));
            continue;
        }
        let prices = &look.policy.prices;
        let (Some((demand, _)), Some((spot, _))) = (of_task(size, false, prices), of_task(size, true, prices)) else {
            continue;
        };
        let critical = look.policy.environment == Environment::Production;
        let base = if critical { floor_at(&look.policy.ecs, look.now).count.0 } else { 0 };
        let hours = look.hours(&Resource::Service(id.clone()), Measure::Tasks);
        // What must stay is the floor of each hour, not today's alone.
        let stays = |hour: i64| {
            let at = jiff::Timestamp::from_second(hour * 3600).unwrap_or(look.now);
            if critical { f64::from(floor_at(&look.policy.ecs, at).count.0) } else { 0.0 }
        };
        let mean = |hours: &crate::platform::weeks::Hours| {
            let above = hours.iter().map(|(hour, samples)| (samples / 60.0 - stays(*hour)).max(0.0));
            above.sum::<f64>() / hours.len() as f64
        };
        let (above, seen) = match hours {
            Some(hours) => (mean(hours), format!("on average of {}", look.span())),
            None => (f64::from(service.running.0.saturating_sub(base)), "now".to_owned()),
        };
        if above <= 0.0 {
            continue;
        }
        let draining = look.platform.target_groups.iter().filter(|(arn, _)| service.target_groups.contains(arn));
        let slow = draining.filter_map(|(_, group)| group.draining_s).max().filter(|delay| *delay >= WARNING_S);
        let mut evidence =
            vec![format!("{above:.1} tasks above those that must stay, {base} now, ran {seen}, all on demand")];
        if let Some(delay) = slow {
            evidence.push(format!(
                "draining takes {delay} s and Spot warns {WARNING_S} s before it takes a task away: set the delay below that first"
            ));
        }
        found.push(Opportunity {
            kind: Kind::Spot,
            subject: id.to_string(),
            title: format!("Fargate Spot for what runs above {base}"),
            evidence,
            saving: Saving::UpTo(Dollars(above * (demand - spot) * MONTH_HOURS)),
            risk: "Spot's price and supply move; ECS never falls back to on demand by itself: a service that is short of Spot \
                   stays short until its strategy is changed"
                .to_owned(),
            change: format!(
                "capacity provider strategy FARGATE base={base} weight=1, FARGATE_SPOT weight=3, which is a deployment; not \
                 made from here"
            ),
        });
    }
}

/// Tasks that wait on a service with Spot: the way back is proposed, since ECS does not go it.
fn short_of_spot(look: &Look<'_>, subject: String, pending: u32) -> Option<Opportunity> {
    let service = look.platform.services.values().find(|service| service.id.to_string() == subject)?;
    let said =
        service.events.iter().find(|event| event.message.to_ascii_lowercase().contains("capacity is unavailable"));
    let said = said.filter(|_| pending > 0)?;
    Some(Opportunity {
        kind: Kind::Spot,
        subject,
        title: "back to on demand while Spot is short".to_owned(),
        evidence: vec![format!("{pending} tasks wait; ECS says: {}", said.message)],
        saving: Saving::Untold("it costs more, and serves".to_owned()),
        risk: "a change of strategy is a deployment".to_owned(),
        change: "weight of FARGATE up, of FARGATE_SPOT to 0; ECS does not fall back by itself".to_owned(),
    })
}
