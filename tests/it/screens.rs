//! The pictures of the documents: a seeded drill through the real loop, drawn by the real console, in time that only
//! moves when everything waits. The same seed draws the same picture, so a picture cannot say what the program does not.
//!
//! `SCALEDECK_SCREENSHOTS=write cargo test --test it screens` draws them anew.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use scaledeck::console::app::{App, Options};
use scaledeck::console::{Keymap, Theme};
use scaledeck::live::View;
use scaledeck::policy::Decision;

use crate::scene::{Scene, service};

const SIZE: Rect = Rect { x: 0, y: 0, width: 140, height: 36 };

#[tokio::test(start_paused = true)]
async fn the_overview_is_as_the_readme_shows_it() {
    let mut scene = Scene::open("spike");
    scene.arrive().await;
    let asks = |view: &View| {
        let verdict = view.advice.services.get(&service());
        verdict.is_some_and(|verdict| matches!(verdict.decision, Decision::Out { .. }))
    };
    let view = scene.until("advice to scale out", asks).await;
    let now = scene.clock.now();
    let options = Options {
        theme: Theme::builtin("dark").unwrap(),
        keymap: Keymap::default(),
        title: Some("drill spike".to_owned()),
        drill: true,
        said: None,
    };
    let mut app = App::new(options, view);
    app.fit(now, SIZE);
    let mut buffer = Buffer::empty(SIZE);
    app.draw(now, SIZE, &mut buffer);
    same_picture("overview.svg", &anstyle_svg::Term::new().render_svg(&ansi(&buffer)));
}

fn same_picture(name: &str, drawn: &str) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("screenshots").join(name);
    if std::env::var_os("SCALEDECK_SCREENSHOTS").is_some_and(|what| what == "write") {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, drawn).unwrap();
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == drawn,
        "{name} is not what is drawn today: SCALEDECK_SCREENSHOTS=write cargo test --test it screens"
    );
}

/// A buffer as a terminal would be told to show it.
fn ansi(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in buffer.area.top()..buffer.area.bottom() {
        let mut before = None;
        for column in buffer.area.left()..buffer.area.right() {
            let cell = &buffer[(column, row)];
            let style = codes(cell);
            if before.as_ref() != Some(&style) {
                let _ = write!(text, "\u{1b}[0{style}m");
                before = Some(style);
            }
            text.push_str(cell.symbol());
        }
        text.push_str("\u{1b}[0m\n");
    }
    text
}

/// A cell's style as the parameters of an SGR sequence, each with its `;` before it.
fn codes(cell: &Cell) -> String {
    let marks = [
        (Modifier::BOLD, ";1"),
        (Modifier::DIM, ";2"),
        (Modifier::ITALIC, ";3"),
        (Modifier::UNDERLINED, ";4"),
        (Modifier::REVERSED, ";7"),
    ];
    let marks = marks.into_iter().filter(|(mark, _)| cell.modifier.contains(*mark)).map(|(_, code)| code);
    marks.collect::<String>() + &colour(cell.fg, 38) + &colour(cell.bg, 48)
}

fn colour(colour: Color, ground: u8) -> String {
    match colour {
        Color::Reset => String::new(),
        Color::Rgb(red, green, blue) => format!(";{ground};2;{red};{green};{blue}"),
        other => panic!("the built-in themes are in true colour, not {other:?}"),
    }
}
