//! How partners and the front are written on every screen of the relay's operators.

use time::OffsetDateTime;

use crate::{
    common::{Common, Told},
    facts::relay::{EXCEPTIONS, Edition, Kind, LogoutTrial, Next, Partner, SOON, SignInTrial, Standing},
    page::{Line, Page, Pen, Span, span},
    screens::standing::told::age,
    theme::Meaning,
};

/// Symbol, word and meaning of how a partner stands.
pub fn standing(partner: &Partner, pen: &Pen<'_>) -> (String, Meaning) {
    let (symbol, word, meaning) = match partner.state {
        Standing::On => (pen.glyphs.on, "partner-on", Meaning::Done),
        Standing::Trial => (pen.glyphs.off, "partner-trial", Meaning::Waiting),
        Standing::Proposed => (pen.glyphs.off, "partner-proposed", Meaning::Waiting),
        Standing::Off => (pen.glyphs.stop, "partner-off", Meaning::Stop),
    };
    (format!("{} {}", symbol.trim_end(), pen.say(word)), meaning)
}

/// Until when its metadata are good, marked when that is soon.
pub fn expiry(partner: &Partner, now: OffsetDateTime, pen: &Pen<'_>) -> (String, Meaning) {
    match partner.days_left(now) {
        None => (pen.say("partner-no-expiry"), Meaning::Quiet),
        Some(days) if days < 0 => (
            format!("{}{}", pen.glyphs.stop, pen.say("partner-expired")),
            Meaning::Stop,
        ),
        Some(days) => {
            let words = pen.say_with("partner-days-left", &[("days", days.to_string().into())]);
            match days < SOON {
                true => (format!("{}{words}", pen.glyphs.warn), Meaning::NeedsYou),
                false => (words, Meaning::Plain),
            }
        }
    }
}

/// What comes next, in a few words and in a sentence.
pub const fn next_words(next: Next) -> (&'static str, &'static str) {
    match next {
        Next::Approve => ("partner-next-approve", "partner-next-approve-about"),
        Next::TrySignIn => ("partner-next-sign-in", "partner-next-sign-in-about"),
        Next::NotNamed => ("partner-next-not-named", "partner-next-not-named-about"),
        Next::TryLogout => ("partner-next-logout", "partner-next-logout-about"),
        Next::InClear => ("partner-next-in-clear", "partner-next-in-clear-about"),
        Next::SwitchOn => ("partner-next-on", "partner-next-on-about"),
        Next::Expired => ("partner-next-expired", "partner-next-expired-about"),
        Next::InService => ("partner-next-none", "partner-next-none-about"),
        Next::Off => ("partner-next-off", "partner-next-off-about"),
    }
}

/// What a partner is to the front.
pub const fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Service => "partner-service",
        Kind::Provider => "partner-provider",
    }
}

/// What its trial sign-in showed.
pub const fn sign_in_word(trial: SignInTrial) -> (&'static str, Meaning) {
    match trial {
        SignInTrial::Untried => ("trial-not-yet", Meaning::Waiting),
        SignInTrial::Named => ("trial-same-name", Meaning::Done),
        SignInTrial::Unnamed => ("trial-empty-name", Meaning::Stop),
        SignInTrial::Passing => ("trial-passing-name", Meaning::Done),
    }
}

/// What its trial sign-out showed.
pub const fn logout_word(trial: LogoutTrial) -> (&'static str, Meaning) {
    match trial {
        LogoutTrial::Untried => ("trial-not-yet", Meaning::Waiting),
        LogoutTrial::Sealed => ("trial-sealed", Meaning::Done),
        LogoutTrial::InClear => ("trial-in-clear", Meaning::Stop),
        LogoutTrial::Without => ("trial-without", Meaning::NeedsYou),
    }
}

/// An exception in words; one that this console does not know yet by its name in the profile.
pub fn exception(name: &str, pen: &Pen<'_>) -> String {
    match EXCEPTIONS.contains(&name) {
        true => pen.say(name),
        false => name.to_owned(),
    }
}

/// An edition of metadata: its number and who put it forward and approved it.
pub fn edition(edition: &Edition, pen: &Pen<'_>) -> String {
    let number = ("edition", edition.edition.to_string().into());
    let by = ("by", edition.proposed_by.as_str().into());
    match &edition.approved_by {
        Some(approved) => pen.say_with("partner-edition", &[number, by, ("approved", approved.as_str().into())]),
        None => pen.say_with("partner-edition-waiting", &[number, by]),
    }
}

