//! The characters that a file uses, numbered as they come; at its end each font is embedded with just those.
//!
//! A glyph has one text in a PDF font (`/ToUnicode`). Where one glyph stands for two characters (⼀ and 一), the second goes into
//! a second copy of the font, or copying from the PDF would give the wrong character.

use std::{
    collections::{BTreeSet, HashMap},
    io::Write,
};

use aws_lc_rs::digest::{SHA256, digest};
use lopdf::{Document, Object, ObjectId};
use printpdf::{
    Codepoint, FontId, Mm, Op, ParsedFont, PdfDocument, PdfFont, PdfFontHandle, PdfPage, PdfSaveOptions, Pt, TextItem,
};

use super::{
    PaperError,
    font::{FontKey, Library},
    glyphs::Glyph,
    tagged::{File, put},
};

/// A glyph as it is written on a page.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Sort {
    /// The font's number in the file: its resource is `F` and this.
    pub(super) font: u16,
    /// Its code, which is its number in the subset.
    pub(super) code: u16,
}

/// One font as embedded.
struct Copy {
    key: FontKey,
    /// Glyphs in the order of their codes, from 1 on, with their texts.
    glyphs: Vec<(u16, String)>,
    taken: BTreeSet<u16>,
}

/// The fonts of a file.
#[derive(Default)]
pub(super) struct Typecase {
    sorts: HashMap<(FontKey, u16, char, Option<char>), Sort>,
    copies: Vec<Copy>,
}

impl Typecase {
    /// The sort of `glyph`; the same each time.
    pub(super) fn sort(&mut self, glyph: &Glyph) -> Sort {
        let wanted = (glyph.font, glyph.number, glyph.base, glyph.selector);
        if let Some(sort) = self.sorts.get(&wanted) {
            return *sort;
        }
        let free = |copy: &Copy| copy.key == glyph.font && !copy.taken.contains(&glyph.number);
        let font = self.copies.iter().position(free).unwrap_or_else(|| {
            self.copies.push(Copy {
                key: glyph.font,
                glyphs: Vec::new(),
                taken: BTreeSet::new(),
            });
            self.copies.len() - 1
        });
        let copy = &mut self.copies[font];
        copy.taken.insert(glyph.number);
        copy.glyphs.push((glyph.number, glyph.text().collect()));
        let sort = Sort {
            font: font as u16,
            code: copy.glyphs.len() as u16,
        };
        self.sorts.insert(wanted, sort);
        sort
    }

    /// Writes the fonts; gives the entries of a resource dictionary's `/Font`.
    pub(super) fn embed<W: Write>(&self, library: &Library, file: &mut File<W>) -> Result<Vec<u8>, PaperError> {
        let seed = self.seed(library)?;
        let mut renumbered = HashMap::new();
        let mut entries = Vec::new();
        for (name, font) in fonts_of(&seed).ok_or_else(|| not_bound("printpdf's fonts are not where they were"))? {
            let id = transfer(&seed, font, file, &mut renumbered)?;
            entries.push(b'/');
            entries.extend(&name);
            put(&mut entries, b" ", id);
            entries.extend(b" 0 R");
        }
        Ok(entries)
    }

    /// One page with every glyph, from which printpdf makes the fonts: descendants, widths, `/ToUnicode`.
    fn seed(&self, library: &Library) -> Result<Document, PaperError> {
        let mut document = PdfDocument::new("");
        let mut ops = vec![Op::StartTextSection];
        for (number, copy) in self.copies.iter().enumerate() {
            let glyphs: Vec<u16> = copy.glyphs.iter().map(|(glyph, _)| *glyph).collect();
            let subset = library.font(copy.key).subset(&glyphs)?;
            let name = format!("{}+{}", subset_tag(&subset.program), copy.key.postscript_name());
            let mut warnings = Vec::new();
            let mut font = ParsedFont::from_bytes(&subset.program, 0, &mut warnings)
                .ok_or_else(|| not_bound(&format!("{name} can't be read back")))?;
            font.font_name = Some(name);
            let id = FontId(format!("F{number}"));
            document.resources.fonts.map.insert(id.clone(), PdfFont::new(font));
            ops.push(Op::SetFont {
                font: PdfFontHandle::External(id),
                size: Pt(1.0),
            });
            let code = |(glyph, text): &(u16, String)| {
                let mut code = Codepoint::new(subset.numbers.get(glyph).copied().unwrap_or(0), 0.0);
                code.cid = Some(text.clone());
                code
            };
            ops.push(Op::ShowText {
                items: vec![TextItem::GlyphIds(copy.glyphs.iter().map(code).collect())],
            });
        }
        ops.push(Op::EndTextSection);
        document.pages = vec![PdfPage::new(Mm(1.0), Mm(1.0), ops)];
        let mut warnings = Vec::new();
        let options = PdfSaveOptions {
            // The subset is ours already.
            subset_fonts: false,
            ..PdfSaveOptions::default()
        };
        let file = document.to_lopdf_document(&options, &mut warnings);
        match warnings.first() {
            Some(warning) => Err(not_bound(&format!("{warning:?}"))),
            None => Ok(file),
        }
    }
}

