//! The bill: asked of Cost Explorer every six hours at most, because each page costs money, and kept on disk between runs.
//!
//! What is kept is keyed by account and region, versioned, and written whole or not at all. A kept bill that cannot be
//! read is refused and asked for again. Absent on purpose: hurry. Only a failed question may be repeated by the operator.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{CALLS_AT_ONCE, subject};
use crate::aws::{Failure, UsersMetric, pace};
use crate::live::poller::{Answer, Ask, Moment};
use crate::live::view::View;
use crate::live::wants::Wants;
use crate::platform::metric::Resource;
use crate::platform::{Bill, Fact, Identity, ServiceId, Source, TaskCount};

/// The version of what is kept. Another one is not read.
const VERSION: u32 = 1;

/// What is kept of an account and region.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    version: u32,
    account: String,
    region: String,
    bill: Bill,
}

/// Where a bill is kept; `None` where the name of account or region could leave the folder.
fn place(folder: &Path, account: &str, region: &str) -> Option<PathBuf> {
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    (plain(account) && plain(region)).then(|| folder.join(format!("bill-{account}-{region}.json")))
}

/// Reads what is kept of this account and region; `None` where there is nothing.
///
/// # Errors
/// It cannot be read, is damaged, of another version, or of somebody else.
fn load(path: &Path, account: &str, region: &str) -> Result<Option<Bill>, String> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(fault) => return Err(fault.to_string()),
    };
    let kept: Kept = serde_json::from_str(&text).map_err(|fault| fault.to_string())?;
    if kept.version != VERSION {
        return Err(format!("it is of version {}, this program reads {VERSION}", kept.version));
    }
    if kept.account != account || kept.region != region {
        return Err("it is of another account or region".to_owned());
    }
    match kept.bill.fault() {
        Some(fault) => Err(fault),
        None => Ok(Some(kept.bill)),
    }
}

/// Keeps a bill: the whole of it under its name, or the old one.
fn save(path: &Path, account: &str, region: &str, bill: Bill) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let kept = Kept { version: VERSION, account: account.to_owned(), region: region.to_owned(), bill };
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(&serde_json::to_vec(&kept)?)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|fault| fault.error)?;
    Ok(())
}

/// What was billed.
#[derive(Default)]
pub(super) struct Spend {
    /// Whether Cost Explorer may be asked at all.
    pub explorer: bool,
    /// Where bills are kept; `None`: nowhere.
    pub folder: Option<PathBuf>,
    /// Whose bill is known, and when it is due again.
    known: Option<(u64, Timestamp)>,
    /// The last failure, not to be repeated before then, and how often the operator had asked for everything again.
    failed: Option<(Failure, Timestamp, u64)>,
}

impl Spend {
    pub fn new(explorer: bool, folder: Option<PathBuf>) -> Self {
        Self { explorer, folder, ..Self::default() }
    }

    async fn kept(&self, who: &Identity) -> Option<Bill> {
        let (account, region) = (who.account.to_string(), who.region.to_string());
        let path = place(self.folder.as_deref()?, &account, &region)?;
        let read = tokio::task::spawn_blocking(move || {
            let read = load(&path, &account, &region);
            read.map_err(|why| format!("{}: {why}; Cost Explorer is asked instead", path.display()))
        });
        match read.await.ok()? {
            Ok(bill) => bill,
            Err(why) => {
                tracing::warn!("a kept bill is refused: {why}");
                None
            }
        }
    }

    fn keep(&self, who: &Identity, bill: Bill) {
        let (account, region) = (who.account.to_string(), who.region.to_string());
        let Some(path) = self.folder.as_deref().and_then(|folder| place(folder, &account, &region)) else { return };
        tokio::task::spawn_blocking(move || {
            if let Err(fault) = save(&path, &account, &region, bill) {
                tracing::warn!("the bill is not kept: {}: {fault}", path.display());
            }
        });
    }
}

/// How long a failed question rests: what a person has to mend is not mended in minutes, and each try may cost a cent.
fn rest(failure: &Failure) -> SignedDuration {
    match failure {
        Failure::Denied { .. } | Failure::Faulty { .. } => SignedDuration::from_hours(1),
        Failure::Throttled => SignedDuration::from_mins(15),
        _ => SignedDuration::from_mins(5),
    }
}

impl Ask for Spend {
    const SOURCE: Source = Source::Spend;

    fn subject(&self, view: &View, _: &Wants) -> Option<u64> {
        let who = view.platform.identity.as_ref().filter(|_| self.explorer)?;
        Some(subject((&who.account, &who.region)))
    }

    fn due(&self, _: &Wants, asked: Timestamp) -> Timestamp {
        self.known.map_or_else(|| pace::due(Self::SOURCE, asked), |(_, due)| due)
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        let Some(who) = moment.view.platform.identity.clone() else { return Answer::default() };
        let whose = subject((&who.account, &who.region));
        if let Some((failure, until, refresh)) = &self.failed
            && moment.now < *until
            && moment.wants.refresh == *refresh
        {
            return Answer { failure: Some(failure.clone()), ..Answer::default() };
        }
        if self.known.is_some_and(|(known, due)| known == whose && moment.now < due) {
            return Answer::default();
        }
        let mut answer = Answer::default();
        let first = self.known.is_none_or(|(known, _)| known != whose);
        if let Some(bill) = if first { self.kept(&who).await } else { None }.filter(|bill| bill.learnt <= moment.now) {
            let due = pace::due(Self::SOURCE, bill.learnt);
            self.known = Some((whose, due));
            answer.facts.push(Fact::Bill(bill));
            if moment.now < due {
                return answer;
            }
        }
        match moment.reader.bill(who.account.as_str()).await {
            Ok(bill) => {
                self.failed = None;
                self.known = Some((whose, pace::due(Self::SOURCE, moment.now)));
                self.keep(&who, bill.clone());
                answer.facts = vec![Fact::Bill(bill)];
            }
            Err(failure) => {
                self.failed = Some((failure.clone(), moment.now + rest(&failure), moment.wants.refresh));
                answer.failure = Some(failure);
            }
        }
        answer
    }
}

