//! The texts of one language: Fluent messages, each cut into words and facts.

use std::collections::BTreeMap;

use fluent_syntax::{
    ast::{Entry, Expression, InlineExpression, PatternElement},
    parser,
};

use super::folder::Wrong;

/// A text of the notice: its place in each language's [`Texts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TextRef(pub(super) usize);

/// Which fact stands in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FactRef {
    /// The same in every letter of a run.
    Office(OfficeFact),
    /// The name of the person whom the letter is about.
    Person,
    /// A fact of the letter, by its place.
    Letter(usize),
    /// A sum over its lines, by its place.
    Sum(usize),
    /// How many lines it has.
    Lines,
}

/// What the office says in every letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OfficeFact {
    City,
    Section,
    Address,
    Phone,
    Hours,
    CardName,
    /// The day of the letter.
    IssuedOn,
}

impl OfficeFact {
    pub(super) const NAMES: [(&'static str, Self); 7] = [
        ("city", Self::City),
        ("section", Self::Section),
        ("office-address", Self::Address),
        ("phone", Self::Phone),
        ("hours", Self::Hours),
        ("card-name", Self::CardName),
        ("issued-on", Self::IssuedOn),
    ];
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    Words(String),
    Fact(FactRef),
}

/// The texts of one language, in the order of their [`TextRef`]s.
#[derive(Debug, Clone, Default)]
pub struct Texts(Vec<Vec<Segment>>);

impl Texts {
    /// The parts of a text.
    pub(crate) fn segments(&self, text: TextRef) -> &[Segment] {
        self.0.get(text.0).map_or(&[], Vec::as_slice)
    }

    /// The text's words without its facts.
    pub(super) fn plain(&self, text: TextRef) -> String {
        let words = self.segments(text).iter().filter_map(|segment| match segment {
            Segment::Words(words) => Some(words.as_str()),
            Segment::Fact(_) => None,
        });
        words.collect()
    }

    /// Reads a file of messages: the texts `wanted`, whose facts `find` knows.
    pub(super) fn read(
        source: &str,
        // What joins the lines of a long message: nothing in Japanese.
        joint: &str,
        wanted: &[String],
        find: impl Fn(&str) -> Option<FactRef>,
    ) -> Result<Self, Wrong> {
        let resource = parser::parse(source).map_err(|(_, errors)| {
            let at = errors.first().map_or(0, |error| error.pos.start);
            Wrong::NotFluent {
                line: 1 + source.get(..at).unwrap_or(source).matches('\n').count(),
            }
        })?;
        let mut found = BTreeMap::new();
        for entry in &resource.body {
            let Entry::Message(message) = entry else { continue };
            let Some(pattern) = &message.value else { continue };
            let key = message.id.name;
            let segments: Result<Vec<Segment>, Wrong> = pattern
                .elements
                .iter()
                .map(|element| match element {
                    PatternElement::TextElement { value } => Ok(Segment::Words((*value).replace('\n', joint))),
                    PatternElement::Placeable {
                        expression: Expression::Inline(InlineExpression::VariableReference { id }),
                    } => find(id.name).map(Segment::Fact).ok_or_else(|| Wrong::UnknownFact {
                        text: key.to_owned(),
                        fact: id.name.to_owned(),
                    }),
                    PatternElement::Placeable {
                        expression: Expression::Inline(InlineExpression::StringLiteral { value }),
                    } => Ok(Segment::Words((*value).to_owned())),
                    PatternElement::Placeable { .. } => Err(Wrong::NotAFact { text: key.to_owned() }),
                })
                .collect();
            found.insert(key, segments?);
        }
        let take = |key: &String| {
            found
                .get(key.as_str())
                .cloned()
                .ok_or_else(|| Wrong::MissingText { text: key.clone() })
        };
        wanted.iter().map(take).collect::<Result<_, _>>().map(Self)
    }
}
