//! One record of the file becomes one resident, or one reject.

use unicode_normalization::UnicodeNormalization;

use super::{Column, Reading, Reason, Reject, RosterRow};
use crate::{
    check_digit,
    era::{DateWarning, WrittenDate},
    person::{Resident, Sex, is_phone_number},
};

/// Longest name, reading or address, in characters. The longest registered names of foreign residents stay below it.
const LONGEST: usize = 200;

/// Something in a row that was taken which the office should look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RowNote {
    /// A private-use character (外字) whose shape only the city's own font knows.
    PrivateUse(Column),
    /// ● 〓 � or ? in a name: a character was lost before it came here.
    Placeholder(Column),
    /// No reading: the person is not found by kana.
    NoKana,
    /// The phone number can't be one.
    OddPhone,
    /// The birthday was read with a warning.
    Birthday(DateWarning),
}

impl RowNote {
    /// The note as a clerk reads it; no value.
    pub fn in_japanese(&self) -> String {
        match self {
            Self::PrivateUse(column) => format!("{}に外字(私用領域の文字)があります", column.header()),
            Self::Placeholder(column) => format!("{}に●・〓・?など、失われた文字の跡があります", column.header()),
            Self::NoKana => "フリガナが空です(カナでは見つかりません)".into(),
            Self::OddPhone => "電話番号の形ではありません".into(),
            Self::Birthday(DateWarning::OldForm) => "生年月日が終わった元号で書かれています(換算しました)".into(),
            Self::Birthday(DateWarning::Lunar) => "生年月日が明治6年より前です(旧暦)".into(),
            Self::Birthday(DateWarning::Approximate) => "生年月日が「頃」です".into(),
            Self::Birthday(DateWarning::Partial) => "生年月日の一部が不詳です".into(),
        }
    }
}

pub(super) fn resident(line: u64, record: &csv::StringRecord, reading: &Reading) -> Result<RosterRow, Reject> {
    let row = Row { line, record, reading };
    row.resident()
        .map_err(|(column, reason)| Reject {
            line,
            column,
            place: column.and_then(|column| reading.layout.place(column)),
            reason,
            original: record.iter().map(str::to_owned).collect(),
        })
        .map(|resident| RosterRow {
            line,
            notes: notes(&resident),
            resident,
        })
}

type Wrong = (Option<Column>, Reason);

struct Row<'a> {
    line: u64,
    record: &'a csv::StringRecord,
    reading: &'a Reading,
}

