//! The words of the identity verification: rules and shortfalls as a colleague would say them.

use issuance::{
    application::Applicant,
    identity::{
        Bar, Class, Comparison, DocumentRecord, DocumentRule, Fact, Lack, NotCounted, NotVerified, Party, Shortfall,
        StillGood, Verification, Way,
    },
    name::search_form,
};

use crate::{
    page::{Line, Page, Pen},
    screens::application::{evidence_word, standing_word},
    theme::Meaning,
};

/// Where everything stands: what is enough, or everything that stands in the way. A symbol and its words a line.
pub fn standing(outcome: Option<&Result<Verification, NotVerified>>, pen: &Pen<'_>) -> Vec<Line> {
    match outcome {
        None => Vec::new(),
        Some(Ok(verification)) => {
            let ready = Line::of(pen.glyphs.done, Meaning::Done).and(pen.say("verify-ready"), Meaning::Done);
            let mut lines = vec![ready];
            for record in &verification.record().parties {
                let facts = [
                    ("party", pen.say(party(record.party)).into()),
                    ("way", pen.say(way(record.way)).into()),
                    ("bar", pen.say(bar(record.bar)).into()),
                ];
                let way = pen.say_with("verify-by-way", &facts);
                lines.push(Line::of("  ", Meaning::Plain).and(way, Meaning::Plain));
            }
            lines
        }
        Some(Err(refused)) => refused
            .shortfalls
            .iter()
            .map(|one| Line::of(pen.glyphs.arrow, Meaning::NeedsYou).and(shortfall(one, pen), Meaning::NeedsYou))
            .collect(),
    }
}

/// A document in the review: whether it counts, and each of its facts, none of them cut.
pub fn record(whose: Party, record: &DocumentRecord, pen: &Pen<'_>, page: &mut Page) {
    let (symbol, counts, meaning) = match &record.not_counted {
        None => (pen.glyphs.done, pen.say("document-counts"), Meaning::Done),
        Some(why) => (pen.glyphs.stop, not_counted(why, pen), Meaning::Stop),
    };
    let name = Line::of(symbol, meaning).and(document(record.document.rule(), pen), Meaning::Strong);
    let whose = Line::of(pen.say(party(whose)), Meaning::Quiet);
    page.pieces(pen, 0, vec![name, whose, Line::of(counts, meaning)]);
    let facts = Fact::ALL.into_iter().map(|one| {
        let (word, meaning) = comparison(record.facts.of(one));
        Line::of(pen.say(fact(one)), Meaning::Quiet)
            .and(" ", Meaning::Plain)
            .and(pen.say(word), meaning)
    });
    page.pieces(pen, 2, facts.collect());
    let mut details = Vec::new();
    let mut detail = |key: &str, value: &str| {
        details.push(Line::of(format!("{} {value}", pen.say(key)), Meaning::Quiet));
    };
    if let Some(number) = &record.number {
        detail("document-number", number);
    }
    if let Some(expires) = &record.expires_on {
        detail("document-expires", &pen.written(expires));
    }
    if record.without_photo {
        details.push(Line::of(pen.say("document-without-photo"), Meaning::NeedsYou));
    }
    if let Some(good) = &record.still_good {
        details.push(Line::of(still_good(good, pen), Meaning::NeedsYou));
    }
    page.pieces(pen, 2, details);
}

/// A document's name in the reader's language.
pub fn document(rule: &DocumentRule, pen: &Pen<'_>) -> String {
    pen.say(&format!("{DOCUMENT}{}", rule.key.replace('_', "-")))
}

/// What the keys of documents' names begin with; the rest is the key of the table.
pub const DOCUMENT: &str = "document-name-";
/// Whether what was typed is part of a document's name: as written, as read in kana, or as its English key has it.
pub fn is_meant(rule: &DocumentRule, typed: &str) -> bool {
    let typed = search_form(typed);
    let names = [rule.japanese, rule.document.reading(), rule.key];
    names
        .into_iter()
        .any(|name| search_form(&name.replace('_', " ")).contains(&typed))
}

/// Whose documents.
pub const fn party(party: Party) -> &'static str {
    match party {
        Party::Resident => "party-resident",
        Party::Acting => "party-acting",
    }
}

/// What a document counts as.
pub const fn class(class: Class) -> &'static str {
    match class {
        Class::A => "class-a",
        Class::BPublic => "class-b-public",
        Class::BOther => "class-b-other",
        Class::Special => "class-special",
    }
}

/// A fact's name.
pub const fn fact(fact: Fact) -> &'static str {
    match fact {
        Fact::Name => "fact-name",
        Fact::Birthday => "fact-birthday",
        Fact::Sex => "fact-sex",
        Fact::Address => "fact-address",
    }
}

/// Why a document does not count.
pub fn not_counted(why: &NotCounted, pen: &Pen<'_>) -> String {
    let on = |key: &str, day| pen.say_with(key, &[("day", pen.day(day).into())]);
    match why {
        NotCounted::Copy => pen.say("not-counted-copy"),
        NotCounted::Expired { on: day } => on("not-counted-expired", *day),
        NotCounted::ExpiryUnknown => pen.say("not-counted-expiry-unknown"),
        NotCounted::IssuedTooEarly { from } => on("not-counted-issued-too-early", *from),
        NotCounted::IssuedInFuture { on: day } => on("not-counted-issued-in-future", *day),
        NotCounted::IssuedAfterItsEnd => pen.say("not-counted-issued-after-its-end"),
        NotCounted::PhotoAbsent => pen.say("not-counted-photo-absent"),
        NotCounted::NoLongerAccepted { until } => on("not-counted-no-longer-accepted", *until),
        NotCounted::NumberMissing => pen.say("not-counted-number-missing"),
        NotCounted::NumberWrong => pen.say("not-counted-number-wrong"),
        NotCounted::FactsTooFew => pen.say("not-counted-facts-too-few"),
        NotCounted::PhotoNotCompared => pen.say("not-counted-photo-not-compared"),
        NotCounted::PhotoDiffers => pen.say("not-counted-photo-differs"),
    }
}

