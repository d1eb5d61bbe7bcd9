//! What the relay knows of a card: told when, not told yet, or refused for good, by which rule, and what to do then.

use relay_core::registration::Rule;

use crate::{
    common::Common,
    facts::{GivenCard, RefusedMessage},
    frame::moment,
    page::{Page, Pen},
    theme::Meaning,
};

/// What the relay was not told after so long is somebody's to look at, as in the status line.
const LATE: time::Duration = time::Duration::seconds(60);

/// Whether what was done last has not reached the relay, which goes on as before.
pub fn is_waiting(card: &GivenCard, common: &Common) -> bool {
    common.relay.is_some() && card.told.waiting > 0
}

/// Whether what is done now will not reach the relay in a moment: nobody carries it there, or it does not arrive.
pub fn is_held_up(common: &Common) -> bool {
    common.relay.is_some_and(|outbox| !outbox.carried || outbox.trouble)
}

/// Whether the relay knows: nothing to tell it, told when, or how long it has been waiting.
pub fn words(card: &GivenCard, common: &Common, pen: &Pen<'_>) -> (String, Meaning) {
    if common.relay.is_none() {
        return (pen.say("standing-no-relay"), Meaning::Quiet);
    }
    match (card.told.oldest.filter(|_| card.told.waiting > 0), card.told.applied_at) {
        (Some(oldest), _) => {
            let late = common.now - oldest >= LATE;
            let (key, age) = age(common.now - oldest);
            let facts = [
                ("waiting", card.told.waiting.to_string().into()),
                ("age", pen.say_with(key, &[("count", age.to_string().into())]).into()),
            ];
            let words = format!("{}{}", pen.glyphs.warn, pen.say_with("standing-waiting", &facts));
            (words, if late { Meaning::Stop } else { Meaning::NeedsYou })
        }
        (None, Some(at)) => {
            let facts = [("at", moment(pen, at).into())];
            let words = pen.say_with("standing-told", &facts);
            if card.told.refused.is_empty() {
                (format!("{}{words}", pen.glyphs.done), Meaning::Done)
            } else {
                (words, Meaning::Plain)
            }
        }
        (None, None) => (pen.say("standing-nothing-told"), Meaning::Quiet),
    }
}

/// What was refused, a line each, and what to do about it.
pub fn refused(page: &mut Page, card: &GivenCard, pen: &Pen<'_>) {
    if card.told.refused.is_empty() {
        return;
    }
    page.gap();
    let words = format!("{}{}", pen.glyphs.stop, pen.say("standing-refused"));
    page.paragraph(pen, 0, &words, Meaning::Stop);
    for message in &card.told.refused {
        page.paragraph(pen, 2, &line(message, pen), Meaning::Stop);
    }
    page.paragraph(pen, 0, &pen.say("standing-refused-about"), Meaning::Plain);
}

fn line(message: &RefusedMessage, pen: &Pen<'_>) -> String {
    let key = match message.slot {
        1 => "journal-key-authentication",
        _ => "journal-key-eligibility",
    };
    let facts = [
        ("at", moment(pen, message.at).into()),
        ("told", told(&message.told, pen).into()),
        ("key", pen.say(key).into()),
        ("rule", rule(&message.rule, pen).into()),
    ];
    pen.say_with("standing-refused-line", &facts)
}

/// What the relay was told, in a word.
pub fn told(act: &str, pen: &Pen<'_>) -> String {
    let known = TOLD.iter().find(|(name, _)| *name == act);
    known.map_or_else(|| act.to_owned(), |(_, key)| pen.say(key))
}

/// The front's rule in words; one that only a newer front knows is shown by its code, never left out.
pub fn rule(code: &str, pen: &Pen<'_>) -> String {
    let known = RULES.iter().find(|(rule, _)| rule.as_str() == code);
    known.map_or_else(
        || pen.say_with("relay-rule-other", &[("rule", code.into())]),
        |(_, key)| pen.say(key),
    )
}

/// An age in its largest fitting unit.
pub fn age(of: time::Duration) -> (&'static str, i64) {
    let seconds = of.whole_seconds().max(0);
    match seconds {
        0..60 => ("age-seconds", seconds),
        60..3600 => ("age-minutes", seconds / 60),
        3600..172_800 => ("age-hours", seconds / 3600),
        _ => ("age-days", seconds / 86_400),
    }
}

const TOLD: &[(&str, &str)] = &[
    ("register", "relay-told-register"),
    ("activate", "relay-told-activate"),
    ("suspend", "relay-told-suspend"),
    ("resume", "relay-told-resume"),
    ("revoke", "relay-told-revoke"),
    ("relink", "relay-told-relink"),
];

const RULES: [(Rule, &str); Rule::ALL.len()] = [
    (Rule::OtherOffice, "relay-rule-other-office"),
    (Rule::RegisteredAlready, "relay-rule-registered-already"),
    (Rule::NotRegistered, "relay-rule-not-registered"),
    (Rule::Revoked, "relay-rule-revoked"),
    (Rule::ActivatedAlready, "relay-rule-activated-already"),
    (Rule::NotActive, "relay-rule-not-active"),
    (Rule::NotSuspended, "relay-rule-not-suspended"),
    (Rule::CertificateTaken, "relay-rule-certificate-taken"),
];
