//! Reading a notice's folder: everything is checked here, and what is wrong is told with its file.

use std::{
    collections::BTreeMap,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use super::{
    Block, Column, Fact, FactRef, LabelledText, Language, OfficeFact, SumRow, Template, TextRef, Texts,
    layout::{BlockLine, Layout},
};
use crate::notice::envelope::{DoesNotSuit, Envelope, TEXT_WIDTH};

/// The files of a folder, by name.
pub type Files = BTreeMap<String, String>;

/// What is wrong with a notice's folder.
#[derive(Debug)]
pub struct TemplateError {
    /// The notice's name.
    pub notice: String,
    /// The file in its folder.
    pub file: String,
    pub wrong: Wrong,
}

/// What is wrong.
#[derive(Debug)]
pub enum Wrong {
    /// The file is not there, or can't be read.
    NotRead(io::Error),
    /// No `layout.toml`, or no Japanese texts.
    MissingFile,
    /// A name that is not lower-case English words with dashes.
    BadName,
    /// Not a layout; what the reader of TOML says, with line and column.
    NotALayout(String),
    /// Not Fluent messages.
    NotFluent { line: usize },
    /// A text that the layout asks for is not in the file.
    MissingText { text: String },
    /// A text or the layout speaks of a fact that the layout does not declare.
    UnknownFact { text: String, fact: String },
    /// A placeable that is no `{ $fact }`.
    NotAFact { text: String },
    /// One name twice among the facts.
    FactTwice { fact: String },
    /// Not exactly one title, first.
    NoTitle,
    /// Columns wider than the sheet, or none.
    TableWidth,
    /// The window and what must be seen in it.
    Envelope(DoesNotSuit),
}

impl TemplateError {
    /// In Japanese: what is wrong, where, and what to do.
    pub fn in_japanese(&self) -> String {
        let what = match &self.wrong {
            Wrong::NotRead(error) => format!("読めません({error})。"),
            Wrong::MissingFile => "ありません。このファイルを置いてください。".to_owned(),
            Wrong::BadName => "フォルダの名前は、英小文字の単語をハイフンでつないでください。".to_owned(),
            Wrong::NotALayout(why) => format!("レイアウトとして読めません。\n{why}"),
            Wrong::NotFluent { line } => format!("{line} 行目: 「名前 = 文」の形になっていません。"),
            Wrong::MissingText { text } => {
                format!("「{text}」の文がありません。「{text} = …」の行を書き足してください。")
            }
            Wrong::UnknownFact { text, fact } => format!(
                "「{text}」の中の {{ ${fact} }} は、layout.toml に書かれていない事項です。名前を直すか、layout.toml に足してください。"
            ),
            Wrong::NotAFact { text } => format!("「{text}」の {{ }} の中には、{{ $事項 }} だけが書けます。"),
            Wrong::FactTwice { fact } => format!("事項「{fact}」が二度あります。"),
            Wrong::NoTitle => "題(kind = \"title\")を、最初に一つだけ置いてください。".to_owned(),
            Wrong::TableWidth => format!("表の列の幅の合計は、0 より大きく {TEXT_WIDTH} mm までです。"),
            Wrong::Envelope(why) => why.in_japanese(),
        };
        format!("通知「{}」の {}: {what}", self.notice, self.file)
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "notice {}, {}: ", self.notice, self.file)?;
        match &self.wrong {
            Wrong::NotRead(error) => write!(f, "can't be read ({error})"),
            Wrong::MissingFile => f.write_str("is missing; put it there"),
            Wrong::BadName => f.write_str("a folder's name is lower-case English words with dashes"),
            Wrong::NotALayout(why) => write!(f, "not a layout\n{why}"),
            Wrong::NotFluent { line } => write!(f, "line {line} is not `name = text`"),
            Wrong::MissingText { text } => write!(f, "the text `{text}` is missing; add `{text} = …`"),
            Wrong::UnknownFact { text, fact } => write!(
                f,
                "{{ ${fact} }} in `{text}` is no fact of layout.toml; correct the name or declare it there"
            ),
            Wrong::NotAFact { text } => write!(f, "only {{ $fact }} can stand in the braces of `{text}`"),
            Wrong::FactTwice { fact } => write!(f, "the fact `{fact}` is declared twice"),
            Wrong::NoTitle => f.write_str("exactly one block of kind \"title\" stands first"),
            Wrong::TableWidth => write!(
                f,
                "a table's columns are together more than 0 and at most {TEXT_WIDTH} mm wide"
            ),
            Wrong::Envelope(why) => write!(f, "{why}"),
        }
    }
}

