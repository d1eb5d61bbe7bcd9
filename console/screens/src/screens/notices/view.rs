//! What a run, a letter and what lies at the printer look like.

use std::borrow::Cow;

use issuance::notice::recipients::Excluded;

use crate::{
    facts::Language,
    frame::moment,
    orders::notices::{LetterShown, NextStep, NoticeRun, Sent, UnsetShown, WhyUnset},
    page::{Page, Pen, Span, span},
    theme::Meaning,
};

pub fn run(run: &NoticeRun, pen: &Pen<'_>, page: &mut Page) {
    page.gap();
    let mut fact = |label: &str, value: String, meaning| page.fact(pen, 16, &pen.say(label), &value, meaning);
    fact("notice-dated", pen.day(run.dated), Meaning::Plain);
    let counts = [
        ("letters", run.letters.to_string().into()),
        ("people", run.people.to_string().into()),
    ];
    fact(
        "notice-letters",
        pen.say_with("notice-letters-of", &counts),
        Meaning::Strong,
    );
    let reasons: Vec<String> = run
        .excluded
        .iter()
        .map(|(reason, count)| format!("{} {count}", pen.say(excluded_word(*reason))))
        .collect();
    let reasons = match reasons.is_empty() {
        true => pen.say("notice-nobody-left-out"),
        false => reasons.join(" / "),
    };
    fact("notice-left-out", reasons, Meaning::Plain);
    if has_unset(run) {
        fact("notice-unset-list", pen.say("notice-unset-hint"), Meaning::NeedsYou);
    }
    for (label, who) in [("notice-first", &run.released_by), ("notice-second", &run.approved_by)] {
        let (words, meaning) = match who {
            Some(who) => (who.clone(), Meaning::Plain),
            None => (pen.say("notice-nobody-yet"), Meaning::NeedsYou),
        };
        fact(label, words, meaning);
    }
    let counts = [
        ("bundles", run.bundles.to_string().into()),
        ("made", run.made.to_string().into()),
        ("printed", run.printed.to_string().into()),
    ];
    fact(
        "notice-bundles",
        pen.say_with("notice-bundles-of", &counts),
        Meaning::Plain,
    );
    if let Some(sent) = &run.sent {
        let words = pen.say_with("notice-sent-of", &of_sent(sent, pen));
        fact("notice-sent", words, Meaning::NeedsYou);
    }
    if run.returned > 0 {
        fact("notice-came-back", run.returned.to_string(), Meaning::NeedsYou);
    }
}

pub fn letter(letter: &LetterShown, pen: &Pen<'_>, page: &mut Page) {
    let words = match letter.is_returned {
        true => "notice-returned-before",
        false => "notice-whose-about",
    };
    page.paragraph(pen, 0, &pen.say(words), Meaning::NeedsYou);
    page.gap();
    let mut fact = |label: &str, value: &str| page.fact(pen, 16, &pen.say(label), value, Meaning::Strong);
    fact("notice-number", &letter.number.to_string());
    fact("notice-whose-title", &title(&letter.title, pen));
    fact("notice-dated", &pen.day(letter.dated));
    fact("notice-whose-name", &letter.name);
    fact("notice-whose-postal-code", &letter.postal_code);
}

pub fn row(run: &NoticeRun, pen: &Pen<'_>) -> Vec<Span> {
    let letters = [("letters", run.letters.to_string().into())];
    let (words, meaning) = match (run.is_withdrawn, run.next()) {
        (true, _) => ("notice-state-withdrawn", Meaning::Quiet),
        (_, NextStep::Release) => ("notice-state-release", Meaning::NeedsYou),
        (_, NextStep::Approve) => ("notice-state-approve", Meaning::NeedsYou),
        (_, NextStep::Make) => ("notice-state-make", Meaning::Waiting),
        (_, NextStep::Print) if run.sent.is_some() => ("notice-state-sent", Meaning::NeedsYou),
        (_, NextStep::Print) => ("notice-state-print", Meaning::Waiting),
        (_, NextStep::Post) => ("notice-state-post", Meaning::NeedsYou),
        (_, NextStep::Over) => ("notice-state-posted", Meaning::Done),
    };
    vec![
        span(run.number.to_string(), Meaning::Plain),
        span(title(&run.title, pen), Meaning::Strong),
        span(pen.say_with("notice-count", &letters), Meaning::Plain),
        span(pen.say(words), meaning),
    ]
}

pub fn title(titles: &[String; 2], pen: &Pen<'_>) -> String {
    titles[usize::from(pen.language == Language::English)].clone()
}

pub fn has_unset(run: &NoticeRun) -> bool {
    run.excluded.iter().any(|(reason, _)| *reason == Excluded::Unprintable)
}

pub fn unset(letter: &UnsetShown, pen: &Pen<'_>) -> Vec<Span> {
    let why = match &letter.why {
        WhyUnset::TooLong(field) => pen.say_with("notice-unset-too-long", &[("field", field.clone().into())]),
        WhyUnset::NoGlyph {
            field,
            character,
            code_points,
        } => {
            let facts = [
                ("field", field.clone().into()),
                ("character", character.clone().into()),
                ("points", code_points.clone().into()),
            ];
            pen.say_with("notice-unset-no-glyph", &facts)
        }
    };
    vec![
        span(letter.number.clone(), Meaning::Plain),
        span(letter.name.clone(), Meaning::Strong),
        span(why, Meaning::NeedsYou),
    ]
}

pub fn of_sent(sent: &Sent, pen: &Pen<'_>) -> [(&'static str, Cow<'static, str>); 4] {
    [
        ("bundle", sent.bundle.to_string().into()),
        ("desk", sent.desk.clone().into()),
        ("who", sent.by.clone().into()),
        ("at", moment(pen, sent.at).into()),
    ]
}

const fn excluded_word(reason: Excluded) -> &'static str {
    match reason {
        Excluded::Deceased => "notice-excluded-deceased",
        Excluded::MovedOut => "notice-excluded-moved-out",
        Excluded::Gone => "notice-excluded-gone",
        Excluded::NoPaperWanted => "notice-excluded-no-paper",
        Excluded::NoAddress => "notice-excluded-no-address",
        Excluded::Returned => "notice-excluded-returned",
        Excluded::NoGuardian => "notice-excluded-no-guardian",
        Excluded::WouldShowAddress => "notice-excluded-address",
        Excluded::Unprintable => "notice-excluded-unprintable",
    }
}
