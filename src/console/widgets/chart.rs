//! A line chart of one metric: minutes from left to right, its unit, its thresholds, and where capacity changed.
//!
//! A hole is a hole, the minutes that are still being filled in are drawn as such, a percentage is always drawn from 0
//! to 100, and the axis always includes the threshold. Work is bounded by the room and by what a `Series` may hold.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;
use ratatui::symbols::Marker as Dots;
use ratatui::widgets::Widget;
use ratatui::widgets::canvas::{Canvas, Line};

use super::{Phrase, phrase};
use crate::console::theme::{Meaning, Theme};
use crate::console::words::{self, Clean};
use crate::platform::metric::Unit;
use crate::platform::series::{KEPT_MINUTES, evidence_minute, minute_of, start_of};
use crate::platform::{MetricId, Series};

/// What a chart shows.
#[derive(Debug, Clone, Copy)]
pub struct Chart<'a> {
    /// The metric, for its unit.
    pub metric: MetricId,
    /// Its history; `None` draws the axes and says that there is none.
    pub series: Option<&'a Series>,
    /// A threshold and its name, as in (70, "target").
    pub threshold: Option<(f64, &'static str)>,
    /// Where capacity changed, with a word each, newest first.
    pub markers: &'a [(Timestamp, Clean)],
    /// The newest instant shown.
    pub now: Timestamp,
    /// How many minutes are shown.
    pub minutes: u16,
    /// The minute being read, counted from the epoch.
    pub cursor: Option<i64>,
}

/// The plot's own room and its scales.
struct Plot {
    room: Rect,
    first: i64,
    last: i64,
    top: f64,
}

impl Plot {
    fn column(&self, minute: i64) -> Option<u16> {
        let span = (self.last - self.first).max(1);
        let at = minute.checked_sub(self.first).filter(|at| (0..=span).contains(at))?;
        Some(self.room.x + (at * i64::from(self.room.width - 1) / span) as u16)
    }

    fn row(&self, value: f64) -> u16 {
        let share = (value / self.top).clamp(0.0, 1.0);
        self.room.y + ((1.0 - share) * f64::from(self.room.height - 1)).round() as u16
    }
}

