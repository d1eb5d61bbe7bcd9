//! A page being laid out: texts, rules and codes at places in millimetres from the upper left corner.

use std::rc::Rc;

use super::{
    PaperError,
    barcode::Bar,
    envelope::Area,
    glyphs::{Glyph, Hand, Setter},
    lines::wrap,
};

/// A4 (ISO 216), in millimetres.
pub(super) const PAGE_WIDTH: f32 = 210.0;
/// A4 (ISO 216), in millimetres.
pub(super) const PAGE_HEIGHT: f32 = 297.0;
/// Height of an A4 sheet folded in three: folds lie at this and twice this.
pub(super) const FOLD: f32 = 99.0;
/// Office printers leave some 5 mm of each edge white; what lies further out would be cut off.
const UNPRINTABLE: f32 = 5.0;

/// Points (1/72 inch) in a millimetre.
pub(super) const POINTS_PER_MM: f32 = 72.0 / 25.4;

/// Line to line, in type sizes.
const LEADING: f32 = 1.6;
/// Upper part of the character body above the baseline, in type sizes (880 of 1000 in the fonts used).
const ASCENT: f32 = 0.88;

/// Black, or the grey of what is for the office's eyes only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Black,
    Grey,
}

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Lettering {
    pub(super) hand: Hand,
    /// Type size in points.
    pub(super) size: f32,
    pub(super) ink: Ink,
}

impl Lettering {
    pub(super) const fn reading(size: f32) -> Self {
        Self {
            hand: Hand::Reading,
            size,
            ink: Ink::Black,
        }
    }

    pub(super) const fn strong(size: f32) -> Self {
        Self {
            hand: Hand::Strong,
            size,
            ink: Ink::Black,
        }
    }

    pub(super) const fn name(size: f32) -> Self {
        Self {
            hand: Hand::Name,
            size,
            ink: Ink::Black,
        }
    }

    pub(super) const fn grey(self) -> Self {
        Self { ink: Ink::Grey, ..self }
    }

    pub(super) const fn sized(self, size: f32) -> Self {
        Self { size, ..self }
    }

    /// Height of the characters, in millimetres.
    pub(super) fn height(&self) -> f32 {
        self.size / POINTS_PER_MM
    }

    /// Line to line, in millimetres.
    pub(super) fn leading(&self) -> f32 {
        self.height() * LEADING
    }

    /// A width in millimetres in thousandths of the type size.
    pub(super) fn thousandths(&self, width: f32) -> u32 {
        // Half a unit of grace against rounding: 65 mm that hold exactly n characters shall hold them.
        (width / self.height() * 1000.0 + 0.5).max(0.0) as u32
    }

    /// The width of `glyphs` in millimetres.
    pub(super) fn width(&self, glyphs: &[Glyph]) -> f32 {
        glyphs.iter().map(|glyph| glyph.advance).sum::<u32>() as f32 / 1000.0 * self.height()
    }
}

/// Something on a page.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Mark {
    /// Glyphs from `left` on, standing on `baseline`.
    Text {
        left: f32,
        baseline: f32,
        size: f32,
        ink: Ink,
        glyphs: Vec<Glyph>,
    },
    /// A line; `dashed` for cutting along.
    Rule {
        from: (f32, f32),
        to: (f32, f32),
        weight: f32,
        dashed: bool,
    },
    /// The outline of a rectangle.
    Frame { area: Area, weight: f32 },
    Code {
        left: f32,
        top: f32,
        module: f32,
        modules: Rc<Vec<Vec<bool>>>,
    },
    /// The four-state bars of a postal barcode.
    Bars {
        left: f32,
        top: f32,
        /// Millimetres of a module at the chosen size ([`super::barcode`]).
        scale: f32,
        bars: Vec<Bar>,
    },
    /// What stands on many sheets, drawn once and put here: its upper left corner.
    Stamp { number: usize, left: f32, top: f32 },
    /// A group of the reading order begins: a table, its row.
    Open(Group),
    /// The group ends.
    Close,
    /// What is drawn from here on is one piece of the reading order.
    Begin(Leaf),
    /// The piece ends.
    End,
    /// What is drawn from here on is no content: nobody has it read out.
    Aside,
    /// That ends.
    AsideEnd,
}

/// A grouping element of a tagged PDF (ISO 32000-1 §14.8.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    Table,
    Row,
    List,
    Item,
}