/// A fingerprint in groups of eight, as people read it to one another.
pub fn groups(sha256: &str) -> Vec<String> {
    let letters: Vec<char> = sha256.to_ascii_uppercase().chars().collect();
    letters.chunks(8).map(|group| group.iter().collect()).collect()
}

/// How the front, the blind half, the database and the offices' intake stand: for the status line and for the top of the
/// list.
pub fn health(common: &Common, pen: &Pen<'_>) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut say = |word: &str, up: Option<bool>| {
        let (symbol, meaning) = match up {
            Some(true) => (pen.glyphs.on, Meaning::Done),
            Some(false) => ("!", Meaning::Stop),
            None => (pen.glyphs.off, Meaning::Quiet),
        };
        spans.push(span(format!(" {}", pen.say(word)), Meaning::Quiet));
        spans.push(span(symbol, meaning));
    };
    match common.front.heard.as_ref().map(|heard| &heard.state) {
        None => say("front-front", None),
        Some(Err(_)) => {
            say("front-front", Some(false));
            say("front-blind", None);
        }
        Some(Ok(state)) => {
            say("front-front", Some(true));
            say("front-blind", Some(state.blind_half));
            say("front-database", Some(state.database_clock_ahead_ms.is_some()));
        }
    }
    spans
}

/// What is wrong with the relay, a sentence each with what to do; last the offices as they were heard.
pub fn health_lines(page: &mut Page, common: &Common, pen: &Pen<'_>) {
    let Some(heard) = &common.front.heard else {
        page.line(Line::of(pen.say("loading-now"), Meaning::Waiting));
        return;
    };
    let state = match &heard.state {
        Ok(state) => state,
        Err(fault) => {
            let message = crate::fault::Fault::Front(fault.clone()).message();
            let facts: Vec<_> = message
                .facts
                .iter()
                .map(|(name, fact)| {
                    let words = match fact {
                        Told::Text(text) => text.clone(),
                        Told::Word(key) => pen.say(key),
                        Told::Moment(at) => crate::frame::moment(pen, *at),
                    };
                    (*name, words.into())
                })
                .collect();
            let words = format!("{}{}", pen.glyphs.stop, pen.say_with(message.key, &facts));
            page.paragraph(pen, 0, &words, Meaning::Stop);
            return;
        }
    };
    if !state.blind_half {
        let words = format!("{}{}", pen.glyphs.stop, pen.say("front-blind-down"));
        page.paragraph(pen, 0, &words, Meaning::Stop);
    }
    match state.database_clock_ahead_ms {
        None => {
            let words = format!("{}{}", pen.glyphs.stop, pen.say("front-database-down"));
            page.paragraph(pen, 0, &words, Meaning::Stop);
        }
        Some(ahead) if ahead.abs() > 1_000 => {
            let facts = [("seconds", (ahead / 1_000).to_string().into())];
            let words = format!("{}{}", pen.glyphs.warn, pen.say_with("front-clock-apart", &facts));
            page.paragraph(pen, 0, &words, Meaning::NeedsYou);
        }
        Some(_) => {}
    }
    if let Some(untold) = state.untold.filter(|untold| untold.services > 0) {
        let facts = [
            ("services", untold.services.to_string().into()),
            ("count", untold.waiting.to_string().into()),
        ];
        let words = format!("{}{}", pen.glyphs.warn, pen.say_with("front-untold", &facts));
        page.paragraph(pen, 0, &words, Meaning::NeedsYou);
    }
    let offices = state.offices.iter().map(|office| {
        let (key, count) = age(time::Duration::seconds(office.heard_seconds_ago));
        let ago = pen.say_with(key, &[("count", count.to_string().into())]);
        let facts = [
            ("office", office.name.as_str().into()),
            ("applied", office.applied.to_string().into()),
            ("ago", ago.into()),
        ];
        let line = Line::of(pen.say_with("front-office", &facts), Meaning::Quiet);
        match office.refused {
            0 => line,
            count => {
                let refused = pen.say_with("front-office-refused", &[("count", count.to_string().into())]);
                line.and("  ", Meaning::Plain).and(refused, Meaning::NeedsYou)
            }
        }
    });
    let offices: Vec<Line> = offices.collect();
    if offices.is_empty() {
        page.line(Line::of(pen.say("front-no-office"), Meaning::Quiet));
    } else {
        page.pieces(pen, 0, offices);
    }
}
