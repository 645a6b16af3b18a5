//! What the operator looks at: pane, selection, one dialog, filter and order. Everything a pane may know beside the
//! view. Absent on purpose: I/O, terminals' events and clocks; times come in as values.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::dialogs::Dialog;
use super::widgets::Summary;
use crate::live::View;
use crate::platform::{Platform, ServiceId};
use crate::policy::Decision;

/// A span of the wall's time since the console started. Key timing and the 300 ms rule run on it; data never does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Wall(pub Duration);

impl Wall {
    /// The time since an earlier one; zero when it is not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// A pane: what fills the body of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pane {
    /// Every scaling group, the chart and the advice of the selected one, activity.
    #[default]
    Overview,
    /// The tasks, deployments and events of the selected service.
    Tasks,
}

impl Pane {
    /// Every pane, in the order of their number keys.
    pub const ALL: [Self; 2] = [Self::Overview, Self::Tasks];

    /// How the pane is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Tasks => "tasks",
        }
    }
}

/// The order of the services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// By cluster and name.
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
    /// The service under the cursor: it stays under it through refresh, filter and order. `None` while none is known.
    pub selected: Option<ServiceId>,
    /// Only services whose `cluster/name` contains this are shown, letter case aside. Empty shows all.
    pub filter: String,
    /// The order of the services.
    pub sort: Sort,
    /// What lies over the pane and takes the keys.
    pub dialog: Option<Dialog>,
    /// What the status line says.
    pub status: Option<Status>,
    /// Whether the screen stands still while the platform goes on.
    pub frozen: bool,
    rows: Arc<[ServiceId]>,
    /// Where the selected one was last seen in `rows`.
    cursor: usize,
    summary: Arc<Summary>,
    known: usize,
    top: usize,
    page: usize,
}

impl Model {
    /// The services that pass the filter, in order.
    pub fn rows(&self) -> &[ServiceId] {
        &self.rows
    }

    /// How many services there are before the filter.
    pub fn known(&self) -> usize {
        self.known
    }

    /// What the whole platform comes to: counted once a view, drawn in every frame.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Where the selected service stands in [`Model::rows`].
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
        let (known, mut rows) = services(&view.platform, |id| passes(id, &needle));
        self.known = known;
        if self.sort == Sort::Attention {
            rows.sort_by_key(|id| urgency(view, id));
        }
        if rows[..] != self.rows[..] {
            self.rows = rows.into();
        }
        match self.row() {
            Some(row) => self.cursor = row,
            None => self.put(self.cursor),
        }
        self.top = self.top_for(self.page.min(self.rows.len()));
    }

    /// Moves the cursor by rows; it stops at both ends.
    pub(super) fn step(&mut self, by: isize) {
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
        self.page.saturating_sub(1).max(1).try_into().unwrap_or(isize::MAX)
    }
}

/// How many services there are, and those of them that pass, in order. The listing has them all once it has answered.
fn services(platform: &Platform, passes: impl Fn(&ServiceId) -> bool) -> (usize, Vec<ServiceId>) {
    match &platform.listed {
        Some(listed) => (listed.len(), listed.iter().filter(|id| passes(id)).cloned().collect()),
        None => (platform.services.len(), platform.services.keys().filter(|id| passes(id)).cloned().collect()),
    }
}

fn passes(id: &ServiceId, needle: &str) -> bool {
    needle.is_empty() || id.to_string().to_lowercase().contains(needle)
}

/// Small is urgent.
fn urgency(view: &View, id: &ServiceId) -> u8 {
    match view.advice.services.get(id).map(|verdict| &verdict.decision) {
        Some(Decision::Out { .. }) => 0,
        Some(Decision::CannotTell { .. }) => 1,
        Some(Decision::In { .. }) => 2,
        Some(Decision::None { .. }) | None => 3,
    }
}
