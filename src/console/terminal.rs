//! The terminal: taken over, drawn to in whole frames, and given back however the session ends.
//!
//! A frame is one synchronized update in one write, and nothing at all when nothing has changed. Absent on purpose:
//! asking the terminal questions – an answer could be mistaken for keys, and waiting for one delays the first frame.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::queue;
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Whether the terminal is ours. A panic anywhere gives it back, whoever holds the guard.
static TAKEN: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

/// The terminal, while it is ours. Dropping it gives it back.
#[derive(Debug)]
pub struct Terminal {
    out: File,
    screen: Screen,
}

impl Terminal {
    /// Takes the terminal over: raw mode, alternate screen, bracketed paste, no cursor. From here on a panic gives it
    /// back before it is reported.
    ///
    /// # Errors
    /// There is no terminal, or it cannot be written to.
    pub fn enter() -> io::Result<Self> {
        HOOK.call_once(|| {
            let report = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                give_back();
                report(panic);
            }));
        });
        // Its own file, because standard output keeps a line buffer that would tear a frame into several writes.
        let mut out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        let mut bytes = Vec::new();
        queue!(bytes, EnterAlternateScreen, EnableBracketedPaste, Hide)?;
        if let Err(e) = out.write_all(&bytes) {
            give_back();
            return Err(e);
        }
        Ok(Self { out, screen: Screen::default() })
    }

    /// Whether the terminal is still ours: not after a panic in any thread.
    pub fn is_ours(&self) -> bool {
        TAKEN.load(Ordering::SeqCst)
    }

    /// How large it is now.
    pub fn area(&self) -> io::Result<Rect> {
        let (width, height) = crossterm::terminal::size()?;
        Ok(Rect::new(0, 0, width, height))
    }

    /// Something else may stand on the screen than what was drawn: the next frame draws everything anew. After a resize
    /// even if the size is the same again, because a terminal that was smaller meanwhile has lost what was beyond.
    pub fn forget(&mut self) {
        self.screen.forget();
    }

    /// Draws a frame: one write, or none when it is what the screen shows already.
    pub fn draw(&mut self, area: Rect, paint: impl FnOnce(Rect, &mut Buffer)) -> io::Result<()> {
        match self.screen.frame(area, paint)? {
            [] => Ok(()),
            bytes => self.out.write_all(bytes),
        }
    }

    /// Puts a text on the clipboard of whoever looks at this terminal, ssh or not (OSC 52).
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        let mut bytes = Vec::new();
        queue!(bytes, CopyToClipboard::to_clipboard_from(text))?;
        self.out.write_all(&bytes)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back, once. Goes on whatever fails: it may have gone away.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let mut bytes = Vec::new();
        let _ = queue!(bytes, EndSynchronizedUpdate, DisableBracketedPaste, LeaveAlternateScreen, Show);
        let mut out = io::stdout();
        let _ = out.write_all(&bytes).and_then(|()| out.flush());
        let _ = disable_raw_mode();
    }
}

/// How the backend ends a frame, and what says the same in fewer bytes: a clock that ticks over ssh counts them.
const RESETS: &[u8] = b"\x1b[39m\x1b[49m\x1b[59m\x1b[0m";
const RESET_ALL: &[u8] = b"\x1b[0m";

/// What the terminal shows, and the bytes that make it show something else.
#[derive(Debug, Default)]
pub struct Screen {
    shown: Buffer,
    next: Buffer,
    bytes: Vec<u8>,
}

impl Screen {
    /// What the terminal shows is not known any more.
    pub fn forget(&mut self) {
        self.shown = Buffer::default();
    }

