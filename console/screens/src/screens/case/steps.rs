//! The steps of a case on its page: what a clerk can be asked about each. When, by whom and with whom; which chip, which
//! shelf; and what became of the card since.

use issuance::{
    application::{Applicant, Delivery},
    case::CaseState,
    course::{Passed, Stage},
    standing::CardStanding,
};

use super::keys;
use super::next;
use crate::{
    common::Common,
    facts::CaseView,
    frame::moment,
    keymap::Intent,
    page::{Line, Pen},
    screens::{
        parcel::state_word as parcel_state_word,
        standing::{standing_words, untold_words},
    },
    text,
    theme::Meaning,
};

/// Cells of the steps' names.
const NAME: usize = 18;

/// A step: its word, the key that does it, whether it is done, and what there is to know of it, piece by piece.
struct Step {
    word: &'static str,
    does: Intent,
    done: bool,
    known: Vec<String>,
}

/// Every step, those passed with what is known of them, on lines of `room` cells.
pub fn lines(case: &CaseView, pen: &Pen<'_>, room: usize) -> Vec<Line> {
    let cancelled = matches!(case.state, CaseState::Cancelled { .. });
    let next = (!case.state.is_closed()).then(|| next(case));
    steps(case, pen)
        .into_iter()
        .flat_map(|step| {
            let (symbol, meaning) = match (step.done, next == Some(step.does)) {
                (true, _) => (pen.glyphs.done, Meaning::Done),
                (false, true) => (pen.glyphs.here, Meaning::NeedsYou),
                (false, false) => (pen.glyphs.todo, Meaning::Quiet),
            };
            let meaning = if cancelled { Meaning::Quiet } else { meaning };
            let name = Line::of(symbol, meaning)
                .and(pen.fit(&pen.say(step.word), NAME), meaning)
                .and("  ", Meaning::Plain);
            beside(name, &step.known, pen, room)
        })
        .collect()
}

fn steps(case: &CaseView, pen: &Pen<'_>) -> [Step; 7] {
    let passed = |stage| case.course.get(&stage);
    let is_made = case.state.card().is_some() && !matches!(case.state, CaseState::Making { .. });
    let by = |stage| {
        passed(stage)
            .map(|passed| when_and_who(passed, pen))
            .unwrap_or_default()
    };
    let step = |word, does, done, known| Step {
        word,
        does,
        done,
        known,
    };

    let (applicant, delivery) = applied_words(case, pen);
    let mut applied = by(Stage::Applied);
    applied.push(pen.say_with("case-applied-by", &[("who", applicant.into())]));
    applied.push(delivery);

    // Begun and not finished, it is asked about as much: since when, by whom, which blank.
    let begun = passed(Stage::Bound);
    let mut made: Vec<String> = match (passed(Stage::Made).filter(|_| is_made), begun) {
        (Some(made), Some(begun)) => vec![moment(pen, made.at), who(begun, pen)],
        (Some(one), None) | (None, Some(one)) => when_and_who(one, pen),
        (None, None) => Vec::new(),
    };
    made.extend(case.card.iter().map(|card| card.chip.clone()));

    let is_given = matches!(case.state, CaseState::HandedOver { .. });
    let by_post = case.goes_by_post();
    // A card that was taken out again, missed and found, is to be put there once more.
    let shelved = passed(Stage::Shelved).filter(|_| !matches!(case.state, CaseState::Made { .. }));
    let place = shelved.and_then(|shelved| Some(shelved.shelf.as_ref()?.to_string()));
    let mut lies = shelved.map(|shelved| when_and_who(shelved, pen)).unwrap_or_default();
    // Where it is comes before who put it there.
    lies.splice(1.min(lies.len())..1.min(lies.len()), place);

    [
        step("step-apply", Intent::New, true, applied),
        step(
            "step-verify",
            keys::VERIFY,
            passed(Stage::Verified).is_some(),
            by(Stage::Verified),
        ),
        step("step-make", keys::MAKE, is_made, made),
        step(
            "step-pin",
            keys::PIN,
            case.card.as_ref().is_some_and(|card| card.pin_set),
            by(Stage::PinSet),
        ),
        step(
            "step-papers",
            keys::PAPERS,
            case.notice_printed.is_some(),
            by(Stage::NoticePrinted),
        ),
        match by_post {
            true => step(
                "step-post",
                keys::PARCEL,
                case.parcel.is_some() || is_given,
                envelope(case, pen),
            ),
            false => step("step-shelve", keys::SHELF, shelved.is_some(), lies),
        },
        step(
            "step-hand-over",
            match case.parcel {
                Some(_) => keys::PARCEL,
                None => keys::HANDOVER,
            },
            is_given,
            by(Stage::HandedOver),
        ),
    ]
}

