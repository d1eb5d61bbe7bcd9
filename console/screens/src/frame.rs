//! What a whole frame says, before it is painted or read out: title, status, page, message and help line.

use std::{borrow::Cow, ops::Range};

use time::OffsetDateTime;

use super::{
    State,
    common::{Message, Told},
    facts::{Language, Outbox, Reader, ReaderState, relay::OperatorsBy},
    fault::role_word,
    glyphs::Glyphs,
    key::Key,
    keymap::{self, Binding, Intent, Missed},
    page::{Line, Page, Pen},
    screens,
    theme::Meaning,
    words::Words,
};

/// The least the console can be used at; smaller terminals are told so.
pub const LEAST: (u16, u16) = (60, 18);
/// From this many columns on there is a second column.
pub const WIDE: u16 = 110;

/// Everything on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub title: String,
    pub clock: String,
    /// Desk, staff, readers, database, case, lock.
    pub status: Line,
    pub page: Page,
    /// What happened, what it means, what to do.
    pub message: Vec<Line>,
    /// The keys that do something here and now.
    pub help: Line,
    /// The cells of each of them in the help line.
    pub keys: Vec<(Range<usize>, Key)>,
}

/// The frame of `state` for `size`.
pub fn frame(state: &State, words: &Words, glyphs: &Glyphs, size: (u16, u16)) -> Frame {
    let inner = usize::from(size.0.saturating_sub(4)).max(8);
    let side = if size.0 >= WIDE { inner * 2 / 5 } else { 0 };
    let mut pen = Pen {
        words,
        language: state.common.language,
        glyphs,
        today: state.common.now.to_offset(relay_core::clock::JST).date(),
        width: inner,
        height: 0,
        side: 0,
    };
    let message = state
        .common
        .message
        .as_ref()
        .map(|message| message_lines(&pen, message, inner))
        .unwrap_or_default();
    let status = status(state, &pen, inner);
    let (help, keys) = help(state, &pen, inner);
    // Borders, status, help and two rules take six lines.
    pen.height = usize::from(size.1).saturating_sub(6 + message.len());
    if side > 0 {
        pen.side = side;
        pen.width = inner - side - 3;
    }
    let mut page = state.front().view(&state.common, &pen);
    if side > 0 && page.side.is_empty() {
        // Nothing stands beside it: the whole width is the page's.
        pen.width = inner;
        pen.side = 0;
        page = state.front().view(&state.common, &pen);
    }
    Frame {
        title: page.title.clone(),
        clock: clock(&pen, state.common.now),
        status,
        page,
        message,
        help,
        keys,
    }
}

/// A moment as the reader's language writes it: 11月22日 9:14, 22 Nov 9:14; of another year 令7.11.22 9:14, 2025-11-22 9:14.
pub fn moment(pen: &Pen<'_>, at: OffsetDateTime) -> String {
    let at = at.to_offset(relay_core::clock::JST);
    if at.year() != pen.today.year() {
        let day = match pen.language {
            Language::Japanese => issuance::era::wareki_short(at.date()),
            Language::English => at.date().to_string(),
        };
        return format!("{day} {}", hour_minute(at));
    }
    pen.say_with(
        "moment-short",
        &[
            ("month", u8::from(at.month()).to_string().into()),
            ("day", at.day().to_string().into()),
            ("time", hour_minute(at).into()),
        ],
    )
}

/// A fact of a message in the reader's language.
fn told<'a>(pen: &Pen<'_>, told: &'a Told) -> Cow<'a, str> {
    match told {
        Told::Text(text) => Cow::Borrowed(text),
        Told::Word(key) => Cow::Owned(pen.say(key)),
        Told::Moment(at) => Cow::Owned(moment(pen, *at)),
    }
}

fn message_lines(pen: &Pen<'_>, message: &Message, width: usize) -> Vec<Line> {
    let facts: Vec<(&'static str, Cow<'_, str>)> = message
        .facts
        .iter()
        .map(|(name, fact)| (*name, told(pen, fact)))
        .collect();
    let symbol = match message.meaning {
        Meaning::Done => pen.glyphs.done,
        Meaning::Stop => pen.glyphs.stop,
        Meaning::NeedsYou => pen.glyphs.warn,
        _ => "  ",
    };
    let words = pen.say_with(message.key, &facts);
    super::text::wrap(&super::text::drawable(&words), width - 2, pen.ambiguous())
        .into_iter()
        .take(4)
        .enumerate()
        .map(|(row, piece)| Line::of(if row == 0 { symbol } else { "  " }, message.meaning).and(piece, message.meaning))
        .collect()
}

fn hour_minute(at: OffsetDateTime) -> String {
    format!("{}:{:02}", at.hour(), at.minute())
}

