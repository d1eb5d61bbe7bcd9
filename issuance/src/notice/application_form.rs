//! The application form (申請書): what was taken down at the counter, read by the applicant and signed.

use std::fmt;

use serde::Serialize;
use time::Date;

use super::{
    ContentHash, Office, PaperError, Ticket,
    delivery_notice::foot,
    envelope::Area,
    glyphs::Setter,
    sheet::{Leaf, Lettering, PAGE_HEIGHT, PAGE_WIDTH, Sheet, baseline_in, does_not_fit},
    table::{self, Columns, Row},
    words::{application as words, label},
};

/// An application as taken.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct ApplicationForm {
    /// The office that takes it.
    pub office: Office,
    /// Case number and token, for finding the case again from the paper.
    pub ticket: Ticket,
    /// When it was taken, in 和暦.
    pub received_on: String,
    pub applicant: Applicant,
    /// Who applies for them, if anyone.
    pub agent: Option<Agent>,
    /// Each service and whether the applicant wants to use it.
    pub services: Vec<Choice>,
    /// Ways of delivery, one of them chosen.
    pub delivery: Vec<Choice>,
    /// Whether paper notices are wanted.
    pub paper_notices: Vec<Choice>,
    /// Notes to the case.
    pub notes: Option<String>,
    /// The day printed, for the file's own date.
    pub dated: Date,
}

impl fmt::Debug for ApplicationForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApplicationForm({})", self.ticket.case_number())
    }
}

/// The person the card is for. For a person under support measures the caller hands in what may be printed.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Applicant {
    /// Name in its own characters.
    pub name: String,
    pub kana: String,
    /// Date of birth in 和暦.
    pub birthday: String,
    /// As in the roster.
    pub sex: String,
    /// Postal code: `123-4567`.
    pub postal_code: String,
    /// Address, building and room, a line each.
    pub address_lines: Vec<String>,
    /// Telephone; empty when none was given.
    pub phone: String,
}

/// Who applies for another person.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Agent {
    pub name: String,
    /// What they are to the applicant.
    pub relation: String,
    pub address: String,
    /// Telephone; empty when none was given.
    pub phone: String,
    /// Why they may act, and the papers that show it.
    pub power: String,
}

/// Something that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    pub label: String,
    /// Whether it is chosen.
    pub chosen: bool,
}

const LEFT: f32 = 20.0;
const RIGHT: f32 = PAGE_WIDTH - 18.0;
const MODULE: f32 = 0.8;
const BODY: Lettering = Lettering::reading(10.5);
/// Between sections, in millimetres.
const GAP: f32 = 2.6;
const TABLE: Columns = Columns {
    left: LEFT,
    values: LEFT + 36.0,
    right: RIGHT,
    label_size: 10.5,
};

/// Lays out the form on one sheet.
pub(super) fn lay_out<'a>(
    setter: &'a Setter<'a>,
    form: &ApplicationForm,
    hash: &ContentHash,
) -> Result<Vec<Sheet<'a>>, PaperError> {
    let mut sheet = Sheet::new(setter);
    let mut y = heading(&mut sheet, form)?;
    y = applicant(&mut sheet, &form.applicant, y)?;
    y = agent(&mut sheet, form.agent.as_ref(), y)?;
    y = choices(
        &mut sheet,
        words::SERVICES,
        Some(words::SERVICES_NOTE),
        &form.services,
        y,
    )?;
    y = choices(&mut sheet, words::DELIVERY, None, &form.delivery, y)?;
    y = choices(&mut sheet, words::PAPER, None, &form.paper_notices, y)?;
    if let Some(notes) = &form.notes {
        y = table::rows(&mut sheet, &[Row::new(words::NOTES, notes, BODY)], TABLE, y + 1.0)?;
    }
    signature(&mut sheet, y)?;
    let mut sheets = vec![sheet];
    foot(&mut sheets, form.ticket.case_number(), hash)?;
    Ok(sheets)
}

fn heading(sheet: &mut Sheet<'_>, form: &ApplicationForm) -> Result<f32, PaperError> {
    let modules = form.ticket.modules()?;
    let side = modules.len() as f32 * MODULE;
    let top = 13.0;
    let width = RIGHT - side - 5.0 - LEFT;
    let text = words::title(&form.office.card_name);
    let title = sheet.shrunk(label::WORDS, &text, Lettering::strong(20.0), 13.0, width)?;
    let y = sheet.piece(Leaf::Title, |sheet| {
        sheet.paragraph(label::WORDS, &text, title, (LEFT, top - 2.0, width))
    })?;
    sheet.code(modules, words::CODE, RIGHT - side, top, MODULE);
    let y = sheet.paragraph(
        label::OFFICE,
        &words::to(&form.office.city),
        Lettering::reading(12.0),
        (LEFT, y, width),
    )?;
    let small = Lettering::reading(10.5);
    let number = Lettering::strong(13.0);
    let baseline = baseline_in(y, number);
    let after = sheet.line(label::CASE_NUMBER, label::CASE_NUMBER, small, LEFT, baseline)?;
    let after = sheet.line(
        label::CASE_NUMBER,
        form.ticket.case_number(),
        number,
        after + 3.0,
        baseline,
    )?;
    let after = sheet.line(words::RECEIVED_ON, words::RECEIVED_ON, small, after + 8.0, baseline)?;
    let after = sheet.line(words::RECEIVED_ON, &form.received_on, small, after + 3.0, baseline)?;
    if after > LEFT + width {
        return Err(does_not_fit(words::RECEIVED_ON));
    }
    Ok((y + number.leading()).max(top + side) + 2.0)
}

