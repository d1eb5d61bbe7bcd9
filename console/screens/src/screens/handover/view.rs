//! What the handover shows: what is to be gathered, what was compared, what is to be looked at.

use issuance::{
    case::CaseNumber,
    handover::{
        NoticeCode,
        by_hand::{self, Misread},
    },
};

use super::{Handover, SCANNED};
use crate::{
    common::Common,
    facts::{Compared, ReaderState, Sight, Sights},
    frame::moment,
    page::{Line, Page, Pen},
    theme::Meaning,
};

impl Handover {
    pub(super) fn gather(&self, common: &Common, pen: &Pen<'_>, page: &mut Page) {
        page.paragraph(pen, 0, &pen.say("handover-about"), Meaning::Plain);
        page.gap();
        page.input(
            pen,
            18,
            &pen.say("handover-notice"),
            &self.notice,
            pen.width,
            self.at == 0,
        );
        self.typed_so_far(common, pen, page);
        page.input(pen, 18, &pen.say("handover-shelf"), &self.shelf, 16, self.at == 1);
        let (words, meaning) = match common.resident_reader {
            ReaderState::Card(_) => ("handover-card-in", Meaning::Done),
            _ => ("handover-insert", Meaning::NeedsYou),
        };
        page.fact(pen, 18, &pen.say("handover-card"), &pen.say(words), meaning);
        if super::is_asking(common) {
            page.gap();
            page.paragraph(pen, 2, &pen.say("handover-checking"), Meaning::Waiting);
        }
    }

    /// What the check of the typed code says, while it is typed.
    fn typed_so_far(&self, common: &Common, pen: &Pen<'_>, page: &mut Page) {
        if self.notice.is_empty() {
            return;
        }
        let is_scanned = self.notice.text().starts_with(SCANNED);
        let (symbol, words, meaning) = match self.payload(common) {
            Ok(payload) if is_scanned => match another_case(&payload, common) {
                Some(other) => {
                    let facts = [("case", other.to_string().into())];
                    let words = pen.say_with("handover-notice-of-another", &facts);
                    (pen.glyphs.stop, words, Meaning::Stop)
                }
                None => return,
            },
            Ok(_) => (pen.glyphs.done, pen.say("handover-typed"), Meaning::Done),
            Err(misread) => {
                let (key, facts) = misread_words(misread);
                let facts: Vec<_> = facts.into_iter().map(|(name, fact)| (name, fact.into())).collect();
                match misread {
                    Misread::Unfinished { .. } => (pen.glyphs.todo, pen.say_with(key, &facts), Meaning::Waiting),
                    _ => (pen.glyphs.stop, pen.say_with(key, &facts), Meaning::Stop),
                }
            }
        };
        page.paragraph(pen, 22, &format!("{symbol}{words}"), meaning);
    }

    /// Who looks now.
    fn looker(&self, time: u8, common: &Common, pen: &Pen<'_>) -> String {
        let first = common
            .session
            .as_ref()
            .map_or("", |session| session.staff.name.as_str());
        let said = |key: &str, name: &str| pen.say_with(key, &[("name", name.to_owned().into())]);
        match (time, common.setup.sights, &self.second) {
            (1, Sights::TwoClerks, _) => said("handover-looks-first", first),
            (_, Sights::TwoClerks, Some(second)) => said("handover-looks-second", &second.name),
            (_, Sights::TwoClerks, None) => pen.say("handover-looks-nobody"),
            (1, Sights::OneClerkTwice, _) => said("handover-looks-once", first),
            (_, Sights::OneClerkTwice, _) => said("handover-looks-again", first),
        }
    }

    /// What was compared, records against what was found.
    pub(super) fn table(&self, pen: &Pen<'_>, page: &mut Page) {
        let quiet = |key: &str, cells: usize| pen.fit(&pen.say(key), cells);
        let column = pen.width.saturating_sub(24) / 2;
        page.line(
            Line::of("  ", Meaning::Plain)
                .and(quiet("handover-compared", 14), Meaning::Quiet)
                .and("  ", Meaning::Plain)
                .and(quiet("handover-expected", column), Meaning::Quiet)
                .and("  ", Meaning::Plain)
                .and(quiet("handover-found", column), Meaning::Quiet),
        );
        for agreement in &self.agreements {
            let (symbol, meaning) = if agreement.agrees {
                (pen.glyphs.done, Meaning::Done)
            } else {
                (pen.glyphs.stop, Meaning::Stop)
            };
            let (expected, found) = match agreement.what {
                Compared::Pin => (
                    pen.say(pin_word(&agreement.expected)),
                    pen.say(pin_word(&agreement.found)),
                ),
                _ => (agreement.expected.clone(), agreement.found.clone()),
            };
            page.line(
                Line::of(symbol, meaning)
                    .and(quiet(compared_word(agreement.what), 14), meaning)
                    .and("  ", Meaning::Plain)
                    .and(pen.fit(&expected, column), Meaning::Plain)
                    .and("  ", Meaning::Plain)
                    .and(pen.fit(&found, column), meaning),
            );
        }
    }

