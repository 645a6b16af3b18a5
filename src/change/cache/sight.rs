//! How far a change of a cache is: it is being modified, and then it is available with as many members as asked for.

use jiff::Timestamp;

use super::CacheSeen;
use crate::change::follow::{Complaint, Seen, Sight, Stage};
use crate::change::kind::{Change, Value};
use crate::change::plan::Plan;
use crate::platform::{CacheId, Phase, Platform, Source};

/// How long a cache may go on as before after AWS has accepted a change of it.
const READ_BACK_S: i64 = 120;

/// Moving keys between shards takes hours.
const PATIENCE_S: i64 = 2 * 60 * 60;

pub(in crate::change) fn sight(plan: &Plan, id: &CacheId, platform: &Platform, answered: Timestamp) -> Sight {
    let read = platform.sources.get(&Source::Caches).and_then(|health| health.learnt);
    let Some(read) = read.filter(|read| *read >= answered) else { return Sight::Nothing };
    let (Some(now), Some(cache)) = (CacheSeen::of(platform, id), platform.caches.get(id)) else {
        return Sight::Gone(format!("{id} is no longer there"));
    };
    let value = now.value(&plan.change);
    let count = |value: Option<&Value>| match value {
        Some(Value::Count(count)) => *count,
        _ => 0,
    };
    let (is, asked) = (count(value.as_ref()), plan.change.count().unwrap_or_default());
    let serving = cache.nodes().filter(|node| node.status.phase().serves()).count() as u32;
    let failed = cache.nodes().find(|node| node.status.phase() == Phase::Failed);
    let unit = if matches!(plan.change, Change::Shards { .. }) { "shards" } else { "nodes" };
    let what = format!("{is} of {asked} {unit}, {serving} nodes serve, {}", now.status);
    Sight::Seen(Box::new(Seen {
        settling: !now.available && now.status != "create-failed",
        since_answer_s: read.as_second() - answered.as_second(),
        read_back_s: READ_BACK_S,
        steady: now.available && is == asked && serving == now.nodes,
        stage: Stage::Waiting { step: 1, of: 1, what: what.clone() },
        distance: is.abs_diff(asked) + (now.nodes - serving.min(now.nodes)),
        begun: is != plan.from(),
        patience_s: PATIENCE_S,
        complaint: failed.map(|node| Complaint::Tried(format!("node {} is {}", node.id, node.status.0))),
        reached: what,
        culprit: "AWS does not tell by whom".to_owned(),
        value,
    }))
}
