//! Font files: tables kept in memory, outlines read when a document needs them, a subset per document.
//!
//! printpdf without its layout engine embeds a font whole (PAPER.md: 5.9 MB a letter), so the subset is made here.

use std::{
    collections::BTreeMap,
    fs::File,
    io,
    num::NonZeroU16,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use subsetter::GlyphRemapper;
use ttf_parser::{Face, RawFace, Tag, head::IndexToLocationFormat, loca};

use super::{
    PaperError,
    folders::{FontFolders, MissingFont},
};

/// The fonts of the press. The order is the order of falling back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum FontKey {
    /// BIZ UDゴシック: words to be read.
    Gothic,
    /// BIZ UDゴシック Bold: headings.
    GothicBold,
    /// BIZ UD明朝: names and addresses.
    Mincho,
    /// IPAmj明朝: every character of 文字情報基盤, for names the others lack.
    Ipamj,
    /// DejaVu Serif: Latin letters with marks (Nguyễn), which no Japanese font here has.
    Latin,
}

impl FontKey {
    /// Every font, in the order of [`Library::open`].
    pub(super) const ALL: [Self; 5] = [Self::Gothic, Self::GothicBold, Self::Mincho, Self::Ipamj, Self::Latin];

    const fn wanted(self) -> MissingFont {
        match self {
            Self::Gothic => MissingFont {
                name: "BIZ UDゴシック",
                file: "BIZUDGothic-Regular.ttf",
                package: "fonts-morisawa-bizud-gothic",
            },
            Self::GothicBold => MissingFont {
                name: "BIZ UDゴシック Bold",
                file: "BIZUDGothic-Bold.ttf",
                package: "fonts-morisawa-bizud-gothic",
            },
            Self::Mincho => MissingFont {
                name: "BIZ UD明朝",
                file: "BIZUDMincho-Regular.ttf",
                package: "fonts-morisawa-bizud-mincho",
            },
            Self::Ipamj => MissingFont {
                name: "IPAmj明朝",
                file: "ipamjm.ttf",
                package: "fonts-ipamj-mincho",
            },
            Self::Latin => MissingFont {
                name: "DejaVu Serif",
                file: "DejaVuSerif.ttf",
                package: "fonts-dejavu-core",
            },
        }
    }

    /// The name a PDF reader shows.
    pub(super) const fn postscript_name(self) -> &'static str {
        match self {
            Self::Gothic => "BIZUDGothic-Regular",
            Self::GothicBold => "BIZUDGothic-Bold",
            Self::Mincho => "BIZUDMincho-Regular",
            Self::Ipamj => "IPAmjMincho",
            Self::Latin => "DejaVuSerif",
        }
    }
}

/// All fonts, opened.
pub(super) struct Library {
    fonts: [FontFile; FontKey::ALL.len()],
}

impl Library {
    pub(super) fn open(folders: &FontFolders) -> Result<Self, PaperError> {
        let found: Vec<_> = FontKey::ALL
            .iter()
            .map(|key| (key.wanted(), folders.find(key.wanted().file)))
            .collect();
        let missing: Vec<_> = found
            .iter()
            .filter(|(_, path)| path.is_none())
            .map(|(font, _)| *font)
            .collect();
        let files: Vec<FontFile> = found
            .into_iter()
            .filter_map(|(_, path)| path)
            .map(FontFile::open)
            .collect::<Result<_, _>>()?;
        let fonts = files.try_into().map_err(|_| PaperError::FontsMissing {
            missing,
            looked_in: folders.0.clone(),
        })?;
        Ok(Self { fonts })
    }

    pub(super) fn font(&self, key: FontKey) -> &FontFile {
        // The array is in the order of the enum.
        &self.fonts[key as usize]
    }
}

/// A subset ready to be embedded.
pub(super) struct Subset {
    pub(super) program: Vec<u8>,
    /// Glyph number in the font → number in the subset.
    pub(super) numbers: BTreeMap<u16, u16>,
}

