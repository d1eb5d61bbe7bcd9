//! From laid-out pages to a PDF file: one subset per font, fixed ids, the same bytes each time.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use aws_lc_rs::digest::{SHA256, digest};
use printpdf::{
    Codepoint, Color, FontId, Greyscale, Line, LineDashPattern, LinePoint, Mm, Op, PaintMode, ParsedFont, PdfDocument,
    PdfFont, PdfFontHandle, PdfPage, PdfSaveOptions, Point, Polygon, PolygonRing, Pt, Rect, TextItem, TextMatrix,
    WindingOrder,
};
use relay_core::clock::JST;
use time::{Date, Time};

use super::{
    ContentHash, PaperError, Printed,
    envelope::Area,
    font::{FontKey, Library},
    glyphs::Glyph,
    sheet::{Ink, Mark, PAGE_HEIGHT, PAGE_WIDTH, POINTS_PER_MM, Sheet},
};

/// What a PDF reader shows about the file. No name: titles end up in histories and print queues.
pub(super) struct About {
    pub(super) title: String,
    pub(super) author: String,
    pub(super) case_number: String,
    /// The day printed; a clock is never read.
    pub(super) dated: Date,
}

/// Makes the PDF.
pub(super) fn bind(
    library: &Library,
    sheets: &[Sheet<'_>],
    about: &About,
    hash: ContentHash,
) -> Result<Printed, PaperError> {
    let fonts = Fonts::of(sheets);
    let mut document = PdfDocument::new(&format!("{} {}", about.title, about.case_number));
    let numbers = fonts.embed(library, &mut document)?;
    document.pages = sheets.iter().map(|sheet| page(sheet, &fonts, &numbers)).collect();
    describe(&mut document, about, &hash);

    let mut warnings = Vec::new();
    let options = PdfSaveOptions {
        // The subset is ours already.
        subset_fonts: false,
        ..PdfSaveOptions::default()
    };
    let mut file = document.to_lopdf_document(&options, &mut warnings);
    if let Some(warning) = warnings.first() {
        return Err(PaperError::NotBound(format!("{warning:?}")));
    }
    // printpdf draws the trailer's /ID at random (ISO 32000-1 §14.4); ours is the content hash.
    let no_id = |_| PaperError::NotBound("the file identifier is missing".to_owned());
    for id in file
        .trailer
        .get_mut(b"ID")
        .and_then(|ids| ids.as_array_mut())
        .map_err(no_id)?
    {
        *id.as_str_mut().map_err(no_id)? = hash.as_bytes()[..16].to_vec();
    }
    file.compress();
    let mut pdf = Vec::new();
    file.save_to(&mut pdf)
        .map_err(|error| PaperError::NotBound(error.to_string()))?;
    Ok(Printed {
        pdf,
        content_hash: hash,
        pages: sheets.len(),
    })
}

fn describe(document: &mut PdfDocument, about: &About, hash: &ContentHash) {
    let midnight = about.dated.with_time(Time::MIDNIGHT).assume_offset(JST);
    // Out of range only beyond year 9999, which `Date` can't hold.
    let printed = printpdf::OffsetDateTime::from_unix_timestamp(midnight.unix_timestamp()).ok();
    let info = &mut document.metadata.info;
    if let Some(printed) = printed {
        info.creation_date = printed;
        info.modification_date = printed;
        info.metadata_date = printed;
    }
    info.author = about.author.clone();
    info.creator = "Madoguchi".to_owned();
    info.producer = "Madoguchi".to_owned();
    info.subject = about.case_number.clone();
    info.identifier = hash.to_string();
}

/// A font as embedded: a font of the library, numbered when more than one copy is needed.
///
/// A glyph has one text in a PDF font (`/ToUnicode`). Where one glyph stands for two characters (⼀ and 一), the second
/// goes into a second copy of the font, or copying from the PDF would give the wrong character.
type Copy = (FontKey, u8);

/// Which glyphs of which fonts the pages use.
struct Fonts {
    used: BTreeMap<Copy, BTreeMap<u16, String>>,
}

impl Fonts {
    fn of(sheets: &[Sheet<'_>]) -> Self {
        let mut fonts = Self { used: BTreeMap::new() };
        for mark in sheets.iter().flat_map(|sheet| &sheet.marks) {
            if let Mark::Text { glyphs, .. } = mark {
                glyphs.iter().for_each(|glyph| fonts.note(glyph));
            }
        }
        fonts
    }

    fn note(&mut self, glyph: &Glyph) {
        if self.copy_of(glyph).is_some() {
            return;
        }
        for number in 0..=u8::MAX {
            let texts = self.used.entry((glyph.font, number)).or_default();
            if let Entry::Vacant(free) = texts.entry(glyph.number) {
                free.insert(glyph.text.clone());
                return;
            }
        }
    }

    fn copy_of(&self, glyph: &Glyph) -> Option<Copy> {
        let says_so = |texts: &BTreeMap<u16, String>| texts.get(&glyph.number) == Some(&glyph.text);
        self.used
            .iter()
            .find(|(copy, texts)| copy.0 == glyph.font && says_so(texts))
            .map(|(copy, _)| *copy)
    }

    /// Embeds a subset of each font; gives each copy's glyph numbers in its subset.
    fn embed(
        &self,
        library: &Library,
        document: &mut PdfDocument,
    ) -> Result<BTreeMap<Copy, BTreeMap<u16, u16>>, PaperError> {
        let mut numbers = BTreeMap::new();
        for (copy, texts) in &self.used {
            let glyphs: BTreeSet<u16> = texts.keys().copied().collect();
            let subset = library.font(copy.0).subset(&glyphs)?;
            let name = format!("{}+{}", subset_tag(&subset.program), copy.0.postscript_name());
            let mut warnings = Vec::new();
            let mut font = ParsedFont::from_bytes(&subset.program, 0, &mut warnings)
                .ok_or_else(|| PaperError::NotBound(format!("{name} can't be read back")))?;
            font.font_name = Some(name);
            document.resources.fonts.map.insert(font_id(*copy), PdfFont::new(font));
            numbers.insert(*copy, subset.numbers);
        }
        Ok(numbers)
    }
}

fn font_id((key, number): Copy) -> FontId {
    FontId(format!("{key:?}{number}"))
}

/// Six letters that tell subsets of one font apart (ISO 32000-1 §9.6.4), drawn from the subset itself.
fn subset_tag(program: &[u8]) -> String {
    let hash = digest(&SHA256, program);
    hash.as_ref()[..6]
        .iter()
        .map(|byte| char::from(b'A' + byte % 26))
        .collect()
}

fn page(sheet: &Sheet<'_>, fonts: &Fonts, numbers: &BTreeMap<Copy, BTreeMap<u16, u16>>) -> PdfPage {
    let mut ops = Vec::new();
    for mark in &sheet.marks {
        match mark {
            Mark::Text { .. } => {}
            Mark::Rule {
                from,
                to,
                weight,
                dashed,
            } => draw_rule(&mut ops, *from, *to, *weight, *dashed),
            Mark::Frame { area, weight } => draw_frame(&mut ops, area, *weight),
            Mark::Code {
                left,
                top,
                module,
                modules,
            } => draw_code(&mut ops, (*left, *top), *module, modules),
        }
    }
    ops.push(Op::StartTextSection);
    for mark in &sheet.marks {
        if let Mark::Text {
            left,
            baseline,
            size,
            ink,
            glyphs,
        } = mark
        {
            write_text(&mut ops, (*left, *baseline), *size, *ink, glyphs, fonts, numbers);
        }
    }
    ops.push(Op::EndTextSection);
    PdfPage::new(Mm(PAGE_WIDTH), Mm(PAGE_HEIGHT), ops)
}

fn write_text(
    ops: &mut Vec<Op>,
    (left, baseline): (f32, f32),
    size: f32,
    ink: Ink,
    glyphs: &[Glyph],
    fonts: &Fonts,
    numbers: &BTreeMap<Copy, BTreeMap<u16, u16>>,
) {
    ops.push(Op::SetFillColor { col: grey(ink) });
    let mut x = points(left);
    let same_font = |a: &Glyph, b: &Glyph| fonts.copy_of(a) == fonts.copy_of(b);
    for run in glyphs.chunk_by(same_font) {
        let Some(copy) = run.first().and_then(|glyph| fonts.copy_of(glyph)) else {
            continue;
        };
        ops.push(Op::SetFont {
            font: PdfFontHandle::External(font_id(copy)),
            size: Pt(size),
        });
        ops.push(Op::SetTextMatrix {
            matrix: TextMatrix::Translate(Pt(x), upwards(baseline)),
        });
        let code = |glyph: &Glyph| {
            let number = numbers
                .get(&copy)
                .and_then(|of| of.get(&glyph.number))
                .copied()
                .unwrap_or(0);
            let mut code = Codepoint::new(number, 0.0);
            code.cid = Some(glyph.text.clone());
            code
        };
        ops.push(Op::ShowText {
            items: vec![TextItem::GlyphIds(run.iter().map(code).collect())],
        });
        x += run.iter().map(|glyph| glyph.advance).sum::<u32>() as f32 / 1000.0 * size;
    }
}

fn draw_rule(ops: &mut Vec<Op>, from: (f32, f32), to: (f32, f32), weight: f32, dashed: bool) {
    let dash: &[f32] = if dashed { &[4.0, 3.0] } else { &[] };
    ops.push(Op::SetLineDashPattern {
        dash: LineDashPattern::new(0.0, dash),
    });
    ops.push(Op::SetOutlineThickness { pt: Pt(weight) });
    ops.push(Op::DrawLine {
        line: Line {
            points: [from, to].map(corner).to_vec(),
            is_closed: false,
        },
    });
}

fn draw_frame(ops: &mut Vec<Op>, area: &Area, weight: f32) {
    ops.push(Op::SetLineDashPattern {
        dash: LineDashPattern::new(0.0, &[]),
    });
    ops.push(Op::SetOutlineThickness { pt: Pt(weight) });
    ops.push(Op::DrawRectangle {
        rectangle: Rect {
            x: Pt(points(area.left)),
            y: upwards(area.bottom()),
            width: Pt(points(area.width)),
            height: Pt(points(area.height)),
            mode: Some(PaintMode::Stroke),
            winding_order: None,
        },
    });
}

/// All dark modules as one path: separate paths would show hairlines between them when smoothed.
fn draw_code(ops: &mut Vec<Op>, (left, top): (f32, f32), module: f32, modules: &[Vec<bool>]) {
    let mut rings = Vec::new();
    for (row, line) in modules.iter().enumerate() {
        let mut column = 0;
        for run in line.chunk_by(|a, b| a == b) {
            if run[0] {
                let (x, y) = (left + column as f32 * module, top + row as f32 * module);
                let (right, bottom) = (x + run.len() as f32 * module, y + module);
                let corners = [(x, y), (right, y), (right, bottom), (x, bottom)];
                rings.push(PolygonRing {
                    points: corners.map(corner).to_vec(),
                });
            }
            column += run.len();
        }
    }
    ops.push(Op::SetFillColor { col: grey(Ink::Black) });
    ops.push(Op::DrawPolygon {
        polygon: Polygon {
            rings,
            mode: PaintMode::Fill,
            winding_order: WindingOrder::NonZero,
        },
    });
}

fn grey(ink: Ink) -> Color {
    let share = match ink {
        Ink::Black => 0.0,
        Ink::Grey => 0.4,
    };
    Color::Greyscale(Greyscale::new(share, None))
}

fn corner((x, y): (f32, f32)) -> LinePoint {
    LinePoint {
        p: Point {
            x: Pt(points(x)),
            y: upwards(y),
        },
        bezier: false,
    }
}

fn points(millimetres: f32) -> f32 {
    // A hundredth of a point is finer than any printer, and keeps the numbers in the file short.
    (millimetres * POINTS_PER_MM * 100.0).round() / 100.0
}

/// PDF counts from the lower edge.
fn upwards(y: f32) -> Pt {
    Pt(points(PAGE_HEIGHT - y))
}