/// An element that has content of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Leaf {
    Title,
    Heading,
    Paragraph,
    ColumnHeader,
    RowHeader,
    Cell,
    /// A list item's dot or number, and its content.
    Label,
    Item,
    /// A picture, with what is read out instead of it.
    Figure(Rc<str>),
}

/// One page. Whatever text is put on it is a paragraph of the reading order unless a [`Leaf`] is open or it stands aside.
pub(super) struct Sheet<'a> {
    setter: &'a Setter<'a>,
    pub(super) marks: Vec<Mark>,
    /// Whether a piece of the reading order is open, or what is drawn stands aside.
    tagged: bool,
}

impl<'a> Sheet<'a> {
    pub(super) const fn new(setter: &'a Setter<'a>) -> Self {
        Self {
            setter,
            marks: Vec::new(),
            tagged: false,
        }
    }

    /// What `draw` puts on the sheet is one piece of the reading order; inside another it is a part of that.
    pub(super) fn piece<T>(
        &mut self,
        leaf: Leaf,
        draw: impl FnOnce(&mut Self) -> Result<T, PaperError>,
    ) -> Result<T, PaperError> {
        if self.tagged {
            return draw(self);
        }
        self.marks.push(Mark::Begin(leaf));
        self.tagged = true;
        let drawn = draw(self);
        self.tagged = false;
        self.marks.push(Mark::End);
        drawn
    }

    /// What `draw` puts on the sheet is no content.
    pub(super) fn aside<T>(&mut self, draw: impl FnOnce(&mut Self) -> Result<T, PaperError>) -> Result<T, PaperError> {
        self.marks.push(Mark::Aside);
        self.tagged = true;
        let drawn = draw(self);
        self.tagged = false;
        self.marks.push(Mark::AsideEnd);
        drawn
    }

    /// What `draw` puts on the sheet is grouped.
    pub(super) fn group<T>(
        &mut self,
        group: Group,
        draw: impl FnOnce(&mut Self) -> Result<T, PaperError>,
    ) -> Result<T, PaperError> {
        if self.tagged {
            return draw(self);
        }
        self.marks.push(Mark::Open(group));
        let drawn = draw(self);
        self.marks.push(Mark::Close);
        drawn
    }

    /// An empty sheet with the same fonts, for trying out how large something becomes.
    pub(super) const fn beside(&self) -> Self {
        Self::new(self.setter)
    }

    /// The glyphs of a text, all of them printable.
    pub(super) fn set(&self, field: &str, text: &str, lettering: Lettering) -> Result<Vec<Glyph>, PaperError> {
        Ok(self.setter.set(field, text, lettering.hand)?)
    }

    /// One line standing on `baseline`; gives its right edge.
    pub(super) fn line(
        &mut self,
        field: &str,
        text: &str,
        lettering: Lettering,
        left: f32,
        baseline: f32,
    ) -> Result<f32, PaperError> {
        let glyphs = self.set(field, text, lettering)?;
        self.place(field, glyphs, lettering, left, baseline)
    }

    /// One line ending at `right`; gives its left edge.
    pub(super) fn line_to(
        &mut self,
        field: &str,
        text: &str,
        lettering: Lettering,
        right: f32,
        baseline: f32,
    ) -> Result<f32, PaperError> {
        let glyphs = self.set(field, text, lettering)?;
        let left = right - lettering.width(&glyphs);
        self.place(field, glyphs, lettering, left, baseline)?;
        Ok(left)
    }

    /// Text wrapped into a column from `top` on; gives its lower edge.
    pub(super) fn paragraph(
        &mut self,
        field: &str,
        text: &str,
        lettering: Lettering,
        (left, top, width): (f32, f32, f32),
    ) -> Result<f32, PaperError> {
        let glyphs = self.set(field, text, lettering)?;
        let lines = wrap(&glyphs, lettering.thousandths(width)).ok_or_else(|| does_not_fit(field))?;
        self.piece(Leaf::Paragraph, |sheet| {
            let mut upper = top;
            for line in lines {
                sheet.place(
                    field,
                    glyphs[line].to_vec(),
                    lettering,
                    left,
                    baseline_in(upper, lettering),
                )?;
                upper += lettering.leading();
            }
            Ok(upper)
        })
    }

    /// The lettering, made smaller down to `least` if that puts the text on one line of `width`.
    pub(super) fn shrunk(
        &self,
        field: &str,
        text: &str,
        lettering: Lettering,
        least: f32,
        width: f32,
    ) -> Result<Lettering, PaperError> {
        let glyphs = self.set(field, text, lettering)?;
        let mut smaller = lettering;
        while smaller.size > least && smaller.width(&glyphs) > width {
            smaller.size = (smaller.size - 0.5).max(least);
        }
        Ok(smaller)
    }

