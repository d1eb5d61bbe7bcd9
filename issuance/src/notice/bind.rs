//! From laid-out pages to a tagged PDF file, written as they come: no page stays in memory. The same bytes each time.

use std::{collections::HashMap, io::Write};

use flate2::Compression;
use time::{Date, format_description::BorrowedFormatItem, macros::format_description};

use super::{
    ContentHash, PaperError, Printed,
    barcode::{self, Bar},
    envelope::Area,
    font::Library,
    glyphs::Glyph,
    sheet::{Ink, Mark, PAGE_HEIGHT, POINTS_PER_MM, Sheet},
    tagged::{Description, File, Letter, RESOURCES, put},
    typecase::Typecase,
};

/// What a PDF reader shows about the file. No name: titles end up in histories and print queues.
pub(super) struct About {
    pub(super) title: String,
    pub(super) author: String,
    pub(super) case_number: String,
    /// The day printed; a clock is never read.
    pub(super) dated: Date,
}

/// Makes the PDF of one document.
pub(super) fn bind(
    library: &Library,
    sheets: &[Sheet<'_>],
    about: &About,
    hash: ContentHash,
) -> Result<Printed, PaperError> {
    let mut binder = Binder::new(Vec::new(), library, Compression::default())?;
    binder.add(sheets, None, &[])?;
    let (pdf, _) = binder.finish(about, hash)?;
    Ok(Printed {
        pdf,
        content_hash: hash,
        pages: sheets.len(),
    })
}

/// A file of letters being bound.
pub(super) struct Binder<'a, W: Write> {
    library: &'a Library,
    file: File<W>,
    case: Typecase,
    letter: Letter,
    /// The form of each stamp that was used.
    stamps: HashMap<usize, u32>,
}

impl<'a, W: Write> Binder<'a, W> {
    /// Begins a file.
    pub(super) fn new(out: W, library: &'a Library, level: Compression) -> Result<Self, PaperError> {
        Ok(Self {
            library,
            file: File::new(out, level).map_err(PaperError::NotWritten)?,
            case: Typecase::default(),
            letter: Letter::new(),
            stamps: HashMap::new(),
        })
    }