    /// The bytes of a frame: a synchronized update of the cells that differ, or nothing when none do.
    pub fn frame(&mut self, area: Rect, paint: impl FnOnce(Rect, &mut Buffer)) -> io::Result<&[u8]> {
        self.bytes.clear();
        let resized = self.shown.area != area;
        if resized {
            self.shown = Buffer::empty(area);
            self.next.resize(area);
        }
        self.next.reset();
        paint(area, &mut self.next);
        let mut changes = self.shown.diff_iter(&self.next).peekable();
        if changes.peek().is_none() && !resized {
            return Ok(&[]);
        }
        queue!(self.bytes, BeginSynchronizedUpdate)?;
        if resized {
            queue!(self.bytes, Clear(ClearType::All))?;
        }
        CrosstermBackend::new(&mut self.bytes).draw(changes)?;
        if self.bytes.ends_with(RESETS) {
            self.bytes.truncate(self.bytes.len() - RESETS.len());
            self.bytes.extend_from_slice(RESET_ALL);
        }
        queue!(self.bytes, EndSynchronizedUpdate)?;
        std::mem::swap(&mut self.shown, &mut self.next);
        Ok(&self.bytes)
    }
}

/// The built-in theme for a terminal's background, as far as the environment tells (`COLORFGBG`, as in `15;0`); dark
/// where it does not.
pub fn theme_for(variable: impl Fn(&str) -> Option<String>) -> &'static str {
    let colours = variable("COLORFGBG").unwrap_or_default();
    match colours.rsplit(';').next().and_then(|ground| ground.parse::<u8>().ok()) {
        Some(7 | 9..=15) => "light",
        _ => "dark",
    }
}

#[cfg(test)]
mod tests {
    use ratatui::style::{Color, Style};

    use super::*;

    const AREA: Rect = Rect::new(0, 0, 20, 3);

    fn frame(screen: &mut Screen, area: Rect, text: &str) -> String {
        let bytes = screen.frame(area, |area, buf| {
            buf.set_stringn(area.x, area.y, text, usize::from(area.width), Style::new().fg(Color::Red));
        });
        String::from_utf8(bytes.unwrap().to_vec()).unwrap()
    }

    #[test]
    fn a_frame_is_one_synchronized_update_of_what_differs() {
        let mut screen = Screen::default();
        let first = frame(&mut screen, AREA, "desired 6");
        assert!(first.starts_with("\u{1b}[?2026h\u{1b}[2J") && first.ends_with("\u{1b}[?2026l"), "{first:?}");
        let second = frame(&mut screen, AREA, "desired 8");
        assert!(second.contains('8') && !second.contains("desired"), "{second:?}");
        assert_eq!(second.matches("\u{1b}[?2026").count(), 2);
        assert!(second.len() <= 40, "a digit that ticks costs {} bytes: {second:?}", second.len());
    }

    #[test]
    fn a_frame_that_changes_nothing_has_no_bytes() {
        let mut screen = Screen::default();
        frame(&mut screen, AREA, "steady");
        assert_eq!(frame(&mut screen, AREA, "steady"), "");
    }

    #[test]
    fn another_size_draws_everything_anew() {
        let mut screen = Screen::default();
        frame(&mut screen, AREA, "steady");
        for area in [Rect::new(0, 0, 40, 2), Rect::new(0, 0, 1, 1), Rect::new(0, 0, 0, 0), AREA] {
            assert!(frame(&mut screen, area, "steady").contains("\u{1b}[2J"), "{area}");
        }
    }

    #[test]
    fn what_was_forgotten_is_drawn_anew_at_the_same_size() {
        let mut screen = Screen::default();
        let first = frame(&mut screen, AREA, "steady");
        screen.forget();
        assert_eq!(frame(&mut screen, AREA, "steady"), first);
    }

    #[test]
    fn the_background_chooses_the_theme_where_it_is_known() {
        for (colours, theme) in
            [("15;0", "dark"), ("0;15", "light"), ("0;default;7", "light"), ("", "dark"), ("x", "dark")]
        {
            assert_eq!(theme_for(|_| Some(colours.to_owned())), theme, "{colours}");
        }
        assert_eq!(theme_for(|_| None), "dark");
    }
}
