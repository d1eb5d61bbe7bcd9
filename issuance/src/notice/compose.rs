//! A notice's letter laid out from its template and facts: address in the window, sender beside it, then block after block,
//! going on overleaf.
//!
//! What is the same in every letter of a run is laid out once and stamped.

mod blocks;
mod window;

use std::{collections::HashMap, fmt, ops::Range};

use serde::Serialize;
use time::Date;

use super::{
    Addressee, ContentHash, Office, PaperError, content,
    envelope::{TEXT_LEFT, TEXT_WIDTH},
    glyphs::{Glyph, Hand, Setter},
    sheet::{Leaf, Lettering, Mark, PAGE_HEIGHT, Sheet, baseline_in, broken, does_not_fit},
    template::{FactRef, Language, OfficeFact, Segment, Template, TextRef, Value},
    words::label,
};

/// A letter of a notice: to whom, about whom, and its facts in the order of the template.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Letter {
    pub to: Addressee,
    /// Whether the addressee gets it as the guardian of whom it is about.
    pub guardian: bool,
    /// The name of the person whom it is about.
    pub person: String,
    pub facts: Vec<Value>,
    pub rows: Vec<Vec<Value>>,
}

impl fmt::Debug for Letter {
    /// Personal: shows nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Letter(…)")
    }
}

/// How letters are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    pub language: Language,
    /// 大きな文字
    pub large: bool,
}

/// The upper edge of pages after the first.
const TOP: f32 = 16.0;
/// The foot line's baseline.
const FOOT: f32 = PAGE_HEIGHT - 8.0;
/// What stands on the page ends above this.
const BOTTOM: f32 = FOOT - 6.0;
const RIGHT: f32 = TEXT_LEFT + TEXT_WIDTH;

/// Lays out letters of one notice in one style.
pub(super) struct Composer<'a> {
    pub(super) template: &'a Template,
    pub(super) office: &'a Office,
    pub(super) issued_on: Date,
    pub(super) style: Style,
    /// What stands in every letter, laid out.
    pub(super) stamps: Vec<Vec<Mark>>,
    known: HashMap<(TextRef, [u32; 3]), Prepared>,
    sender: Option<Vec<Prepared>>,
}

/// A text ready to be put somewhere.
#[derive(Clone)]
enum Prepared {
    Stamp {
        number: usize,
        height: f32,
    },
    Lines {
        glyphs: Vec<Glyph>,
        lines: Vec<Range<usize>>,
        lettering: Lettering,
    },
}

impl Prepared {
    fn height(&self) -> f32 {
        match self {
            Self::Stamp { height, .. } => *height,
            Self::Lines { lines, lettering, .. } => lines.len() as f32 * lettering.leading(),
        }
    }
}

/// What is hashed of a letter.
#[derive(Serialize)]
struct Hashed<'a> {
    version: u32,
    language: &'static str,
    large: bool,
    office: &'a Office,
    issued_on: String,
    letter: &'a Letter,
}

/// A letter's sheets as they grow.
struct Pages<'s> {
    sheets: Vec<Sheet<'s>>,
    setter: &'s Setter<'s>,
    y: f32,
    most: usize,
    indent: f32,
}

impl<'s> Pages<'s> {
    fn sheet(&mut self) -> &mut Sheet<'s> {
        let last = self.sheets.len() - 1;
        &mut self.sheets[last]
    }

    /// Goes overleaf when `height` does not fit any more; whether it did.
    fn room(&mut self, field: &str, height: f32) -> Result<bool, PaperError> {
        if self.y + height <= BOTTOM {
            return Ok(false);
        }
        if self.sheets.len() >= self.most || height > BOTTOM - TOP {
            return Err(does_not_fit(field));
        }
        self.sheets.push(Sheet::new(self.setter));
        self.y = TOP;
        Ok(true)
    }
}

impl<'a> Composer<'a> {
    pub(super) fn new(template: &'a Template, office: &'a Office, issued_on: Date, style: Style) -> Self {
        Self {
            template,
            office,
            issued_on,
            style,
            stamps: Vec::new(),
            known: HashMap::new(),
            sender: None,
        }
    }

    /// The hash over all that the letter says.
    pub(super) fn hash(&self, letter: &Letter) -> Result<ContentHash, PaperError> {
        let hashed = Hashed {
            version: self.template.version,
            language: self.style.language.as_str(),
            large: self.style.large,
            office: self.office,
            issued_on: self.issued_on.to_string(),
            letter,
        };
        content::hash(&self.template.name, &hashed)
    }