fn clock(pen: &Pen<'_>, now: OffsetDateTime) -> String {
    let now = now.to_offset(relay_core::clock::JST);
    let date = match pen.language {
        Language::Japanese => issuance::era::wareki_with_weekday(now.date()),
        Language::English => format!(
            "{} {} {} {}",
            &now.weekday().to_string()[..3],
            now.day(),
            &now.month().to_string()[..3],
            now.year()
        ),
    };
    format!("{date} {}", hour_minute(now))
}

fn status(state: &State, pen: &Pen<'_>, width: usize) -> Line {
    let common = &state.common;
    if common.setup.relay.is_some() {
        return operators_status(state, pen, width);
    }
    let mut right = Line::of(pen.say("status-readers"), Meaning::Quiet).and(" ", Meaning::Plain);
    for (reader, word) in [(Reader::Staff, "status-staff"), (Reader::Resident, "status-resident")] {
        let (symbol, meaning) = match common.reader(reader) {
            ReaderState::Card(_) => (pen.glyphs.on, Meaning::Done),
            ReaderState::Empty => (pen.glyphs.off, Meaning::Quiet),
            ReaderState::Missing | ReaderState::ServiceGone | ReaderState::ServiceSilent => ("!", Meaning::Stop),
        };
        right = right
            .and(pen.say(word), Meaning::Quiet)
            .and(symbol, meaning)
            .and(" ", Meaning::Plain);
    }
    let (symbol, meaning) = if common.database_up {
        (pen.glyphs.on, Meaning::Done)
    } else {
        ("!", Meaning::Stop)
    };
    right = right.and(" DB ", Meaning::Quiet).and(symbol, meaning);
    if let Some(outbox) = &common.relay {
        let (symbol, meaning) = outbox_signs(outbox, common.now, pen);
        right = right
            .and(" ", Meaning::Plain)
            .and(pen.say("status-relay"), Meaning::Quiet)
            .and(symbol, meaning);
    }
    if common.session.is_some() {
        right = right
            .and("  ", Meaning::Plain)
            .and(pen.say("status-case"), Meaning::Quiet);
        right = match &common.open {
            Some(case) => right.and(format!(" {}", case.number), Meaning::Strong),
            None => right.and(format!(" {}", pen.say("status-no-case")), Meaning::Quiet),
        };
        // On a narrow screen the clerk's name matters more, until the lock is near.
        let minutes = state.minutes_to_lock();
        if width >= 100 || minutes < 3 {
            let meaning = if minutes < 3 { Meaning::NeedsYou } else { Meaning::Quiet };
            let facts = [("minutes", minutes.to_string().into())];
            right = right
                .and("  ", Meaning::Plain)
                .and(pen.say_with("status-lock", &facts), meaning);
        }
    }
    let who = match &common.session {
        Some(session) => {
            let mut roles: Vec<_> = session
                .staff
                .roles
                .iter()
                .map(|role| pen.say(role_word(*role)))
                .collect();
            if roles.len() > 2 {
                roles.truncate(1);
                roles.push(pen.say("status-more-roles"));
            }
            format!("{}({})", session.staff.name, roles.join(pen.say("list-comma").as_str()))
        }
        None => pen.say("status-nobody"),
    };
    let left = format!("{}  {who}", common.setup.desk);
    let room = width.saturating_sub(right.width(pen.ambiguous()) + 2);
    let mut line = Line::of(pen.fit(&left, room), Meaning::Plain).and("  ", Meaning::Plain);
    line.spans.extend(right.spans);
    line
}

/// The relay's operators see who they are to the front, their card, and how the relay stands.
fn operators_status(state: &State, pen: &Pen<'_>, width: usize) -> Line {
    let common = &state.common;
    let who = match &common.session {
        Some(session) => pen.say_with("relay-status-who", &[("name", session.staff.name.as_str().into())]),
        None => pen.say("relay-status-nobody"),
    };
    let mut right = Line::default();
    if common.setup.relay == Some(OperatorsBy::Card) {
        let (symbol, meaning) = match common.reader(Reader::Staff) {
            ReaderState::Card(_) => (pen.glyphs.on, Meaning::Done),
            ReaderState::Empty => (pen.glyphs.off, Meaning::Quiet),
            ReaderState::Missing | ReaderState::ServiceGone | ReaderState::ServiceSilent => ("!", Meaning::Stop),
        };
        right = right
            .and(pen.say("status-readers"), Meaning::Quiet)
            .and(symbol, meaning);
    }
    if common.session.is_some() {
        right.spans.extend(screens::relay::health(common, pen));
        let minutes = state.minutes_to_lock();
        if width >= 100 || minutes < 3 {
            let meaning = if minutes < 3 { Meaning::NeedsYou } else { Meaning::Quiet };
            let facts = [("minutes", minutes.to_string().into())];
            right = right
                .and("  ", Meaning::Plain)
                .and(pen.say_with("status-lock", &facts), meaning);
        }
    }
    let room = width.saturating_sub(right.width(pen.ambiguous()) + 2);
    let mut line = Line::of(pen.fit(&who, room), Meaning::Plain).and("  ", Meaning::Plain);
    line.spans.extend(right.spans);
    line
}