/// One font file: its tables without the outlines, and the open file to read outlines from.
pub(super) struct FontFile {
    path: PathBuf,
    // Kept open, so that a package upgrade under a running console changes nothing for it.
    file: File,
    tables: Vec<u8>,
    outlines_at: u64,
}

/// Tables kept in memory. `post` is for IPAmj's glyph names, which are MJ numbers; layout tables are not used.
const KEPT: [&[u8; 4]; 12] = [
    b"OS/2", b"cmap", b"cvt ", b"fpgm", b"head", b"hhea", b"hmtx", b"loca", b"maxp", b"name", b"post", b"prep",
];

impl FontFile {
    fn open(path: PathBuf) -> Result<Self, PaperError> {
        match Self::read(&path) {
            Ok((file, tables, outlines_at)) => Ok(Self {
                path,
                file,
                tables,
                outlines_at,
            }),
            Err(reason) => Err(PaperError::FontUnusable { path, reason }),
        }
    }

    fn read(path: &Path) -> Result<(File, Vec<u8>, u64), String> {
        let say = |error: io::Error| error.to_string();
        let file = File::open(path).map_err(say)?;
        let mut start = [0; 12];
        file.read_exact_at(&mut start, 0).map_err(say)?;
        if start[..4] != [0, 1, 0, 0] {
            return Err("not a TrueType font".to_owned());
        }
        let count = usize::from(u16::from_be_bytes([start[4], start[5]]));
        let mut directory = vec![0; count * 16];
        file.read_exact_at(&mut directory, 12).map_err(say)?;

        let length = file.metadata().map_err(say)?.len();
        let mut kept = Vec::new();
        let mut outlines_at = None;
        for record in directory.chunks_exact(16) {
            let number = |at: usize| u32::from_be_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]]);
            let tag = [record[0], record[1], record[2], record[3]];
            let (offset, size) = (u64::from(number(8)), u64::from(number(12)));
            if offset + size > length {
                return Err("a table reaches past the end of the file".to_owned());
            }
            if &tag == b"glyf" {
                outlines_at = Some(offset);
            } else if KEPT.contains(&&tag) {
                let mut table = vec![0; size as usize];
                file.read_exact_at(&mut table, offset).map_err(say)?;
                kept.push((tag, table));
            }
        }
        let outlines_at = outlines_at.ok_or("no TrueType outlines")?;
        let tables = sfnt(&mut kept);
        let face = Face::parse(&tables, 0).map_err(|error| error.to_string())?;
        if !face.is_subsetting_allowed() || !face.is_outline_embedding_allowed() {
            return Err("its licence bits forbid embedding a subset".to_owned());
        }
        if outline_index(&face).is_none() || face.tables().cmap.is_none() {
            return Err("no character or outline index".to_owned());
        }
        Ok((file, tables, outlines_at))
    }

    /// The font's tables, without outlines.
    pub(super) fn face(&self) -> Face<'_> {
        // Parsed once in `read`; parsing again is reading a directory of a dozen tables.
        Face::parse(&self.tables, 0).expect("the same bytes were parsed when the font was opened")
    }

    /// A subset with just `glyphs`, numbered from 1 in the order given; each may be given once.
    pub(super) fn subset(&self, glyphs: &[u16]) -> Result<Subset, PaperError> {
        let unusable = |reason: String| PaperError::FontUnusable {
            path: self.path.clone(),
            reason,
        };
        let sparse = self.sparse(glyphs).map_err(|error| unusable(error.to_string()))?;
        let mut mapper = GlyphRemapper::new();
        let numbers = glyphs.iter().map(|&glyph| (glyph, mapper.remap(glyph))).collect();
        let program = subsetter::subset(&sparse, 0, &mapper).map_err(|error| unusable(error.to_string()))?;
        Ok(Subset { program, numbers })
    }

    /// The whole font again, but with the outlines of `glyphs` (and of the parts they are composed of) only.
    fn sparse(&self, glyphs: &[u16]) -> io::Result<Vec<u8>> {
        let broken = || io::Error::new(io::ErrorKind::InvalidData, "broken outline index");
        let face = self.face();
        let index = outline_index(&face).ok_or_else(broken)?;
        let mut outlines: BTreeMap<u16, Vec<u8>> = BTreeMap::new();
        let mut open: Vec<u16> = glyphs.iter().copied().chain([0]).collect();
        while let Some(glyph) = open.pop() {
            if outlines.contains_key(&glyph) {
                continue;
            }
            let mut outline = Vec::new();
            if let Some(range) = index.glyph_range(ttf_parser::GlyphId(glyph)) {
                outline.resize(range.len(), 0);
                self.file
                    .read_exact_at(&mut outline, self.outlines_at + range.start as u64)?;
            }
            open.extend(parts(&outline));
            outlines.insert(glyph, outline);
        }

        let mut glyf = Vec::new();
        let mut loca = Vec::with_capacity(4 * (usize::from(face.number_of_glyphs()) + 1));
        for glyph in 0..face.number_of_glyphs() {
            loca.extend((glyf.len() as u32).to_be_bytes());
            if let Some(outline) = outlines.get(&glyph) {
                glyf.extend_from_slice(outline);
                glyf.resize(glyf.len().next_multiple_of(4), 0);
            }
        }
        loca.extend((glyf.len() as u32).to_be_bytes());

        let raw = RawFace::parse(&self.tables, 0).map_err(|_| broken())?;
        let mut tables = vec![(*b"glyf", glyf)];
        for tag in KEPT {
            let Some(table) = raw.table(Tag::from_bytes(tag)) else {
                continue;
            };
            let table = match tag {
                b"loca" => loca.clone(),
                b"head" => with_long_index(table).ok_or_else(broken)?,
                _ => table.to_vec(),
            };
            tables.push((*tag, table));
        }
        Ok(sfnt(&mut tables))
    }
}

