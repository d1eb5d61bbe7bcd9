//! What an import noticed: counted by kind for whoever reads the end of it, and by line in a file for whoever acts.

use std::{
    collections::BTreeMap,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::Context;
use issuance::roster::{Reject, RowNote};

use super::{super::output::answer, create};
use crate::commands::words::Lang;

/// What was noticed in rows that were taken.
#[derive(Debug, Default)]
pub(super) struct Noted(Vec<(u64, RowNote)>);

impl Noted {
    /// Notes what was noticed on `line`.
    pub(super) fn note(&mut self, line: u64, notes: &[RowNote]) {
        self.0.extend(notes.iter().map(|note| (line, *note)));
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many of each kind.
    pub(super) fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for (_, note) in &self.0 {
            *counts.entry(note.kind()).or_default() += 1;
        }
        counts
    }

    /// Writes 行, 項目, 気づいたこと; no value.
    pub(super) fn write(&self, file: &Path, lang: Lang) -> anyhow::Result<PathBuf> {
        let written = (|| {
            let mut out = create(file)?;
            // Spreadsheets read it as UTF-8 by this.
            out.write_all("\u{feff}".as_bytes())?;
            write!(out, "{}\r\n", lang.pick("行,項目,気づいたこと", "line,column,noticed"))?;
            for (line, note) in &self.0 {
                let words = lang.pick(note.in_japanese(), note.to_string());
                write!(
                    out,
                    "{line},{},\"{}\"\r\n",
                    note.column().header(),
                    words.replace('"', "\"\"")
                )?;
            }
            out.flush()
        })();
        written.with_context(|| format!("{}", file.display()))?;
        Ok(file.to_owned())
    }

    /// A line for each kind, with the words of its first case.
    pub(super) fn tell(&self, file: Option<&Path>, lang: Lang) {
        if self.is_empty() {
            return;
        }
        answer!("{}", lang.pick("気づいたこと", "Noticed"));
        for (kind, count) in self.counts() {
            let Some((_, note)) = self.0.iter().find(|(_, note)| note.kind() == kind) else {
                continue;
            };
            let words = lang.pick(note.in_japanese(), note.to_string());
            answer!("  {count:>8}  {}: {words}", note.column().header());
        }
        if let Some(file) = file {
            answer!(
                "{}",
                lang.pick(
                    format!("行ごとの一覧: {}", file.display()),
                    format!("line by line: {}", file.display()),
                )
            );
        }
    }
}

/// Rejected rows by column and reason, the most frequent first.
pub(super) fn by_reason(rejects: &[Reject], lang: Lang) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for reject in rejects {
        let reason = lang.pick(reject.reason.in_japanese(), reject.reason.to_string());
        let words = match reject.column {
            Some(column) => format!("{}: {reason}", column.header()),
            None => reason,
        };
        *counts.entry(words).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use issuance::{
        era::DateWarning,
        roster::{Column, Reason},
    };

    #[test]
    fn what_was_noticed_is_counted_by_kind_and_listed_by_line() {
        let mut noted = Noted::default();
        noted.note(2, &[RowNote::PrivateUse(Column::Name), RowNote::NoKana]);
        noted.note(5, &[RowNote::Birthday(DateWarning::OldForm)]);
        noted.note(6, &[RowNote::PrivateUse(Column::Address)]);
        let counts: Vec<_> = noted.counts().into_iter().collect();
        assert_eq!(counts, [("era_converted", 1), ("no_reading", 1), ("private_use", 2)]);
        let folder = tempfile::tempdir().unwrap();
        let file = noted.write(&folder.path().join("notes.csv"), Lang::Ja).unwrap();
        let text = std::fs::read_to_string(file).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 5);
        assert!(lines[3].starts_with("5,生年月日,"), "{}", lines[3]);
    }

    #[test]
    fn a_thousand_rows_of_one_reason_are_one_line() {
        let reject = |line, reason| Reject {
            line,
            column: Some(Column::Birthday),
            place: None,
            reason,
            original: Vec::new(),
        };
        let mut rejects: Vec<_> = (2..1_002).map(|line| reject(line, Reason::TimeOfDay)).collect();
        rejects.push(reject(7_000, Reason::InTheFuture));
        let counted = by_reason(&rejects, Lang::En);
        assert_eq!(counted.iter().map(|(_, count)| *count).collect::<Vec<_>>(), [1_000, 1]);
        assert!(counted[0].0.starts_with("生年月日: "), "{}", counted[0].0);
    }
}
