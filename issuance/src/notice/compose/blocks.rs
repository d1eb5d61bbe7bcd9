//! The blocks of a notice, one below the other.

use super::super::{
    PaperError,
    envelope::{TEXT_LEFT, TEXT_WIDTH},
    glyphs::{Hand, Setter},
    sheet::{Group, Leaf, Lettering},
    template::{Align, Block, Column, LabelledText, SumRow, TextRef},
};
use super::{Composer, Letter, Pages, Prepared, RIGHT, hand_of, lines_of, put};

/// Weight of the lines of tables, in points.
const HAIRLINE: f32 = 0.35;
/// Above and below a row's text, in millimetres.
const PADDING: f32 = 0.5;
/// Beside a cell's text, in millimetres.
const INSET: f32 = 0.8;
/// Width of the labels beside facts, in millimetres.
const LABELS: f32 = 42.0;

impl Composer<'_> {
    pub(super) fn block(&mut self, pages: &mut Pages<'_>, letter: &Letter, block: &Block) -> Result<(), PaperError> {
        let body = Lettering::reading(self.points(10.5));
        match block {
            Block::Title(text) => {
                let lettering = Lettering::strong(self.points(17.0).min(20.0));
                self.text(pages, letter, (*text, Leaf::Title), lettering)?;
                pages.y += 1.5;
            }
            Block::Heading(text) => {
                pages.y += 2.0;
                self.text(
                    pages,
                    letter,
                    (*text, Leaf::Heading),
                    Lettering::strong(self.points(12.0)),
                )?;
                pages.y += 0.5;
            }
            Block::Paragraph(text) => {
                self.text(pages, letter, (*text, Leaf::Paragraph), body)?;
                pages.y += 1.2;
            }
            Block::List(texts) => self.list(pages, letter, texts, body)?,
            Block::Facts(rows) => self.facts(pages, letter, rows, body)?,
            Block::Table { columns, sum } => self.table(pages, letter, columns, sum.as_ref())?,
            Block::Space(height) => pages.y += height,
        }
        Ok(())
    }

    fn text(
        &mut self,
        pages: &mut Pages<'_>,
        letter: &Letter,
        (text, leaf): (TextRef, Leaf),
        lettering: Lettering,
    ) -> Result<(), PaperError> {
        let indent = pages.indent;
        let prepared = self.prepare(pages.setter, letter, text, lettering, TEXT_WIDTH - indent)?;
        pages.room(&self.field(text), prepared.height())?;
        let at = (TEXT_LEFT + indent, pages.y);
        pages.y = put(pages.sheet(), &prepared, leaf, at)?;
        Ok(())
    }

    fn list(
        &mut self,
        pages: &mut Pages<'_>,
        letter: &Letter,
        texts: &[TextRef],
        lettering: Lettering,
    ) -> Result<(), PaperError> {
        let indent = lettering.height() * 1.3;
        pages.sheet().marks.push(super::Mark::Open(Group::List));
        for text in texts {
            let prepared = self.prepare(pages.setter, letter, *text, lettering, TEXT_WIDTH - indent)?;
            if pages.y + prepared.height() > super::BOTTOM {
                // A list does not reach from page to page: it goes on as another.
                pages.sheet().marks.push(super::Mark::Close);
                pages.room(&self.field(*text), prepared.height())?;
                pages.sheet().marks.push(super::Mark::Open(Group::List));
            }
            let (top, left) = (pages.y, TEXT_LEFT + indent);
            let dot = lines_of(pages.setter, "・", "・", lettering, 2.0 * indent)?;
            pages.y = pages.sheet().group(Group::Item, |sheet| {
                put(sheet, &dot, Leaf::Label, (TEXT_LEFT, top))?;
                put(sheet, &prepared, Leaf::Item, (left, top))
            })? + 0.3;
        }
        pages.sheet().marks.push(super::Mark::Close);
        pages.y += 1.0;
        Ok(())
    }

    fn facts(
        &mut self,
        pages: &mut Pages<'_>,
        letter: &Letter,
        rows: &[LabelledText],
        lettering: Lettering,
    ) -> Result<(), PaperError> {
        let strong = Lettering {
            hand: Hand::Strong,
            ..lettering
        };
        let mut cells = Vec::new();
        for row in rows {
            cells.push([
                self.prepare(pages.setter, letter, row.label, strong, LABELS - 2.0)?,
                self.prepare(pages.setter, letter, row.text, lettering, TEXT_WIDTH - LABELS - 1.0)?,
            ]);
        }
        let tall = |[label, text]: &[Prepared; 2]| label.height().max(text.height()) + 2.0 * PADDING;
        let whole: f32 = cells.iter().map(tall).sum();
        if let Some(first) = rows.first() {
            pages.room(&self.field(first.label), whole)?;
        }
        let mut y = pages.y;
        let sheet = pages.sheet();
        sheet.rule(TEXT_LEFT, RIGHT, y, HAIRLINE);
        y = sheet.group(Group::Table, |sheet| {
            for row in &cells {
                sheet.group(Group::Row, |sheet| {
                    put(sheet, &row[0], Leaf::RowHeader, (TEXT_LEFT + 1.0, y + PADDING))?;
                    put(sheet, &row[1], Leaf::Cell, (TEXT_LEFT + LABELS, y + PADDING))
                })?;
                y += tall(row);
                sheet.rule(TEXT_LEFT, RIGHT, y, HAIRLINE);
            }
            Ok(y)
        })?;
        pages.y = y + 2.0;
        Ok(())
    }

    fn table(
        &mut self,
        pages: &mut Pages<'_>,
        letter: &Letter,
        columns: &[Column],
        sum: Option<&SumRow>,
    ) -> Result<(), PaperError> {
        let lettering = Lettering::reading(self.points(9.0));
        let strong = Lettering::strong(self.points(9.0));
        let mut heads = Vec::new();
        for column in columns {
            heads.push(self.prepare(pages.setter, letter, column.head, strong, column.width - 2.0 * INSET)?);
        }
        let field = columns
            .first()
            .map(|column| self.field(column.head))
            .unwrap_or_default();
        let head_height = height(&heads);
        pages.room(&field, head_height + lettering.leading() + 2.0 * PADDING)?;
        begin_table(pages, columns, &heads)?;
        let mut words = String::new();
        let count = letter.rows.len();
        for (number, row) in letter.rows.iter().enumerate() {
            let mut cells = Vec::with_capacity(columns.len());
            for column in columns {
                words.clear();
                let mut hand = Hand::Reading;
                if let Some(value) = row.get(column.fact) {
                    value.set(self.style.language, &mut words);
                    hand = hand_of(value);
                }
                cells.push(cell(
                    pages.setter,
                    &field,
                    &words,
                    Lettering { hand, ..lettering },
                    column,
                )?);
            }
            self.row(pages, columns, &heads, &cells, (&field, number + 1 == count))?;
        }
        if let Some(sum) = sum {
            let mut cells = Vec::with_capacity(columns.len());
            for (at, column) in columns.iter().enumerate() {
                words.clear();
                if let Some(of) = sum.sums.get(at).copied().flatten() {
                    self.sum(of, letter).set(self.style.language, &mut words);
                }
                cells.push(match at {
                    0 => self.prepare(pages.setter, letter, sum.label, strong, column.width - 2.0 * INSET)?,
                    _ => cell(pages.setter, &field, &words, strong, column)?,
                });
            }
            self.row(pages, columns, &heads, &cells, (&field, true))?;
        }
        pages.sheet().marks.push(super::Mark::Close);
        pages.y += 2.0;
        Ok(())
    }

    /// A row; overleaf under the headings again where it does not fit.
    fn row(
        &mut self,
        pages: &mut Pages<'_>,
        columns: &[Column],
        heads: &[Prepared],
        cells: &[Prepared],
        (field, last): (&str, bool),
    ) -> Result<(), PaperError> {
        let tall = height(cells);
        if pages.y + tall > super::BOTTOM {
            pages.sheet().marks.push(super::Mark::Close);
            pages.room(field, tall + height(heads))?;
            begin_table(pages, columns, heads)?;
        }
        draw_row(pages, columns, cells, Leaf::Cell)?;
        let (y, weight) = (pages.y, if last { 2.0 * HAIRLINE } else { HAIRLINE });
        pages.sheet().rule(TEXT_LEFT, RIGHT, y, weight);
        Ok(())
    }
}

