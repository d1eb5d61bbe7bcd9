//! The lines of a case's journal as sentences: what was done or refused, and the facts of it, in the reader's language.

use issuance::records::Step;
use relay_core::audit::Outcome;

use crate::tui::{
    facts::JournalLine,
    page::Pen,
    screens::{making::step_word, standing::told},
};

/// What happened, in a few words: done, refused or failed.
pub fn act(line: &JournalLine, pen: &Pen<'_>) -> String {
    let words = ACTS.iter().find(|words| words.act == line.act);
    // An act this console has no words for yet is shown by its name in the trail, never left out.
    let said = |key: fn(&Act) -> &'static str| words.map_or_else(|| line.act.clone(), |words| pen.say(key(words)));
    let tried = || said(|words| words.tried);
    match line.outcome {
        Outcome::Done => match step(line) {
            Some(step) => format!("{}: {}", said(|words| words.done), pen.say(step_word(step))),
            None => said(|words| words.done),
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
    if ACTS.iter().any(|words| words.act == line.act) {
        let known = line
            .facts
            .iter()
            .filter_map(|(name, value)| fact(line, name, value, pen));
        said.extend(known);
    } else {
        // Facts of an act without words: better raw than missing.
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
        "refused" => match word_of(RULES) {
            Some(key) => Some(pen.say(key)),
            None => with("journal-rule", "rule", value.to_owned()),
        },
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

/// The words for one act.
struct Act {
    /// Its name in the audit trail (`sql/office` records it).
    act: &'static str,
    /// When it was done.
    done: &'static str,
    /// As the thing that was tried.
    tried: &'static str,
}

const fn words(act: &'static str, done: &'static str, tried: &'static str) -> Act {
    Act { act, done, tried }
}

/// The acts of a case.
const ACTS: &[Act] = &[
    words("case.applied", "act-case-applied", "try-apply"),
    words("case.claimed", "act-case-opened", "try-open"),
    words("case.released", "act-case-closed", "try-close"),
    words("case.lease_broken", "act-case-lease-broken", "try-take-over"),
    words("case.verified", "act-case-verified", "try-verify"),
    words("case.approved", "act-second-clerk", "try-approve"),
    words("case.cancelled", "act-case-cancelled", "try-cancel"),
    words("case.shelved", "act-case-shelved", "try-shelve"),
    words("case.handover_looked", "act-handover-looked", "try-look"),
    words("case.handed_over", "act-case-handed-over", "try-hand-over"),
    words("incident.opened", "act-incident-opened", "try-open-incident"),
    words("incident.closed", "act-incident-closed", "try-close-incident"),
    words("card.bound", "act-card-bound", "try-bind"),
    words("card.key_kept", "act-card-key-kept", "try-keep-key"),
    words("card.step_done", "act-card-step-done", "try-make"),
    words("card.serial_reserved", "act-card-serial-reserved", "try-reserve"),
    words("card.serial_withdrawn", "act-card-serial-withdrawn", "try-reserve"),
    words("card.certificate_kept", "act-card-certificate-kept", "try-issue"),
    words("card.made", "act-card-made", "try-make"),
    words("card.damaged", "act-card-damaged", "try-give-up"),
    words("card.pin_set", "act-card-pin-set", "try-set-pin"),
    words("card.pin_reset_begun", "act-card-pin-reset-begun", "try-reset-pin"),
    words("card.pin_reset", "act-card-pin-reset", "try-reset-pin"),
    words("card.suspended", "act-card-suspended", "try-suspend"),
    words("card.resumed", "act-card-resumed", "try-resume"),
    words("card.revoked", "act-card-revoked", "try-revoke"),
    words("card.expired", "act-card-expired", "act-card-expired"),
    words("card.relinked", "act-card-relinked", "try-relink"),
    words("outbox.refused", "act-outbox-refused", "try-tell-relay"),
    words("outbox.sent_anew", "act-outbox-sent-anew", "try-send-anew"),
    words("outbox.closed", "act-outbox-closed", "try-close-refused"),
    words("notice.issued", "act-notice-issued", "try-issue-notice"),
    words("paper.printed", "act-paper-printed", "try-print"),
    words("resident.address_seen", "act-address-shown", "try-see-address"),
];

/// The rules that refuse, by their names in the trail.
const RULES: &[(&str, &str)] = &[
    ("role", "rule-role"),
    ("case_open", "rule-case-open"),
    ("has_card", "rule-has-card"),
    ("similar", "rule-similar"),
    ("state", "rule-state"),
    ("shelf_taken", "rule-shelf-taken"),
    ("chip_taken", "rule-chip-taken"),
    ("pin_not_set", "rule-pin-not-set"),
    ("pin_already_set", "rule-pin-already-set"),
    ("same_person", "rule-same-person"),
    ("other_clerk", "rule-other-clerk"),
    ("approval_missing", "rule-approval-missing"),
    ("handover_mismatch", "rule-handover-mismatch"),
    ("incident_open", "rule-incident-open"),
    ("no_notice", "rule-no-notice"),
    ("not_held", "rule-not-held"),
    ("not_in_person", "rule-not-in-person"),
];

/// For what a second clerk agreed.
const PURPOSES: &[(&str, &str)] = &[
    ("verification_exception", "journal-agreed-exception"),
    ("making", "journal-agreed-making"),
    ("handover", "journal-agreed-handover"),
    ("revocation", "journal-agreed-revocation"),
    ("relink", "journal-agreed-relink"),
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