impl Chart<'_> {
    /// What stands beside a chart's name: the value under the cursor, or else the newest whole minute's, with its time.
    pub fn reading(&self) -> Phrase {
        let minute = self.cursor.unwrap_or_else(|| {
            let newest = evidence_minute(self.now);
            let recent = |series: &Series| (newest - 10..=newest).rev().find(|minute| series.at(*minute).is_some());
            self.series.and_then(recent).unwrap_or(newest)
        });
        let time = words::minute(start_of(minute));
        let meaning = if self.cursor.is_some() { Meaning::ChartCursor } else { Meaning::Strong };
        match self.series.and_then(|series| series.at(minute)) {
            Some(value) => Phrase::new()
                .tell(meaning, format_args!("{}", words::value(self.metric.row().unit, value)))
                .tell(Meaning::Muted, format_args!(" at {time}")),
            None => Phrase::new().tell(Meaning::Muted, format_args!("no value at {time}")),
        }
    }

    /// Draws the plot, its axes and its marks.
    pub fn draw(&self, theme: &Theme, room: Rect, buf: &mut Buffer) {
        let room = room.intersection(buf.area);
        let gutter = self.gutter();
        if room.width < gutter + 8 || room.height < 3 {
            self.reading().draw(theme, phrase::line(room, 0), buf);
            return;
        }
        let last = minute_of(self.now);
        let minutes = i64::from(self.minutes.clamp(2, KEPT_MINUTES as u16));
        let plot = Plot {
            room: Rect { x: room.x + gutter, width: room.width - gutter, height: room.height - 1, ..room },
            first: last - minutes + 1,
            last,
            top: self.top(last - minutes + 1),
        };
        self.y_axis(theme, room, &plot, buf);
        self.marks(theme, &plot, buf);
        self.line(theme, &plot, buf);
        self.threshold_name(theme, &plot, buf);
        self.cursor(theme, &plot, buf);
        self.x_axis(theme, &plot, phrase::line(room, usize::from(room.height) - 1), buf);
    }

    /// Columns for the values of the axis, and one between.
    fn gutter(&self) -> u16 {
        let most = self.axis_value(self.top(i64::MIN)).len();
        let threshold = self.threshold.map_or(0, |(value, _)| self.axis_value(value).len());
        most.max(threshold) as u16 + 1
    }

    fn axis_value(&self, value: f64) -> String {
        match self.metric.row().unit {
            Unit::Percent | Unit::PerMinute | Unit::Count => words::number(value, 0),
            Unit::Seconds => words::value(Unit::Seconds, value),
        }
    }

    /// The top of the axis: 100 for a percentage unless it goes beyond, otherwise a round number above all that is
    /// shown, the threshold included.
    fn top(&self, first: i64) -> f64 {
        let percent = self.metric.row().unit == Unit::Percent;
        let floor = if percent { 100.0 } else { 0.0 };
        let most = self.series.map_or(0.0, |series| {
            series.points().filter(|(minute, _)| *minute >= first).map(|(_, value)| value).fold(0.0, f64::max)
        });
        let most = most.max(self.threshold.map_or(0.0, |(value, _)| value * 1.15));
        if percent && most <= 100.0 { floor } else { round_up(most.max(floor)) }
    }

    fn y_axis(&self, theme: &Theme, room: Rect, plot: &Plot, buf: &mut Buffer) {
        let label = |value: f64, meaning: Meaning, row: u16, buf: &mut Buffer| {
            let words =
                Clean::of(format_args!("{}", self.axis_value(value))).right(usize::from(plot.room.x - room.x - 1));
            let room = Rect { y: row, height: 1, width: plot.room.x - room.x, ..room };
            Phrase::new().say(meaning, words).draw(theme, room, buf);
        };
        label(plot.top, Meaning::ChartAxis, plot.row(plot.top), buf);
        label(0.0, Meaning::ChartAxis, plot.row(0.0), buf);
        if let Some((value, _)) = self.threshold {
            let row = plot.row(value);
            for x in plot.room.left()..plot.room.right() {
                buf[(x, row)].set_char('╌').set_style(theme.style(Meaning::ChartThreshold));
            }
            label(value, Meaning::ChartThreshold, row, buf);
        }
    }

    fn line(&self, theme: &Theme, plot: &Plot, buf: &mut Buffer) {
        let Some(series) = self.series else { return };
        let color = |meaning| theme.style(meaning).fg.unwrap_or(Color::Reset);
        let (whole, partial) = (color(Meaning::ChartLine), color(Meaning::ChartPartial));
        let evidence = evidence_minute(self.now);
        let segments = || {
            (plot.first..=plot.last).filter_map(|minute| {
                let value = series.at(minute)?;
                // A minute between two holes is a dot, not nothing.
                let from = series.at(minute - 1).filter(|_| minute > plot.first);
                let (x1, y1) = from.map_or((minute, value), |from| (minute - 1, from));
                let color = if minute > evidence { partial } else { whole };
                Some(Line::new(x1 as f64, y1, minute as f64, value, color))
            })
        };
        Canvas::default()
            .marker(Dots::Braille)
            .x_bounds([plot.first as f64, plot.last.max(plot.first + 1) as f64])
            .y_bounds([0.0, plot.top])
            .background_color(theme.style(Meaning::Text).bg.unwrap_or(Color::Reset))
            .paint(|context| segments().for_each(|line| context.draw(&line)))
            .render(plot.room, buf);
        // Colours alone do not say "partial": the columns of those minutes take the attributes, too.
        if let Some(x) = plot.column(evidence + 1) {
            let partial = Rect { x, width: plot.room.right() - x, ..plot.room };
            let attributes = theme.style(Meaning::ChartPartial).add_modifier;
            phrase::tint(ratatui::style::Style::new().add_modifier(attributes), partial, buf);
        }
    }

    /// A dotted upright where capacity changed, and its word at the top, newest first; a word that finds no room is
    /// left out, its upright is not.
    fn marks(&self, theme: &Theme, plot: &Plot, buf: &mut Buffer) {
        let style = theme.style(Meaning::Marker);
        let mut free = plot.room.right();
        for (at, word) in self.markers {
            let Some(x) = plot.column(minute_of(*at)) else { continue };
            for y in plot.room.top()..plot.room.bottom() {
                buf[(x, y)].set_char('┊').set_style(style);
            }
            let width = word.width() as u16;
            let start = x.min(plot.room.right().saturating_sub(width)).max(plot.room.x);
            if start + width < free || (free == plot.room.right() && start + width <= free) {
                buf.set_stringn(start, plot.room.y, word.as_str(), usize::from(width), style);
                free = start;
            }
        }
    }

    /// The threshold's name, where its line is free of the metric's; left out where it never is.
    fn threshold_name(&self, theme: &Theme, plot: &Plot, buf: &mut Buffer) {
        let Some((value, name)) = self.threshold else { return };
        let row = plot.row(value);
        let width = name.len() as u16 + 2;
        let free = |x: u16| (x..x + width).all(|x| buf[(x, row)].symbol() == "╌");
        let mut starts = (plot.room.left()..plot.room.right().saturating_sub(width)).rev();
        if let Some(x) = starts.find(|x| free(*x)) {
            let phrase = Phrase::new().tell(Meaning::ChartThreshold, format_args!(" {name} "));
            phrase.draw(theme, Rect { x, y: row, width, height: 1 }, buf);
        }
    }

    fn cursor(&self, theme: &Theme, plot: &Plot, buf: &mut Buffer) {
        let Some((minute, x)) = self.cursor.and_then(|minute| Some((minute, plot.column(minute)?))) else { return };
        let style = theme.style(Meaning::ChartCursor);
        for y in plot.room.top()..plot.room.bottom() {
            buf[(x, y)].set_char('│').set_style(style);
        }
        if let Some(value) = self.series.and_then(|series| series.at(minute)) {
            buf[(x, plot.row(value))].set_char('◆').set_style(style);
        }
    }

    fn x_axis(&self, theme: &Theme, plot: &Plot, room: Rect, buf: &mut Buffer) {
        const WIDTH: u16 = 5;
        let steps = (plot.room.width / 16).clamp(1, 6);
        for step in 0..=steps {
            let minute = plot.first + (plot.last - plot.first) * i64::from(step) / i64::from(steps);
            let Some(x) = plot.column(minute) else { continue };
            let x = x.saturating_sub(WIDTH / 2).clamp(plot.room.x, plot.room.right().saturating_sub(WIDTH));
            let label = Phrase::new().tell(Meaning::ChartAxis, format_args!("{}", words::minute(start_of(minute))));
            label.draw(theme, Rect { x, width: WIDTH, ..room }, buf);
        }
        if self.series.is_none_or(Series::is_empty) {
            let middle = plot.room.y + plot.room.height / 2;
            let room = Rect { y: middle, height: 1, ..plot.room };
            Phrase::new().say(Meaning::CannotTell, " no history yet ").draw(theme, room, buf);
        }
    }
}

/// The next of 1, 1.5, 2, 3, 4, 5, 6, 8, 10 × a power of ten.
fn round_up(value: f64) -> f64 {
    if value <= 0.0 || !value.is_finite() {
        return 1.0;
    }
    let power = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    steps.iter().map(|step| step * power).find(|top| *top >= value).unwrap_or(value)
}