    /// Glyphs from `left` on; gives their right edge.
    pub(super) fn place(
        &mut self,
        field: &str,
        glyphs: Vec<Glyph>,
        lettering: Lettering,
        left: f32,
        baseline: f32,
    ) -> Result<f32, PaperError> {
        let right = left + lettering.width(&glyphs);
        let (upper, lower) = (
            baseline - lettering.height() * ASCENT,
            baseline + lettering.height() * (1.0 - ASCENT),
        );
        let inside = left >= UNPRINTABLE
            && right <= PAGE_WIDTH - UNPRINTABLE
            && upper >= UNPRINTABLE
            && lower <= PAGE_HEIGHT - UNPRINTABLE;
        if !inside {
            return Err(does_not_fit(field));
        }
        if !glyphs.is_empty() {
            self.piece(Leaf::Paragraph, |sheet| {
                sheet.marks.push(Mark::Text {
                    left,
                    baseline,
                    size: lettering.size,
                    ink: lettering.ink,
                    glyphs,
                });
                Ok(())
            })?;
        }
        Ok(right)
    }

    /// A horizontal hairline or heavier.
    pub(super) fn rule(&mut self, left: f32, right: f32, y: f32, weight: f32) {
        self.marks.push(Mark::Rule {
            from: (left, y),
            to: (right, y),
            weight,
            dashed: false,
        });
    }

    /// A vertical line.
    pub(super) fn upright(&mut self, x: f32, top: f32, bottom: f32, weight: f32) {
        self.marks.push(Mark::Rule {
            from: (x, top),
            to: (x, bottom),
            weight,
            dashed: false,
        });
    }

    /// A line to cut along, right across the page, with its name in the middle.
    pub(super) fn cut_line(&mut self, name: &str, y: f32) -> Result<(), PaperError> {
        let small = Lettering::reading(8.0);
        let glyphs = self.set(name, name, small)?;
        let gap = small.width(&glyphs) / 2.0 + 3.0;
        let middle = PAGE_WIDTH / 2.0;
        for (left, right) in [(UNPRINTABLE, middle - gap), (middle + gap, PAGE_WIDTH - UNPRINTABLE)] {
            self.marks.push(Mark::Rule {
                from: (left, y),
                to: (right, y),
                weight: 0.6,
                dashed: true,
            });
        }
        self.aside(|sheet| sheet.place(name, glyphs, small, middle - gap + 3.0, y + 0.38 * small.height()))?;
        Ok(())
    }

    /// A rectangle's outline.
    pub(super) fn frame(&mut self, area: Area, weight: f32) {
        self.marks.push(Mark::Frame { area, weight });
    }

    /// A QR code with its upper left module at the given place, and what is read out instead of it; gives its side in
    /// millimetres.
    pub(super) fn code(&mut self, modules: Vec<Vec<bool>>, says: &str, left: f32, top: f32, module: f32) -> f32 {
        let side = modules.len() as f32 * module;
        self.marks.extend([
            Mark::Begin(Leaf::Figure(says.into())),
            Mark::Code {
                left,
                top,
                module,
                modules: Rc::new(modules),
            },
            Mark::End,
        ]);
        side
    }

    /// Short ticks at the left edge where the sheet is folded.
    pub(super) fn fold_marks(&mut self) {
        for fold in [FOLD, 2.0 * FOLD] {
            self.rule(UNPRINTABLE, UNPRINTABLE + 3.0, fold, 0.3);
        }
    }
}

/// The baseline of a line of text whose leading begins at `top`.
pub(super) fn baseline_in(top: f32, lettering: Lettering) -> f32 {
    top + (lettering.leading() - lettering.height()) / 2.0 + lettering.height() * ASCENT
}

/// The lines a text takes in a column of `width` millimetres.
pub(super) fn broken(
    field: &str,
    glyphs: &[Glyph],
    lettering: Lettering,
    width: f32,
) -> Result<Vec<std::ops::Range<usize>>, PaperError> {
    wrap(glyphs, lettering.thousandths(width)).ok_or_else(|| does_not_fit(field))
}

/// The refusal of a text that is too long.
pub(super) fn does_not_fit(field: &str) -> PaperError {
    PaperError::DoesNotFit {
        field: field.to_owned(),
    }
}
