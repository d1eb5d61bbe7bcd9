//! What the records and cards say, as the screens show it. Nothing is asked for here, and nothing is unmasked.

use issuance::{
    case::{CaseState, ShelfPlace},
    parcel::open_kinds,
    staff::Staff,
};
use office::{
    ResidentFile,
    cases::{self, CardFile, CaseFile, CaseSummary, JournalEntry, Paper, QueueRow},
};

use crate::tui::{
    facts::{CardView, CaseRow, CaseView, JournalLine, OpenIncident, Problem, Queue, ResidentView, StaffShown, Tries},
    orders::cases::CaseAt,
};

/// Tries left.
pub const fn tries(tries: card::Tries) -> Tries {
    match tries {
        card::Tries::Left(left) => Tries::Left(left),
        card::Tries::Blocked => Tries::Blocked,
        card::Tries::NotSet => Tries::NotSet,
    }
}

/// A colleague.
pub fn colleague(staff: &Staff) -> StaffShown {
    StaffShown {
        id: staff.id,
        number: staff.number.clone(),
        name: staff.name.clone(),
    }
}

/// A case and the version it was seen in.
pub const fn at(case: CaseAt) -> cases::CaseAt {
    cases::CaseAt {
        id: case.id,
        version: case.version,
    }
}

/// A queue, in the office's words.
pub const fn queue(queue: Queue) -> cases::Queue {
    match queue {
        Queue::ToVerify => cases::Queue::ToVerify,
        Queue::ToMake => cases::Queue::ToMake,
        Queue::ToShelve => cases::Queue::ToShelve,
        Queue::ToHandOver => cases::Queue::ToHandOver,
        Queue::Problems => cases::Queue::Problems,
        Queue::ByPost => cases::Queue::ByPost,
    }
}

/// A case as a row of its queue.
pub fn queue_row(row: QueueRow) -> CaseRow {
    CaseRow {
        problem: row.problem.map(problem),
        held_by: row.held_by.map(|holder| (holder.staff, holder.desk)),
        ..summary(row.case, &row.name)
    }
}

const fn problem(problem: cases::Problem) -> Problem {
    match problem {
        cases::Problem::MakingStopped => Problem::MakingStopped,
        cases::Problem::CardDamaged => Problem::CardDamaged,
        cases::Problem::HandoverMismatch => Problem::HandoverMismatch,
        cases::Problem::PinBlocked => Problem::PinBlocked,
        cases::Problem::Incident => Problem::Incident,
        cases::Problem::RelayRefused => Problem::RelayRefused,
        cases::Problem::HolderGone => Problem::HolderGone,
        cases::Problem::ApplicantGone => Problem::ApplicantGone,
        cases::Problem::CardMissing => Problem::CardMissing,
    }
}

/// A line of a case's journal.
pub fn journal_line(entry: JournalEntry) -> JournalLine {
    // A making by one clerk alone has nobody who approved it: what is not there is no fact.
    let known = entry.details.iter().filter(|(_, value)| !value.is_null());
    let facts = known.map(|(name, value)| (name.clone(), plain(value)));
    JournalLine {
        at: entry.at,
        who: entry.who,
        desk: entry.desk,
        act: entry.act,
        outcome: entry.outcome,
        facts: facts.collect(),
        words: entry.words,
    }
}

/// A fact of the trail as text; a list with commas between.
fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// A resident in full.
pub fn resident(file: ResidentFile) -> ResidentView {
    let name = file.resident.name.clone();
    ResidentView {
        id: file.id,
        masked: file.masked,
        may_reveal: file.may_reveal,
        gone_at: file.gone_at,
        cases: file.cases.into_iter().map(|case| summary(case, &name)).collect(),
        household_members: file.members,
        person: file.resident,
    }
}

/// A case as a row under its resident.
pub fn summary(case: CaseSummary, name: &str) -> CaseRow {
    CaseRow {
        id: case.id,
        number: case.number,
        name: name.to_owned(),
        shelf: shelf(&case.state),
        state: case.state,
        since: case.since,
        standing: case.standing,
        is_untold: case.is_untold,
        problem: None,
        held_by: None,
    }
}

/// A case in full.
pub fn case(file: CaseFile) -> CaseView {
    CaseView {
        id: file.at.id,
        number: file.number,
        version: file.at.version,
        state: file.state,
        since: file.since,
        resident: resident(file.resident),
        application: file.application,
        course: file.course,
        card: file.card.map(card_bound),
        notice_printed: file.printed.get(&Paper::Notice).copied(),
        receipt_printed: file.printed.get(&Paper::Receipt).copied(),
        parcel: file.parcel,
        post_kinds: file.verification.as_ref().map(open_kinds).unwrap_or_default(),
        standing: file.standing,
        is_untold: file.is_untold,
        problem: file.problem.map(problem),
        incidents: file.incidents.into_iter().map(incident).collect(),
    }
}

fn incident(incident: cases::Incident) -> OpenIncident {
    OpenIncident {
        at: incident.opened_at,
        who: incident.opened_by,
        note: incident.note,
    }
}

fn card_bound(card: CardFile) -> CardView {
    CardView {
        chip: card::ChipSerial::new(card.chip).to_string(),
        state: card.state,
        done: card.steps,
        pin_set: card.pin_set_at.is_some(),
    }
}

fn shelf(state: &CaseState) -> Option<ShelfPlace> {
    match state {
        CaseState::Shelved { shelf, .. } => Some(shelf.clone()),
        _ => None,
    }
}