fn begin_table(pages: &mut Pages<'_>, columns: &[Column], heads: &[Prepared]) -> Result<(), PaperError> {
    let y = pages.y;
    pages.sheet().rule(TEXT_LEFT, RIGHT, y, 2.0 * HAIRLINE);
    pages.sheet().marks.push(super::Mark::Open(Group::Table));
    draw_row(pages, columns, heads, Leaf::ColumnHeader)?;
    let y = pages.y;
    pages.sheet().rule(TEXT_LEFT, RIGHT, y, 2.0 * HAIRLINE);
    Ok(())
}

fn draw_row(pages: &mut Pages<'_>, columns: &[Column], cells: &[Prepared], leaf: Leaf) -> Result<(), PaperError> {
    let (top, mut left) = (pages.y + PADDING, TEXT_LEFT);
    pages.sheet().group(Group::Row, |sheet| {
        for (column, prepared) in columns.iter().zip(cells) {
            let shift = match (column.align, prepared) {
                (
                    Align::Right,
                    Prepared::Lines {
                        glyphs,
                        lines,
                        lettering,
                    },
                ) if lines.len() == 1 => column.width - 2.0 * INSET - lettering.width(glyphs),
                _ => 0.0,
            };
            put(sheet, prepared, leaf.clone(), (left + INSET + shift.max(0.0), top))?;
            left += column.width;
        }
        Ok(())
    })?;
    pages.y += height(cells);
    Ok(())
}

/// A cell: what stands to the right is one line, made smaller rather than torn.
fn cell(
    setter: &Setter<'_>,
    field: &str,
    words: &str,
    lettering: Lettering,
    column: &Column,
) -> Result<Prepared, PaperError> {
    let width = column.width - 2.0 * INSET;
    let mut lettering = lettering;
    if column.align == Align::Right {
        let glyphs = setter.set(field, words, lettering.hand)?;
        while lettering.size > 6.0 && lettering.width(&glyphs) > width {
            lettering.size -= 0.5;
        }
    }
    lines_of(setter, field, words, lettering, width)
}

fn height(cells: &[Prepared]) -> f32 {
    cells.iter().map(Prepared::height).fold(0.0, f32::max) + 2.0 * PADDING
}
