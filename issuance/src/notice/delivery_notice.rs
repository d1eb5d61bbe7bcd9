//! The delivery notice (交付通知書): a letter for a window envelope, read at home and shown at the counter; or the letter
//! that goes with the card, where the card is sent.
//!
//! Folded in three: the upper third carries the address, the title and the QR code, the middle third what to do, the
//! lower third the reply (回答書). When the middle overflows, the reply moves to a second sheet.

use std::fmt;

use serde::Serialize;
use time::Date;

use super::{
    Addressee, ContentHash, Office, PaperError, Ticket,
    envelope::{Area, always_in_window, ever_in_window},
    glyphs::Setter,
    sheet::{FOLD, Leaf, Lettering, Mark, PAGE_HEIGHT, PAGE_WIDTH, Sheet, baseline_in, broken, does_not_fit},
    table::{self, Columns, Row},
    words::{delivery as words, label},
};

/// A letter that tells a resident that the card is ready, or that comes with it.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct DeliveryNotice {
    pub office: Office,
    /// Case number and the token that proves the letter at the counter.
    pub ticket: Ticket,
    /// 文書番号, where the office gives one.
    pub document_number: Option<String>,
    /// Date of the letter in 和暦.
    pub issued_on: String,
    /// Whom it goes to.
    pub addressee: Addressee,
    /// How the card reaches them.
    pub receiving: Receiving,
    /// The day printed, for the file's own date.
    pub dated: Date,
}

/// How a card reaches its holder, and what the letter asks of them for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Receiving {
    /// It waits at the counter.
    Collected(Collected),
    /// It lies in the same envelope (本人限定受取郵便): nobody is asked to come.
    ByPost,
}

/// What is asked of somebody who comes for the card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Collected {
    /// Last day of keeping, in 和暦 with the day of the week.
    pub keep_until: String,
    /// Who may come for the card, decided by rule: `本人が来てください。`
    pub visitor: String,
    /// What to bring, decided by rule.
    pub bring: Vec<Bring>,
    /// Whether the lower part is a reply to be filled in and brought along (照会書兼回答書).
    pub with_reply: bool,
}

impl fmt::Debug for DeliveryNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeliveryNotice({})", self.ticket.case_number())
    }
}

/// One thing to bring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bring {
    /// What: `本人を確かめる書類 1つ`.
    pub what: String,
    /// What serves for it, any one of them; empty when `what` says all.
    pub any_of: Vec<String>,
}

/// Left edge of everything but the address.
const LEFT: f32 = 20.0;
/// Right edge.
const RIGHT: f32 = PAGE_WIDTH - 18.0;
/// A module of the QR code: 0.8 mm are read from a folded and unfolded letter; 0.6 is the least that scanners like.
const MODULE: f32 = 0.8;
/// White around the code: four modules (ISO/IEC 18004 §5.3.8).
const QUIET: f32 = 4.0 * MODULE;
/// The typed code's baseline: just above the first fold.
const TYPED: f32 = FOLD - 2.0;
/// The foot line's baseline.
const FOOT: f32 = PAGE_HEIGHT - 8.0;

const BODY: Lettering = Lettering::reading(11.0);

/// Lays out the letter: one sheet or two.
pub(super) fn lay_out<'a>(
    setter: &'a Setter<'a>,
    notice: &DeliveryNotice,
    hash: &ContentHash,
) -> Result<Vec<Sheet<'a>>, PaperError> {
    let mut first = Sheet::new(setter);
    first.fold_marks();
    address(&mut first, &notice.addressee)?;
    sender(&mut first, notice)?;
    heading(&mut first, notice)?;
    let end = match &notice.receiving {
        Receiving::Collected(collected) => instructions(&mut first, notice, collected)?,
        Receiving::ByPost => care(&mut first, notice)?,
    };

    let mut sheets = vec![first];
    if matches!(&notice.receiving, Receiving::Collected(collected) if collected.with_reply) {
        // The reply fills the lower third, to be cut off along the fold.
        if end > 2.0 * FOLD - 3.0 {
            sheets.push(Sheet::new(setter));
            reply(&mut sheets[1], notice, 14.0, false)?;
        } else {
            reply(&mut sheets[0], notice, 2.0 * FOLD, true)?;
        }
    }
    if end > FOOT - 5.0 {
        return Err(does_not_fit(words::BRING));
    }
    foot(&mut sheets, notice.ticket.case_number(), hash)?;
    Ok(sheets)
}

