//! The four troubles of what scales by ones: read replicas, cache nodes, shards. AWS has no autoscaler for these, so
//! what is asked for waits for somebody.

use jiff::Timestamp;

use super::case::unread;
use super::cost::{money, without_a_sign};
use super::mend::Mend;
use super::moves::{reversals, signs};
use super::{Cause, Certainty, Diagnosis, Extra, Proof, Standing, Trouble};
use crate::platform::{GroupId, MemberHistory, Phase, Platform, Source};
use crate::policy::group::{GroupNote, GroupVerdict, MemberEvidence};
use crate::policy::knobs::Policy;
use crate::policy::sentence::{clock, many};
use crate::policy::verdict::{Decision, Direction, Reason};
use crate::policy::{cache, replicas};

/// One group with what the rules look at.
struct Members<'a> {
    platform: &'a Platform,
    verdict: GroupVerdict,
    history: Option<&'a MemberHistory>,
    source: Source,
    name: &'a str,
    /// Seconds: what leads to one more, what leads to one fewer, and what lies between two changes.
    windows: (u32, u32, u32),
    /// The policy's variables: the most, the least, the cooldown, the window that leads to one more.
    variables: [&'static str; 4],
    extra: Extra<'a>,
    now: Timestamp,
}

pub(super) fn diagnoses(
    platform: &Platform,
    policy: &Policy,
    group: &GroupId,
    now: Timestamp,
    extra: Extra,
) -> Vec<Diagnosis> {
    let found = match group {
        GroupId::Service(_) => None,
        GroupId::Replicas(id) => {
            replicas::verdicts(platform, &policy.replicas, now).remove(id).map(|verdict| Members {
                platform,
                verdict,
                history: platform.replica_counts.get(id).map(AsRef::as_ref),
                source: Source::Databases,
                name: group.name(),
                windows: (
                    policy.replicas.scale_out_window_s,
                    policy.replicas.scale_in_window_s,
                    policy.replicas.cooldown_s,
                ),
                variables: ["rds_max_replicas", "rds_min_replicas", "rds_cooldown_s", "rds_scale_out_window_s"],
                extra,
                now,
            })
        }
        GroupId::Cache(id) => cache::verdicts(platform, &policy.cache, now).remove(id).map(|verdict| Members {
            platform,
            verdict,
            history: platform.node_counts.get(id).map(AsRef::as_ref),
            source: Source::Caches,
            name: group.name(),
            windows: (policy.cache.scale_out_window_s, policy.cache.scale_in_window_s, policy.cache.cooldown_s),
            variables: ["redis_max_nodes", "redis_min_nodes", "redis_cooldown_s", "redis_scale_out_window_s"],
            extra,
            now,
        }),
    };
    match found {
        Some(members) => vec![not_out(&members), slow(&members), too_much(&members), cost(&members)],
        None => nothing_known(platform, group),
    }
}

/// The troubles of a group that was never described.
pub(super) fn nothing_known(platform: &Platform, group: &GroupId) -> Vec<Diagnosis> {
    let source = match group {
        GroupId::Service(_) => Source::Services,
        GroupId::Replicas(_) => Source::Databases,
        GroupId::Cache(_) => Source::Caches,
    };
    let troubles = [Trouble::NotScalingOut, Trouble::SlowWhileScaling, Trouble::ScalingTooMuch, Trouble::HighCost];
    let because = platform.sources.get(&source).map_or_else(
        || format!("{source} not read yet"),
        |health| match health.learnt {
            Some(learnt) => format!("{source} read at {}, and it was not among them", clock(learnt)),
            None => format!("{source}: {}", health.state),
        },
    );
    let diagnosis = |trouble| Diagnosis {
        trouble,
        standing: Standing::CannotTell { because: because.clone() },
        sentence: "it was not described".to_owned(),
        causes: Vec::new(),
    };
    troubles.map(diagnosis).to_vec()
}

fn proof_of(evidence: &MemberEvidence) -> Proof {
    Proof::new("evidence", evidence.said().to_string()).at(evidence.newest)
}

