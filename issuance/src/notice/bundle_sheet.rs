//! The sheet on top of a bundle (束の表紙): which letters lie below it, for whoever folds, counts and posts them. No name.

use super::{
    PaperError,
    envelope::{TEXT_LEFT, TEXT_WIDTH},
    sheet::{Leaf, Lettering, Sheet},
    table::{self, Columns, Row},
    words::{bundle as words, label},
};

/// A bundle, as its sheet tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BundleSheet<'a> {
    /// What the letter is called.
    pub title: &'a str,
    /// The run's number.
    pub run: i64,
    pub bundle: i64,
    /// Bundles in all.
    pub of: i64,
    /// The first and the last letter.
    pub letters: (i64, i64),
}

const BODY: Lettering = Lettering::strong(16.0);
const TABLE: Columns = Columns {
    left: TEXT_LEFT,
    values: TEXT_LEFT + 50.0,
    right: TEXT_LEFT + TEXT_WIDTH,
    label_size: 14.0,
};

pub(super) fn lay_out(sheet: &mut Sheet<'_>, bundle: &BundleSheet<'_>) -> Result<(), PaperError> {
    let mut y = 30.0;
    for (leaf, text, lettering) in [
        (Leaf::Title, words::TITLE, Lettering::strong(28.0)),
        (Leaf::Paragraph, bundle.title, Lettering::strong(20.0)),
    ] {
        y = sheet.piece(leaf, |sheet| {
            sheet.paragraph(label::WORDS, text, lettering, (TEXT_LEFT, y, TEXT_WIDTH))
        })? + 4.0;
    }
    let (first, last) = bundle.letters;
    let values = [
        bundle.run.to_string(),
        format!("{} / {}", bundle.bundle, bundle.of),
        format!("{0}-{first} ～ {0}-{last}", bundle.run),
        words::letters(last - first + 1),
    ];
    let labels = [words::RUN, words::BUNDLE, words::LETTERS, words::COUNT];
    let mut rows: Vec<Row<'_>> = labels
        .iter()
        .zip(&values)
        .map(|(label, value)| Row::new(label, value, BODY))
        .collect();
    rows.push(Row::new(
        words::DONE_BY,
        words::DONE_BY_TO_FILL,
        Lettering::reading(12.0),
    ));
    table::rows(sheet, &rows, TABLE, y)?;
    Ok(())
}
