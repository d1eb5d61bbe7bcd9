//! From characters to glyphs: which font draws each character, and the refusal when none does.

use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
};

use ttf_parser::{Face, GlyphId};
use unicode_normalization::{
    UnicodeNormalization,
    char::{canonical_combining_class, compose},
};

use super::{
    MissingGlyph,
    font::{FontKey, Library, outline_index},
};

/// In what hand a text is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hand {
    /// The sheet's own words.
    Reading,
    /// Headings and what must be seen.
    Strong,
    /// Names, addresses and whatever else came from the roster: in Mincho, which has the name characters.
    Name,
}

impl Hand {
    const fn fonts(self) -> &'static [FontKey] {
        match self {
            Self::Reading => &[FontKey::Gothic, FontKey::Mincho, FontKey::Ipamj, FontKey::Latin],
            Self::Strong => &[FontKey::GothicBold, FontKey::Mincho, FontKey::Ipamj, FontKey::Latin],
            Self::Name => &[FontKey::Mincho, FontKey::Ipamj, FontKey::Gothic, FontKey::Latin],
        }
    }
}

/// A character as it will stand on paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Glyph {
    /// The font that draws it.
    pub(super) font: FontKey,
    /// Its number in that font.
    pub(super) number: u16,
    /// The character without its selector, for line breaking.
    pub(super) base: char,
    /// The selector, where it makes a visible difference.
    pub(super) selector: Option<char>,
    /// Width in thousandths of the type size.
    pub(super) advance: u32,
}

impl Glyph {
    /// What copying or searching the PDF gives for it.
    pub(super) fn text(&self) -> impl Iterator<Item = char> {
        [Some(self.base), self.selector].into_iter().flatten()
    }
}

/// Sets texts with the fonts of one library.
pub(super) struct Setter<'a> {
    faces: [Face<'a>; FontKey::ALL.len()],
    /// What was looked up before: the letters of a run have the same few thousand characters.
    known: RefCell<HashMap<(FontKey, Character), Option<Glyph>>>,
}

impl<'a> Setter<'a> {
    pub(super) fn new(library: &'a Library) -> Self {
        Self {
            faces: FontKey::ALL.map(|key| library.font(key).face()),
            known: RefCell::default(),
        }
    }

    /// The glyphs of `text`.
    ///
    /// A text is set in one font if one has all of it: a name whose first character only IPAmj has is set wholly
    /// in IPAmj, so that a name never looks patched.
    pub(super) fn set(&self, field: &str, text: &str, hand: Hand) -> Result<Vec<Glyph>, MissingGlyph> {
        let characters = characters(text);
        let whole = |key: &FontKey| {
            characters
                .iter()
                .map(|c| self.glyph(*key, *c))
                .collect::<Option<Vec<_>>>()
        };
        if let Some(glyphs) = hand.fonts().iter().find_map(whole) {
            return Ok(glyphs);
        }
        let each = |c: &Character| {
            let mut fonts = hand.fonts().iter();
            fonts
                .find_map(|key| self.glyph(*key, *c))
                .ok_or_else(|| self.missing(field, *c))
        };
        characters.iter().map(each).collect()
    }

    fn glyph(&self, key: FontKey, character: Character) -> Option<Glyph> {
        if let Some(known) = self.known.borrow().get(&(key, character)) {
            return *known;
        }
        let glyph = self.look_up(key, character);
        self.known.borrow_mut().insert((key, character), glyph);
        glyph
    }

    fn look_up(&self, key: FontKey, character: Character) -> Option<Glyph> {
        // A mark that found no letter to join would be printed beside it or over it.
        if canonical_combining_class(character.base) != 0 {
            return None;
        }
        let face = &self.faces[key as usize];
        let plain = face.glyph_index(character.base);
        let (glyph, selector) = match character.selector {
            None => (plain?, None),
            Some(selector) => {
                let glyph = face.glyph_variation_index(character.base, selector)?;
                // The selector belongs into the extracted text only where it makes a visible difference;
                // otherwise a search for the plain character would miss the name.
                (glyph, Some(selector).filter(|_| plain != Some(glyph)))
            }
        };
        if glyph.0 == 0 || !(is_space(character.base) || has_outline(face, glyph)) {
            return None;
        }
        // Rounded down like the widths that printpdf writes, so that our lines are as long as the reader draws them.
        let advance = f32::from(face.glyph_hor_advance(glyph)?) * 1000.0 / f32::from(face.units_per_em());
        Some(Glyph {
            font: key,
            number: glyph.0,
            base: character.base,
            selector,
            advance: advance as u32,
        })
    }

    fn missing(&self, field: &str, character: Character) -> MissingGlyph {
        MissingGlyph {
            field: field.to_owned(),
            character: character.to_string(),
            code_points: code_points(character.base, character.selector),
            hint: self.hint(character),
        }
    }