/// Two weeks of hours, of everything that is paid for by the hour and of what it served.
#[derive(Default)]
pub(super) struct Weeks {
    pub users: Option<UsersMetric>,
}

impl Weeks {
    /// What is there to be asked about; `None` until every tier has answered or failed, so that a cold start asks once.
    fn resources(view: &View) -> Option<BTreeSet<Resource>> {
        let platform = &view.platform;
        let answered = |source| platform.sources.contains_key(&source);
        let balanced = platform.services.values().any(|service| !service.target_groups.is_empty());
        let described = platform.listed.as_ref()?.iter().all(|id| platform.services.contains_key(id));
        let ready = described && answered(Source::Databases) && answered(Source::Caches);
        if !ready || (balanced && !answered(Source::TargetGroups)) {
            return None;
        }
        let services = platform.services.keys().cloned().map(Resource::Service);
        let databases = platform.databases.keys().cloned().map(Resource::Database);
        let nodes = platform.caches.values().flat_map(|cache| cache.nodes());
        let nodes = nodes.map(|node| Resource::CacheNode(node.id.clone()));
        let balancers = platform.target_groups.values().flat_map(|group| group.balancers.iter().cloned());
        let balancers = balancers.map(Resource::LoadBalancer);
        let all: BTreeSet<Resource> = services.chain(databases).chain(nodes).chain(balancers).collect();
        (!all.is_empty()).then_some(all)
    }
}

impl Ask for Weeks {
    const SOURCE: Source = Source::Weeks;

    fn subject(&self, view: &View, _: &Wants) -> Option<u64> {
        Self::resources(view).map(subject)
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        let resources: Vec<Resource> = Self::resources(moment.view).into_iter().flatten().collect();
        super::one(moment.reader.weeks(&resources, self.users.as_ref()).await.map(Fact::Weeks))
    }
}

/// The sizes of tasks that nobody looks at: without them what runs has no price. The reader remembers them by task
/// definition, and the next description of the service tells; so nothing is learnt here.
#[derive(Default)]
pub(super) struct Sizes;

impl Sizes {
    fn unknown(view: &View, wants: &Wants) -> BTreeSet<ServiceId> {
        let close: BTreeSet<&ServiceId> = wants.close().collect();
        let services = view.platform.services.values().filter(|service| {
            service.task_size.is_none() && service.running > TaskCount(0) && service.launch.contains("FARGATE")
        });
        services.map(|service| service.id.clone()).filter(|id| !close.contains(id)).take(CALLS_AT_ONCE).collect()
    }
}

impl Ask for Sizes {
    const SOURCE: Source = Source::Tasks;

    fn subject(&self, view: &View, wants: &Wants) -> Option<u64> {
        let unknown = Self::unknown(view, wants);
        (!unknown.is_empty()).then(|| subject(unknown))
    }

    fn due(&self, _: &Wants, asked: Timestamp) -> Timestamp {
        asked + SignedDuration::from_mins(1)
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        for id in Self::unknown(moment.view, moment.wants) {
            if moment.reader.tasks(&id).await.is_err() {
                break;
            }
        }
        Answer::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::bill::{BilledDay, BilledUse, Part};

    fn bill() -> Bill {
        let untold = || "not asked".to_owned();
        Bill {
            days: vec![BilledDay { day: "2026-03-09".parse().unwrap(), estimated: true }],
            uses: vec![BilledUse {
                service: "ECS".into(),
                usage_type: "vCPU".into(),
                costs: vec![12.345_678_901_234_5],
                amounts: vec![1.0],
            }],
            forecast: Part::Untold(untold()),
            anomalies: Part::Known(vec![]),
            savings_plans: Part::Untold(untold()),
            reservations: Part::Untold(untold()),
            learnt: "2026-03-10T12:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn a_kept_bill_reads_back_to_the_digit_and_is_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let path = place(folder.path(), "123456789012", "us-east-1").unwrap();
        assert_eq!(load(&path, "123456789012", "us-east-1"), Ok(None), "nothing is kept yet");
        save(&path, "123456789012", "us-east-1", bill()).unwrap();
        assert_eq!(load(&path, "123456789012", "us-east-1"), Ok(Some(bill())));
        assert!(load(&path, "999999999999", "us-east-1").unwrap_err().contains("another account"));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no half-written file stays");
    }

    #[test]
    fn a_damaged_bill_is_refused_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let path = place(folder.path(), "1", "us-east-1").unwrap();
        save(&path, "1", "us-east-1", bill()).unwrap();
        let whole = std::fs::read_to_string(&path).unwrap();
        let refused = |text: &str| {
            std::fs::write(&path, text).unwrap();
            load(&path, "1", "us-east-1").unwrap_err()
        };
        assert!(refused(&whole[..whole.len() / 2]).contains("EOF"), "torn");
        assert!(refused(&whole.replace("\"version\":1", "\"version\":9")).contains("version 9"));
        assert!(refused(&whole.replace("\"amounts\":[1.0]", "\"amounts\":[]")).contains("number for every day"));
        assert!(refused(&whole.replace("\"account\"", "\"acount\"")).contains("acount"));
    }

    #[test]
    fn names_cannot_leave_the_folder() {
        for (account, region) in [("../1", "us-east-1"), ("1", "us/east"), ("", "us-east-1")] {
            assert_eq!(place(Path::new("/x"), account, region), None);
        }
    }
}