    /// The letter's sheets.
    pub(super) fn letter<'s>(
        &mut self,
        setter: &'s Setter<'s>,
        letter: &Letter,
        hash: &ContentHash,
    ) -> Result<Vec<Sheet<'s>>, PaperError> {
        let mut first = Sheet::new(setter);
        first.fold_marks();
        window::address(&mut first, letter, &self.template.envelope)?;
        self.sender(setter, &mut first)?;
        let mut pages = Pages {
            sheets: vec![first],
            setter,
            y: self.template.envelope.ever_seen().bottom() + 4.0,
            most: self.template.most_pages,
            indent: 0.0,
        };
        let template = self.template;
        for block in &template.blocks {
            self.block(&mut pages, letter, block)?;
        }
        let mut sheets = pages.sheets;
        let count = sheets.len();
        let small = Lettering::reading(6.5).grey();
        let reference = label::reference(&hash.to_string());
        for (index, sheet) in sheets.iter_mut().enumerate() {
            sheet.aside(|sheet| {
                sheet.line(label::FOOT, &reference, small, TEXT_LEFT, FOOT)?;
                sheet.line_to(label::FOOT, &label::page(index + 1, count), small, RIGHT, FOOT)
            })?;
        }
        Ok(sheets)
    }

    /// Date and office, to the right of everything the window can show.
    fn sender(&mut self, setter: &Setter<'_>, sheet: &mut Sheet<'_>) -> Result<(), PaperError> {
        let seen = self.template.envelope.ever_seen();
        let left = seen.right() + 6.0;
        let lines = match self.sender.take() {
            Some(lines) => lines,
            None => self.prepare_sender(setter, RIGHT - left)?,
        };
        let mut y = 12.0;
        for line in &lines {
            y = put(sheet, line, Leaf::Paragraph, (left, y))?;
        }
        self.sender = Some(lines);
        if y > seen.bottom() + 3.0 {
            return Err(does_not_fit(label::OFFICE));
        }
        Ok(())
    }

    fn prepare_sender(&mut self, setter: &Setter<'_>, width: f32) -> Result<Vec<Prepared>, PaperError> {
        let office = self.office;
        let mut issued_on = String::new();
        Value::Date(self.issued_on).set(self.style.language, &mut issued_on);
        let place = format!("{} {}", label::postal_code(&office.postal_code), office.address);
        let lines = [
            (issued_on, Lettering::reading(10.0)),
            (office.city.clone(), Lettering::strong(13.0)),
            (office.section.clone(), Lettering::strong(10.5)),
            (place, Lettering::reading(9.5)),
            (label::phone(&office.phone), Lettering::reading(10.0)),
        ];
        lines
            .iter()
            .map(|(text, lettering)| {
                let prepared = lines_of(setter, label::OFFICE, text, *lettering, width)?;
                Ok(self.stamped(prepared))
            })
            .collect()
    }

    /// A size in points, as large as the style has it.
    fn points(&self, size: f32) -> f32 {
        if self.style.large { size * 1.4 } else { size }
    }

    /// A text of the template, its facts filled in.
    fn prepare(
        &mut self,
        setter: &Setter<'_>,
        letter: &Letter,
        text: TextRef,
        lettering: Lettering,
        width: f32,
    ) -> Result<Prepared, PaperError> {
        let key = (
            text,
            [
                lettering.hand as u32,
                (lettering.size * 100.0) as u32,
                (width * 100.0) as u32,
            ],
        );
        if let Some(known) = self.known.get(&key) {
            return Ok(known.clone());
        }
        let template = self.template;
        let segments = template
            .texts(self.style.language)
            .map_or(&[][..], |texts| texts.segments(text));
        let mut words = String::new();
        let mut same = true;
        for segment in segments {
            match segment {
                Segment::Words(own) => words.push_str(own),
                Segment::Fact(fact) => {
                    same &= matches!(fact, FactRef::Office(_));
                    self.fact(*fact, letter, &mut words);
                }
            }
        }
        let prepared = lines_of(setter, &self.field(text), &words, lettering, width)?;
        // A form can't say how an ideographic space is read.
        if !same || words.contains('\u{3000}') {
            return Ok(prepared);
        }
        let stamp = self.stamped(prepared);
        self.known.insert(key, stamp.clone());
        Ok(stamp)
    }

    /// What a refusal calls a text: how it begins.
    fn field(&self, text: TextRef) -> String {
        let segments = self
            .template
            .texts(self.style.language)
            .map_or(&[][..], |texts| texts.segments(text));
        let begins: String = segments
            .iter()
            .filter_map(|segment| match segment {
                Segment::Words(words) => Some(words.as_str()),
                Segment::Fact(_) => None,
            })
            .flat_map(str::chars)
            .take(16)
            .collect();
        format!("{} {begins}", self.template.title())
    }

    fn stamped(&mut self, prepared: Prepared) -> Prepared {
        let height = prepared.height();
        let Prepared::Lines {
            glyphs,
            lines,
            lettering,
        } = prepared
        else {
            return prepared;
        };
        let marks = lines.into_iter().enumerate().map(|(number, line)| Mark::Text {
            left: 0.0,
            baseline: baseline_in(number as f32 * lettering.leading(), lettering),
            size: lettering.size,
            ink: lettering.ink,
            glyphs: glyphs[line].to_vec(),
        });
        self.stamps.push(marks.collect());
        Prepared::Stamp {
            number: self.stamps.len() - 1,
            height,
        }
    }

    fn fact(&self, fact: FactRef, letter: &Letter, out: &mut String) {
        let language = self.style.language;
        let office = self.office;
        match fact {
            FactRef::Person => out.push_str(&letter.person),
            FactRef::Letter(at) => {
                if let Some(value) = letter.facts.get(at) {
                    value.set(language, out);
                }
            }
            FactRef::Sum(at) => self.sum(at, letter).set(language, out),
            FactRef::Lines => Value::Count(letter.rows.len() as i64).set(language, out),
            FactRef::Office(OfficeFact::City) => out.push_str(&office.city),
            FactRef::Office(OfficeFact::Section) => out.push_str(&office.section),
            FactRef::Office(OfficeFact::Address) => out.push_str(&office.address),
            FactRef::Office(OfficeFact::Phone) => out.push_str(&office.phone),
            FactRef::Office(OfficeFact::Hours) => out.push_str(&office.hours.join("、")),
            FactRef::Office(OfficeFact::CardName) => out.push_str(&office.card_name),
            FactRef::Office(OfficeFact::IssuedOn) => Value::Date(self.issued_on).set(language, out),
        }
    }

    /// A sum over the letter's lines.
    fn sum(&self, at: usize, letter: &Letter) -> Value {
        let of = self.template.sums.get(at).map_or(0, |(_, of)| *of);
        let amounts = letter.rows.iter().filter_map(|row| row.get(of));
        let total = amounts.clone().map(Value::amount).fold(0i64, i64::saturating_add);
        let like = amounts.into_iter().next();
        like.map_or(Value::Count(total), |value| value.with_amount(total))
    }
}

