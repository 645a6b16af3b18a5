//! What the operator looks at: pane, selection, one dialog, filter and order. Everything a pane may know beside the
//! view. Absent on purpose: I/O, terminals' events and clocks; times come in as values.

use std::cmp::Reverse;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::dialogs::Dialog;
pub use super::panes::Pane;
use super::panes::listing::Listing;
use super::panes::{Extent, Shows};
use super::widgets::{Condition, Summary};
use crate::live::View;
use crate::platform::{GroupId, Platform, Source};

/// A span of the wall's time since the console started. Key timing and the 300 ms rule run on it; data never does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Wall(pub Duration);

impl Wall {
    /// The time since an earlier one; zero when it is not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// The order of the groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// By tier, cluster and name.
    #[default]
    Name,
    /// Those that need somebody first, then by name.
    Attention,
}

impl Sort {
    /// How the order is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Attention => "attention",
        }
    }
}

/// How a sentence of the status line is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It tells.
    Plain,
    /// Something was refused or did not happen.
    Refused,
}

/// What the status line says until the next key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// A sentence. Clean: text from AWS is made harmless before it gets here.
    pub text: String,
    /// How it is meant.
    pub tone: Tone,
}

/// What the operator looks at.
///
/// The rows are kept, not computed by the one who draws: filtering and ordering cost what the list is long, drawing must
/// cost what is visible.
#[derive(Debug, Clone, Default)]
pub struct Model {
    /// The pane in the body.
    pub pane: Pane,
    /// The group under the cursor: it stays under it through refresh, filter and order. `None` while none is known.
    pub selected: Option<GroupId>,
    /// Only groups whose name – `cluster/name` of a service – or tier contains this are shown, letter case aside. Empty
    /// shows all.
    pub filter: String,
    /// The order of the groups.
    pub sort: Sort,
    /// What lies over the pane and takes the keys.
    pub dialog: Option<Dialog>,
    /// What the status line says.
    pub status: Option<Status>,
    /// Whether the screen stands still while the platform goes on.
    pub frozen: bool,
    rows: Arc<[GroupId]>,
    /// Where the selected one was last seen in `rows`.
    cursor: usize,
    /// What was under the cursor before a pane that could not show it was opened; the overview gives it back.
    home: Option<GroupId>,
    /// The first line on the screen of what the pane scrolls, and how much that is.
    scroll: usize,
    extent: Extent,
    /// The rows of a pane that makes its own.
    listing: Arc<Listing>,
    summary: Arc<Summary>,
    known: usize,
    top: usize,
    page: usize,
}

impl Model {
    /// The groups that pass the filter, in order.
    pub fn rows(&self) -> &[GroupId] {
        &self.rows
    }

    /// How many groups there are before the filter.
    pub fn known(&self) -> usize {
        self.known
    }

    /// What the whole platform comes to: counted once a view, drawn in every frame.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The rows of the open pane, where it makes its own: once a view, not once a frame.
    pub fn listing(&self) -> &Listing {
        &self.listing
    }

    /// Where the selected group stands in [`Model::rows`].
    pub fn row(&self) -> Option<usize> {
        let selected = self.selected.as_ref()?;
        if self.rows.get(self.cursor) == Some(selected) {
            return Some(self.cursor);
        }
        self.rows.iter().position(|id| id == selected)
    }

    /// Which rows a list that has room for `height` of them shows: the selected one is always among them.
    pub fn window(&self, height: u16) -> Range<usize> {
        let height = usize::from(height).min(self.rows.len());
        let top = self.top_for(height);
        top..top + height
    }

    /// The rows that were visible when the screen was last laid out.
    pub fn visible(&self) -> Range<usize> {
        self.window(u16::try_from(self.page).unwrap_or(u16::MAX))
    }

    fn top_for(&self, height: usize) -> usize {
        let last_top = self.rows.len().saturating_sub(height);
        let row = self.row().unwrap_or(0);
        let lowest = (row + 1).saturating_sub(height);
        self.top.clamp(lowest.min(row), row.max(lowest)).min(last_top)
    }

    /// Says something in the status line.
    pub(super) fn say(&mut self, tone: Tone, text: impl Into<String>) {
        self.status = Some(Status { text: text.into(), tone });
    }

    /// Takes over how many rows the list has room for; paging goes by it.
    pub(super) fn set_page(&mut self, rows: u16) {
        self.page = usize::from(rows);
        self.top = self.top_for(self.page.min(self.rows.len()));
    }

    /// Makes the rows again: the view, the filter or the order has changed.
    pub(super) fn refresh(&mut self, view: &View) {
        self.summary = Arc::new(Summary::of(view));
        let needle = self.filter.to_lowercase();
        let mut rows = groups(&view.platform);
        self.listing = Arc::new(Listing::of(self.pane, view, needle.trim()));
        self.known = rows.len();
        self.keep_shown(&rows);
        rows.retain(|id| passes(id, &needle));
        if self.sort == Sort::Attention {
            let trouble = |id: &GroupId| self.summary.trouble(id).map(|(severity, _)| severity);
            rows.sort_by_key(|id| (Reverse(trouble(id)), Condition::of(view, id).urgency()));
        }
        if rows[..] != self.rows[..] {
            self.rows = rows.into();
        }
        match self.row() {
            Some(row) => self.cursor = row,
            // What is looked at from close by stays there, even when the filter of the list does not let it pass.
            None if self.pane.row().shows != Shows::Groups && self.selected.is_some() => {}
            // The cursor is not put on what happened to answer first: whoever presses `s` means the first row.
            None if self.selected.is_none() && awaits_services(&view.platform) => {}
            None => self.put(self.cursor),
        }
        self.top = self.top_for(self.page.min(self.rows.len()));
    }

