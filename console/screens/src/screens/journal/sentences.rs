//! The lines of a case's journal as sentences: what was done or refused, and the facts of it, in the reader's language.

use issuance::{
    acts::{self, ActRow},
    records::Step,
};
use relay_core::audit::Outcome;

use crate::{
    facts::JournalLine,
    page::Pen,
    screens::{making::step_word, standing::told},
};

/// What happened, in a few words: done, refused or failed.
pub fn act(line: &JournalLine, pen: &Pen<'_>) -> String {
    let row = acts::row(&line.act);
    // An act that a later console recorded is shown by its name in the trail, never left out.
    let said = |key: fn(&ActRow) -> String| row.map_or_else(|| line.act.clone(), |row| pen.say(&key(row)));
    let tried = || said(ActRow::tried_key);
    match line.outcome {
        Outcome::Done => match step(line) {
            Some(step) => format!("{}: {}", said(ActRow::done_key), pen.say(step_word(step))),
            None => said(ActRow::done_key),
        },
        Outcome::Refused => pen.say_with("journal-refused", &[("act", tried().into())]),
        Outcome::Failed => {
            let act = step(line).map_or_else(tried, |step| pen.say(step_word(step)));
            pen.say_with("journal-failed", &[("act", act.into())])
        }
    }
}

/// The facts of a line, a sentence each; last the clerk's own words.
pub fn facts(line: &JournalLine, pen: &Pen<'_>) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    if acts::row(&line.act).is_some() {
        let known = line
            .facts
            .iter()
            .filter_map(|(name, value)| fact(line, name, value, pen));
        said.extend(known);
    } else {
        // Facts of an act that is not known: better raw than missing.
        said.extend(line.facts.iter().map(|(name, value)| format!("{name}: {value}")));
    }
    if let Some(words) = &line.words {
        said.push(pen.say_with("journal-words", &[("words", words.as_str().into())]));
    }
    said
}