/// The envelope's number and how it stands.
fn envelope(case: &CaseView, pen: &Pen<'_>) -> Vec<String> {
    let said = case.parcel.iter();
    said.flat_map(|parcel| [parcel.number.to_string(), pen.say(parcel_state_word(parcel.state))])
        .collect()
}

fn when_and_who(passed: &Passed, pen: &Pen<'_>) -> Vec<String> {
    vec![moment(pen, passed.at), who(passed, pen)]
}

fn who(passed: &Passed, pen: &Pen<'_>) -> String {
    if passed.with.is_empty() {
        return passed.by.clone();
    }
    let others = passed.with.join(&pen.say("list-comma"));
    let facts = [("who", passed.by.as_str().into()), ("others", others.into())];
    pen.say_with("case-with", &facts)
}

/// `known` beside the step's name, as many pieces on a line as fit, the others below them.
fn beside(name: Line, known: &[String], pen: &Pen<'_>, room: usize) -> Vec<Line> {
    let left = name.width(pen.ambiguous());
    let room = room.saturating_sub(left).max(4);
    let mut rows = vec![String::new()];
    for piece in known {
        let row = rows.last_mut().expect("there is always a row");
        if row.is_empty() {
            row.clone_from(piece);
        } else if pen.cells(row) + 2 + pen.cells(piece) <= room {
            row.push_str("  ");
            row.push_str(piece);
        } else {
            rows.push(piece.clone());
        }
    }
    let pieces = rows
        .iter()
        .flat_map(|row| text::wrap(&text::drawable(row), room, pen.ambiguous()));
    let mut lines: Vec<Line> = Vec::new();
    for piece in pieces {
        let before = if lines.is_empty() {
            name.clone()
        } else {
            Line::of(" ".repeat(left), Meaning::Plain)
        };
        lines.push(before.and(piece, Meaning::Quiet));
    }
    lines
}

/// What became of it that no step says: ended without a card, or the card stopped after its handover.
pub fn since(case: &CaseView, common: &Common, pen: &Pen<'_>) -> Vec<(String, Meaning)> {
    let of = |stage| {
        case.course
            .get(&stage)
            .map(|passed| when_and_who(passed, pen).join("  "))
    };
    let mut said = Vec::new();
    if let CaseState::Cancelled { reason } = &case.state {
        let ended = of(Stage::Cancelled).unwrap_or_default();
        let facts = [("ended", ended.into()), ("reason", reason.as_str().into())];
        said.push((pen.say_with("case-ended-because", &facts), Meaning::Plain));
    }
    if let Some(standing @ (CardStanding::Suspended | CardStanding::Revoked)) = case.standing {
        let (symbol, word, _, meaning) = standing_words(standing, pen);
        let restated = of(Stage::Restated).unwrap_or_default();
        let untold = untold_words(case.is_untold && common.relay.is_some(), pen);
        said.push((format!("{symbol}{}{untold}  {restated}", pen.say(word)), meaning));
    }
    said
}

/// Who applied, and how the card is to reach the resident.
pub fn applied_words(case: &CaseView, pen: &Pen<'_>) -> (String, String) {
    let application = &case.application;
    let who = pen.say(match application.applicant() {
        Applicant::Resident => "applicant-resident",
        Applicant::Guardian { .. } => "applicant-guardian",
        Applicant::Agent { .. } => "applicant-agent",
    });
    let who = match application.applicant().acting_for_resident() {
        Some(person) => format!("{who} {}", person.name),
        None => who,
    };
    let delivery = pen.say(match application.delivery() {
        Delivery::Counter => "delivery-counter",
        Delivery::RestrictedPost => "delivery-post",
    });
    (who, delivery)
}
