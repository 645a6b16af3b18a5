//! The command table, row by row.

use super::Person;
use crate::console::commands::{COMMANDS, Layer, Verb, command_table_markdown, row};
use crate::console::model::Pane;
use crate::console::scene::{armed, empty, three};

#[test]
fn every_command_of_the_palette_runs_or_says_why_not() {
    for command in COMMANDS.iter().filter(|command| command.layers.contains(&Layer::Main)) {
        for view in [empty(), armed()] {
            let mut person = Person::before(view);
            person.press(":");
            person.paste(command.name);
            person.press("enter");
            let model = person.app.model();
            let done = model.status.is_some() || model.dialog.is_some() || person.ended.is_some() || model.frozen;
            let moved = matches!(
                command.verb,
                Verb::Show(_)
                    | Verb::NextGroup
                    | Verb::PreviousGroup
                    | Verb::Open
                    | Verb::Back
                    | Verb::Disarm
                    | Verb::Pause
            ) || command.layers.contains(&Layer::Reader);
            assert!(done || moved, "{} did nothing and said nothing", command.name);
        }
    }
    let mut person = Person::before(three());
    person.press(": 2 ctrl-u t a s k s enter");
    assert_eq!(person.app.model().pane, Pane::Tasks);
}

#[test]
fn the_table_is_whole() {
    let mut names: Vec<&str> =
        COMMANDS.iter().flat_map(|c| std::iter::once(c.name).chain(c.aliases.iter().copied())).collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all, "a name means two commands");
    for command in COMMANDS {
        assert_eq!(row(command.verb).name, command.name, "a verb has two rows");
        assert!(!command.layers.is_empty() && command.about.len() > 5, "{}", command.name);
        assert!(command.about.starts_with(char::is_uppercase) && !command.about.ends_with('.'), "{}", command.about);
        assert!(command.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", command.name);
    }
}

#[test]
fn the_table_for_the_readme() {
    insta::assert_snapshot!(command_table_markdown());
}