fn section(sheet: &mut Sheet<'_>, title: &str, note: Option<&str>, top: f32) -> Result<f32, PaperError> {
    let strong = Lettering::strong(11.5);
    let baseline = baseline_in(top, strong);
    let end = sheet.piece(Leaf::Heading, |sheet| {
        sheet.line(label::WORDS, title, strong, LEFT, baseline)
    })?;
    if let Some(note) = note {
        sheet.line(label::WORDS, note, Lettering::reading(9.0), end + 5.0, baseline)?;
    }
    Ok(top + strong.leading())
}

fn applicant(sheet: &mut Sheet<'_>, person: &Applicant, top: f32) -> Result<f32, PaperError> {
    let y = section(sheet, words::APPLICANT, None, top)?;
    let name = Lettering::name(10.5);
    let postal_code = label::postal_code(&person.postal_code);
    let mut address = vec![(postal_code.as_str(), BODY)];
    address.extend(person.address_lines.iter().map(|line| (line.as_str(), name)));
    let rows = [
        Row::new(label::KANA, &person.kana, BODY),
        Row::new(label::NAME, &person.name, Lettering::name(15.0)),
        Row::new(label::BIRTHDAY, &person.birthday, BODY),
        Row::new(label::SEX, &person.sex, BODY),
        Row {
            label: label::ADDRESS,
            value: address,
        },
        Row::new(label::PHONE, &person.phone, BODY),
    ];
    Ok(table::rows(sheet, &rows, TABLE, y)? + GAP)
}

fn agent(sheet: &mut Sheet<'_>, agent: Option<&Agent>, top: f32) -> Result<f32, PaperError> {
    let y = section(sheet, words::AGENT, None, top)?;
    let Some(agent) = agent else {
        return Ok(sheet.paragraph(label::WORDS, words::NO_AGENT, BODY, (LEFT + 6.0, y, RIGHT - LEFT - 6.0))? + GAP);
    };
    let name = Lettering::name(10.5);
    let rows = [
        Row::new(label::NAME, &agent.name, name.sized(12.0)),
        Row::new(label::RELATION, &agent.relation, BODY),
        Row::new(label::ADDRESS, &agent.address, name),
        Row::new(label::PHONE, &agent.phone, BODY),
        Row::new(words::POWER, &agent.power, BODY),
    ];
    Ok(table::rows(sheet, &rows, TABLE, y)? + GAP)
}

/// Choices side by side, as many as fit into a line.
fn choices(
    sheet: &mut Sheet<'_>,
    title: &str,
    note: Option<&str>,
    choices: &[Choice],
    top: f32,
) -> Result<f32, PaperError> {
    let mut y = section(sheet, title, note, top)?;
    let start = LEFT + 6.0;
    let mut x = start;
    for choice in choices {
        let mark = if choice.chosen { words::YES } else { words::NO };
        let glyphs = sheet.set(title, &format!("{mark} {}", choice.label), BODY)?;
        if x > start && x + BODY.width(&glyphs) > RIGHT {
            x = start;
            y += BODY.leading();
        }
        x = sheet.place(title, glyphs, BODY, x, baseline_in(y, BODY))? + 7.0;
    }
    Ok(y + BODY.leading() + GAP)
}

/// Statement, date and signature, and the boxes of the office at the foot of the page.
fn signature(sheet: &mut Sheet<'_>, top: f32) -> Result<(), PaperError> {
    let boxes = PAGE_HEIGHT - 36.0;
    let mut y = sheet.paragraph(label::WORDS, words::STATEMENT, BODY, (LEFT, top + 1.5, RIGHT - LEFT))? + 1.0;
    let area = Area {
        left: LEFT,
        top: y,
        width: RIGHT - LEFT,
        height: 18.0,
    };
    sheet.frame(area, 1.2);
    let strong = Lettering::strong(11.0);
    y += 9.0;
    sheet.line(label::SIGNATURE, label::BLANK_DATE, BODY, LEFT + 3.0, y)?;
    sheet.line(label::SIGNATURE, label::SIGNATURE, strong, LEFT + 50.0, y)?;
    sheet.line(
        label::SIGNATURE,
        label::SIGN_HERE,
        Lettering::reading(9.0),
        LEFT + 50.0,
        y + 5.0,
    )?;
    if area.bottom() > boxes - 3.0 {
        return Err(does_not_fit(words::NOTES));
    }
    office_boxes(sheet, boxes)
}

fn office_boxes(sheet: &mut Sheet<'_>, top: f32) -> Result<(), PaperError> {
    let small = Lettering::reading(9.0);
    sheet.line(label::WORDS, words::OFFICE_ONLY, small, LEFT, top + 3.5)?;
    let width = (RIGHT - LEFT) / words::OFFICE_COLUMNS.len() as f32;
    for (column, title) in words::OFFICE_COLUMNS.iter().enumerate() {
        let left = LEFT + column as f32 * width;
        let area = Area {
            left,
            top: top + 5.0,
            width,
            height: 18.0,
        };
        sheet.frame(area, 0.5);
        sheet.line(label::WORDS, title, small, left + 2.0, top + 9.5)?;
    }
    Ok(())
}