fn not_out(members: &Members) -> Diagnosis {
    let Members { verdict, variables: [most, _, cooldown, window], .. } = members;
    let sentence = verdict.sentence();
    let noun = verdict.members.kind.noun();
    let asking = || verdict.evidence.iter().filter(|one| one.asks()).map(proof_of);
    let filling =
        || verdict.evidence.iter().filter(|one| one.out.is_some_and(|bound| bound.window.held_s > 0)).map(proof_of);
    let mut causes = Vec::new();
    let standing = match &verdict.decision {
        Decision::Out { .. } => {
            causes.push(
                Cause::new("nobody_acts", format!("AWS adds no {noun} by itself: somebody has to"))
                    .proofs(asking())
                    .mend(Mend::new("preview what the advice asks for, or let `scaledeck reconcile` do it")),
            );
            Standing::Yes
        }
        Decision::None { reason: Reason::AtCeiling { .. } } => {
            causes.push(
                Cause::new("at_ceiling", sentence.clone())
                    .proofs(asking())
                    .mend(Mend::new("raise the maximum, or give each a larger size").variable(most)),
            );
            Standing::Yes
        }
        Decision::None { reason: Reason::Cooldown { direction: Direction::Out, until, .. } } => {
            causes.push(
                Cause::new("cooldown", sentence.clone())
                    .proof(Proof::new("cooldown ends", "then").at(*until))
                    .proofs(asking())
                    .mend(Mend::new("wait, or add one by hand; shorten the cooldown").variable(cooldown)),
            );
            Standing::Yes
        }
        Decision::None { reason: Reason::Blocked { .. } } => {
            causes.push(
                Cause::new("blocked", sentence.clone())
                    .proofs(asking())
                    .mend(Mend::new("remove what stands in its way, as told")),
            );
            Standing::Yes
        }
        Decision::None { reason: Reason::InFlight { .. } } if asking().next().is_some() => {
            causes.push(
                Cause::new("starting", sentence.clone()).proofs(asking()).mend(Mend::new("wait: one change at a time")),
            );
            Standing::Yes
        }
        Decision::None { reason: Reason::Filling { .. } } => {
            causes.push(
                Cause::new("window_filling", sentence.clone())
                    .proofs(filling())
                    .mend(Mend::new("wait, or add one now; shorten the window").variable(window)),
            );
            Standing::Yes
        }
        Decision::CannotTell { .. } => Standing::CannotTell { because: sentence.clone() },
        Decision::None { .. } | Decision::In { .. } => Standing::No,
    };
    if standing != Standing::No {
        for note in &verdict.notes {
            if let Some(words) = no_help(note) {
                let cause = Cause::new("would_not_help", words.to_owned());
                causes.push(cause.mend(Mend::new("a larger size, or less to do, would")));
            }
        }
        causes.extend(unread(members.platform, &sources(members), members.now));
    }
    Diagnosis { trouble: Trouble::NotScalingOut, standing, sentence, causes }
}

fn sources(members: &Members) -> [(Source, &'static str); 2] {
    [(members.source, "what it consists of"), (Source::Metrics, "its metrics")]
}

/// What one more would not cure.
fn no_help(note: &GroupNote) -> Option<&'static str> {
    match note {
        GroupNote::NoMemory => Some("a replica adds no memory: every node holds all keys"),
        GroupNote::LagStays => Some("a replica seldom cures lag"),
        _ => None,
    }
}

fn slow(members: &Members) -> Diagnosis {
    let Members { verdict, .. } = members;
    let counts = verdict.members;
    let moving = counts.arriving.0 + counts.leaving > 0;
    let noun = counts.kind.noun();
    let words = match (counts.arriving.0, counts.leaving) {
        (0, 0) => format!("no {noun} is on its way in or out"),
        (arriving, 0) => format!("{} on its way", many(arriving, noun)),
        (0, leaving) => format!("{} being deleted", many(leaving, noun)),
        (arriving, leaving) => format!("{} on its way, {} being deleted", many(arriving, noun), many(leaving, noun)),
    };
    let asking: Vec<_> = verdict.evidence.iter().filter(|one| one.asks()).map(proof_of).collect();
    if !moving {
        return Diagnosis {
            trouble: Trouble::SlowWhileScaling,
            standing: Standing::No,
            sentence: words,
            causes: Vec::new(),
        };
    }
    let mut causes = Vec::new();
    if !asking.is_empty() {
        let created = created(members);
        causes.push(
            Cause::new("behind", format!("what serves is over its threshold until it is there: {words}"))
                .proofs(asking)
                .proofs(created)
                .mend(Mend::new("wait; to be ready sooner, keep one more at all times").variable(members.variables[1])),
        );
    }
    if verdict.notes.contains(&GroupNote::DiskPause) {
        causes.push(
            Cause::new(
                "disk_pause",
                "making a replica holds up the primary's disk for about a minute: it has no standby",
            )
            .mend(Mend::new("make it Multi-AZ, or add replicas in quiet hours")),
        );
    }
    for note in &verdict.notes {
        if let GroupNote::NoReads { member } = note {
            causes.push(
                Cause::new("no_reads", format!("{member} answers, but the reader name sends it nothing"))
                    .mend(Mend::new("give its record a weight")),
            );
        }
    }
    let standing = if causes.is_empty() {
        match &verdict.decision {
            Decision::CannotTell { .. } => Standing::CannotTell { because: verdict.sentence() },
            _ => Standing::No,
        }
    } else {
        Standing::Yes
    };
    Diagnosis { trouble: Trouble::SlowWhileScaling, standing, sentence: words, causes }
}