/// The block in the window: as large as fits, down to the least that is still read at arm's length.
///
/// Below it the rest of [`ever_in_window`] stays white: the room for the customer barcode.
fn address(sheet: &mut Sheet<'_>, to: &Addressee) -> Result<(), PaperError> {
    let window = always_in_window();
    let mut size = 12.0;
    while size >= 8.0 {
        if let Some(block) = set_address(sheet, to, size, &window)? {
            sheet.marks.extend(block);
            return Ok(());
        }
        size -= 0.5;
    }
    Err(does_not_fit(words::ADDRESS))
}

/// The address at one type size; `None` when it is too tall.
fn set_address(sheet: &Sheet<'_>, to: &Addressee, size: f32, window: &Area) -> Result<Option<Vec<Mark>>, PaperError> {
    let mut draft = sheet.beside();
    // Tighter than running text: the block shall read as one.
    let tight = |lettering: Lettering| lettering.height() * 1.28;
    let line = Lettering::name(size);
    let left = window.left + 1.0;
    let width = window.width - 2.0;

    let code = Lettering::reading(size);
    let mut y = window.top;
    let step = |y: &mut f32, lettering: Lettering| {
        let baseline = baseline_in(*y, lettering) - (lettering.leading() - tight(lettering)) / 2.0;
        *y += tight(lettering);
        baseline
    };
    let baseline = step(&mut y, code);
    draft.line(
        words::POSTAL_CODE,
        &label::postal_code(&to.postal_code),
        code,
        left,
        baseline,
    )?;
    no_forwarding(&mut draft, left + width, baseline)?;
    y += 0.8;
    for (number, text) in to.address_lines.iter().enumerate() {
        let field = words::address_line(number + 1);
        let glyphs = draft.set(&field, text, line)?;
        for range in broken(&field, &glyphs, line, width)? {
            draft.place(&field, glyphs[range].to_vec(), line, left, step(&mut y, line))?;
        }
    }
    y += 0.8;
    // The name is larger than the address, unless that would tear it.
    let glyphs = draft.set(words::ADDRESSEE, &to.name, line)?;
    // 様 never stands alone on a line: the last line of the name keeps room for it.
    let room = |name: Lettering| width - 1.6 * name.height();
    let sizes = [2.0, 1.0, 0.0].map(|larger| line.sized(size + larger));
    let whole = sizes.into_iter().find(|name| name.width(&glyphs) <= room(*name));
    let name = whole.unwrap_or(line);
    let lines = broken(words::ADDRESSEE, &glyphs, name, room(name))?;
    let mut end = (left, 0.0);
    for range in lines {
        let baseline = step(&mut y, name);
        end = (
            draft.place(words::ADDRESSEE, glyphs[range].to_vec(), name, left, baseline)?,
            baseline,
        );
    }
    draft.line(
        words::ADDRESSEE,
        label::HONORIFIC,
        name,
        end.0 + 0.6 * name.height(),
        end.1,
    )?;
    Ok((y <= window.bottom()).then_some(draft.marks))
}

/// 転送不要 in a frame: the post returns the letter rather than forward it to where the person does not live.
fn no_forwarding(sheet: &mut Sheet<'_>, right: f32, baseline: f32) -> Result<(), PaperError> {
    let lettering = Lettering::strong(9.0);
    let left = sheet.line_to(
        words::NO_FORWARDING,
        words::NO_FORWARDING,
        lettering,
        right - 1.0,
        baseline,
    )?;
    let area = Area {
        left: left - 1.0,
        top: baseline - 0.88 * lettering.height() - 0.5,
        width: right - left + 1.0,
        height: lettering.height() + 1.0,
    };
    sheet.frame(area, 0.6);
    Ok(())
}

/// Date and office, to the right of everything the window can show.
fn sender(sheet: &mut Sheet<'_>, notice: &DeliveryNotice) -> Result<(), PaperError> {
    let left = ever_in_window().right() + 8.0;
    let width = RIGHT - left;
    let small = Lettering::reading(10.5);
    let mut y = 12.0;
    let above = [
        (words::DOCUMENT_NUMBER, notice.document_number.as_deref()),
        (label::DATE, Some(&notice.issued_on)),
    ];
    for (field, text) in above.into_iter().filter_map(|(field, text)| Some((field, text?))) {
        let start = sheet.line_to(field, text, small, RIGHT, baseline_in(y, small))?;
        if start < left {
            return Err(does_not_fit(field));
        }
        y += small.leading();
    }
    y += 3.0;
    let office = &notice.office;
    y = sheet.paragraph(label::OFFICE, &office.city, Lettering::strong(14.0), (left, y, width))?;
    y = sheet.paragraph(
        label::OFFICE,
        &office.section,
        Lettering::strong(11.0),
        (left, y, width),
    )?;
    let place = format!("{} {}", label::postal_code(&office.postal_code), office.address);
    y = sheet.paragraph(label::OFFICE, &place, small, (left, y, width))?;
    y = sheet.paragraph(label::OFFICE, &label::phone(&office.phone), small, (left, y, width))?;
    if y > ever_in_window().bottom() + 2.0 {
        return Err(does_not_fit(label::OFFICE));
    }
    Ok(())
}