fn not_bound(what: &str) -> PaperError {
    PaperError::NotBound(what.to_owned())
}

/// Six letters that tell subsets of one font apart (ISO 32000-1 §9.6.4), drawn from the subset itself.
fn subset_tag(program: &[u8]) -> String {
    let hash = digest(&SHA256, program);
    hash.as_ref()[..6]
        .iter()
        .map(|byte| char::from(b'A' + byte % 26))
        .collect()
}

/// The names and objects of the fonts that the seed's page uses, in the order of their names.
fn fonts_of(seed: &Document) -> Option<Vec<(Vec<u8>, ObjectId)>> {
    let page = seed.get_dictionary(*seed.get_pages().get(&1)?).ok()?;
    let resources = seed.get_dict_in_dict(page, b"Resources").ok()?;
    let fonts = seed.get_dict_in_dict(resources, b"Font").ok()?;
    let mut found: Vec<_> = fonts
        .iter()
        .filter(|(name, _)| name.first() == Some(&b'F') && name[1..].iter().all(u8::is_ascii_digit))
        .filter_map(|(name, font)| Some((name.clone(), font.as_reference().ok()?)))
        .collect();
    found.sort();
    Some(found)
}

/// Writes an object of the seed and all it refers to; gives its number in the file.
fn transfer<W: Write>(
    seed: &Document,
    id: ObjectId,
    file: &mut File<W>,
    renumbered: &mut HashMap<ObjectId, u32>,
) -> Result<u32, PaperError> {
    if let Some(known) = renumbered.get(&id) {
        return Ok(*known);
    }
    let own = file.reserve();
    renumbered.insert(id, own);
    let object = seed.get_object(id).map_err(|error| not_bound(&error.to_string()))?;
    let mut body = Vec::new();
    match object {
        Object::Stream(stream) => {
            for (name, value) in stream.dict.iter().filter(|(name, _)| *name != b"Length") {
                write_name(&mut body, name);
                write(seed, value, &mut body, file, renumbered)?;
            }
            file.stream(own, &body, &stream.content)
                .map_err(PaperError::NotWritten)?;
        }
        object => {
            write(seed, object, &mut body, file, renumbered)?;
            file.object(own, &body).map_err(PaperError::NotWritten)?;
        }
    }
    Ok(own)
}

/// An object's text (ISO 32000-1 §7.3), references renumbered.
fn write<W: Write>(
    seed: &Document,
    object: &Object,
    out: &mut Vec<u8>,
    file: &mut File<W>,
    renumbered: &mut HashMap<ObjectId, u32>,
) -> Result<(), PaperError> {
    match object {
        Object::Null => out.extend(b" null"),
        Object::Boolean(value) => out.extend(format!(" {value}").bytes()),
        Object::Integer(value) => out.extend(format!(" {value}").bytes()),
        Object::Real(value) => out.extend(format!(" {value}").bytes()),
        Object::Name(name) => write_name(out, name),
        Object::String(text, _) => {
            out.push(b'<');
            out.extend(text.iter().flat_map(|byte| format!("{byte:02X}").into_bytes()));
            out.push(b'>');
        }
        Object::Array(items) => {
            out.push(b'[');
            for item in items {
                write(seed, item, out, file, renumbered)?;
            }
            out.push(b']');
        }
        Object::Dictionary(entries) => {
            out.extend(b"<<");
            for (name, value) in entries {
                write_name(out, name);
                write(seed, value, out, file, renumbered)?;
            }
            out.extend(b">>");
        }
        Object::Reference(id) => {
            let id = transfer(seed, *id, file, renumbered)?;
            put(out, b" ", id);
            out.extend(b" 0 R");
        }
        Object::Stream(_) => return Err(not_bound("a stream inside an object")),
    }
    Ok(())
}

fn write_name(out: &mut Vec<u8>, name: &[u8]) {
    out.push(b'/');
    for byte in name {
        match byte {
            b'!'..=b'~' if !b"#()<>[]{}/%".contains(byte) => out.push(*byte),
            byte => out.extend(format!("#{byte:02X}").bytes()),
        }
    }
}
