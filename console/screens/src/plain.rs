//! The same screens as plain lines in reading order, for screen readers and dumb terminals (`--plain`).

use super::{
    State,
    facts::{Reader, ReaderState},
    frame::frame,
    glyphs::Glyphs,
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
    let page = frame.page.body.iter().chain(&frame.page.side);
    for line in frame.message.iter().chain(page).chain([&frame.help]) {
        // Boxes and empty lines mean nothing to the ear.
        let text = line.text();
        let said: Vec<&str> = text.split_whitespace().filter(|word| !is_drawn(word, glyphs)).collect();
        if !said.is_empty() {
            out.push(said.join(" "));
        }
    }
    out
}

/// Whether a piece is nothing but lines of a box.
fn is_drawn(word: &str, glyphs: &Glyphs) -> bool {
    word.chars().all(|letter| {
        let mut buffer = [0; 4];
        glyphs.border.contains(&&*letter.encode_utf8(&mut buffer))
    }) && word.len() != 1
        || word == glyphs.border[1]
}

/// What is new in `now` after `before`: the lines to say when something changed. Everything, when the screen is another.
pub fn changes<'a>(before: &[String], now: &'a [String]) -> &'a [String] {
    if before.first() != now.first() {
        return now;
    }
    let same = before.iter().zip(now).take_while(|(a, b)| a == b).count();
    &now[same..]
}

/// The status in words: a symbol is not a thing to be read aloud.
fn spoken_status(state: &State, words: &Words) -> String {
    let common = &state.common;
    let say = |key: &str| words.say(common.language, key, &[]);
    let reader = |reader| match common.reader(reader) {
        ReaderState::Card(_) => say("plain-card-in"),
        ReaderState::Empty => say("plain-card-out"),
        ReaderState::ServiceSilent => say("plain-service-silent"),
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
    if let Some(relay) = &common.relay {
        let counted =
            |key, name: &'static str, count: u64| words.say(common.language, key, &[(name, count.to_string().into())]);
        match (relay.waiting, relay.refused) {
            (waiting, _) if !relay.carried => parts.push(counted("plain-relay-uncarried", "waiting", waiting)),
            (0, 0) => parts.push(say("plain-relay-up-to-date")),
            (0, _) => {}
            (waiting, _) => parts.push(counted("plain-relay-waits", "waiting", waiting)),
        }
        if relay.refused > 0 {
            parts.push(counted("plain-relay-refused", "refused", relay.refused));
        }
    }
    if let Some(case) = &common.open {
        parts.push(format!("{} {}", say("status-case"), case.number));
    }
    parts.join(say("list-comma").as_str())
}
