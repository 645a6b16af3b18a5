//! What was seen of a group of replicas or nodes while this program watched: since when nothing moves, and when its
//! members last changed. Cooldowns run from here.

use std::collections::BTreeSet;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::moment::Moment;

/// How a group looks in one reading.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Look {
    /// Names of its members, those on their way in or out among them.
    pub members: BTreeSet<String>,
    /// Whether a member is on its way in or out.
    pub turning: bool,
    /// Whether anything is being changed at all.
    pub moving: bool,
}

/// A group's history as seen from here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberHistory {
    /// The first reading: nothing is known from before it.
    #[serde(default)]
    #[schemars(with = "Option<Moment>")]
    pub watched_since: Option<Timestamp>,
    /// Members of the newest reading.
    #[serde(default)]
    pub members: BTreeSet<String>,
    /// The first reading since the last change in which nothing moves; `None` while something does.
    #[serde(default)]
    #[schemars(with = "Option<Moment>")]
    pub settled: Option<Timestamp>,
    /// When the last change of the members that was seen had finished; `None` while none was, or one is under way.
    #[serde(default)]
    #[schemars(with = "Option<Moment>")]
    pub changed: Option<Timestamp>,
    /// Whether the members are changing.
    #[serde(default)]
    turning: bool,
}

impl MemberHistory {
    /// Takes a reading.
    pub fn saw(&mut self, look: Look, asked: Timestamp) {
        let first = self.watched_since.is_none();
        self.watched_since.get_or_insert(asked);
        let replaced = !first && look.members != self.members;
        if look.turning || replaced {
            self.turning = true;
            self.changed = None;
        }
        if look.moving || look.turning || replaced {
            self.settled = None;
        }
        if !look.moving && !look.turning {
            self.settled.get_or_insert(asked);
            if std::mem::take(&mut self.turning) {
                self.changed = Some(asked);
            }
        }
        self.members = look.members;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn look(members: &[&str], turning: bool, moving: bool) -> Look {
        Look { members: members.iter().map(ToString::to_string).collect(), turning, moving }
    }

    #[test]
    fn a_change_has_finished_when_nothing_moves_any_more() {
        let mut history = MemberHistory::default();
        history.saw(look(&["a"], false, false), at(0));
        assert_eq!((history.settled, history.changed), (Some(at(0)), None), "what was before is not known");
        history.saw(look(&["a", "b"], true, true), at(10));
        assert_eq!((history.settled, history.changed), (None, None));
        history.saw(look(&["a", "b"], false, true), at(20));
        assert_eq!((history.settled, history.changed), (None, None), "it is modified right after it was made");
        history.saw(look(&["a", "b"], false, false), at(30));
        history.saw(look(&["a", "b"], false, false), at(40));
        assert_eq!((history.settled, history.changed), (Some(at(30)), Some(at(30))));
        history.saw(look(&["a"], false, false), at(50));
        assert_eq!((history.settled, history.changed), (Some(at(50)), Some(at(50))), "gone between two readings");
    }

    #[test]
    fn a_modification_is_no_change_of_the_members() {
        let mut history = MemberHistory::default();
        history.saw(look(&["a"], false, false), at(0));
        history.saw(look(&["a"], false, true), at(10));
        assert_eq!((history.settled, history.changed), (None, None));
        history.saw(look(&["a"], false, false), at(20));
        assert_eq!((history.settled, history.changed), (Some(at(20)), None));
    }
}