/// A text broken into lines of `width` millimetres.
fn lines_of(
    setter: &Setter<'_>,
    field: &str,
    text: &str,
    lettering: Lettering,
    width: f32,
) -> Result<Prepared, PaperError> {
    let glyphs = setter.set(field, text, lettering.hand)?;
    let lines = broken(field, &glyphs, lettering, width)?;
    Ok(Prepared::Lines {
        glyphs,
        lines,
        lettering,
    })
}

/// Puts a prepared text with its upper left corner at `at`, as one piece; gives its lower edge.
fn put(sheet: &mut Sheet<'_>, prepared: &Prepared, leaf: Leaf, at: (f32, f32)) -> Result<f32, PaperError> {
    let (left, top) = at;
    sheet.piece(leaf, |sheet| match prepared {
        Prepared::Stamp { number, height } => {
            sheet.marks.push(Mark::Stamp {
                number: *number,
                left,
                top,
            });
            Ok(top + height)
        }
        Prepared::Lines {
            glyphs,
            lines,
            lettering,
        } => {
            let mut y = top;
            for line in lines {
                sheet.place(
                    "",
                    glyphs[line.clone()].to_vec(),
                    *lettering,
                    left,
                    baseline_in(y, *lettering),
                )?;
                y += lettering.leading();
            }
            Ok(y)
        }
    })
}

/// The hand in which a fact is set.
const fn hand_of(value: &Value) -> Hand {
    match value {
        Value::Name(_) => Hand::Name,
        _ => Hand::Reading,
    }
}