/// Where each glyph's outline lies.
pub(super) fn outline_index<'a>(face: &Face<'a>) -> Option<loca::Table<'a>> {
    let format = face.tables().head.index_to_location_format;
    let data = face.raw_face().table(Tag::from_bytes(b"loca"))?;
    let count = NonZeroU16::new(face.number_of_glyphs())?;
    match format {
        IndexToLocationFormat::Short => loca::Table::parse(count, IndexToLocationFormat::Short, data),
        IndexToLocationFormat::Long => loca::Table::parse(count, IndexToLocationFormat::Long, data),
    }
}

/// `head` with `indexToLocFormat` = 1 (OpenType 1.9, `head`, offset 50).
fn with_long_index(head: &[u8]) -> Option<Vec<u8>> {
    let mut head = head.to_vec();
    head.get_mut(50..52)?.copy_from_slice(&[0, 1]);
    Some(head)
}

/// The glyphs a composite outline refers to (OpenType 1.9, `glyf`, "Composite Glyph Description").
fn parts(outline: &[u8]) -> Vec<u16> {
    const ARGUMENTS_ARE_WORDS: u16 = 0x0001;
    const ONE_SCALE: u16 = 0x0008;
    const MORE_PARTS: u16 = 0x0020;
    const TWO_SCALES: u16 = 0x0040;
    const MATRIX: u16 = 0x0080;

    let word = |at: usize| outline.get(at..at + 2).map(|b| u16::from_be_bytes([b[0], b[1]]));
    let mut found = Vec::new();
    // A negative number of contours marks a composite.
    if word(0).is_none_or(|contours| contours < 0x8000) {
        return found;
    }
    let mut at = 10;
    while let (Some(flags), Some(glyph)) = (word(at), word(at + 2)) {
        found.push(glyph);
        if flags & MORE_PARTS == 0 {
            break;
        }
        at += 4 + if flags & ARGUMENTS_ARE_WORDS != 0 { 4 } else { 2 };
        at += match flags {
            f if f & ONE_SCALE != 0 => 2,
            f if f & TWO_SCALES != 0 => 4,
            f if f & MATRIX != 0 => 8,
            _ => 0,
        };
    }
    found
}