    fn hint(&self, character: Character) -> Option<String> {
        let base = character.base;
        if base.is_control() || is_selector(base) || base.is_whitespace() || is_unseen(base) {
            return Some("目に見えない文字です。名簿の文字を直してください。".to_owned());
        }
        if canonical_combining_class(base) != 0 {
            return Some("前の文字と組み合わせて印刷できない記号です。名簿の文字を直してください。".to_owned());
        }
        if matches!(base, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFD}') {
            return Some("私用領域の外字です。文字情報基盤の文字(MJ番号)に置きかえてください。".to_owned());
        }
        if character.selector.is_none() {
            let usual = self.usual_form(base)?;
            return Some(format!("「{usual}」({})なら印刷できます。", code_points(usual, None)));
        }
        let forms = self.known_forms(base);
        if forms.is_empty() {
            return None;
        }
        Some(format!("「{base}」の、印刷できる字形: {}。", forms.join("、")))
    }

    /// The character that a look-alike stands for: ⼀ (a radical, U+2F00) is mostly a wrongly copied 一.
    fn usual_form(&self, c: char) -> Option<char> {
        let mut folded = [c].into_iter().nfkc();
        let usual = folded.next().filter(|usual| *usual != c)?;
        let drawn = |key: &FontKey| {
            self.glyph(
                *key,
                Character {
                    base: usual,
                    selector: None,
                },
            )
            .is_some()
        };
        (folded.next().is_none() && FontKey::ALL.iter().any(drawn)).then_some(usual)
    }

    /// The forms of `base` that IPAmj has, with their MJ numbers (its glyph names are MJ numbers).
    fn known_forms(&self, base: char) -> Vec<String> {
        let face = &self.faces[FontKey::Ipamj as usize];
        let named = |glyph: GlyphId, selector: Option<char>| {
            let name = face.glyph_name(glyph).filter(|name| name.starts_with("mj"))?;
            Some((name.to_uppercase(), code_points(base, selector)))
        };
        let plain = face.glyph_index(base).and_then(|glyph| named(glyph, None));
        let varied = ('\u{E0100}'..='\u{E01EF}').filter_map(|selector| {
            let glyph = face.glyph_variation_index(base, selector)?;
            named(glyph, Some(selector))
        });
        let mut forms: Vec<(String, String)> = plain.into_iter().chain(varied).collect();
        // One MJ character may be reached by several sequences: the first is enough.
        let mut seen = BTreeSet::new();
        forms.retain(|(name, _)| seen.insert(name.clone()));
        forms
            .into_iter()
            .map(|(name, code)| format!("{name}({code})"))
            .take(6)
            .collect()
    }
}

/// A character with the variation selector that follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Character {
    base: char,
    selector: Option<char>,
}

impl std::fmt::Display for Character {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.base)?;
        self.selector.map_or(Ok(()), |selector| write!(f, "{selector}"))
    }
}

/// Splits `text` into characters with their selectors, joining marks to their letters (か + ゛ → が).
///
/// Not NFC: normalising would replace compatibility ideographs such as 塚 (U+FA10), and with them a person's name.
fn characters(text: &str) -> Vec<Character> {
    let mut found: Vec<Character> = Vec::new();
    for c in text.chars() {
        if let Some(last) = found.last_mut() {
            if is_selector(c) && last.selector.is_none() {
                last.selector = Some(c);
                continue;
            }
            let marks = canonical_combining_class(c) != 0 && last.selector.is_none();
            if let Some(joined) = compose(last.base, c).filter(|_| marks) {
                last.base = joined;
                continue;
            }
        }
        found.push(Character {
            base: c,
            selector: None,
        });
    }
    found
}

const fn is_selector(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Spaces that may stand in a text: all others would be invisible surprises.
const fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\u{3000}')
}

/// Zero-width characters and marks that turn the direction of writing (Unicode 15, Default_Ignorable_Code_Point).
const fn is_unseen(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

fn has_outline(face: &Face<'_>, glyph: GlyphId) -> bool {
    outline_index(face).is_some_and(|index| index.glyph_range(glyph).is_some_and(|range| !range.is_empty()))
}

fn code_points(base: char, selector: Option<char>) -> String {
    let each = |c: char| format!("U+{:04X}", u32::from(c));
    match selector {
        None => each(base),
        Some(selector) => format!("{} {}", each(base), each(selector)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voicing_mark_joins_its_kana_but_a_compatibility_ideograph_stays_itself() {
        let joined: String = characters("か\u{3099}は\u{309A}\u{FA10}")
            .iter()
            .map(|c| c.base)
            .collect();
        assert_eq!(joined, "がぱ\u{FA10}");
    }

    #[test]
    fn a_selector_belongs_to_the_character_before_it() {
        let split = characters("葛\u{E0100}西");
        assert_eq!(split.len(), 2);
        assert_eq!(split[0].selector, Some('\u{E0100}'));
    }
}