/// One fact as a sentence; `None` for what serves machines (hashes, ids) and for what another sentence says.
fn fact(line: &JournalLine, name: &str, value: &str, pen: &Pen<'_>) -> Option<String> {
    let with = |key: &str, fact: &'static str, value: String| Some(pen.say_with(key, &[(fact, value.into())]));
    let word_of = |table: &[(&str, &'static str)]| table.iter().find(|(name, _)| *name == value).map(|(_, key)| *key);
    match name {
        "refused" if line.act == "outbox.refused" => with("journal-relay-rule", "rule", told::rule(value, pen)),
        "told" => with("journal-relay-told", "told", told::told(value, pen)),
        "sent" => with("journal-sent-anew", "count", value.to_owned()),
        "overtaken" if value != "0" => with("journal-overtaken", "count", value.to_owned()),
        "closed" => with("journal-closed-unsaid", "count", value.to_owned()),
        "refused" => {
            // A rule's words are found by its name; one that a later console refused by is shown as it is called.
            let key = format!("rule-{}", value.replace('_', "-"));
            let said = pen.say(&key);
            match said == key {
                true => with("journal-rule", "rule", value.to_owned()),
                false => Some(said),
            }
        }
        "similar" if value != "0" => with("journal-similar", "count", value.to_owned()),
        "despite" if value == "true" => Some(pen.say("journal-despite")),
        "held_at" => {
            let staff = line.fact("staff").unwrap_or_default();
            let facts = [("desk", value.into()), ("staff", staff.into())];
            Some(pen.say_with("journal-taken-from", &facts))
        }
        "purpose" => {
            let staff = line.fact("staff").unwrap_or_default();
            let key = word_of(PURPOSES)?;
            Some(pen.say_with(key, &[("staff", staff.into())]))
        }
        "exceptions" if value == "0" => Some(pen.say("review-no-exception")),
        "exceptions" => with("journal-exceptions", "count", value.to_owned()),
        "shelf" => with("row-shelf", "place", value.to_owned()),
        "time" => {
            let staff = line.fact("staff").unwrap_or(&line.who);
            let facts = [("time", value.into()), ("staff", staff.into())];
            Some(pen.say_with("journal-looked", &facts))
        }
        "first" => {
            let facts = [("first", value.into()), ("second", line.fact("second")?.into())];
            Some(pen.say_with("journal-lookers", &facts))
        }
        "checked" => with("journal-checked", "how", pen.say(word_of(CHECKS)?)),
        "reason" => with("journal-ended-because", "why", pen.say(word_of(ENDINGS)?)),
        "approved_by" if !value.is_empty() => {
            let names: Vec<&str> = value.split(',').collect();
            with("journal-approved-by", "staff", names.join(&pen.say("list-comma")))
        }
        "kind" => word_of(KINDS).map(|key| pen.say(key)),
        "mismatched" if !value.is_empty() => {
            let what: Vec<String> = value.split(',').map(|one| mismatch(one, pen)).collect();
            with("journal-mismatched", "what", what.join(&pen.say("list-comma")))
        }
        "paper" => {
            let paper = word_of(PAPERS).map_or_else(|| value.to_owned(), |key| pen.say(key));
            let facts = [
                ("paper", paper.into()),
                ("pages", line.fact("pages").unwrap_or("1").into()),
            ];
            Some(pen.say_with("journal-paper", &facts))
        }
        "chip" => with("making-chip", "chip", grouped(value)),
        "slot" => word_of(SLOTS).map(|key| pen.say(key)),
        "serial" => with("journal-serial", "serial", value.to_owned()),
        "took_us" => {
            let seconds = value.parse::<u64>().ok()? as f64 / 1_000_000.0;
            with("journal-took", "seconds", format!("{seconds:.2}"))
        }
        "revoked" if value != "0" => with("journal-revoked", "count", value.to_owned()),
        "for" => word_of(SEEN_FOR).map(|key| pen.say(key)),
        _ => None,
    }
}

fn mismatch(what: &str, pen: &Pen<'_>) -> String {
    let key = MISMATCHES.iter().find(|(name, _)| *name == what).map(|(_, key)| *key);
    key.map_or_else(|| what.to_owned(), |key| pen.say(key))
}

/// The making's step that a line is about.
fn step(line: &JournalLine) -> Option<Step> {
    let name = line.fact("step")?;
    Step::ALL.into_iter().find(|step| step.as_str() == name)
}

/// Hex in groups of four, as chips are shown everywhere.
fn grouped(hex: &str) -> String {
    let letters: Vec<char> = hex.to_ascii_uppercase().chars().collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}

/// For what a second clerk agreed.
const PURPOSES: &[(&str, &str)] = &[
    ("verification_exception", "journal-agreed-exception"),
    ("making", "journal-agreed-making"),
    ("handover", "journal-agreed-handover"),
    ("revocation", "journal-agreed-revocation"),
    ("relink", "journal-agreed-relink"),
    ("custody", "journal-agreed-custody"),
];

/// How the clerk made sure of a card's holder.
const CHECKS: &[(&str, &str)] = &[
    ("questions", "check-questions"),
    ("called_back", "check-called-back"),
    ("document", "check-document"),
    ("two_documents", "check-two-documents"),
    ("unconfirmed", "check-unconfirmed"),
];

/// Why a card was ended.
const ENDINGS: &[(&str, &str)] = &[
    ("key_compromise", "ending-lost"),
    ("cessation_of_operation", "ending-gone"),
    ("superseded", "ending-replaced"),
    ("privilege_withdrawn", "ending-withdrawn"),
];

const KINDS: &[(&str, &str)] = &[
    ("handover_mismatch", "problem-handover-mismatch"),
    ("pin_blocked", "problem-pin-blocked"),
    ("card_fault", "journal-card-fault"),
];

const MISMATCHES: &[(&str, &str)] = &[
    ("other_case", "mismatch-other-case"),
    ("other_token", "mismatch-other-token"),
    ("other_shelf", "mismatch-other-shelf"),
    ("other_chip", "mismatch-other-chip"),
    ("pin_not_set", "rule-pin-not-set"),
];

const PAPERS: &[(&str, &str)] = &[
    ("application", "paper-application"),
    ("notice", "paper-notice"),
    ("receipt", "paper-receipt"),
];

/// Key slots as the trail numbers them.
const SLOTS: &[(&str, &str)] = &[("1", "journal-key-authentication"), ("2", "journal-key-eligibility")];

const SEEN_FOR: &[(&str, &str)] = &[
    ("screen", "journal-seen-on-screen"),
    ("paper", "journal-seen-for-paper"),
    ("print", "journal-seen-for-paper"),
];
