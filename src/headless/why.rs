//! Why a group of a saved platform does what it does: the causes that the console's `w` shows, as text or JSON.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::snapshot::{Snapshot, SnapshotMistake};
use crate::platform::{GroupId, Platform};
use crate::policy::why::{Extra, Ranked, Standing, causes};
use crate::policy::{Policy, alerts};

/// Why there is no answer at all.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// The snapshot cannot be a platform.
    #[error(transparent)]
    Snapshot(#[from] SnapshotMistake),
    /// No group, or more than one, goes by that name.
    #[error("{0}")]
    Name(String),
}

/// The troubles of the group that goes by a name – `<cluster>/<service>`, a service's, a primary's or a cache's own – at a
/// moment, the snapshot's own where none is given.
pub fn on(snapshot: Snapshot, policy: &Policy, name: &str, at: Option<Timestamp>) -> Result<Ranked, NoAnswer> {
    let at = at.unwrap_or(snapshot.at);
    let platform = snapshot.into_platform()?;
    let group = named(&platform, name)?;
    let alerts = alerts(&platform, policy, at);
    Ok(causes(&platform, policy, &group, at, Extra { alerts: &alerts, moves: &[] }))
}

fn named(platform: &Platform, name: &str) -> Result<GroupId, NoAnswer> {
    let listed = platform.listed.iter().flat_map(|listed| listed.iter());
    let services = listed.chain(platform.services.keys()).cloned().map(GroupId::Service);
    let primaries = platform.databases.values().filter(|database| database.replica_of.is_none());
    let replicas = primaries.map(|primary| GroupId::Replicas(primary.id.clone()));
    let mut groups: Vec<GroupId> =
        services.chain(replicas).chain(platform.caches.keys().cloned().map(GroupId::Cache)).collect();
    groups.sort();
    groups.dedup();
    let whole = groups.iter().find(|group| group.to_string() == name);
    let own: Vec<&GroupId> = groups.iter().filter(|group| group.name() == name).collect();
    match (whole, own.as_slice()) {
        (Some(group), _) => Ok(group.clone()),
        (None, [group]) => Ok((*group).clone()),
        (None, []) => {
            let like = |group: &&GroupId| strsim::jaro_winkler(group.name(), name);
            let nearest = groups.iter().max_by(|a, b| like(a).total_cmp(&like(b)));
            let nearest = nearest.map_or_else(String::new, |group| format!("; the nearest is {group}"));
            Err(NoAnswer::Name(format!("no group is called {name:?}{nearest}").escape_debug().to_string()))
        }
        (None, several) => {
            let names = several.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            Err(NoAnswer::Name(
                format!("{} groups are called {name:?}: {names}", several.len()).escape_debug().to_string(),
            ))
        }
    }
}

/// For people: each trouble, its causes, what they rest on and what would mend them. Text of AWS is escaped.
pub fn text(ranked: &Ranked) -> String {
    let mut out = String::new();
    let mut say = |indent: usize, words: &str| {
        let _ = writeln!(out, "{:indent$}{}", "", words.escape_debug());
    };
    say(0, &format!("{} · at {:.0}", ranked.group, ranked.at));
    for diagnosis in &ranked.troubles {
        say(0, &diagnosis.line());
        for cause in &diagnosis.causes {
            say(2, &cause.line());
            for proof in &cause.evidence {
                say(6, &proof.line());
            }
            for mend in &cause.mends {
                say(6, &format!("→ {}", mend.line()));
                if let Some(command) = &mend.command {
                    say(8, &format!("$ {command}"));
                }
            }
        }
    }
    out
}

/// How many troubles cannot be told.
pub fn untold(ranked: &Ranked) -> usize {
    ranked.troubles.iter().filter(|one| matches!(one.standing, Standing::CannotTell { .. })).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::Environment;

    /// A service at its ceiling, with nothing else known.
    const SNAPSHOT: &str = r#"{
        "schema_version": 2,
        "at": "2026-03-10T12:00:00Z",
        "services": [{
            "id": "prod/web",
            "service": {
                "id": "prod/web", "status": "active", "desired": 12, "running": 12, "pending": 0,
                "learnt": "2026-03-10T12:00:00Z"
            },
            "target": { "min": 2, "max": 10, "learnt": "2026-03-10T12:00:00Z" }
        }, { "id": "staging/web" }, { "id": "staging/api" }]
    }"#;

    fn asked(name: &str) -> Result<Ranked, NoAnswer> {
        let snapshot = Snapshot::read("s.json", SNAPSHOT).unwrap();
        on(snapshot, &Policy::of_spec(Environment::Production), name, None)
    }

    #[test]
    fn a_group_goes_by_its_whole_name_or_by_one_that_is_its_own() {
        assert_eq!(asked("prod/web").unwrap().group.to_string(), "prod/web");
        assert_eq!(asked("api").unwrap().group.to_string(), "staging/api");
        assert_eq!(asked("web").unwrap_err().to_string(), r#"2 groups are called \"web\": prod/web, staging/web"#);
        assert_eq!(asked("pai").unwrap_err().to_string(), r#"no group is called \"pai\"; the nearest is staging/api"#);
    }

    #[test]
    fn the_text_tells_cause_evidence_and_command() {
        let ranked = asked("prod/web").unwrap();
        let text = text(&ranked);
        assert!(text.contains("high cost: yes – 12 run by hand above the ceiling of 10: AWS leaves them\n"), "{text}");
        assert!(text.contains("  1 12 run by hand above the ceiling of 10: AWS leaves them\n"), "{text}");
        assert!(text.contains("      desired: 12, against 10, at 12:00:00\n"), "{text}");
        assert!(text.contains("      → set the count to 10, with its preview\n"), "{text}");
        assert!(untold(&ranked) > 0, "without metrics and activities there is something that cannot be told: {text}");
    }

    #[test]
    fn what_was_never_described_is_cannot_tell_four_times() {
        let ranked = asked("staging/api").unwrap();
        assert_eq!(untold(&ranked), 4);
        assert!(text(&ranked).contains("not scaling out: cannot tell, because services read at 12:00:00"));
    }
}
