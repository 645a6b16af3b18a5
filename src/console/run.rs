//! The loop: it waits for whatever happens, hands it to the [`App`], carries out what that asks for, and draws.
//!
//! Input goes before data, and everything that waits is taken in before one frame is drawn. Nothing here awaits AWS: what
//! is asked of `live` either fits into its channel now or is reported as not asked.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use crossterm::event::{KeyEventKind, read};
use jiff::Timestamp;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

use super::app::{App, Options};
use super::event::{Effect, Ended, Event, Input, Watched};
use super::keys::Key;
use super::model::Wall;
use super::terminal::Terminal;
use crate::clock::Clock;
use crate::live::Handle;

/// Keys that may wait. More than anybody types between two frames; a longer burst waits in the terminal.
const INPUTS: usize = 1024;

/// Frames that nobody's key caused come no closer together than this.
const FRAME: Duration = Duration::from_millis(16);

/// Ages and the clock on the screen move once a second.
const TICK: Duration = Duration::from_secs(1);

/// How long the loop may take to write down what is left, after the terminal has been given back: longer than the
/// journal waits for its lock.
const WRITTEN_WITHIN: Duration = Duration::from_secs(3);

/// Runs the console until it is left. It owns the terminal meanwhile and gives it back at once; then it waits until
/// `live` has written down a change that is still under way, however the session ended.
///
/// # Errors
/// There is no terminal, it broke, or a part of the program panicked.
pub async fn run(options: Options, handle: Handle, clock: Clock) -> anyhow::Result<Ended> {
    run_watched(options, handle, clock, |_, _| None).await
}

/// Runs the console as [`run`] does; `watch` is told of every deed and when it was done, on the clock of the data.
///
/// # Errors
/// As for [`run`].
pub async fn run_watched(
    options: Options,
    mut handle: Handle,
    clock: Clock,
    watch: impl FnMut(Watched, Timestamp) -> Option<String> + Send,
) -> anyhow::Result<Ended> {
    let ended = session(options, &mut handle, &clock, watch).await;
    let Handle { mut views, commands, notices: _ } = handle;
    drop(commands);
    // Whoever makes the views is done when no more can come.
    let _ = tokio::time::timeout(WRITTEN_WITHIN, async { while views.changed().await.is_ok() {} }).await;
    ended
}

#[expect(clippy::disallowed_methods, reason = "key timing and the frame cap are the wall's, and this is their loop")]
async fn session(
    options: Options,
    handle: &mut Handle,
    clock: &Clock,
    mut watch: impl FnMut(Watched, Timestamp) -> Option<String> + Send,
) -> anyhow::Result<Ended> {
    let origin = Instant::now();
    let mut signals = Signals::listen()?;
    let mut terminal = Terminal::enter().context("scaledeck needs a terminal")?;
    let view = handle.views.borrow_and_update().clone();
    let mut app = App::new(options, view);
    let mut area = terminal.area()?;
    let mut pace = Pace::default();
    let (mut views_open, mut notices_open) = (true, true);

    paint(&mut terminal, &mut app, clock, area, origin)?;
    let (sender, mut inputs) = mpsc::channel(INPUTS);
    std::thread::Builder::new().name("input".to_owned()).spawn(move || read_input(&sender, origin))?;
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);

    loop {
        for effect in app.effects() {
            match effect {
                Effect::Ask(command) => {
                    if handle.commands.try_send(command.clone()).is_err() && app.unsent(&command) {
                        pace.at_once();
                    }
                }
                Effect::Tell(deed) => {
                    watch(Watched::Deed(deed), clock.now());
                }
                Effect::Fault(words) => {
                    if let Some(said) = watch(Watched::Fault(words), clock.now()) {
                        app.say(said);
                        pace.at_once();
                    }
                }
                Effect::Copy(text) => terminal.copy(&text)?,
                Effect::End(how) => return Ok(how),
            }
        }
        if !terminal.is_ours() {
            bail!("a part of scaledeck has panicked; the report is above");
        }
        if pace.is_due(Instant::now()) {
            paint(&mut terminal, &mut app, clock, area, origin)?;
            pace.drawn(Instant::now());
            continue;
        }

        let frozen = app.frozen();
        tokio::select! {
            biased;
            name = signals.next() => app.handle(Event::Signal(name), clock.now()),
            input = inputs.recv() => {
                let mut next = Some(input.unwrap_or((Input::Closed, Wall::default())));
                let mut taken = 0;
                while let Some((input, at)) = next {
                    if input == Input::Resize {
                        area = terminal.area()?;
                        terminal.forget();
                    }
                    app.handle(Event::Input(input, at), clock.now());
                    taken += 1;
                    next = if taken < INPUTS { inputs.try_recv().ok() } else { None };
                }
                pace.at_once();
            }
            notice = handle.notices.recv(), if notices_open => {
                notices_open = notice.is_some();
                app.handle(notice.map_or(Event::LiveEnded, Event::Notice), clock.now());
                pace.soon();
            }
            changed = handle.views.changed(), if views_open && !frozen => {
                views_open = changed.is_ok();
                let view = handle.views.borrow_and_update().clone();
                app.handle(Event::View(view), clock.now());
                pace.soon();
            }
            () = pace.wait() => {}
            _ = ticks.tick(), if !frozen => {
                app.handle(Event::Tick, clock.now());
                pace.soon();
            }
        }
    }
}