/// What keeps a document good after the day printed on it.
pub fn still_good(good: &StillGood, pen: &Pen<'_>) -> String {
    let (printed, until) = good.days();
    let facts = [("printed", pen.day(printed).into()), ("until", pen.day(until).into())];
    match good {
        StillGood::ClosedDays { provisional: true, .. } => pen.say_with("still-good-closed-days-provisional", &facts),
        StillGood::ClosedDays { .. } => pen.say_with("still-good-closed-days", &facts),
        StillGood::Application { .. } => pen.say_with("still-good-application", &facts),
    }
}

/// What shows the guardian's standing or the agent's reason, by the application.
pub fn evidence(applicant: &Applicant, pen: &Pen<'_>) -> String {
    match applicant {
        Applicant::Resident => String::new(),
        Applicant::Guardian { evidence, .. } => pen.say(standing_word(*evidence)),
        Applicant::Agent { evidence, .. } => pen.say(evidence_word(*evidence)),
    }
}

fn shortfall(shortfall: &Shortfall, pen: &Pen<'_>) -> String {
    let about = |key: &str, whose: Party, which: Option<issuance::identity::Document>, one: Option<Fact>| {
        let facts = [
            ("party", pen.say(party(whose)).into()),
            (
                "document",
                which
                    .map_or_else(String::new, |which| document(which.rule(), pen))
                    .into(),
            ),
            ("fact", one.map_or_else(String::new, |one| pen.say(fact(one))).into()),
        ];
        pen.say_with(key, &facts)
    };
    match shortfall {
        Shortfall::ResidentNotHere => pen.say("shortfall-resident-not-here"),
        Shortfall::NotEnough { party: whose, nearest } => {
            let ways: Vec<String> = nearest
                .iter()
                .take(2)
                .map(|nearly| {
                    let lacks: Vec<String> = nearly.lacks.iter().map(|one| pen.say(lack(*one))).collect();
                    lacks.join(&pen.say("list-and"))
                })
                .collect();
            let facts = [
                ("party", pen.say(party(*whose)).into()),
                ("lacks", ways.join(&pen.say("list-or")).into()),
            ];
            pen.say_with("shortfall-not-enough", &facts)
        }
        Shortfall::FactDiffers { party, document, fact } => {
            about("shortfall-fact-differs", *party, Some(*document), Some(*fact))
        }
        Shortfall::FactOpen { party, document, fact } => {
            about("shortfall-fact-open", *party, Some(*document), Some(*fact))
        }
        Shortfall::PhotoDiffers { party, document } => about("shortfall-photo-differs", *party, Some(*document), None),
        Shortfall::EvidenceNotSeen => pen.say("shortfall-evidence-not-seen"),
        Shortfall::LetterNotSeen => pen.say("shortfall-letter-not-seen"),
        Shortfall::ExceptionWithoutReason { party, fact } => {
            about("shortfall-exception-without-reason", *party, None, Some(*fact))
        }
        Shortfall::SecondClerkIsTheSame { party, fact } => {
            about("shortfall-second-clerk-is-the-same", *party, None, Some(*fact))
        }
        Shortfall::ExceptionNotNeeded { party, fact } => {
            about("shortfall-exception-not-needed", *party, None, Some(*fact))
        }
        Shortfall::NobodyActs => pen.say("shortfall-nobody-acts"),
    }
}

const fn comparison(comparison: Comparison) -> (&'static str, Meaning) {
    match comparison {
        Comparison::Match => ("fact-same", Meaning::Done),
        Comparison::MatchByVariant => ("fact-same-variant", Meaning::Done),
        Comparison::MatchByAlias => ("fact-same-alias", Meaning::Done),
        Comparison::Differs => ("fact-different", Meaning::Stop),
        Comparison::NotShown => ("fact-not-shown", Meaning::Quiet),
        Comparison::CannotTell => ("fact-cannot-tell", Meaning::Waiting),
    }
}

const fn lack(lack: Lack) -> &'static str {
    match lack {
        Lack::A => "lack-a",
        Lack::SecondA => "lack-second-a",
        Lack::B => "lack-b",
        Lack::PublicB => "lack-public-b",
        Lack::SecondB => "lack-second-b",
        Lack::InquiryReply => "lack-inquiry-reply",
        Lack::Pin => "lack-pin",
        Lack::NotificationCard => "lack-notification-card",
        Lack::PhotoCertificate => "lack-photo-certificate",
    }
}

const fn way(way: Way) -> &'static str {
    match way {
        Way::OneA => "way-one-a",
        Way::TwoBAndInquiry => "way-two-b-and-inquiry",
        Way::TwoB => "way-two-b",
        Way::TwoA => "way-two-a",
        Way::AAndB => "way-a-and-b",
        Way::OneAAndPin => "way-one-a-and-pin",
        Way::NotificationAndTwoB => "way-notification-and-two-b",
        Way::PhotoCertificateAndTwoB => "way-photo-certificate-and-two-b",
    }
}

const fn bar(bar: Bar) -> &'static str {
    match bar {
        Bar::Counter => "bar-counter",
        Bar::ThenPost => "bar-then-post",
        Bar::Acting => "bar-acting",
        Bar::Absent => "bar-absent",
    }
}