/// Members on their way that AWS names.
fn created(members: &Members) -> Vec<Proof> {
    let replicas = members.platform.databases.values().filter(|one| one.status.phase() == Phase::Arriving);
    let of_it = replicas.filter(|one| one.replica_of.as_ref().is_some_and(|source| source.as_str() == members.name));
    of_it.map(|one| Proof::new(one.id.to_string(), one.status.to_string()).at(one.learnt)).collect()
}

fn too_much(members: &Members) -> Diagnosis {
    let mut moves = members.extra.moves.to_vec();
    moves.sort_by_key(|moved| moved.at);
    let (out, inward, cooldown) = members.windows;
    let found = signs(&moves, members.now, out, inward, cooldown);
    let trouble = Trouble::ScalingTooMuch;
    if !found.is_empty() {
        let proofs = moves
            .iter()
            .rev()
            .take(6)
            .map(|moved| Proof::new(moved.by.words(), format!("{} → {}", moved.from, moved.to)).at(moved.at));
        let cause = Cause::new("cooldown_short", "its changes are taken back again")
            .proofs(proofs)
            .mend(Mend::new("lengthen the cooldown").variable(members.variables[2]));
        let sentence = format!("its members changed {} times, turning {}", moves.len(), reversals(&moves));
        return Diagnosis { trouble, standing: Standing::Yes, sentence, causes: vec![cause] };
    }
    let changed = members.history.and_then(|history| history.changed);
    let watched = members.history.and_then(|history| history.watched_since);
    let standing = match watched {
        Some(since) if since.as_second() + i64::from(cooldown) <= members.now.as_second() => Standing::No,
        Some(since) => Standing::CannotTell { because: format!("it is watched since {} only", clock(since)) },
        None => Standing::CannotTell { because: "it was not watched yet".to_owned() },
    };
    let sentence = match changed {
        Some(at) => format!("its members last changed at {}", clock(at)),
        None => "its members have not changed while it was watched".to_owned(),
    };
    Diagnosis { trouble, standing, sentence, causes: Vec::new() }
}

fn cost(members: &Members) -> Diagnosis {
    let Members { verdict, variables: [_, least, ..], .. } = members;
    let noun = verdict.members.kind.noun();
    let mut causes = Vec::new();
    match &verdict.decision {
        Decision::In { to, .. } => causes.push(
            Cause::new("stuck_scale_out", format!("{to} would do: AWS takes no {noun} away by itself"))
                .proofs(verdict.evidence.iter().map(proof_of))
                .mend(Mend::new("preview what the advice asks for")),
        ),
        Decision::None { reason: Reason::AboveCeiling } => causes
            .push(Cause::new("above_ceiling", verdict.sentence()).mend(Mend::new("remove what is above the ceiling"))),
        _ => {}
    }
    for note in &verdict.notes {
        if let GroupNote::OtherClass { replica, source } = note {
            causes.push(
                Cause::new("other_class", format!("its source is {source}, the policy makes replicas of {replica}"))
                    .mend(
                        Mend::new("review instance sizes: let both be what the load needs")
                            .variable("rds_replica_instance_class"),
                    ),
            );
        }
    }
    if verdict.members.present == verdict.floor.count
        && verdict.evidence.iter().all(idle)
        && !verdict.evidence.is_empty()
    {
        causes.push(
            Cause::new("oversized", "at its floor, every member has been idle for its whole window")
                .unsure("half an hour does not tell a size: Compute Optimizer looks at 14 days")
                .proofs(verdict.evidence.iter().map(proof_of))
                .mend(Mend::new("review instance sizes; or lower the floor").variable(least)),
        );
    }
    let wasted = causes.iter().find(|cause| cause.certainty == Certainty::Yes && cause.rule != "other_class");
    let wasted = wasted.map(|cause| cause.sentence.clone());
    let spent = money(members.extra.alerts, members.name);
    let (standing, sentence) = match (wasted, spent.first()) {
        (Some(words), _) => (Standing::Yes, words),
        (None, Some(cause)) => (Standing::Yes, cause.sentence.clone()),
        (None, None) => without_a_sign(members.platform),
    };
    causes.extend(spent);
    if standing != Standing::No {
        causes.extend(unread(members.platform, &[(Source::Spend, "what the account costs")], members.now));
    }
    Diagnosis { trouble: Trouble::HighCost, standing, sentence, causes }
}

/// Whether a metric has been low for the whole window that lets one go; one that does not matter for that is.
fn idle(evidence: &MemberEvidence) -> bool {
    evidence.clear.is_none_or(|bound| bound.window.full())
}