    /// Opens a pane. One that shows another kind of group takes the first of its kind under the cursor; the overview
    /// gives back what was there.
    pub(super) fn open(&mut self, pane: Pane, platform: &Platform) {
        if pane != self.pane {
            self.scroll = 0;
            self.listing = Arc::default();
        }
        self.pane = pane;
        let home = if pane.row().shows == Shows::Groups { self.home.take() } else { None };
        if let Some(home) = home {
            self.selected = Some(home);
        } else {
            self.keep_shown(&groups(platform));
        }
        match self.row() {
            Some(row) => self.cursor = row,
            None if pane.row().shows == Shows::Groups => self.put(self.cursor),
            None => {}
        }
    }

    /// In a pane that shows one kind of group, one of that kind is under the cursor as soon as there is one.
    fn keep_shown(&mut self, all: &[GroupId]) {
        if matches!(self.pane.row().shows, Shows::Groups | Shows::Nothing)
            || self.shown().is_some_and(|id| all.contains(id))
        {
            return;
        }
        if let Some(first) = all.iter().find(|id| self.pane.shows(id)) {
            self.home = self.home.take().or(self.selected.take());
            self.selected = Some(first.clone());
        }
    }

    /// The group that the pane shows from close by, or that is under the cursor of its list; `None` where it shows none,
    /// or there is none of its kind.
    pub fn shown(&self) -> Option<&GroupId> {
        self.selected.as_ref().filter(|id| self.pane.shows(id))
    }

    /// Moves on to the next group that the pane can show, or back to the one before; around at the ends.
    pub(super) fn turn(&mut self, by: isize, platform: &Platform) {
        let like: Vec<GroupId> = groups(platform).into_iter().filter(|id| self.pane.shows(id)).collect();
        if like.is_empty() {
            return;
        }
        let at = like.iter().position(|id| Some(id) == self.selected.as_ref());
        let next = at.map_or(0, |at| (at as isize + by).rem_euclid(like.len() as isize) as usize);
        self.selected = like.get(next).cloned();
        self.home = None;
        self.scroll = 0;
        self.cursor = self.row().unwrap_or(self.cursor);
    }

    /// The first line on the screen of what the pane scrolls.
    pub fn scroll(&self) -> usize {
        self.scroll
    }

    /// Takes over how much there is to scroll.
    pub(super) fn set_extent(&mut self, extent: Extent) {
        self.extent = extent;
        self.scroll = self.scroll.min(extent.lines.saturating_sub(extent.page));
    }

    /// Moves the cursor by rows, or scrolls by lines; both stop at both ends.
    pub(super) fn step(&mut self, by: isize) {
        if self.pane.row().shows != Shows::Groups {
            let last = self.extent.lines.saturating_sub(self.extent.page);
            self.scroll = self.scroll.saturating_add_signed(by).min(last);
            return;
        }
        self.put(self.row().unwrap_or(0).saturating_add_signed(by));
        self.top = self.top_for(self.page.min(self.rows.len()));
    }

    /// Puts the cursor on a row, or on the last one.
    fn put(&mut self, row: usize) {
        self.cursor = row.min(self.rows.len().saturating_sub(1));
        self.selected = self.rows.get(self.cursor).cloned();
    }

    /// A page, less the row that is kept in sight.
    pub(super) fn page_step(&self) -> isize {
        // A pane whose cursor walks its rows has one of them under it; a page of it is about as long as the list's.
        let walks = self.pane.row().shows == Shows::Groups || self.extent.page == 1;
        let page = if walks { self.page } else { self.extent.page };
        page.saturating_sub(1).max(1).try_into().unwrap_or(isize::MAX)
    }
}

/// Whether the services, which stand first, may still come.
fn awaits_services(platform: &Platform) -> bool {
    let failed = platform.sources.get(&Source::ServiceList).is_some_and(|health| health.state.fails());
    platform.listed.is_none() && platform.services.is_empty() && !failed
}

/// Every group there is, in order: services – the listing has them all once it has answered –, the replicas of each
/// primary that can have some, caches.
fn groups(platform: &Platform) -> Vec<GroupId> {
    let services: Vec<GroupId> = match &platform.listed {
        Some(listed) => listed.iter().cloned().map(GroupId::Service).collect(),
        None => platform.services.keys().cloned().map(GroupId::Service).collect(),
    };
    let primaries =
        platform.databases.values().filter(|database| database.replica_of.is_none() && database.has_plain_replicas());
    let replicas = primaries.map(|primary| GroupId::Replicas(primary.id.clone()));
    let caches = platform.caches.keys().cloned().map(GroupId::Cache);
    services.into_iter().chain(replicas).chain(caches).collect()
}

fn passes(id: &GroupId, needle: &str) -> bool {
    needle.is_empty() || id.to_string().to_lowercase().contains(needle) || id.tier() == needle
}
