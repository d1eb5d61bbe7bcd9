//! How residents, cases and chips are written on every screen.

use issuance::{case::CaseState, person::Sex};

use crate::tui::{
    facts::{CaseRow, CaseView, ChipKnown, Problem, ResidentView},
    page::{Line, Page, Pen},
    text,
    theme::Meaning,
};

/// Cells of the labels of a resident's facts.
pub const LABEL: usize = 12;

/// The name with its reading and alias: on one line where they fit, each wrapped on its own lines where not.
pub fn name(page: &mut Page, resident: &ResidentView, pen: &Pen<'_>) {
    let person = &resident.person;
    let alias = person
        .alias
        .as_ref()
        .map(|alias| pen.say_with("resident-alias", &[("alias", alias.as_str().into())]));
    let mut line = Line::of(&person.name, Meaning::Strong)
        .and("  ", Meaning::Plain)
        .and(&person.kana, Meaning::Quiet);
    if let Some(alias) = &alias {
        line = line.and("  ", Meaning::Plain).and(alias, Meaning::Quiet);
    }
    if line.width(pen.ambiguous()) <= pen.width {
        return page.line(line);
    }
    page.paragraph(pen, 0, &person.name, Meaning::Strong);
    page.paragraph(pen, 2, &person.kana, Meaning::Quiet);
    if let Some(alias) = &alias {
        page.paragraph(pen, 2, alias, Meaning::Quiet);
    }
}

/// Who it is, in short: name, birthday, address.
pub fn who(page: &mut Page, resident: &ResidentView, pen: &Pen<'_>) {
    name(page, resident, pen);
    let (home, meaning) = address(resident, pen);
    let line = format!("{}  {home}", resident.person.birthday.wareki());
    page.paragraph(pen, 0, &line, meaning);
}

/// The resident's facts, one a line.
pub fn resident_facts(page: &mut Page, resident: &ResidentView, pen: &Pen<'_>) {
    let person = &resident.person;
    name(page, resident, pen);
    let reduced = text::reduced_characters(&person.name);
    if !reduced.is_empty() {
        let facts = [("points", reduced.join(" ").into())];
        page.paragraph(pen, 2, &pen.say_with("resident-reduced", &facts), Meaning::Quiet);
    }
    if resident.person.protected {
        page.paragraph(pen, 0, &protected_words(pen), Meaning::NeedsYou);
    }
    let birthday = format!("{}  {}", person.birthday.wareki(), sex(pen, person.sex));
    page.fact(pen, LABEL, &pen.say("fact-birthday"), &birthday, Meaning::Plain);
    let (address, meaning) = address(resident, pen);
    page.fact(pen, LABEL, &pen.say("fact-address"), &address, meaning);
    let facts = [
        ("household", person.household.as_str().into()),
        ("relation", person.relation.as_str().into()),
    ];
    let number = format!("{}  {}", person.number, pen.say_with("resident-household", &facts));
    page.fact(pen, LABEL, &pen.say("resident-number"), &number, Meaning::Plain);
    if let Some(phone) = &person.phone {
        page.fact(pen, LABEL, &pen.say("resident-phone"), phone, Meaning::Plain);
    }
}

/// 支援措置, with its symbol.
pub fn protected_words(pen: &Pen<'_>) -> String {
    format!("{}{}", pen.glyphs.warn, pen.say("resident-protected"))
}

/// The address, or that it is not shown.
pub fn address(resident: &ResidentView, pen: &Pen<'_>) -> (String, Meaning) {
    if resident.masked {
        return (pen.say("address-masked"), Meaning::NeedsYou);
    }
    let person = &resident.person;
    let postal = match (person.postal_code.get(..3), person.postal_code.get(3..)) {
        (Some(area), Some(rest)) if !rest.is_empty() => format!("{area}-{rest}  "),
        _ => String::new(),
    };
    (format!("{postal}{}", person.full_address()), Meaning::Plain)
}

/// The sex in the reader's language.
pub fn sex(pen: &Pen<'_>, sex: Sex) -> String {
    pen.say(match sex {
        Sex::Male => "sex-male",
        Sex::Female => "sex-female",
        Sex::Other => "sex-other",
        Sex::Unknown => "sex-unknown",
    })
}

/// Where a case stands, in a word.
pub fn state_word(state: &CaseState) -> (&'static str, Meaning) {
    match state {
        CaseState::Applied => ("state-applied", Meaning::Waiting),
        CaseState::Verified => ("state-verified", Meaning::Waiting),
        CaseState::Making { .. } => ("state-making", Meaning::NeedsYou),
        CaseState::Made { .. } => ("state-made", Meaning::Waiting),
        CaseState::Shelved { .. } => ("state-shelved", Meaning::Waiting),
        CaseState::HandedOver { .. } => ("state-handed-over", Meaning::Done),
        CaseState::Cancelled { .. } => ("state-cancelled", Meaning::Quiet),
    }
}

/// What is wrong with a case, and what to do about it.
pub const fn problem_words(problem: Problem) -> (&'static str, &'static str) {
    match problem {
        Problem::MakingStopped => ("problem-making-stopped", "problem-making-stopped-next"),
        Problem::CardDamaged => ("problem-card-damaged", "problem-card-damaged-next"),
        Problem::HandoverMismatch => ("problem-handover-mismatch", "problem-handover-mismatch-next"),
        Problem::PinBlocked => ("problem-pin-blocked", "problem-pin-blocked-next"),
        Problem::Incident => ("problem-incident", "problem-incident-next"),
    }
}

/// The next step of a case in a row.
pub fn next_of_row(row: &CaseRow) -> &'static str {
    match (row.problem, &row.state) {
        (Some(problem), _) => problem_words(problem).1,
        (None, CaseState::Applied) => "next-verify",
        (None, CaseState::Verified) => "next-make",
        (None, CaseState::Making { .. }) => "next-resume",
        (None, CaseState::Made { .. }) => "next-shelve",
        (None, CaseState::Shelved { .. }) => "next-hand-over",
        (None, CaseState::HandedOver { .. } | CaseState::Cancelled { .. }) => "next-journal",
    }
}

/// What a chip is to this case.
pub const fn chip_word(known: ChipKnown) -> (&'static str, Meaning) {
    match known {
        ChipKnown::Blank => ("chip-blank", Meaning::Done),
        ChipKnown::ThisCaseUnfinished => ("chip-this-unfinished", Meaning::Done),
        ChipKnown::ThisCase => ("chip-this", Meaning::Done),
        ChipKnown::Another => ("chip-another", Meaning::Stop),
        ChipKnown::Damaged => ("chip-damaged", Meaning::Stop),
        ChipKnown::Unknown => ("chip-unknown", Meaning::Stop),
    }
}

/// `作る  2026-000352  山口 恵`: the title of a case's screens.
pub fn case_title(pen: &Pen<'_>, key: &str, case: Option<&CaseView>) -> String {
    match case {
        Some(case) => format!(
            "{}  {}  {}",
            pen.say(key),
            case.number,
            text::drawable(&case.resident.person.name)
        ),
        None => pen.say(key),
    }
}
