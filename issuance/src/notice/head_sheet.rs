//! The daily sheet of the audit trail (監査記録の先端): the signed head as text and as a QR code, on paper that nobody at a keyboard
//! can take back.

use fast_qr::{ECL, QRBuilder};
use serde::Serialize;
use time::Date;

use super::{
    ContentHash, PaperError,
    delivery_notice::foot,
    glyphs::Setter,
    sheet::{Leaf, Lettering, PAGE_WIDTH, Sheet},
    table::{self, Columns, Row},
    words::{head as words, label},
};

/// A signed head as it goes to paper. Nothing in it is about a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeadSheet {
    pub city: String,
    /// When the head was signed, in 和暦.
    pub signed_on: String,
    /// Events in the tree.
    pub events: u64,
    /// The signed note (C2SP signed-note), as it stands in the files of heads.
    pub note: String,
    /// The public key that checks it.
    pub public_key: String,
    /// The day printed, for the file's own date.
    pub dated: Date,
}

const LEFT: f32 = 20.0;
const RIGHT: f32 = PAGE_WIDTH - 18.0;
const MODULE: f32 = 0.9;
const BODY: Lettering = Lettering::reading(10.5);
const SMALL: Lettering = Lettering::reading(9.0);
const TABLE: Columns = Columns {
    left: LEFT,
    values: LEFT + 36.0,
    right: RIGHT,
    label_size: 10.5,
};

pub(super) fn lay_out<'a>(
    setter: &'a Setter<'a>,
    head: &HeadSheet,
    hash: &ContentHash,
) -> Result<Vec<Sheet<'a>>, PaperError> {
    let mut sheet = Sheet::new(setter);
    let width = RIGHT - LEFT;
    let mut y = 14.0;
    for (text, lettering) in [
        (words::TITLE, Lettering::strong(20.0)),
        (words::LEAD, BODY),
        (words::HOW, BODY),
    ] {
        let leaf = match text {
            words::TITLE => Leaf::Title,
            _ => Leaf::Paragraph,
        };
        y = sheet.piece(leaf, |sheet| {
            sheet.paragraph(label::WORDS, text, lettering, (LEFT, y, width))
        })? + 2.0;
    }
    let events = words::events(head.events);
    let lines: Vec<&str> = head.note.lines().filter(|line| !line.is_empty()).collect();
    let rows = [
        Row::new(words::CITY, &head.city, BODY),
        Row::new(words::SIGNED_ON, &head.signed_on, BODY),
        Row::new(words::EVENTS, &events, BODY),
        Row {
            label: words::NOTE,
            value: lines.into_iter().map(|line| (line, SMALL)).collect(),
        },
        Row::new(words::KEY, &head.public_key, SMALL),
        Row::new(words::KEPT_BY, words::KEPT_BY_TO_FILL, BODY),
    ];
    y = table::rows(&mut sheet, &rows, TABLE, y)? + 5.0;
    let modules = modules(&head.note)?;
    let side = modules.len() as f32 * MODULE;
    sheet.code(modules, words::CODE, (PAGE_WIDTH - side) / 2.0, y, MODULE);
    let mut sheets = vec![sheet];
    foot(&mut sheets, "", hash)?;
    Ok(sheets)
}

/// The code's modules, row by row; `true` is dark. Level M (15 %): the sheet is filed flat, and read again within years.
fn modules(note: &str) -> Result<Vec<Vec<bool>>, PaperError> {
    let code = QRBuilder::new(note)
        .ecl(ECL::M)
        .build()
        .map_err(|error| PaperError::NotBound(format!("a QR code of the head: {error:?}")))?;
    Ok((0..code.size)
        .map(|row| code[row][..code.size].iter().map(|module| module.value()).collect())
        .collect())
}
