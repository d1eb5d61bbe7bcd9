//! The receipt slip (受領票): the office's copy signed by the resident above, the resident's copy (控え) below.

use std::fmt;

use serde::Serialize;
use time::Date;

use super::{
    ContentHash, Office, PaperError,
    delivery_notice::foot,
    envelope::Area,
    glyphs::Setter,
    sheet::{Leaf, Lettering, PAGE_HEIGHT, PAGE_WIDTH, Sheet, baseline_in, does_not_fit},
    table::{self, Columns, Row},
    words::{label, receipt as words},
};

/// What is signed when a card is handed over.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct ReceiptSlip {
    /// The office that hands over.
    pub office: Office,
    pub case_number: String,
    /// The day of the hand-over in 和暦, once there was one. A slip printed before has a line to fill in: it states only
    /// what is a fact when it is printed.
    pub received_on: Option<String>,
    /// Whose card it is.
    pub holder: Holder,
    pub receiver: Receiver,
    /// The chip serial as read from the card, in groups: `8B42 19F0 0C77 A1D3 55E8`.
    pub chip_serial: String,
    /// The sights that confirmed the card, as far as they were taken; lines to fill in stand for those that were not.
    pub sights: Vec<Sight>,
    /// What kept the documents of the verification good, or counted them for less: a line each.
    pub remarks: Vec<String>,
    /// The day printed, for the file's own date.
    pub dated: Date,
}

impl fmt::Debug for ReceiptSlip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReceiptSlip({})", self.case_number)
    }
}

/// The person the card was made for.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// Name in its own characters.
    pub name: String,
    /// Date of birth in 和暦.
    pub birthday: String,
}

/// Who takes the card into their hands.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub enum Receiver {
    Holder,
    /// Someone with power to act for the holder.
    Agent {
        name: String,
        /// What they are to the holder: `母(親権者)`.
        relation: String,
    },
}

/// One confirming look at notice, shelf and chip.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Sight {
    pub clerk: String,
    /// The clerk's number (職員番号).
    pub number: String,
    /// Time of day: `午前10時12分`.
    pub at: String,
}

/// Looks that confirm a card.
const LOOKS: usize = 2;

const LEFT: f32 = 20.0;
const RIGHT: f32 = PAGE_WIDTH - 18.0;
const MIDDLE: f32 = PAGE_HEIGHT / 2.0;

/// Which half of the sheet.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    ForTheOffice,
    ForTheResident,
}

/// Lays out the slip on one sheet.
pub(super) fn lay_out<'a>(
    setter: &'a Setter<'a>,
    slip: &ReceiptSlip,
    hash: &ContentHash,
) -> Result<Vec<Sheet<'a>>, PaperError> {
    let mut sheet = Sheet::new(setter);
    half(&mut sheet, slip, Part::ForTheOffice, 12.0, MIDDLE - 3.0)?;
    sheet.cut_line(label::CUT, MIDDLE)?;
    half(&mut sheet, slip, Part::ForTheResident, MIDDLE + 7.0, PAGE_HEIGHT - 13.0)?;
    let mut sheets = vec![sheet];
    foot(&mut sheets, &slip.case_number, hash)?;
    Ok(sheets)
}

fn half(sheet: &mut Sheet<'_>, slip: &ReceiptSlip, part: Part, top: f32, limit: f32) -> Result<(), PaperError> {
    let mut y = heading(sheet, slip, part, top)?;
    y = facts(sheet, slip, part, y)?;
    y = match part {
        Part::ForTheOffice => signature(sheet, y + 3.0)?,
        Part::ForTheResident => care(sheet, slip, y + 3.0)?,
    };
    if y > limit {
        return Err(does_not_fit(words::HOLDER));
    }
    Ok(())
}

