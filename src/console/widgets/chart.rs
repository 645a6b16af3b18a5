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
use crate::platform::metric::{Missing, Unit};
use crate::platform::series::{KEPT_MINUTES, evidence_minute, minute_of, start_of};
use crate::platform::{MetricId, Series};

/// Rows from which on the words of the marks have one of their own.
const ROOMY: u16 = 6;

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
        let first = last - minutes + 1;
        // The marks' words have a row of their own where there is room: over the line they could not be read.
        let marked = self.markers.iter().any(|(at, _)| (first..=last).contains(&minute_of(*at)));
        let above = u16::from(marked && room.height >= ROOMY);
        let plot = Plot {
            room: Rect {
                x: room.x + gutter,
                y: room.y + above,
                width: room.width - gutter,
                height: room.height - 1 - above,
            },
            first,
            last,
            top: self.top(first),
        };
        self.y_axis(theme, room, &plot, buf);
        self.uprights(theme, &plot, buf);
        self.line(theme, &plot, buf);
        self.mark_words(theme, &plot, room.y, buf);
        self.threshold_name(theme, &plot, buf);
        self.cursor(theme, &plot, buf);
        self.x_axis(theme, &plot, phrase::line(room, usize::from(room.height) - 1), buf);
    }

    /// Columns for the values of the axis, and one between.
    fn gutter(&self) -> u16 {
        let most = self.axis_value(self.top(i64::MIN)).len();
        let threshold = self.threshold.map_or(0, |(value, _)| self.axis_value(value).len());
        most.max(threshold).max(self.axis_value(0.0).len()) as u16 + 1
    }

    fn axis_value(&self, value: f64) -> String {
        match self.metric.row().unit {
            Unit::Percent | Unit::PerMinute | Unit::Count | Unit::PerSecond | Unit::Milliseconds => {
                words::number(value, 0)
            }
            unit @ (Unit::Seconds | Unit::Bytes) => words::value(unit, value),
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
        // The sum of a minute that still runs is not low, it is not a sum yet.
        let newest = plot.last - i64::from(self.metric.row().missing == Missing::Zero);
        let segments = || {
            (plot.first..=newest).filter_map(|minute| {
                let value = series.at(minute)?;
                // A minute between two holes is a dot, not nothing. One that is still being filled in is a dot, too: a
                // line to it would read as a rise or a fall.
                let joined = minute > plot.first && minute <= evidence;
                let from = series.at(minute - 1).filter(|_| joined);
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

    /// The columns where capacity changed, newest first, with the words.
    fn shown<'p>(&'p self, plot: &'p Plot) -> impl Iterator<Item = (u16, &'p Clean)> {
        self.markers.iter().filter_map(|(at, word)| Some((plot.column(minute_of(*at))?, word)))
    }

    /// A dotted upright where capacity changed.
    fn uprights(&self, theme: &Theme, plot: &Plot, buf: &mut Buffer) {
        for (x, _) in self.shown(plot) {
            for y in plot.room.top()..plot.room.bottom() {
                buf[(x, y)].set_char('┊').set_style(theme.style(Meaning::Marker));
            }
        }
    }

    /// The words of the marks, newest first; one that finds no room is left out, its upright is not.
    fn mark_words(&self, theme: &Theme, plot: &Plot, row: u16, buf: &mut Buffer) {
        let mut free = plot.room.right();
        for (x, word) in self.shown(plot) {
            let width = word.width() as u16;
            let start = x.min(free.saturating_sub(width)).max(plot.room.x);
            // A word stands at its upright or a little to the left of it, never where another one would be meant.
            if start + width <= free && start + width > x {
                buf.set_stringn(start, row, word.as_str(), usize::from(width), theme.style(Meaning::Marker));
                free = start.saturating_sub(1);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::theme::Depth;

    fn now() -> Timestamp {
        start_of(1_000)
    }

    fn series(values: impl Fn(i64) -> Option<f64>) -> Series {
        let mut series = Series::default();
        series.merge((0..60).filter_map(|ago| Some((start_of(1_000 - ago), values(ago)?))));
        series
    }

    fn drawn(chart: &Chart<'_>) -> (Vec<String>, Buffer) {
        let room = Rect::new(0, 0, 44, 10);
        let mut buf = Buffer::empty(room);
        chart.draw(&Theme::builtin("dark").unwrap().at(Depth::True), room, &mut buf);
        let line = |y| (0..room.width).map(|x| buf[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
        ((0..room.height).map(line).collect(), buf)
    }

    fn chart(metric: MetricId, series: Option<&Series>) -> Chart<'_> {
        Chart { metric, series, threshold: None, markers: &[], now: now(), minutes: 60, cursor: None }
    }

    #[test]
    fn a_percentage_is_drawn_from_0_to_100_whatever_its_values() {
        let low = series(|ago| Some(1.0 + (ago % 2) as f64));
        let (lines, _) = drawn(&chart(MetricId::ServiceCpu, Some(&low)));
        assert!(lines[0].starts_with("100"), "{lines:#?}");
        let inked = lines[..9].iter().filter(|line| line.chars().any(|c| ('\u{2801}'..='\u{28ff}').contains(&c)));
        assert_eq!(inked.count(), 1, "one and two percent lie on the floor: {lines:#?}");
    }

    #[test]
    fn the_axis_reaches_beyond_the_threshold() {
        let quiet = series(|_| Some(12.0));
        let with = Chart { threshold: Some((1_000.0, "target")), ..chart(MetricId::RequestsPerTarget, Some(&quiet)) };
        let (lines, _) = drawn(&with);
        assert!(lines[0].starts_with("1,500"), "{lines:#?}");
        assert!(lines.iter().any(|line| line.starts_with("1,000 ╌") && line.contains(" target ")), "{lines:#?}");
    }

    #[test]
    fn a_hole_stays_a_hole() {
        let holed = series(|ago| (!(20..40).contains(&ago)).then_some(50.0));
        let (lines, _) = drawn(&chart(MetricId::ServiceCpu, Some(&holed)));
        let row = lines.iter().find(|line| line.chars().any(|c| ('\u{2801}'..='\u{28ff}').contains(&c))).unwrap();
        let gap = row.trim_start().chars().skip(4).collect::<String>();
        assert!(gap.trim().contains("          "), "{row}");
    }

    #[test]
    fn minutes_that_are_still_being_filled_in_look_so() {
        let steady = series(|_| Some(50.0));
        let (_, buf) = drawn(&chart(MetricId::ServiceCpu, Some(&steady)));
        let theme = Theme::builtin("dark").unwrap();
        let row = (0..10).find(|y| buf[(43, *y)].symbol() != " ").unwrap();
        assert_eq!(Some(buf[(43, row)].fg), theme.style(Meaning::ChartPartial).fg);
        assert_eq!(Some(buf[(20, row)].fg), theme.style(Meaning::ChartLine).fg);
    }

    #[test]
    fn a_minute_that_still_runs_never_reads_as_a_drop() {
        let cut_off = series(|ago| {
            Some(if ago == 0 {
                3.0
            } else if ago < 3 {
                400.0
            } else {
                900.0
            })
        });
        let inked = |metric| {
            let (lines, _) = drawn(&chart(metric, Some(&cut_off)));
            let braille = |c: &char| ('\u{2801}'..='\u{28ff}').contains(c);
            lines.iter().filter(|line| line.chars().any(|c| braille(&c))).count()
        };
        assert_eq!(inked(MetricId::RequestsPerTarget), 2, "the line, the dots of young minutes, nothing between");
        assert_eq!(inked(MetricId::HealthyHosts), 3, "a gauge of the running minute is a dot of its own");
    }

    #[test]
    fn words_of_marks_stand_above_the_line_and_not_under_it() {
        let full = series(|_| Some(100.0));
        let markers = [(start_of(995), Clean::from("↑4→6"))];
        let (lines, _) = drawn(&Chart { markers: &markers, ..chart(MetricId::ServiceCpu, Some(&full)) });
        assert!(lines[0].contains("↑4→6"), "{lines:#?}");
        assert!(lines[1].starts_with("100 ⠉"), "{lines:#?}");
    }

    #[test]
    fn changes_of_capacity_have_an_upright_and_a_word() {
        let steady = series(|_| Some(50.0));
        let markers =
            [(start_of(995), Clean::from("↑4→6")), (start_of(980), "⇡:42".into()), (start_of(1), "old".into())];
        let (lines, _) = drawn(&Chart { markers: &markers, ..chart(MetricId::ServiceCpu, Some(&steady)) });
        assert!(lines[0].contains("⇡:42") && lines[0].contains("↑4→6"), "{lines:#?}");
        assert!(lines[8].matches('┊').count() == 2, "what is older than the chart is not on it: {lines:#?}");
    }

    #[test]
    fn a_cursor_reads_the_value_under_it() {
        let rising = series(|ago| Some(60.0 - ago as f64));
        let read = |cursor| {
            let chart = Chart { cursor, ..chart(MetricId::ServiceCpu, Some(&rising)) };
            let mut buf = Buffer::empty(Rect::new(0, 0, 40, 1));
            chart.reading().draw(&Theme::builtin("dark").unwrap(), buf.area, &mut buf);
            buf.content().iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned()
        };
        assert_eq!(read(Some(980)), "40 % at 16:20");
        assert_eq!(read(None), "57 % at 16:37", "the newest whole minute, not the partial ones");
        assert_eq!(read(Some(900)), "no value at 15:00");
        let (lines, _) = drawn(&Chart { cursor: Some(980), ..chart(MetricId::ServiceCpu, Some(&rising)) });
        assert!(lines.iter().any(|line| line.contains('◆')), "{lines:#?}");
    }

    #[test]
    fn without_history_the_chart_says_so() {
        let (lines, _) = drawn(&chart(MetricId::ResponseP95, None));
        assert!(lines.iter().any(|line| line.contains("no history yet")), "{lines:#?}");
    }

    #[test]
    fn axes_end_on_round_numbers() {
        let cases = [(0.0, 1.0), (0.31, 0.4), (1.0, 1.0), (1_150.0, 1_500.0), (7_440.0, 8_000.0), (f64::NAN, 1.0)];
        for (most, top) in cases {
            assert!((round_up(most) - top).abs() < 1e-9, "{most}: {}", round_up(most));
        }
    }
}