impl std::error::Error for TemplateError {}

impl Template {
    /// Reads the folder `path`, whose name is the notice's.
    ///
    /// # Errors
    /// [`TemplateError`]
    pub fn open(path: &Path) -> Result<Self, TemplateError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let not_read = |file: &Path, error| TemplateError {
            notice: name.clone(),
            file: file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            wrong: Wrong::NotRead(error),
        };
        let mut files = Files::new();
        let entries = fs::read_dir(path).map_err(|error| not_read(path, error))?;
        let paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        for file in paths {
            if file
                .extension()
                .is_some_and(|ending| ending == "toml" || ending == "ftl")
            {
                let text = fs::read_to_string(&file).map_err(|error| not_read(&file, error))?;
                files.insert(
                    file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                    text,
                );
            }
        }
        Self::read(&name, &files)
    }

    /// Reads the files of the notice `name`.
    ///
    /// # Errors
    /// [`TemplateError`]
    pub fn read(name: &str, files: &Files) -> Result<Self, TemplateError> {
        let refuse = |file: &str, wrong| TemplateError {
            notice: name.to_owned(),
            file: file.to_owned(),
            wrong,
        };
        let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || !name.chars().all(word) {
            return Err(refuse("", Wrong::BadName));
        }
        const LAYOUT: &str = "layout.toml";
        let source = files.get(LAYOUT).ok_or_else(|| refuse(LAYOUT, Wrong::MissingFile))?;
        let layout: Layout =
            toml::from_str(source).map_err(|error| refuse(LAYOUT, Wrong::NotALayout(error.to_string())))?;
        let read = Reader::default()
            .read(name, layout)
            .map_err(|wrong| refuse(LAYOUT, wrong))?;
        let Read {
            mut template,
            keys,
            names,
        } = read;
        for language in Language::ALL {
            let file = format!("{language}.ftl");
            let texts = match files.get(&file) {
                Some(source) => {
                    let joint = if language == Language::English { " " } else { "" };
                    let find = |fact: &str| names.get(fact).copied();
                    Texts::read(source, joint, &keys, find).map_err(|wrong| refuse(&file, wrong))?
                }
                None if language == Language::Japanese => return Err(refuse(&file, Wrong::MissingFile)),
                None => continue,
            };
            template.texts.push((language, texts));
        }
        Ok(template)
    }
}

/// A layout whose texts are still to be read.
struct Read {
    template: Template,
    keys: Vec<String>,
    names: BTreeMap<String, FactRef>,
}

/// Gives texts their places while the layout is read.
#[derive(Default)]
struct Reader {
    keys: Vec<String>,
    names: BTreeMap<String, FactRef>,
}