/// Whether the relay knows what happened here: a dot when it does, else how many messages wait and since when, and how
/// many it refused for good. What waits for a moment is on its way; what waits for a minute, or was refused, needs
/// somebody.
fn outbox_signs(outbox: &Outbox, now: OffsetDateTime, pen: &Pen<'_>) -> (String, Meaning) {
    let (waiting, meaning) = waiting_signs(outbox, now, pen);
    if outbox.refused == 0 {
        return (waiting, meaning);
    }
    let refused = pen.say_with(
        "status-outbox-refused",
        &[("refused", outbox.refused.to_string().into())],
    );
    let waiting = if outbox.waiting > 0 || !outbox.carried {
        waiting
    } else {
        String::new()
    };
    (format!("{waiting}{refused}"), Meaning::Stop)
}

fn waiting_signs(outbox: &Outbox, now: OffsetDateTime, pen: &Pen<'_>) -> (String, Meaning) {
    if !outbox.carried {
        let facts = [("waiting", outbox.waiting.to_string().into())];
        return (pen.say_with("status-outbox-uncarried", &facts), Meaning::Stop);
    }
    let Some(oldest) = outbox.oldest.filter(|_| outbox.waiting > 0) else {
        return (pen.glyphs.on.to_owned(), Meaning::Done);
    };
    let seconds = (now - oldest).whole_seconds().max(0);
    let (key, age) = match seconds {
        0..60 => ("status-outbox-seconds", seconds),
        60..3600 => ("status-outbox-minutes", seconds / 60),
        3600..172_800 => ("status-outbox-hours", seconds / 3600),
        _ => ("status-outbox-days", seconds / 86_400),
    };
    let words = pen.say_with(
        key,
        &[
            ("waiting", outbox.waiting.to_string().into()),
            ("age", age.to_string().into()),
        ],
    );
    let meaning = match (outbox.trouble, seconds) {
        (true, _) | (_, 60..) => Meaning::Stop,
        (false, 5..) => Meaning::NeedsYou,
        _ => Meaning::Quiet,
    };
    (words, meaning)
}

/// Cells between two keys of the help line.
const GAP: usize = 2;

/// The name of a key on the help line, where a pair of keys stands for both.
fn line_name(binding: &Binding) -> String {
    match binding.key {
        Key::Down => "↑↓".into(),
        Key::Right => "←→".into(),
        Key::PageDown => "PgUp/PgDn".into(),
        key => keymap::name(key),
    }
}

/// Whether a key of the screen in front does something now.
pub(super) fn works(state: &State, binding: &Binding) -> bool {
    let screen = state.front();
    match binding.intent {
        Intent::Tray => state.common.setup.demo,
        // What holds on every screen is asked of none.
        Intent::Help | Intent::Language => true,
        intent => screen.can(intent, &state.common) && screen.lacks(intent, &state.common).is_none(),
    }
}

fn help(state: &State, pen: &Pen<'_>, width: usize) -> (Line, Vec<(Range<usize>, Key)>) {
    let named = keymap::bindings(state.front().keys()).filter(|binding| binding.line && works(state, binding));
    let mut named: Vec<_> = named
        .map(|binding| {
            (
                binding.missed,
                line_name(binding),
                pen.say(
                    state
                        .front()
                        .says(binding.intent, &state.common)
                        .unwrap_or(binding.word),
                ),
                binding.key,
            )
        })
        .collect();
    let cells = |(_, key, word, _): &(_, String, String, _)| pen.cells(key) + 1 + pen.cells(word);
    while named.iter().map(|entry| cells(entry) + GAP).sum::<usize>() > width + GAP {
        // Of those that are missed least, the last: the line begins with what is done most.
        let goes = named.iter().enumerate().max_by_key(|(at, entry)| (entry.0, *at));
        match goes {
            Some((at, (missed, ..))) if *missed > Missed::TellsAll => drop(named.remove(at)),
            _ => break,
        }
    }
    let mut line = Line::default();
    let mut keys = Vec::new();
    for (at, (_, key, word, pressed)) in named.into_iter().enumerate() {
        if at > 0 {
            line = line.and(" ".repeat(GAP), Meaning::Plain);
        }
        let begins = line.width(pen.ambiguous());
        line = line
            .and(key, Meaning::Accent)
            .and(" ", Meaning::Plain)
            .and(word, Meaning::Quiet);
        keys.push((begins..line.width(pen.ambiguous()), pressed));
    }
    (line, keys)
}