    /// Adds a letter, in `language` where that is not the file's. `stamps`: what [`Mark::Stamp`] speaks of, in points upwards
    /// from the stamp's upper left corner.
    pub(super) fn add(
        &mut self,
        sheets: &[Sheet<'_>],
        language: Option<&str>,
        stamps: &[Vec<Mark>],
    ) -> Result<(), PaperError> {
        self.letter.begin(language);
        for sheet in sheets {
            self.letter.page();
            for mark in &sheet.marks {
                self.draw(mark, stamps)?;
            }
        }
        self.file.letter(&mut self.letter).map_err(PaperError::NotWritten)
    }

    fn draw(&mut self, mark: &Mark, stamps: &[Vec<Mark>]) -> Result<(), PaperError> {
        let (letter, case) = (&mut self.letter, &mut self.case);
        match mark {
            Mark::Open(group) => letter.open(*group),
            Mark::Close => letter.close(),
            Mark::Begin(leaf) => letter.begin_leaf(leaf),
            Mark::End => letter.end_leaf(),
            Mark::Aside => letter.draw_aside(),
            Mark::AsideEnd => letter.leave_mark(),
            Mark::Text { glyphs, .. } => {
                // A reader drops an ideographic space and breaks the line there: it is told what stands there.
                match glyphs.iter().any(|glyph| glyph.base == '\u{3000}') {
                    true => letter.draw_as(&glyphs.iter().flat_map(Glyph::text).collect::<String>()),
                    false => letter.draw_content(),
                }
                ink(letter.content(), case, mark, PAGE_HEIGHT);
                if glyphs.iter().any(|glyph| glyph.base == '\u{3000}') {
                    letter.leave_mark();
                }
            }
            Mark::Rule { .. } | Mark::Frame { .. } => {
                letter.draw_aside();
                ink(letter.content(), case, mark, PAGE_HEIGHT);
            }
            Mark::Code { .. } | Mark::Bars { .. } => {
                letter.draw_content();
                ink(letter.content(), case, mark, PAGE_HEIGHT);
            }
            Mark::Stamp { number, left, top } => {
                let form = match self.stamps.get(number) {
                    Some(form) => *form,
                    None => self.form(*number, stamps.get(*number).map_or(&[], Vec::as_slice))?,
                };
                self.letter.draw_content();
                let content = self.letter.content();
                content.extend(b"q 1 0 0 1 ");
                number_pair(content, points(*left), points(PAGE_HEIGHT - *top));
                put(content, b"cm /S", form);
                content.extend(b" Do Q\n");
            }
        }
        Ok(())
    }

    /// Draws a stamp once, as a form.
    fn form(&mut self, number: usize, marks: &[Mark]) -> Result<u32, PaperError> {
        let mut content = Vec::new();
        for mark in marks {
            ink(&mut content, &mut self.case, mark, 0.0);
        }
        let form = self.file.reserve();
        let entries = format!("/Type/XObject/Subtype/Form/BBox[0 -842 596 0]/Resources {RESOURCES} 0 R");
        self.file
            .stream(form, entries.as_bytes(), &content)
            .map_err(PaperError::NotWritten)?;
        self.stamps.insert(number, form);
        Ok(form)
    }

    /// Ends the file: fonts, resources, description. Gives what was written to, and the file's bytes.
    pub(super) fn finish(mut self, about: &About, hash: ContentHash) -> Result<(W, u64), PaperError> {
        let fonts = self.case.embed(self.library, &mut self.file)?;
        let mut resources = [b"<</Font<<", fonts.as_slice(), b">>"].concat();
        let mut forms: Vec<u32> = self.stamps.values().copied().collect();
        forms.sort_unstable();
        if !forms.is_empty() {
            resources.extend(b"/XObject<<");
            for form in forms {
                put(&mut resources, b"/S", form);
                put(&mut resources, b" ", form);
                resources.extend(b" 0 R");
            }
            resources.extend(b">>");
        }
        resources.extend(b">>");
        self.file
            .object(RESOURCES, &resources)
            .map_err(PaperError::NotWritten)?;
        const DAY: &[BorrowedFormatItem<'_>] = format_description!("D:[year][month][day]000000+09'00'");
        let mut id = [0; 16];
        id.copy_from_slice(&hash.as_bytes()[..16]);
        let title = match about.case_number.as_str() {
            "" => about.title.clone(),
            number => format!("{} {number}", about.title),
        };
        let description = Description {
            title: &title,
            author: &about.author,
            subject: &about.case_number,
            dated: &about
                .dated
                .format(DAY)
                .map_err(|error| PaperError::NotBound(error.to_string()))?,
            language: "ja-JP",
            id,
        };
        self.file.finish(&description).map_err(PaperError::NotWritten)
    }
}

/// Draws a mark's own ink. `height`: of the page, where marks count from its upper edge.
fn ink(out: &mut Vec<u8>, case: &mut Typecase, mark: &Mark, height: f32) {
    match mark {
        Mark::Text {
            left,
            baseline,
            size,
            ink,
            glyphs,
        } => write_text(
            out,
            case,
            (points(*left), points(height - baseline)),
            *size,
            *ink,
            glyphs,
        ),
        Mark::Rule {
            from,
            to,
            weight,
            dashed,
        } => {
            out.extend(if *dashed {
                b"[4 3] 0 d ".as_slice()
            } else {
                b"[] 0 d ".as_slice()
            });
            number(out, *weight);
            out.extend(b"w ");
            number_pair(out, points(from.0), points(height - from.1));
            out.extend(b"m ");
            number_pair(out, points(to.0), points(height - to.1));
            out.extend(b"l S\n");
        }
        Mark::Frame { area, weight } => {
            out.extend(b"[] 0 d ");
            number(out, *weight);
            out.extend(b"w ");
            rectangle(out, area, height);
            out.extend(b"re S\n");
        }
        Mark::Code {
            left,
            top,
            module,
            modules,
        } => draw_code(out, (*left, *top), *module, modules, height),
        Mark::Bars { left, top, scale, bars } => draw_bars(out, (*left, *top), *scale, bars, height),
        _ => {}
    }
}

fn rectangle(out: &mut Vec<u8>, area: &Area, height: f32) {
    number_pair(out, points(area.left), points(height - area.bottom()));
    number_pair(out, points(area.width), points(area.height));
}

fn write_text(
    out: &mut Vec<u8>,
    case: &mut Typecase,
    (left, baseline): (f32, f32),
    size: f32,
    ink: Ink,
    glyphs: &[Glyph],
) {
    out.extend(match ink {
        Ink::Black => b"BT 0 g ".as_slice(),
        Ink::Grey => b"BT 0.4 g ".as_slice(),
    });
    let mut x = left;
    let mut font = None;
    for glyph in glyphs {
        let sort = case.sort(glyph);
        if font != Some(sort.font) {
            if font.is_some() {
                out.extend(b"> Tj ");
            }
            font = Some(sort.font);
            put(out, b"/F", sort.font.into());
            out.push(b' ');
            number(out, size);
            out.extend(b"Tf 1 0 0 1 ");
            number_pair(out, x, baseline);
            out.extend(b"Tm <");
        }
        for nibble in [12, 8, 4, 0] {
            out.push(b"0123456789ABCDEF"[usize::from(sort.code >> nibble & 15)]);
        }
        x += glyph.advance as f32 / 1000.0 * size;
    }
    if font.is_some() {
        out.extend(b"> Tj ");
    }
    out.extend(b"ET\n");
}

/// All dark modules as one path: separate paths would show hairlines between them when smoothed.
fn draw_code(out: &mut Vec<u8>, (left, top): (f32, f32), module: f32, modules: &[Vec<bool>], height: f32) {
    out.extend(b"0 g ");
    for (row, line) in modules.iter().enumerate() {
        let mut column = 0;
        for run in line.chunk_by(|a, b| a == b) {
            if run[0] {
                let area = Area {
                    left: left + column as f32 * module,
                    top: top + row as f32 * module,
                    width: run.len() as f32 * module,
                    height: module,
                };
                rectangle(out, &area, height);
                out.extend(b"re ");
            }
            column += run.len();
        }
    }
    out.extend(b"f\n");
}

fn draw_bars(out: &mut Vec<u8>, (left, top): (f32, f32), scale: f32, bars: &[Bar], height: f32) {
    let third = barcode::HEIGHT / 3.0 * scale;
    out.extend(b"0 g ");
    for (number, bar) in bars.iter().enumerate() {
        let (from, to) = match bar {
            Bar::Full => (0.0, 3.0),
            Bar::Ascender => (0.0, 2.0),
            Bar::Descender => (1.0, 3.0),
            Bar::Timing => (1.0, 2.0),
        };
        let area = Area {
            left: left + number as f32 * barcode::PITCH * scale,
            top: top + from * third,
            width: barcode::WIDTH * scale,
            height: (to - from) * third,
        };
        rectangle(out, &area, height);
        out.extend(b"re ");
    }
    out.extend(b"f\n");
}

/// Millimetres in points.
fn points(millimetres: f32) -> f32 {
    millimetres * POINTS_PER_MM
}

fn number_pair(out: &mut Vec<u8>, x: f32, y: f32) {
    number(out, x);
    number(out, y);
}

/// A number and a space. A hundredth of a point is finer than any printer, and keeps the numbers in the file short.
fn number(out: &mut Vec<u8>, value: f32) {
    let hundredths = (value * 100.0).round() as i32;
    if hundredths < 0 {
        out.push(b'-');
    }
    let hundredths = hundredths.unsigned_abs();
    put(out, b"", hundredths / 100);
    let rest = hundredths % 100;
    if rest > 0 {
        out.push(b'.');
        out.push(b'0' + (rest / 10) as u8);
        if !rest.is_multiple_of(10) {
            out.push(b'0' + (rest % 10) as u8);
        }
    }
    out.push(b' ');
}