/// A TrueType file of `tables`. Checksums are left zero: the file is only handed to the subsetter, which makes its own.
fn sfnt(tables: &mut [([u8; 4], Vec<u8>)]) -> Vec<u8> {
    tables.sort_by_key(|(tag, _)| *tag);
    let mut file = vec![0, 1, 0, 0];
    file.extend((tables.len() as u16).to_be_bytes());
    file.extend([0; 6]);
    let mut offset = 12 + 16 * tables.len();
    for (tag, table) in tables.iter() {
        file.extend(tag);
        file.extend([0; 4]);
        file.extend((offset as u32).to_be_bytes());
        file.extend((table.len() as u32).to_be_bytes());
        offset += table.len().next_multiple_of(4);
    }
    for (_, table) in tables.iter() {
        file.extend(table);
        file.resize(file.len().next_multiple_of(4), 0);
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;
    use ttf_parser::{GlyphId, OutlineBuilder};

    /// An outline as text, to be compared.
    #[derive(Default, PartialEq, Debug)]
    struct Outline(String);

    impl OutlineBuilder for Outline {
        fn move_to(&mut self, x: f32, y: f32) {
            self.0 += &format!("M{x},{y} ");
        }
        fn line_to(&mut self, x: f32, y: f32) {
            self.0 += &format!("L{x},{y} ");
        }
        fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
            self.0 += &format!("Q{x1},{y1} {x},{y} ");
        }
        fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
            self.0 += &format!("C{x1},{y1} {x2},{y2} {x},{y} ");
        }
        fn close(&mut self) {
            self.0 += "Z ";
        }
    }

    fn outline(face: &Face<'_>, glyph: u16) -> Outline {
        let mut outline = Outline::default();
        let _ = face.outline_glyph(GlyphId(glyph), &mut outline);
        outline
    }

    #[test]
    fn a_subset_draws_what_the_font_draws() {
        let library = Library::open(&FontFolders::default()).unwrap();
        for key in FontKey::ALL {
            let font = library.font(key);
            let bytes = std::fs::read(&font.path).unwrap();
            let whole = Face::parse(&bytes, 0).unwrap();
            let glyphs: Vec<u16> = (1..whole.number_of_glyphs()).step_by(97).collect();
            let subset = font.subset(&glyphs).unwrap();
            let small = Face::parse(&subset.program, 0).unwrap();
            let width = |face: &Face<'_>, glyph: u16| face.glyph_hor_advance(GlyphId(glyph));
            for (&glyph, &number) in &subset.numbers {
                assert_eq!(outline(&small, number), outline(&whole, glyph), "{key:?} {glyph}");
                assert_eq!(width(&small, number), width(&whole, glyph), "{key:?} {glyph}");
            }
        }
    }

    #[test]
    fn the_parts_of_a_composite_are_found_whatever_their_scales() {
        // The releases in use have no composites, others may: -1 contours, a box, then two parts,
        // the first with word arguments and one scale, and with more to come.
        let mut outline = vec![0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0];
        outline.extend([0x00, 0x29, 0x01, 0x02, 0, 0, 0, 0, 0x40, 0x00]);
        outline.extend([0x00, 0x00, 0x03, 0x04, 0, 0]);
        assert_eq!(parts(&outline), [0x0102, 0x0304]);
        assert!(parts(&[0, 1, 0, 0]).is_empty(), "a simple outline");
        assert_eq!(parts(&outline[..14]), [0x0102], "cut short");
    }
}