/// Title, what it is about, and the code with the case number beside it.
fn heading(sheet: &mut Sheet<'_>, notice: &DeliveryNotice) -> Result<(), PaperError> {
    let top = ever_in_window().bottom() + 5.5;
    let modules = notice.ticket.modules()?;
    let side = modules.len() as f32 * MODULE;
    let code_left = RIGHT - side;
    let width = code_left - QUIET - 2.0 - LEFT;
    let text = words::title(&notice.office.card_name);
    let title = sheet.shrunk(label::WORDS, &text, Lettering::strong(20.0), 13.0, width)?;
    let y = sheet.piece(Leaf::Title, |sheet| {
        sheet.paragraph(label::WORDS, &text, title, (LEFT, top - 2.5, width))
    })? + 1.0;
    let note = Lettering::reading(8.0);
    let code_note = match notice.receiving {
        Receiving::Collected(_) => words::CODE_NOTE,
        Receiving::ByPost => words::CODE_NOTE_BY_POST,
    };
    let glyphs = sheet.set(label::WORDS, code_note, note)?;
    let middle = code_left + (side - note.width(&glyphs)) / 2.0;
    let below = top + side + QUIET + note.height();

    let number = Lettering::strong(13.0);
    let baseline = baseline_in(y, number);
    let after = sheet.line(
        label::CASE_NUMBER,
        label::CASE_NUMBER,
        Lettering::reading(10.5),
        LEFT,
        baseline,
    )?;
    sheet.line(
        label::CASE_NUMBER,
        notice.ticket.case_number(),
        number,
        after + 3.0,
        baseline,
    )?;
    let mut y = y + number.leading() + 1.0;
    for sentence in words::lead(&notice.office.card_name, notice.receiving == Receiving::ByPost) {
        y = sheet.paragraph(label::WORDS, &sentence, BODY, (LEFT, y, width))?;
    }
    sheet.code(modules, words::CODE, code_left, top, MODULE);
    sheet.place(label::WORDS, glyphs, note, middle, below)?;
    typed_code(sheet, notice)?;
    if y > TYPED - note.height() {
        return Err(does_not_fit(label::WORDS));
    }
    Ok(())
}

/// The code once more, in groups that a person can type where no scanner reads the QR: along the fold, under the QR.
fn typed_code(sheet: &mut Sheet<'_>, notice: &DeliveryNotice) -> Result<(), PaperError> {
    let groups = notice.ticket.typed().join(" ");
    let left = sheet.line_to(label::WORDS, &groups, Lettering::reading(10.0), RIGHT, TYPED)?;
    let note = Lettering::reading(8.0);
    sheet.line_to(label::WORDS, words::TYPED_NOTE, note, left - 2.0, TYPED)?;
    Ok(())
}

const COLUMNS: Columns = Columns {
    left: LEFT,
    values: LEFT + 36.0,
    right: RIGHT,
    label_size: 11.0,
};

/// When, where, who, and what to bring; gives the lower edge.
fn instructions(sheet: &mut Sheet<'_>, notice: &DeliveryNotice, collected: &Collected) -> Result<f32, PaperError> {
    let office = &notice.office;
    let until = words::until(&collected.keep_until);
    let place = format!("{} {}({})", office.city, office.section, office.address);
    let rows = [
        Row {
            label: words::KEPT_UNTIL,
            value: vec![
                (until.as_str(), Lettering::strong(14.0)),
                (words::AFTER, Lettering::reading(10.5)),
            ],
        },
        Row::new(words::PLACE, &place, BODY),
        Row {
            label: words::HOURS,
            value: office.hours.iter().map(|line| (line.as_str(), BODY)).collect(),
        },
        Row::new(words::VISITOR, &collected.visitor, BODY),
    ];
    let phone = label::phone(&office.phone);
    let y = table::rows(sheet, &rows, COLUMNS, FOLD + 4.0)?;
    let y = table::rows(
        sheet,
        &[Row::new(words::ENQUIRIES, &phone, Lettering::strong(11.0))],
        COLUMNS,
        y,
    )?;
    bring(sheet, &collected.bring, y + 3.0)
}