    /// Whose notice it is that does not agree.
    pub(super) fn about_notice(&self, pen: &Pen<'_>, page: &mut Page) {
        let differing = self.agreements.iter().filter(|agreement| !agreement.agrees);
        for agreement in differing {
            let key = match agreement.what {
                Compared::CaseOfNotice => "handover-notice-of",
                Compared::EarlierNotice => "handover-notice-earlier",
                Compared::Notice => "handover-notice-of-nobody",
                Compared::Shelf | Compared::Chip | Compared::Pin => continue,
            };
            let words = pen.say_with(key, &[("case", agreement.found.as_str().into())]);
            page.paragraph(pen, 0, &words, Meaning::Stop);
        }
    }

    pub(super) fn sights(&self, time: u8, common: &Common, pen: &Pen<'_>, page: &mut Page) {
        let heading = |time: u8| pen.say_with("handover-sights", &[("time", time.to_string().into())]);
        if let (2, Some((name, at))) = (time, &self.first) {
            page.line(
                Line::of(pen.glyphs.done, Meaning::Done)
                    .and(heading(1), Meaning::Done)
                    .and("  ", Meaning::Plain)
                    .and(name, Meaning::Plain)
                    .and("  ", Meaning::Plain)
                    .and(moment(pen, *at), Meaning::Quiet),
            );
        }
        page.line(
            Line::of(pen.glyphs.arrow, Meaning::Accent)
                .and(heading(time), Meaning::Accent)
                .and("  ", Meaning::Plain)
                .and(self.looker(time, common, pen), Meaning::Strong),
        );
        for (at, sight) in Sight::ALL.into_iter().enumerate() {
            let here = at == self.row;
            let tick = pen.glyphs.ticked[usize::from(!self.seen[at])];
            let line = Line::of(if here { pen.glyphs.here } else { "  " }, Meaning::Accent)
                .and(tick, if self.seen[at] { Meaning::Done } else { Meaning::Plain })
                .and(" ", Meaning::Plain)
                .and(
                    pen.say(sight_word(sight)),
                    if here { Meaning::Strong } else { Meaning::Plain },
                );
            if here {
                page.focus = page.body.len();
            }
            page.line(line);
        }
    }
}

/// Which other case than the open one a scanned code names: seen before anything is taken from a shelf.
pub(super) fn another_case(payload: &str, common: &Common) -> Option<CaseNumber> {
    let code: NoticeCode = payload.parse().ok()?;
    let open = common.open.as_ref()?;
    (code.case != open.number).then_some(code.case)
}

/// What is wrong with a code typed by hand, or what is still to come, and the facts of it.
pub(super) fn misread_words(misread: Misread) -> (&'static str, Vec<(&'static str, String)>) {
    match misread {
        Misread::Unfinished { groups, typed } => (
            "handover-code-unfinished",
            vec![
                ("groups", groups.to_string()),
                ("left", by_hand::TYPED.saturating_sub(typed).to_string()),
            ],
        ),
        Misread::Character { group, found } => (
            "handover-code-character",
            vec![("group", group.to_string()), ("character", found.to_string())],
        ),
        Misread::Group { group } => ("handover-code-group", vec![("group", group.to_string())]),
        Misread::TooLong => ("handover-code-too-long", Vec::new()),
    }
}

const fn compared_word(what: Compared) -> &'static str {
    match what {
        Compared::Notice | Compared::EarlierNotice | Compared::CaseOfNotice => "compared-notice",
        Compared::Shelf => "compared-shelf",
        Compared::Chip => "compared-chip",
        Compared::Pin => "compared-pin",
    }
}

/// What a side says of the PIN: a mark where it is set.
fn pin_word(said: &str) -> &'static str {
    match said {
        "-" => "compared-pin-not-set",
        _ => "compared-pin-set",
    }
}

pub(super) const fn sight_word(sight: Sight) -> &'static str {
    match sight {
        Sight::Person => "sight-person",
        Sight::Name => "sight-name",
        Sight::Card => "sight-card",
    }
}