impl Reader {
    fn read(mut self, name: &str, layout: Layout) -> Result<Read, Wrong> {
        let envelope = layout.envelope.as_ref().map_or(Envelope::USUAL, |size| size.envelope());
        envelope.check().map_err(Wrong::Envelope)?;
        let facts: Vec<Fact> = layout.fact.into_iter().map(Fact::from).collect();
        let rows: Vec<Fact> = layout.row.into_iter().map(Fact::from).collect();
        for (name, fact) in OfficeFact::NAMES {
            self.name(name, FactRef::Office(fact))?;
        }
        self.name("name", FactRef::Person)?;
        self.name("lines", FactRef::Lines)?;
        for (at, fact) in facts.iter().enumerate() {
            self.name(&fact.name, FactRef::Letter(at))?;
        }
        let mut sums = Vec::new();
        for (at, sum) in layout.sum.into_iter().enumerate() {
            self.name(&sum.name, FactRef::Sum(at))?;
            let of = place(&rows, &sum.of, &sum.name)?;
            sums.push((sum.name, of));
        }
        let mut blocks = Vec::new();
        for line in layout.block {
            blocks.push(self.block(line, &rows, &sums)?);
        }
        let titles = blocks.iter().filter(|block| matches!(block, Block::Title(_))).count();
        let Some(Block::Title(title)) = blocks.first().filter(|_| titles == 1) else {
            return Err(Wrong::NoTitle);
        };
        Ok(Read {
            template: Template {
                name: name.to_owned(),
                version: layout.version,
                recipients: layout.recipients,
                per: layout.per,
                facts,
                rows,
                sums,
                title: *title,
                blocks,
                most_pages: layout.most_pages.max(1),
                envelope,
                texts: Vec::new(),
            },
            keys: self.keys,
            names: self.names,
        })
    }

    fn name(&mut self, name: &str, fact: FactRef) -> Result<(), Wrong> {
        match self.names.insert(name.to_owned(), fact) {
            None => Ok(()),
            Some(_) => Err(Wrong::FactTwice { fact: name.to_owned() }),
        }
    }

    fn text(&mut self, key: &str) -> TextRef {
        let at = self.keys.iter().position(|known| known == key).unwrap_or_else(|| {
            self.keys.push(key.to_owned());
            self.keys.len() - 1
        });
        TextRef(at)
    }

    fn block(&mut self, line: BlockLine, rows: &[Fact], sums: &[(String, usize)]) -> Result<Block, Wrong> {
        Ok(match line {
            BlockLine::Title { text } => Block::Title(self.text(&text)),
            BlockLine::Heading { text } => Block::Heading(self.text(&text)),
            BlockLine::Paragraph { text } => Block::Paragraph(self.text(&text)),
            BlockLine::List { texts } => Block::List(texts.iter().map(|text| self.text(text)).collect()),
            BlockLine::Facts { rows } => Block::Facts(
                rows.iter()
                    .map(|row| LabelledText {
                        label: self.text(&row.label),
                        text: self.text(&row.text),
                    })
                    .collect(),
            ),
            BlockLine::Table { columns, sum } => {
                let total: f32 = columns.iter().map(|column| column.width).sum();
                if !(total > 0.0 && total <= TEXT_WIDTH) {
                    return Err(Wrong::TableWidth);
                }
                let columns = columns
                    .iter()
                    .map(|column| {
                        Ok(Column {
                            head: self.text(&column.head),
                            fact: place(rows, &column.fact, "table")?,
                            width: column.width,
                            align: column.align,
                        })
                    })
                    .collect::<Result<Vec<_>, Wrong>>()?;
                let sum = sum.map(|row| -> Result<SumRow, Wrong> {
                    let mut placed = vec![None; columns.len()];
                    for name in &row.sums {
                        let unknown = || Wrong::UnknownFact {
                            text: row.label.clone(),
                            fact: name.clone(),
                        };
                        let at = sums.iter().position(|(own, _)| own == name).ok_or_else(unknown)?;
                        let column = columns.iter().position(|column| column.fact == sums[at].1);
                        placed[column.ok_or_else(unknown)?] = Some(at);
                    }
                    Ok(SumRow {
                        label: self.text(&row.label),
                        sums: placed,
                    })
                });
                Block::Table {
                    columns,
                    sum: sum.transpose()?,
                }
            }
            BlockLine::Space { height } => Block::Space(height.clamp(0.0, 100.0)),
        })
    }
}

/// The place of the fact `name` among those of a line.
fn place(rows: &[Fact], name: &str, text: &str) -> Result<usize, Wrong> {
    rows.iter()
        .position(|fact| fact.name == name)
        .ok_or_else(|| Wrong::UnknownFact {
            text: text.to_owned(),
            fact: name.to_owned(),
        })
}
