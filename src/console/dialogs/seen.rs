//! Nothing unseen is confirmed: since when the thing that Enter would confirm has been on the screen.

use std::time::Duration;

use crate::console::model::Wall;

/// How long it has to be there.
pub const LONG_ENOUGH: Duration = Duration::from_millis(300);

/// Since when something is on the screen, whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    since: Option<Wall>,
}

impl Seen {
    /// A frame has been flushed. `whole` says whether all of it was in that frame: what is cut off was not seen.
    pub fn flushed(&mut self, whole: bool, at: Wall) {
        self.since = if whole { self.since.or(Some(at)) } else { None };
    }

    /// Whether an Enter pressed at this time counts. One that does not starts the wait again, so that a key that is
    /// held down never confirms.
    pub fn enter(&mut self, pressed: Wall) -> bool {
        let ripe = self.since.is_some_and(|since| pressed.since(since) >= LONG_ENOUGH);
        if !ripe {
            self.since = self.since.map(|since| since.max(pressed));
        }
        ripe
    }

    /// Whether it is on the screen, whole.
    pub fn is_shown(self) -> bool {
        self.since.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Wall {
        Wall(Duration::from_millis(ms))
    }

    #[test]
    fn only_what_was_whole_on_the_screen_for_long_enough_counts() {
        let mut seen = Seen::default();
        assert!(!seen.enter(at(10_000)), "never flushed");
        seen.flushed(false, at(10_000));
        assert!(!seen.enter(at(20_000)), "cut off");
        seen.flushed(true, at(20_000));
        seen.flushed(true, at(20_200));
        assert!(seen.enter(at(20_300)), "the first frame counts, not the newest");
    }

    #[test]
    fn a_key_that_waited_in_a_queue_counts_from_when_it_was_pressed() {
        let mut seen = Seen::default();
        seen.flushed(true, at(5_000));
        assert!(!seen.enter(at(4_000)));
    }

    #[test]
    fn a_held_key_never_confirms() {
        let mut seen = Seen::default();
        seen.flushed(true, at(1_000));
        assert!((1..100).all(|n| !seen.enter(at(1_000 + 33 * n))));
        assert!(seen.enter(at(1_000 + 33 * 99 + 300)));
    }
}