fn heading(sheet: &mut Sheet<'_>, slip: &ReceiptSlip, part: Part, top: f32) -> Result<f32, PaperError> {
    let largest = Lettering::strong(18.0);
    let baseline = baseline_in(top, largest);
    let (number, small) = (Lettering::strong(13.0), Lettering::reading(10.5));
    let left = sheet.line_to(label::CASE_NUMBER, &slip.case_number, number, RIGHT, baseline)?;
    let left = sheet.line_to(label::CASE_NUMBER, label::CASE_NUMBER, small, left - 3.0, baseline)?;

    let text = match part {
        Part::ForTheOffice => words::title(&slip.office.card_name),
        Part::ForTheResident => words::title(&slip.office.card_name) + words::COPY,
    };
    let title = sheet.shrunk(label::WORDS, &text, largest, 12.0, left - LEFT - 4.0)?;
    let end = sheet.piece(Leaf::Title, |sheet| {
        sheet.line(label::WORDS, &text, title, LEFT, baseline)
    })?;
    if end > left - 3.0 {
        return Err(does_not_fit(label::WORDS));
    }
    let y = top + largest.leading() + 1.0;
    let statement = match part {
        Part::ForTheOffice => words::STATEMENT,
        Part::ForTheResident => words::STATEMENT_COPY,
    };
    Ok(sheet.paragraph(
        label::WORDS,
        statement,
        Lettering::reading(11.0),
        (LEFT, y, RIGHT - LEFT),
    )? + 1.5)
}

fn facts(sheet: &mut Sheet<'_>, slip: &ReceiptSlip, part: Part, top: f32) -> Result<f32, PaperError> {
    let body = Lettering::reading(11.0);
    let small = Lettering::reading(10.5);
    let name = Lettering::name(14.0);
    let relation = match &slip.receiver {
        Receiver::Holder => String::new(),
        Receiver::Agent { relation, .. } => words::relation(relation),
    };
    let receiver = match &slip.receiver {
        Receiver::Holder => vec![(words::HOLDER_SELF, body)],
        Receiver::Agent { name: agent, .. } => vec![(agent.as_str(), name), (relation.as_str(), small)],
    };
    let clerk = |sight: &Sight| words::clerk(&sight.clerk, &sight.number, &sight.at);
    let clerks: Vec<String> = slip.sights.iter().map(clerk).collect();
    let mut sighted: Vec<(&str, Lettering)> = clerks
        .iter()
        .map(|line| (line.as_str(), Lettering::name(11.0)))
        .collect();
    // Two looks are taken whatever the office's rule: by two clerks, or by one twice.
    for _ in slip.sights.len()..LOOKS {
        sighted.push((words::CLERK_TO_FILL, body));
    }
    let note = match slip.sights.len() {
        LOOKS.. => words::SIGHTED_NOTE,
        _ => words::SIGHTED_NOTE_TO_FILL,
    };
    sighted.push((note, small));
    let remarks = slip.remarks.iter().map(|remark| (remark.as_str(), small)).collect();
    let received_on = slip.received_on.as_deref().unwrap_or(words::DAY_TO_FILL);
    let mut rows = vec![
        Row::new(words::RECEIVED_ON, received_on, body),
        Row::new(words::HOLDER, &slip.holder.name, name),
        Row::new(label::BIRTHDAY, &slip.holder.birthday, body),
        Row::new(words::CHIP, &slip.chip_serial, body),
        Row {
            label: words::RECEIVER,
            value: receiver,
        },
        Row {
            label: words::SIGHTED,
            value: sighted,
        },
    ];
    if part == Part::ForTheOffice && !slip.remarks.is_empty() {
        rows.push(Row {
            label: words::REMARKS,
            value: remarks,
        });
    }
    let columns = Columns {
        left: LEFT,
        values: LEFT + 36.0,
        right: RIGHT,
        label_size: 11.0,
    };
    table::rows(sheet, &rows, columns, top)
}

fn signature(sheet: &mut Sheet<'_>, top: f32) -> Result<f32, PaperError> {
    let area = Area {
        left: LEFT,
        top,
        width: RIGHT - LEFT,
        height: 22.0,
    };
    sheet.frame(area, 1.2);
    let strong = Lettering::strong(11.0);
    sheet.line(label::SIGNATURE, label::SIGNATURE, strong, LEFT + 3.0, top + 7.5)?;
    sheet.line(
        label::SIGNATURE,
        label::SIGN_HERE,
        Lettering::reading(9.0),
        LEFT + 3.0,
        top + 13.0,
    )?;
    Ok(area.bottom())
}

fn care(sheet: &mut Sheet<'_>, slip: &ReceiptSlip, top: f32) -> Result<f32, PaperError> {
    let width = RIGHT - LEFT;
    let y = sheet.paragraph(label::WORDS, words::CARE, Lettering::reading(11.0), (LEFT, top, width))? + 1.0;
    let office = &slip.office;
    let from = format!("{} {}  {}", office.city, office.section, label::phone(&office.phone));
    sheet.paragraph(label::OFFICE, &from, Lettering::strong(11.0), (LEFT, y, width))
}