/// What to know of a card that came with the letter; gives the lower edge.
fn care(sheet: &mut Sheet<'_>, notice: &DeliveryNotice) -> Result<f32, PaperError> {
    let phone = label::phone(&notice.office.phone);
    let mut rows: Vec<Row<'_>> = words::BY_POST
        .iter()
        .map(|(name, text)| Row::new(name, text, BODY))
        .collect();
    rows.push(Row::new(words::ENQUIRIES, &phone, Lettering::strong(11.0)));
    table::rows(sheet, &rows, COLUMNS, FOLD + 4.0)
}

fn bring(sheet: &mut Sheet<'_>, things: &[Bring], top: f32) -> Result<f32, PaperError> {
    if things.is_empty() {
        return Ok(top);
    }
    let heading = Lettering::strong(12.0);
    sheet.piece(Leaf::Heading, |sheet| {
        sheet.line(words::BRING, words::BRING, heading, LEFT, baseline_in(top, heading))
    })?;
    let mut y = top + heading.leading();
    for (number, thing) in things.iter().enumerate() {
        let count = format!("{}", number + 1);
        sheet.line(
            words::BRING,
            &count,
            Lettering::strong(11.0),
            LEFT + 2.0,
            baseline_in(y, BODY),
        )?;
        let width = RIGHT - LEFT - 7.0;
        y = sheet.paragraph(words::BRING, &thing.what, BODY, (LEFT + 7.0, y, width))?;
        if !thing.any_of.is_empty() {
            let choices = thing.any_of.join("、");
            y = sheet.paragraph(
                words::BRING,
                &choices,
                Lettering::reading(10.5),
                (LEFT + 11.0, y, width - 4.0),
            )?;
        }
        y += 0.6;
    }
    Ok(y)
}

/// The reply, from `top` on; `cut` when it is to be cut off there.
fn reply(sheet: &mut Sheet<'_>, notice: &DeliveryNotice, top: f32, cut: bool) -> Result<(), PaperError> {
    if cut {
        sheet.cut_line(label::CUT, top)?;
    }
    let mut y = top + 5.0;
    let title = Lettering::strong(14.0);
    let baseline = baseline_in(y, title);
    sheet.piece(Leaf::Heading, |sheet| {
        sheet.line(words::REPLY_TITLE, words::REPLY_TITLE, title, LEFT, baseline)
    })?;
    let number = format!("{} {}", label::CASE_NUMBER, notice.ticket.case_number());
    sheet.line_to(label::CASE_NUMBER, &number, Lettering::reading(10.5), RIGHT, baseline)?;
    y += title.leading() + 0.5;
    let width = RIGHT - LEFT;
    y = sheet.paragraph(
        label::WORDS,
        words::REPLY_LEAD,
        Lettering::reading(10.5),
        (LEFT, y, width),
    )? + 2.0;

    let frame_top = y;
    y = sheet.paragraph(
        label::WORDS,
        words::REPLY_STATEMENT,
        BODY,
        (LEFT + 3.0, y + 1.0, width - 6.0),
    )? + 1.0;
    let values = LEFT + 50.0;
    let blanks = [
        (words::REPLY_DATE, label::BLANK_DATE, ""),
        (label::NAME, "", label::SIGN_HERE),
        (label::ADDRESS, "", ""),
        (label::PHONE, "", ""),
        (words::REPLY_AGENT, "", words::REPLY_AGENT_NOTE),
    ];
    let height = 8.4;
    for (text, value, note) in blanks {
        sheet.rule(LEFT, RIGHT, y, 0.35);
        let small = Lettering::reading(10.5);
        let baseline = y + height / 2.0 + 0.38 * small.height();
        sheet.line(label::WORDS, text, small, LEFT + 3.0, baseline)?;
        sheet.line(label::WORDS, value, small, values + 3.0, baseline)?;
        let note_style = Lettering::reading(8.0);
        sheet.line_to(label::WORDS, note, note_style, RIGHT - 2.0, baseline)?;
        y += height;
    }
    sheet.upright(values, y - height * blanks.len() as f32, y, 0.35);
    let area = Area {
        left: LEFT,
        top: frame_top,
        width,
        height: y - frame_top,
    };
    sheet.frame(area, 1.4);
    Ok(())
}

/// Case number, content hash and page number on every sheet.
pub(super) fn foot(sheets: &mut [Sheet<'_>], case_number: &str, hash: &ContentHash) -> Result<(), PaperError> {
    let count = sheets.len();
    let small = Lettering::reading(6.5).grey();
    for (index, sheet) in sheets.iter_mut().enumerate() {
        let reference = format!("{case_number}  {}", label::reference(&hash.to_string()));
        sheet.aside(|sheet| {
            sheet.line(label::FOOT, &reference, small, LEFT, FOOT)?;
            sheet.line_to(label::FOOT, &label::page(index + 1, count), small, RIGHT, FOOT)
        })?;
    }
    Ok(())
}
