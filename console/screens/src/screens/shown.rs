//! How residents, cases and chips are written on every screen.

use issuance::{
    case::{CaseState, PostPlace},
    era::WrittenDate,
    person::Sex,
    staff::Role,
};
use unicode_normalization::UnicodeNormalization;

use crate::{
    facts::{CaseRow, CaseView, ChipKnown, Language, Problem, ResidentView},
    fault::role_word,
    frame::moment,
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
    let line = format!("{}  {home}", pen.written(&resident.person.birthday));
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
    if let Some(gone) = gone_words(resident, pen) {
        page.paragraph(pen, 0, &gone, Meaning::NeedsYou);
    }
    let birthday = format!("{}  {}", pen.written(&person.birthday), sex(pen, person.sex));
    page.fact(pen, LABEL, &pen.say("fact-birthday"), &birthday, Meaning::Plain);
    let (address, meaning) = address(resident, pen);
    page.fact(pen, LABEL, &pen.say("fact-address"), &address, meaning);
    let facts = [
        ("household", person.household.as_str().into()),
        ("relation", relation(pen, &person.relation).into()),
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

/// That the roster has the person no more, and since when.
pub fn gone_words(resident: &ResidentView, pen: &Pen<'_>) -> Option<String> {
    let at = resident.gone_at?;
    let words = pen.say_with("resident-gone", &[("at", moment(pen, at).into())]);
    Some(format!("{}{words}", pen.glyphs.warn))
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

/// The words for the sexes, as the roster's own words are looked up in.
const SEXES: [&str; 4] = ["sex-male", "sex-female", "sex-other", "sex-unknown"];

/// The relations to the head of a household that registers use (住民基本台帳事務処理要領 第2-1-(2)-エ-(オ), and the older
/// words still met with).
const RELATIONS: [&str; 33] = [
    "relation-head",
    "relation-husband",
    "relation-wife",
    "relation-child",
    "relation-eldest-son",
    "relation-second-son",
    "relation-third-son",
    "relation-eldest-daughter",
    "relation-second-daughter",
    "relation-third-daughter",
    "relation-adopted-child",
    "relation-father",
    "relation-mother",
    "relation-older-brother",
    "relation-younger-brother",
    "relation-older-sister",
    "relation-younger-sister",
    "relation-grandfather",
    "relation-grandmother",
    "relation-grandchild",
    "relation-great-grandchild",
    "relation-uncle-older",
    "relation-uncle-younger",
    "relation-aunt-older",
    "relation-aunt-younger",
    "relation-nephew",
    "relation-niece",
    "relation-cousin",
    "relation-husband-unregistered",
    "relation-wife-unregistered",
    "relation-relative",
    "relation-lodger",
    "relation-employee",
];

/// A word of the roster in the reader's language; `None` when it is none of `keys`.
fn of_roster(pen: &Pen<'_>, keys: &[&'static str], word: &str) -> Option<String> {
    let word: String = word.trim().nfkc().collect();
    let japanese = |key: &str| pen.words.say(Language::Japanese, key, &[]);
    let key = keys.iter().find(|key| japanese(key) == word)?;
    Some(pen.say(key))
}

/// The sex as the roster has it, in the reader's language.
pub fn sex_written(pen: &Pen<'_>, written: &str) -> String {
    of_roster(pen, &SEXES, written).unwrap_or_else(|| written.to_owned())
}

/// A birthday as the roster has it, in the reader's language.
pub fn birthday_written(pen: &Pen<'_>, written: &str) -> String {
    match (pen.language, WrittenDate::read(written)) {
        (Language::English, Ok(date)) => date.in_english(),
        _ => written.to_owned(),
    }
}

/// 続柄 in the reader's language, also put together (the wife's child); one that no list has stays as it is.
pub fn relation(pen: &Pen<'_>, written: &str) -> String {
    if pen.language == Language::Japanese {
        return written.to_owned();
    }
    let of = pen.words.say(Language::Japanese, "relation-of", &[]);
    let parts: Option<Vec<String>> = written
        .split(of.as_str())
        .map(|part| of_roster(pen, &RELATIONS, part))
        .collect();
    parts.map_or_else(|| written.to_owned(), |parts| parts.join(&pen.say("relation-of")))
}

/// Where a case stands, in a word.
pub fn state_word(state: &CaseState) -> (&'static str, Meaning) {
    match state {
        CaseState::Applied => ("state-applied", Meaning::Waiting),
        CaseState::Verified => ("state-verified", Meaning::Waiting),
        CaseState::Making { .. } => ("state-making", Meaning::NeedsYou),
        CaseState::Made { .. } => ("state-made", Meaning::Waiting),
        CaseState::Shelved { .. } => ("state-shelved", Meaning::Waiting),
        CaseState::ByPost { at, .. } => match at {
            PostPlace::Outgoing => ("state-outgoing", Meaning::Waiting),
            PostPlace::InPost => ("state-in-post", Meaning::Waiting),
            PostPlace::Returned => ("state-returned", Meaning::NeedsYou),
        },
        CaseState::HandedOver { .. } => ("state-handed-over", Meaning::Done),
        CaseState::Cancelled { .. } => ("state-cancelled", Meaning::Quiet),
    }
}

/// What Enter does; where it needs a role that the person logged in does not have, which one.
pub fn next_line(pen: &Pen<'_>, word: &str, lacking: Option<Role>) -> Line {
    match lacking {
        None => Line::of(pen.glyphs.arrow, Meaning::Accent)
            .and("Enter ", Meaning::Accent)
            .and(pen.say(word), Meaning::Strong),
        Some(role) => Line::of(pen.glyphs.arrow, Meaning::Quiet)
            .and(pen.say(word), Meaning::Quiet)
            .and("  ", Meaning::Plain)
            .and(
                pen.say_with("next-needs-role", &[("role", pen.say(role_word(role)).into())]),
                Meaning::NeedsYou,
            ),
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
        Problem::RelayRefused => ("problem-relay-refused", "problem-relay-refused-next"),
        Problem::HolderGone => ("problem-holder-gone", "problem-holder-gone-next"),
        Problem::ApplicantGone => ("problem-applicant-gone", "problem-applicant-gone-next"),
        Problem::CardMissing => ("problem-card-missing", "problem-card-missing-next"),
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
        (None, CaseState::ByPost { at, .. }) => match at {
            PostPlace::Outgoing => "next-post",
            PostPlace::InPost => "next-follow",
            PostPlace::Returned => "next-open-returned",
        },
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