impl Row<'_> {
    fn resident(&self) -> Result<Resident, Wrong> {
        let (expected, found) = (self.reading.layout.header.len(), self.record.len());
        if expected != found {
            return Err((None, Reason::FieldCount { expected, found }));
        }
        Ok(Resident {
            number: self.number()?,
            household: self.text(Column::Household)?.to_owned(),
            name: self.needed(Column::Name)?.to_owned(),
            kana: self.kana()?,
            alias: self.optional(Column::Alias)?,
            birthday: self.date(Column::Birthday, self.needed(Column::Birthday)?)?,
            sex: Sex::read(self.needed(Column::Sex)?).ok_or((Some(Column::Sex), Reason::NotASex))?,
            relation: self.text(Column::Relation)?.to_owned(),
            postal_code: self.postal_code()?,
            address: self.needed(Column::Address)?.to_owned(),
            building: self.optional(Column::Building)?,
            phone: self.optional(Column::Phone)?,
            changed_on: match self.text(Column::ChangedOn)? {
                "" => None,
                text => Some(self.date(Column::ChangedOn, text)?),
            },
            change_reason: self.optional(Column::ChangeReason)?,
            protected: self.flag(Column::Protected)?,
        })
    }

    /// The field, trimmed; empty when the file has no such column.
    fn text(&self, column: Column) -> Result<&str, Wrong> {
        let text = self.reading.layout.field(self.record, column).unwrap_or("").trim();
        if text.contains('\u{fffd}') {
            return Err((Some(column), Reason::Undecodable));
        }
        if text.chars().any(char::is_control) {
            return Err((Some(column), Reason::Unprintable));
        }
        // Bytes first: counting characters is only needed for what is suspiciously long.
        if text.len() > LONGEST && text.chars().count() > LONGEST {
            return Err((Some(column), Reason::TooLong(LONGEST)));
        }
        Ok(text)
    }

    fn needed(&self, column: Column) -> Result<&str, Wrong> {
        match self.text(column)? {
            "" => Err((Some(column), Reason::Missing)),
            text => Ok(text),
        }
    }

    fn optional(&self, column: Column) -> Result<Option<String>, Wrong> {
        let text = self.text(column)?;
        Ok((!text.is_empty()).then(|| text.to_owned()))
    }

    fn number(&self) -> Result<String, Wrong> {
        let wrong = |reason| (Some(Column::Number), reason);
        let number = check_digit::plain(self.needed(Column::Number)?);
        let fits = (1..=20).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !fits {
            return Err(wrong(Reason::NotANumber));
        }
        if let Some(lines) = self.reading.doubles.get(&number) {
            let other = lines
                .iter()
                .copied()
                .find(|line| *line != self.line)
                .unwrap_or(self.line);
            return Err(wrong(Reason::DuplicateNumber { other }));
        }
        Ok(number)
    }

    fn kana(&self) -> Result<String, Wrong> {
        let kana = self.text(Column::Kana)?;
        let fits = |c: char| {
            matches!(c, 'ぁ'..='ゖ' | 'ァ'..='ヺ' | 'ー' | '・' | '゛' | '゜' | '\u{3099}' | '\u{309a}')
                || matches!(c, '-' | '‐' | '−' | '\'' | '’' | '.' | ',' | '(' | ')')
                || c.is_whitespace()
                || (c.is_alphabetic() && (c as u32) < 0x2e80)
                || ('\u{300}'..='\u{36f}').contains(&c)
        };
        if kana.nfkc().all(fits) {
            Ok(kana.to_owned())
        } else {
            Err((Some(Column::Kana), Reason::NotKana))
        }
    }

    fn date(&self, column: Column, text: &str) -> Result<WrittenDate, Wrong> {
        let date = WrittenDate::read(text).map_err(|wrong| (Some(column), Reason::Date(wrong)))?;
        // Only what must lie in the future is refused: 「令和8年」 may well be a birthday of this year.
        if date.span().is_some_and(|(first, _)| first > self.reading.today) {
            return Err((Some(column), Reason::InTheFuture));
        }
        Ok(date)
    }

    fn postal_code(&self) -> Result<String, Wrong> {
        let code = check_digit::plain(self.text(Column::PostalCode)?);
        if code.is_empty() || check_digit::check(check_digit::NumberKind::PostalCode, &code).is_acceptable() {
            Ok(code)
        } else {
            Err((Some(Column::PostalCode), Reason::NotAPostalCode))
        }
    }

    fn flag(&self, column: Column) -> Result<bool, Wrong> {
        let folded: String = self.text(column)?.nfkc().collect();
        match folded.to_ascii_uppercase().as_str() {
            "1" | "有" | "有り" | "あり" | "○" | "◯" | "〇" | "対象" | "該当" | "Y" | "YES" | "TRUE" => {
                Ok(true)
            }
            "" | "0" | "無" | "無し" | "なし" | "×" | "-" | "非対象" | "非該当" | "N" | "NO" | "FALSE" => {
                Ok(false)
            }
            _ => Err((Some(column), Reason::NotAFlag)),
        }
    }
}

fn notes(resident: &Resident) -> Vec<RowNote> {
    let private = |c: char| matches!(c as u32, 0xe000..=0xf8ff | 0xf0000..=0x10ffff);
    let texts = [
        (Column::Name, resident.name.as_str()),
        (Column::Alias, resident.alias.as_deref().unwrap_or("")),
        (Column::Address, resident.address.as_str()),
        (Column::Building, resident.building.as_deref().unwrap_or("")),
    ];
    let mut notes = Vec::new();
    for (column, text) in texts {
        if text.chars().any(private) {
            notes.push(RowNote::PrivateUse(column));
        }
        if text.contains(['●', '〓', '?', '？', '■', '□']) {
            notes.push(RowNote::Placeholder(column));
        }
    }
    if resident.kana.is_empty() {
        notes.push(RowNote::NoKana);
    }
    if resident.phone.as_deref().is_some_and(|phone| !is_phone_number(phone)) {
        notes.push(RowNote::OddPhone);
    }
    notes.extend(resident.birthday.warnings().into_iter().map(RowNote::Birthday));
    notes
}