/// Draws what there is, and tells the app since when it can be seen.
fn paint(
    terminal: &mut Terminal,
    app: &mut App,
    clock: &Clock,
    area: ratatui::layout::Rect,
    origin: Instant,
) -> anyhow::Result<()> {
    let now = clock.now();
    app.fit(now, area);
    terminal.draw(area, |area, buf| app.draw(now, area, buf))?;
    app.flushed(now, area, Wall(origin.elapsed()));
    Ok(())
}

/// When the next frame is drawn: at once for a key, no sooner than [`FRAME`] after the last for data.
#[derive(Debug, Default)]
struct Pace {
    last: Option<Instant>,
    wanted: Option<Urgency>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Urgency {
    Soon,
    AtOnce,
}

impl Pace {
    fn at_once(&mut self) {
        self.wanted = Some(Urgency::AtOnce);
    }

    fn soon(&mut self) {
        self.wanted = self.wanted.max(Some(Urgency::Soon));
    }

    fn is_due(&self, now: Instant) -> bool {
        match (self.wanted, self.last) {
            (None, _) => false,
            (Some(Urgency::AtOnce), _) | (Some(Urgency::Soon), None) => true,
            (Some(Urgency::Soon), Some(last)) => now.saturating_duration_since(last) >= FRAME,
        }
    }

    fn drawn(&mut self, now: Instant) {
        *self = Self { last: Some(now), wanted: None };
    }

    /// Waits until a frame that is wanted may be drawn; for ever when none is.
    async fn wait(&self) {
        match (self.wanted, self.last) {
            (Some(_), Some(last)) => tokio::time::sleep_until((last + FRAME).into()).await,
            _ => std::future::pending().await,
        }
    }
}

/// Waits for input on a thread of its own, so that nobody polls for it. It ends with the terminal or the console.
fn read_input(sender: &mpsc::Sender<(Input, Wall)>, origin: Instant) {
    loop {
        let event = read();
        let at = Wall(origin.elapsed());
        let input = match event {
            Ok(crossterm::event::Event::Key(key)) if key.kind != KeyEventKind::Release => match Key::of(key) {
                Some(key) => Input::Key(key),
                None => continue,
            },
            Ok(crossterm::event::Event::Paste(text)) => Input::Paste(text),
            Ok(crossterm::event::Event::Resize(..)) => Input::Resize,
            Ok(_) => continue,
            Err(_) => Input::Closed,
        };
        let last = input == Input::Closed;
        if sender.blocking_send((input, at)).is_err() || last {
            return;
        }
    }
}

/// The signals that ask the program to end.
struct Signals {
    terminate: Signal,
    hang_up: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.hang_up.recv() => "SIGHUP",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "an instant can be had from nowhere else")]
    fn keys_draw_at_once_and_data_at_most_once_in_a_frame() {
        let start = Instant::now();
        let after = |ms| start + Duration::from_millis(ms);
        let mut pace = Pace::default();
        assert!(!pace.is_due(start), "nothing has changed");
        pace.soon();
        assert!(pace.is_due(start), "the first data is drawn at once");
        pace.drawn(start);
        pace.soon();
        assert!(!pace.is_due(after(15)));
        assert!(pace.is_due(after(16)));
        pace.at_once();
        pace.soon();
        assert!(pace.is_due(after(1)), "a key is not held back by data");
        pace.drawn(after(1));
        assert!(!pace.is_due(after(100)));
    }
}
