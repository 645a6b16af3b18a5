//! What is worth asking for now: what is on the screen, what is open, what moves.

use std::collections::BTreeSet;

use crate::platform::{GroupId, ServiceId};

/// What the console shows and what is being carried out. Pollers read it before each question.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Wants {
    /// Services on the screen, in order.
    pub visible: Vec<ServiceId>,
    /// The one that is open.
    pub open: Option<ServiceId>,
    /// The group whose change is being previewed.
    pub previewing: Option<GroupId>,
    /// The group whose change is being followed.
    pub following: Option<GroupId>,
    /// Whether polling is paused.
    pub paused: bool,
    /// Counts up when the operator asks for everything again.
    pub refresh: u64,
}

impl Wants {
    /// The services that are read at the hot pace.
    pub fn hot(&self) -> BTreeSet<&ServiceId> {
        self.visible.iter().chain(self.close()).collect()
    }

    /// The services whose targets and tasks are looked at closely.
    pub fn close(&self) -> impl Iterator<Item = &ServiceId> {
        self.open.iter().chain(self.deciding())
    }

    /// The services whose change is being decided on or waited for: what a plan rests on is read every few seconds.
    pub fn deciding(&self) -> impl Iterator<Item = &ServiceId> {
        self.decided().filter_map(GroupId::service)
    }

    /// The groups whose change is being decided on or waited for.
    pub fn decided(&self) -> impl Iterator<Item = &GroupId> {
        self.previewing.iter().chain(&self.following)
    }

    /// Whether a change of a primary's replicas is being decided on or waited for.
    pub fn decides_replicas(&self) -> bool {
        self.decided().any(|group| matches!(group, GroupId::Replicas(_)))
    }

    /// Whether a change of a cache is.
    pub fn decides_cache(&self) -> bool {
        self.decided().any(|group| matches!(group, GroupId::Cache(_)))
    }
}
