//! The console without a terminal: it lives with a loop to a moment, keys are pressed on the way, and what it would show
//! then is drawn as SVG.
//!
//! Absent on purpose: the terminal, and the wall's time. Under tokio's paused time the same seed gives the same picture,
//! byte for byte.

mod svg;

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::bail;
use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::app::{App, Options};
use super::event::{Effect, Event, Input};
use super::keys::Key;
use super::model::Wall;
use crate::clock::Clock;
use crate::live::Handle;

/// The time between two keys, and between the last one and the picture: what a key asks for has then arrived.
const KEY_EVERY: Duration = Duration::from_secs(1);

/// What is pictured.
#[derive(Debug, Clone)]
pub struct Shot {
    /// When the picture is taken, counted from the start.
    pub after: Duration,
    /// Columns and rows of the screen.
    pub size: (u16, u16),
    /// What is pressed before, a second apart, the last a second before the picture.
    pub keys: Vec<Key>,
}

/// Runs the console on the loop's handle until the moment, and returns the picture as an SVG document.
///
/// # Errors
/// The keys leave the console, there are more of them than seconds, or the loop ends.
pub async fn take(options: Options, mut handle: Handle, clock: &Clock, shot: Shot) -> anyhow::Result<String> {
    let keys = u32::try_from(shot.keys.len()).unwrap_or(u32::MAX);
    let Some(before) = shot.after.checked_sub(KEY_EVERY.saturating_mul(keys)) else {
        bail!("{keys} keys are pressed a second apart: the picture cannot be taken before second {keys}");
    };
    let start = clock.now();
    let mut next = start + before;
    let mut keys = VecDeque::from(shot.keys);
    let area = Rect::new(0, 0, shot.size.0, shot.size.1);
    let theme = options.theme.clone();
    let view = handle.views.borrow_and_update().clone();
    let mut app = App::new(options, view);
    loop {
        let now = clock.now();
        app.fit(now, area);
        for effect in app.effects() {
            match effect {
                Effect::Ask(command) => handle.commands.send(command).await?,
                Effect::Copy(_) | Effect::Tell(_) | Effect::Fault(_) => {}
                Effect::End(_) => bail!("these keys leave the console"),
            }
        }
        app.flushed(now, area, wall(start, now));
        tokio::select! {
            biased;
            changed = handle.views.changed() => {
                changed?;
                let view = handle.views.borrow_and_update().clone();
                app.handle(Event::View(view), clock.now());
            }
            Some(notice) = handle.notices.recv() => app.handle(Event::Notice(notice), clock.now()),
            () = clock.sleep_until(next) => {
                let now = clock.now();
                let Some(key) = keys.pop_front() else {
                    let mut buf = Buffer::empty(area);
                    app.draw(now, area, &mut buf);
                    return Ok(svg::of(&buf, &theme));
                };
                app.handle(Event::Input(Input::Key(key), wall(start, now)), now);
                next += KEY_EVERY;
            }
        }
    }
}

/// The time of a key: there is no wall here, so that it runs on the clock too.
fn wall(start: Timestamp, now: Timestamp) -> Wall {
    Wall(Duration::try_from(now.duration_since(start)).unwrap_or_default())
}
