//! What `live` shows to a console or a script, and what it can be asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::aws::{Call, Calls, Reader, UsersMetric};
use crate::change::journal::Entry;
use crate::change::{Asked, Follow, Plan, Refused};
use crate::platform::{Environment, GroupId, Platform, ServiceId};
use crate::policy::money::Money;
use crate::policy::variables::Origins;
use crate::policy::{Advice, Alert, Policy};

/// An immutable picture. Cloning the `Arc` around it is all a reader does.
#[derive(Debug, Clone)]
pub struct View {
    /// Counts up with each picture whose visible content differs from the last.
    pub generation: u64,
    /// When it was made, on the loop's clock.
    pub at: Timestamp,
    /// What is.
    pub platform: Arc<Platform>,
    /// What should be.
    pub advice: Arc<Advice>,
    /// What is wrong: every alarm of the policy's, firing or not, the worst first.
    pub alerts: Arc<Vec<Alert>>,
    /// What everything costs; `None` until something is known to run.
    pub money: Option<Arc<Money>>,
    /// The policy in force.
    pub policy: Arc<Policy>,
    /// Where its values come from.
    pub origins: Arc<Origins>,
    /// The environment.
    pub environment: Environment,
    /// Whether changes may be sent, and until when.
    pub armed: Armed,
    /// The change that is being carried out, or the last one that was.
    pub followed: Option<Arc<Followed>>,
    /// The last change of each group that was carried out, at least in part: what can be taken back.
    pub done: Arc<BTreeMap<GroupId, Plan>>,
    /// The newest changes of the journal, the newest first; `None` until it was read, or where it cannot be.
    pub journal: Option<Arc<Vec<Entry>>>,
    /// Whether polling is paused.
    pub paused: bool,
    /// Questions in the last minute, and what they cost an hour.
    pub meter: Meter,
}

impl View {
    /// The picture before anything is known.
    pub fn empty(settings: &Settings, at: Timestamp) -> Self {
        Self {
            generation: 0,
            at,
            platform: Arc::default(),
            advice: Arc::default(),
            alerts: Arc::default(),
            money: None,
            policy: Arc::clone(&settings.policy),
            origins: Arc::clone(&settings.origins),
            environment: settings.environment.clone(),
            armed: settings.read_only.clone().map_or(Armed::ReadOnly, Armed::Locked),
            followed: None,
            done: Arc::default(),
            journal: None,
            paused: false,
            meter: Meter::default(),
        }
    }
}

/// What the polling costs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Meter {
    /// API calls in the last minute.
    pub calls_per_minute: u32,
    /// Throttled answers in the last minute.
    pub throttled: u32,
    /// US dollars an hour, from metrics requested at CloudWatch's list price.
    pub dollars_per_hour: f64,
    /// The cap on it, where one is set.
    pub budget: Option<f64>,
    /// By API, in the last minute.
    pub calls: BTreeMap<Call, Calls>,
}

impl Meter {
    /// What the asking has cost, where anybody can ask.
    pub(super) fn of(reader: Option<&Reader>, budget: Option<f64>) -> Self {
        let read = reader.map(Reader::meter).unwrap_or_default();
        Self {
            calls_per_minute: read.calls_per_minute(),
            throttled: read.throttled(),
            dollars_per_hour: read.dollars_per_hour(),
            budget,
            calls: read.calls,
        }
    }
}

/// Whether changes may be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Armed {
    /// How it starts.
    ReadOnly,
    /// Refused by the configuration or `--read-only`, with the reason.
    Locked(String),
    /// May send until then.
    Until(Timestamp),
}

/// A change on its way.
#[derive(Debug, Clone, PartialEq)]
pub struct Followed {
    /// The plan that was confirmed.
    pub plan: Plan,
    /// How far it is.
    pub follow: Follow,
}

/// What a console or script may ask for. The channel is bounded.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// What is on the screen: these are read hot, and tasks are read for `open`.
    Look {
        /// Visible services, in order.
        visible: Vec<ServiceId>,
        /// The one that is open.
        open: Option<ServiceId>,
    },
    /// A preview is open on this group: keep reading it. `None` when it closed.
    Previewing(Option<GroupId>),
    /// Allow changes for fifteen minutes.
    Arm,
    /// Forbid changes.
    Disarm,
    /// The operator pressed Enter on a plan that was on the screen. The loop sets the time.
    Confirm(Box<Asked>),
    /// Ask everything again now.
    Refresh,
    /// Stop or resume polling.
    Pause(bool),
    /// Leave: journal what is in flight as left, then end.
    Leave,
}

/// What `live` tells once, as opposed to the view, which is what is.
#[derive(Debug, Clone)]
pub enum Notice {
    /// The confirmation was refused; with the plan to show instead, when the target moved.
    Refused(Refused),
    /// The change is on its way: the dialog may close.
    Accepted,
    /// A sentence for the status line.
    Said(String),
}

/// The two ends that a console or a script holds.
#[derive(Debug)]
pub struct Handle {
    /// The newest picture; a slow reader misses old ones.
    pub views: tokio::sync::watch::Receiver<Arc<View>>,
    /// What is asked for.
    pub commands: tokio::sync::mpsc::Sender<Command>,
    /// What is told once.
    pub notices: tokio::sync::mpsc::Receiver<Notice>,
}

/// What `live` is started with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The policy.
    pub policy: Arc<Policy>,
    /// Where its values come from.
    pub origins: Arc<Origins>,
    /// The label.
    pub environment: Environment,
    /// Why changes are refused altogether, if they are.
    pub read_only: Option<String>,
    /// Where the journal lives.
    pub journal: std::path::PathBuf,
    /// Only these clusters; empty is all.
    pub clusters: Vec<String>,
    /// What metrics may cost, in US dollars an hour; `None`: whatever they cost.
    pub budget: Option<f64>,
    /// Where money is read.
    pub spending: Spending,
}

/// Where money is read. By default nowhere: what runs is reckoned all the same.
#[derive(Debug, Clone, Default)]
pub struct Spending {
    /// Whether Cost Explorer may be asked: it costs a cent a page.
    pub explorer: bool,
    /// Where bills are kept between runs; `None`: nowhere.
    pub folder: Option<std::path::PathBuf>,
    /// The metric that counts users.
    pub users: Option<UsersMetric>,
}
