//! Rows of label and value between hairlines: how all our documents state facts.

use super::{
    PaperError,
    glyphs::Hand,
    sheet::{Group, Leaf, Lettering, Sheet, baseline_in},
};

/// Weight of the lines between rows, in points.
const HAIRLINE: f32 = 0.35;
/// Above and below each row's text, in millimetres.
const PADDING: f32 = 1.0;
/// Names are not set smaller than running text, in points.
const LEAST: f32 = 10.5;

/// One fact.
pub(super) struct Row<'a> {
    /// What it is; also the field named when it can't be printed.
    pub(super) label: &'a str,
    /// The value, a paragraph each.
    pub(super) value: Vec<(&'a str, Lettering)>,
}

impl<'a> Row<'a> {
    pub(super) fn new(label: &'a str, value: &'a str, lettering: Lettering) -> Self {
        Self {
            label,
            value: vec![(value, lettering)],
        }
    }
}

/// Where a table stands, in millimetres.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns {
    /// Left edge of the labels.
    pub(super) left: f32,
    /// Left edge of the values.
    pub(super) values: f32,
    pub(super) right: f32,
    /// Size of the labels, in points.
    pub(super) label_size: f32,
}

/// Draws rows from `top` on; gives the lower edge.
pub(super) fn rows(sheet: &mut Sheet<'_>, rows: &[Row<'_>], columns: Columns, top: f32) -> Result<f32, PaperError> {
    sheet.rule(columns.left, columns.right, top, HAIRLINE);
    sheet.group(Group::Table, |sheet| {
        rows.iter().try_fold(top, |y, row| {
            let y = sheet.group(Group::Row, |sheet| fact(sheet, row, columns, y + PADDING))? + PADDING;
            sheet.rule(columns.left, columns.right, y, HAIRLINE);
            Ok(y)
        })
    })
}

fn fact(sheet: &mut Sheet<'_>, row: &Row<'_>, columns: Columns, top: f32) -> Result<f32, PaperError> {
    let width = columns.right - columns.values - 1.0;
    let mut values = Vec::new();
    for (text, lettering) in &row.value {
        // A name set large becomes smaller rather than be torn; running text is wrapped.
        let least = if lettering.hand == Hand::Name {
            LEAST
        } else {
            lettering.size
        };
        values.push((*text, sheet.shrunk(row.label, text, *lettering, least, width)?));
    }
    let label = Lettering::strong(columns.label_size);
    // The label shares the baseline of the value's first line.
    let first = values.first().map_or(label, |(_, lettering)| *lettering);
    sheet.piece(Leaf::RowHeader, |sheet| {
        sheet.line(row.label, row.label, label, columns.left + 1.0, baseline_in(top, first))
    })?;
    sheet.piece(Leaf::Cell, |sheet| {
        values.iter().try_fold(top, |y, (text, lettering)| {
            sheet.paragraph(row.label, text, *lettering, (columns.values, y, width))
        })
    })
}
