//! The same screens as plain lines in reading order, for screen readers and dumb terminals (`--plain`).

use super::{
    State,
    facts::{Reader, ReaderState},
    frame::frame,
    glyphs::Glyphs,
    page::{Line, Page},
    words::Words,
};

/// Columns that the lines are laid out for; a screen reader does not care, a teletype has 80.
const COLUMNS: u16 = 80;
/// Every line is given; nothing scrolls away.
const LINES: u16 = 400;

/// Everything the screen says, from the title to the keys. For the resident's own view only what is theirs to read.
pub fn lines(state: &State, words: &Words, glyphs: &Glyphs) -> Vec<String> {
    let frame = frame(state, words, glyphs, (COLUMNS, LINES));
    let mut out = Vec::new();
    if !frame.page.resident_facing {
        out.push(format!("== {} ==", frame.title));
        out.push(frame.clock.clone());
        out.push(spoken_status(state, words));
    }
    for line in frame.message.iter() {
        push(&mut out, line);
    }
    read_page(&frame.page, &mut out);
    push(&mut out, &frame.help);
    out
}

/// What is new in `now` after `before`: the lines to say when something changed. Everything, when the screen is another.
pub fn changes<'a>(before: &[String], now: &'a [String]) -> &'a [String] {
    if before.first() != now.first() {
        return now;
    }
    let same = before.iter().zip(now).take_while(|(a, b)| a == b).count();
    &now[same..]
}

fn read_page(page: &Page, out: &mut Vec<String>) {
    for line in page.body.iter().chain(&page.side) {
        push(out, line);
    }
}

fn push(out: &mut Vec<String>, line: &Line) {
    let text = line.text();
    let text = text.trim();
    // Bars and empty lines mean nothing to the ear.
    if !text.is_empty() {
        out.push(text.split_whitespace().collect::<Vec<_>>().join(" "));
    }
}

/// The status in words: a symbol is not a thing to be read aloud.
fn spoken_status(state: &State, words: &Words) -> String {
    let common = &state.common;
    let say = |key: &str| words.say(common.language, key, &[]);
    let reader = |reader| match common.reader(reader) {
        ReaderState::Card(_) => say("plain-card-in"),
        ReaderState::Empty => say("plain-card-out"),
        ReaderState::Missing | ReaderState::ServiceGone => say("plain-no-reader"),
    };
    let mut parts = vec![common.setup.desk.clone()];
    if let Some(session) = &common.session {
        parts.push(session.staff.name.clone());
    }
    parts.push(format!("{} {}", say("status-staff"), reader(Reader::Staff)));
    parts.push(format!("{} {}", say("status-resident"), reader(Reader::Resident)));
    parts.push(say(if common.database_up {
        "plain-database-up"
    } else {
        "plain-database-down"
    }));
    if let Some(case) = &common.open {
        parts.push(format!("{} {}", say("status-case"), case.number));
    }
    parts.join(say("list-comma").as_str())
}
