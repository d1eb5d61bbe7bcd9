//! The layout document: who gets the notice, its facts, and what stands on the sheet in which order.

use serde::Deserialize;

use super::{Fact, Source, TextRef, ValueKind};
use crate::notice::envelope::{Area, Envelope};

/// From where its recipients and their facts come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recipients {
    /// Whoever stands in the file handed in for the run, with the facts in it.
    File,
    /// Every resident of the roster.
    Residents,
    /// Whoever's card is made and waits for them (交付通知書).
    CardsWaiting,
    /// Whoever is between 40 and 74 years old at the end of the fiscal year (特定健診).
    CheckUpAges,
}

/// For whom one letter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Per {
    /// Each person; a child's goes to their guardian.
    Person,
    /// A household: its head gets what concerns all of them, unless somebody is under support measures.
    Household,
}

/// Where a column's text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Align {
    #[default]
    Left,
    Right,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub head: TextRef,
    /// Which fact of a line.
    pub fact: usize,
    /// In millimetres.
    pub width: f32,
    pub align: Align,
}

/// The last row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SumRow {
    pub label: TextRef,
    /// For each column the sum that stands in it.
    pub sums: Vec<Option<usize>>,
}

/// A label with a text beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LabelledText {
    pub label: TextRef,
    pub text: TextRef,
}

/// What stands on the sheet, from above.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// The notice's title, once and first.
    Title(TextRef),
    Heading(TextRef),
    Paragraph(TextRef),
    /// Points, each with its dot.
    List(Vec<TextRef>),
    /// Labels and what they say, between hairlines.
    Facts(Vec<LabelledText>),
    /// The lines of the letter, under their headings; goes on overleaf.
    Table {
        columns: Vec<Column>,
        sum: Option<SumRow>,
    },
    /// White, in millimetres.
    Space(f32),
}

/// `layout.toml`, as written.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Layout {
    pub(super) version: u32,
    pub(super) recipients: Recipients,
    pub(super) per: Per,
    #[serde(default = "four")]
    pub(super) most_pages: usize,
    pub(super) envelope: Option<EnvelopeSize>,
    #[serde(default)]
    pub(super) fact: Vec<FactLine>,
    #[serde(default)]
    pub(super) row: Vec<FactLine>,
    #[serde(default)]
    pub(super) sum: Vec<SumLine>,
    pub(super) block: Vec<BlockLine>,
}

const fn four() -> usize {
    4
}

/// An envelope other than the office's usual one.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct EnvelopeSize {
    width: f32,
    height: f32,
    window_left: f32,
    window_top: f32,
    window_width: f32,
    window_height: f32,
}

impl EnvelopeSize {
    pub(super) const fn envelope(&self) -> Envelope {
        Envelope {
            width: self.width,
            height: self.height,
            window: Area {
                left: self.window_left,
                top: self.window_top,
                width: self.window_width,
                height: self.window_height,
            },
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FactLine {
    pub(super) name: String,
    #[serde(rename = "type")]
    kind: ValueKind,
    column: Option<String>,
    #[serde(default)]
    from: Origin,
}

/// [`Source`], as written.
#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
enum Origin {
    #[default]
    File,
    Roster,
    Run,
    Records,
}

impl From<FactLine> for Fact {
    fn from(line: FactLine) -> Self {
        Self {
            source: match line.from {
                Origin::File => Source::File(line.column.unwrap_or_else(|| line.name.clone())),
                Origin::Roster => Source::Roster,
                Origin::Run => Source::Run,
                Origin::Records => Source::Records,
            },
            name: line.name,
            kind: line.kind,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SumLine {
    pub(super) name: String,
    pub(super) of: String,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum BlockLine {
    Title {
        text: String,
    },
    Heading {
        text: String,
    },
    Paragraph {
        text: String,
    },
    List {
        texts: Vec<String>,
    },
    Facts {
        rows: Vec<LabelledLine>,
    },
    Table {
        columns: Vec<ColumnLine>,
        sum: Option<SumRowLine>,
    },
    Space {
        height: f32,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LabelledLine {
    pub(super) label: String,
    pub(super) text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ColumnLine {
    pub(super) head: String,
    pub(super) fact: String,
    pub(super) width: f32,
    #[serde(default)]
    pub(super) align: Align,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SumRowLine {
    pub(super) label: String,
    pub(super) sums: Vec<String>,
}
