//! How far a change of replicas is, after its last step.

use jiff::Timestamp;

use super::ReplicasSeen;
use crate::change::follow::{Complaint, Seen, Sight, Stage};
use crate::change::kind::Change;
use crate::change::plan::Plan;
use crate::platform::{DatabaseId, Phase, Platform, Source};

/// How long an instance that was asked for – or whose delete was – may go on as before: RDS's answers trail its writes.
const READ_BACK_S: i64 = 120;

/// Making a replica of a large source takes hours in which only its status tells that it goes on.
const PATIENCE_S: i64 = 2 * 60 * 60;

pub(in crate::change) fn sight(plan: &Plan, primary: &DatabaseId, platform: &Platform, answered: Timestamp) -> Sight {
    let learnt = |source| platform.sources.get(&source).and_then(|health| health.learnt);
    let source = if matches!(plan.change, Change::Weight { .. }) { Source::ReaderName } else { Source::Databases };
    let Some(read) = learnt(source).filter(|read| *read >= answered) else { return Sight::Nothing };
    let Some(now) = ReplicasSeen::of(platform, primary) else {
        return Sight::Gone(format!("{primary} is no longer there"));
    };
    let value = now.value(&plan.change);
    let (steady, what, complaint) = match &plan.change {
        Change::AddReplica { replica, .. } => {
            let status = now.member(replica).map(|member| member.status.clone());
            let phase = status.as_ref().map(crate::platform::InstanceStatus::phase);
            let word = status.map_or_else(|| "not described yet".to_owned(), |status| status.to_string());
            let failed = (phase == Some(Phase::Failed)).then(|| Complaint::Final(format!("{replica} is {word}")));
            (phase.is_some_and(Phase::serves), format!("{replica} is {word}"), failed)
        }
        Change::RemoveReplica { replica, .. } => match now.member(replica) {
            None => (true, String::new(), None),
            Some(member) => (false, format!("{replica} is {}", member.status), None),
        },
        _ => (true, "Route 53 tells its name servers".to_owned(), None),
    };
    let of = plan.steps().len();
    let unlike = plan.observed.replicas().is_some_and(|before| before.members.len() != now.members.len());
    Sight::Seen(Box::new(Seen {
        settling: false,
        since_answer_s: read.as_second() - answered.as_second(),
        read_back_s: READ_BACK_S,
        steady,
        stage: Stage::Waiting { step: of, of, what: what.clone() },
        distance: u32::from(!steady),
        begun: unlike,
        patience_s: PATIENCE_S,
        complaint,
        reached: what,
        culprit: "AWS does not tell by whom".to_owned(),
        value,
    }))
}
